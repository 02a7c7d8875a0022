//! The same engine on a simulated network with virtual time.
//!
//! [`run`] plays a scenario: an async closure that starts, crashes and restarts nodes, cuts and
//! heals links and waits. Every choice that the simulation makes follows from the seed, so the same
//! seed and the same applications play the same history, which [`Outcome::history`] summarises.
//! Applications are called inline, one after the other, on the thread that called `run`; they must
//! not wait for each other and must take no time from a real clock.

mod federation;
mod network;
mod setup;
#[cfg(test)]
mod tests;

pub use federation::{Federation, Outcome, run};
pub use setup::{Behaviour, Link, Setup};
