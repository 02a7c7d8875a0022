use crate::{PAYLOAD_BYTES_MAX, Timing};
use std::time::Duration;

/// What a simulation is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The number of members. Node `i` is the one with the `i`-th smallest key.
    pub nodes: usize,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The links between all nodes, unless [`Federation::link`](super::Federation::link) changes
    /// them.
    pub link: Link,
    /// How long the engines wait.
    pub timing: Timing,
    /// The most bytes of a payload.
    pub payload_bytes_max: usize,
    /// The virtual time after which the simulation panics, as it would not end.
    pub limit: Duration,
}

impl Setup {
    /// Makes a setup with good links, quick timing and an hour of virtual time.
    pub const fn new(nodes: usize, seed: u64) -> Self {
        Self {
            nodes,
            seed,
            link: Link::GOOD,
            timing: Timing { leader_ms: 500, agreement_ms: 1_000, retry_ms: 1_000, fetch_ms: 500 },
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            limit: Duration::from_secs(3600),
        }
    }
}

/// How messages travel from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The mean time on the way, in milliseconds.
    pub latency_ms: u64,
    /// The deviation from it, in milliseconds.
    pub jitter_ms: u64,
    /// How many of a thousand messages never arrive.
    pub lost_per_thousand: u16,
}

impl Link {
    /// Ten milliseconds, nothing lost.
    pub const GOOD: Self = Self { latency_ms: 10, jitter_ms: 2, lost_per_thousand: 0 };
    /// Up to a fifth of a second, one message in ten lost.
    pub const BAD: Self = Self { latency_ms: 100, jitter_ms: 50, lost_per_thousand: 100 };
}

/// How a node that breaks the protocol behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Runs two engines under one key, each with its own application and each connected to its own
    /// half of the others (those at even and those at odd places): as a leader it makes two
    /// proposals, and it votes for what each half shows it.
    Twins,
    /// Answers every vote that it sees with the same vote, and with one for a proposal that does
    /// not exist.
    ConflictingVotes,
    /// Answers every vote for a proposal with a vote to skip the view, and with one that the
    /// proposal is final.
    NullifyAndFinalize,
}
