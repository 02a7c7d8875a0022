//! Black-box tests of the crate.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod expiry;
mod gpg;
mod keys;
mod messages;
mod properties;
mod service;
