//! Tests of the crate from outside, by topic.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one kind among many")]

mod arithmetic;
mod closing;
mod defects;
mod expiry;
mod fees;
mod formats;
mod laws;
mod mediated;
mod refund;
mod refusals;
mod registration;
mod reorg;
mod seven_nodes;
mod simulator;
mod support;
