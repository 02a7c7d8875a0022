//! Four nodes on loopback.
