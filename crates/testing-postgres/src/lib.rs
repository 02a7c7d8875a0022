//! A PostgreSQL of a test's own.
//!
//! For tests only: [`Server`] starts the real thing in a folder of its own, where nothing but a
//! socket listens, and ends it when it is dropped. What fails, panics.

mod server;

pub use server::Server;
