//! Black-box tests of the crate.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod accounts;
mod machine;
mod message_signatures;
mod payment_addresses;
mod requests;
mod settlements;
