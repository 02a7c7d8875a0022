//! Black-box tests of the embedded server.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod accounts;
mod authority;
mod deals;
mod following;
mod support;
mod webhooks;
