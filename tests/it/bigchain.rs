//! The ledger's daemon as its users run it: real processes on RocksDB, asked over HTTP by our own
//! requests, by recorded ones, and by the published clients' own test suites.

mod crash;
mod drivers;
mod federation;
mod keeping;
mod ledger;
mod load;
mod negatives;
mod seed;
mod startup;
mod traces;
