//! Deals in escrow: orders, payment addresses, the state machine, payouts.

pub mod access;
