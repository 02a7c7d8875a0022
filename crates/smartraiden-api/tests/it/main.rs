//! The API against a tiny node that lives in a task: every endpoint, every refusal, any input.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod bad_input;
mod client;
mod compat;
mod document;
mod endpoints;
mod fuzz;
mod history;
mod refusals;
mod tiny_node;
