//! The HTTP API of the directory.
