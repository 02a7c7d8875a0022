//! The program as a user meets it: what it prints, how it ends, that it serves.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod daemon;
mod endings;
mod serving;
