//! The directory: follows the chain, keeps its state, answers queries, bills them.
