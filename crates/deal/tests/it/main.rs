//! Black-box tests of the crate.

mod machine;
mod message_signatures;
mod payment_addresses;
mod requests;
mod settlements;
