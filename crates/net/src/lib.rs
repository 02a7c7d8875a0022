//! Authenticated, ordered messages between nodes over QUIC.
