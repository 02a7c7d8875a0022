//! Integration tests of the payment node: several nodes in one process, over loopback QUIC and the
//! embedded development chain, with stores in memory.

mod pay;
mod world;
