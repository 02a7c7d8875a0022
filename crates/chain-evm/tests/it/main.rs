//! The adapter on the embedded development chain, in process and over sockets.

#[path = "../common/mod.rs"]
mod common;

mod suite;
