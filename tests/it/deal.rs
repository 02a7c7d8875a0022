//! The deals' daemon as its users run it: real processes on RocksDB and on a real PostgreSQL, on a
//! simulated chain and on a real bitcoind, asked over loopback.

mod bad_input;
mod crash;
mod escrow;
mod events;
mod front;
mod money;
mod party;
mod seed;
mod server;
mod shared;
mod startup;
