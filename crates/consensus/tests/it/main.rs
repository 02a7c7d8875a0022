//! A federation whose payloads are numbered entries, on a simulated network and on a real one.

#![expect(clippy::unwrap_used, reason = "a test that meets anything unexpected fails")]

mod byzantine;
mod journal;
mod simulated;
mod tcp;
