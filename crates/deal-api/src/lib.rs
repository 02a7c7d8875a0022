//! The HTTP API of deals.
