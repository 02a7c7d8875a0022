//! The ledger node: accepts, orders, checks, votes and stores.
