//! A whole server on a chain in memory, driven step by step: histories made of a seed, and crashes at
//! every commit.

mod crashes;
mod escrow;
mod histories;
mod money;
mod world;
