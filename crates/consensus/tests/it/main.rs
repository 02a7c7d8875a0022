//! A federation whose payloads are numbered entries, on a simulated network and on a real one.

#[cfg(feature = "simulation")]
mod byzantine;
mod journal;
#[cfg(feature = "simulation")]
mod simulated;
mod tcp;
