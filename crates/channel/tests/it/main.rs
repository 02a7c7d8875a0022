//! Tests of the crate from outside, by topic.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod closing;
mod expiry;
mod formats;
mod mediated;
mod registration;
mod seven_nodes;
mod support;
