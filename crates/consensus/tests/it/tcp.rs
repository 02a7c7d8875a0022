//! Nodes that speak over loopback.
