//! Crypto-conditions against vectors of genuine releases, laws, and hostile input.

#![expect(clippy::unwrap_used, reason = "a failed assumption of a test is a failed test")]

mod asn1;
mod draft00;
mod hostile;
mod laws;
mod support;
