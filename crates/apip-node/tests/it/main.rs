//! Integration tests: the directory on chains in memory, through reorganisations and crashes.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod catalog;
mod crashes;
mod follow;
mod hostile;
mod payments;
mod real_records;
mod reorganisations;
mod samples;
mod sources;
mod support;
mod told;
