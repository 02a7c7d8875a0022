//! The chain port: blocks, contract events and transactions.
