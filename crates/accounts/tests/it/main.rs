//! Laws of the embedded accounts, on a store that loses power.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod crash;
