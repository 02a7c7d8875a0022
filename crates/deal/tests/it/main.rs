//! Black-box tests of the crate.
