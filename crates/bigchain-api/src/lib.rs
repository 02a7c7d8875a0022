//! The HTTP and WebSocket API of `bigchain-node`.
