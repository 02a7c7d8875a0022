//! The embedded store over crashes.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod crash;
