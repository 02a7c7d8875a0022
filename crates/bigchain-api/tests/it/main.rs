//! The API over a real node that is alone, with its store in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod bad_input;
mod candidates;
mod client;
mod document;
mod drivers;
mod negatives;
mod pages;
mod seed;
mod streams;
mod waiting;
