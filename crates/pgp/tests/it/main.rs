//! Black-box tests of the crate.

mod expiry;
mod gpg;
mod keys;
mod messages;
mod properties;
mod service;
