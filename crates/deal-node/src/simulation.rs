//! A whole server on a chain in memory, driven step by step: histories made of a seed, and crashes at
//! every commit.

mod crashes;
mod crowds;
mod escrow;
mod histories;
mod money;
mod picky;
mod refusals;
mod world;
