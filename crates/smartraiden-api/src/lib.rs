//! The HTTP API of smartraiden-node.
