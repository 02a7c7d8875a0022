//! Scenarios and laws of routing.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod laws;
mod lessons;
mod network;
mod seven_nodes;
