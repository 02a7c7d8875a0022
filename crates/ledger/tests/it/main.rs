//! What the crate does with the vectors of genuine releases, and the rules one by one.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod blocks;
mod chain;
mod changed;
mod documented;
mod drafts;
mod election;
mod model;
mod negatives;
mod raw;
mod rules_block;
mod rules_state;
mod rules_transaction;
mod signatures;
mod transaction_rules;
mod transaction_schema;
mod transaction_vectors;
mod vectors;
