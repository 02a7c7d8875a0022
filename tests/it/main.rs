//! The daemons as their users run them: real processes with real data folders, on a real chain,
//! asked over loopback. Nothing here reaches into a process.
//!
//! Needs anvil and PostgreSQL (`make setup`) and the built daemons (`make test` builds them); a test
//! that lacks one fails and says so. See `docs/testing.md`.

#![allow(clippy::unwrap_used, reason = "a test that meets anything unexpected fails")]

mod apip;
mod bad_input;
mod bigchain;
mod client_compatibility;
mod crash;
mod deal;
mod dev;
mod history;
mod life;
mod locks;
mod network;
mod outage;
mod reorg;
mod stale_close;
mod startup;
mod support;
