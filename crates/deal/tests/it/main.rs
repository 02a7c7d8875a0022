//! Black-box tests of the crate.

mod message_signatures;
mod settlements;
