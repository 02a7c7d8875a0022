//! A federation whose payloads are numbered entries, on a simulated network and on a real one.

mod byzantine;
mod journal;
mod simulated;
mod tcp;
