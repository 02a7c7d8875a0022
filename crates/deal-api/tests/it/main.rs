//! The API over an embedded server in memory, and over other servers on loopback.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod access;
mod accounts;
mod bad_input;
mod beside;
mod client;
mod deals;
mod document;
mod double;
mod events;
mod key_service;
mod modules;
mod page;
mod relay;
mod repeated;
mod surface;
mod world;
