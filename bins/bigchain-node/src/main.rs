//! The asset ledger daemon.

fn main() {}
