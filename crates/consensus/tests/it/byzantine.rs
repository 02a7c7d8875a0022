//! Nodes that break the protocol.
