//! Random histories of a whole network, and what must hold in all of them.
//!
//! One number decides everything. A failure names it; `TALLY_SEED=<number>` plays that history
//! again, alone, and `TALLY_RUNS=<count>` plays that many.

mod cast;
mod chaos;
mod finale;
mod random;

use cast::Cast;
use random::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Histories played unless told otherwise: as many as fit a minute with the rest of the suite.
const RUNS: u64 = 30;

/// Plays one history: a network is made, lives through chaos, comes to rest, and settles.
fn play(seed: u64, plot: Plot) {
    let mut random = Random::new(seed);
    let mut cast = Cast::new(&mut random, plot);
    cast.live(&mut random);
    cast.come_to_rest();
    cast.settle_everything(&mut random);
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plot {
    /// Some nodes turn against the others.
    cheaters: bool,
    /// Some nodes sleep longer than is good for them.
    sleepers: bool,
    /// Blocks are undone.
    reorgs: bool,
    /// Users close channels.
    closes: bool,
}

/// Plays the histories that the environment asks for.
fn play_all(plot: Plot) {
    let number = |name| -> Option<u64> { environment(name)?.parse().ok() };
    let seeds = match number("TALLY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TALLY_RUNS").unwrap_or(RUNS),
    };
    for seed in seeds {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| play(seed, plot))) {
            let text = cause.downcast_ref::<String>().map(String::as_str);
            let text = text.or(cause.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            panic!("TALLY_SEED={seed} fails with {plot:?}: {text}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the core may not; its tests are told what to play")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Goal: nodes that follow the protocol agree, and nobody gains or loses, whatever the network
/// does. Method: drop, duplicate, reorder, delay, crash at any commit; the chain is calm.
#[test]
fn honest_nodes_agree_on_a_bad_network() {
    play_all(Plot { cheaters: false, sleepers: false, reorgs: false, closes: false });
}

/// Goal: as before while channels close and blocks are undone.
#[test]
fn honest_nodes_lose_nothing_when_channels_close() {
    play_all(Plot { cheaters: false, sleepers: false, reorgs: true, closes: true });
}

/// Goal: those who are awake lose nothing to those who sleep through the end of locks and windows.
#[test]
fn sleepers_harm_only_themselves() {
    play_all(Plot { cheaters: false, sleepers: true, reorgs: true, closes: true });
}

/// Goal: those who follow the protocol lose nothing to those who hold old states, conspire, and
/// close and claim with them.
#[test]
fn cheaters_gain_nothing() {
    play_all(Plot { cheaters: true, sleepers: true, reorgs: true, closes: true });
}
