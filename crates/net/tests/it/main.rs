//! The transport as its user and its enemies see it, on loopback sockets.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets anything unexpected fails"
)]

mod closing;
mod delivery;
mod exactly_once;
mod hostile;
mod identity;
mod limits;
mod raw;
mod reconnection;
mod support;
