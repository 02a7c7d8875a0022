//! The chain port on EVM chains, and an embedded development chain.
