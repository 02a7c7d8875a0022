//! Messages on their way out and in, as the node's shell keeps them.

use std::collections::{BTreeMap, VecDeque};
use tally_primitives::NodeAddress;

/// What travels between two nodes, in order as long as their connection lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A message and its number among those of its sender for this receiver.
    Letter { seq: u64, payload: Vec<u8> },
    /// All letters up to this number are on the receiver's disk.
    Ack { seq: u64 },
}

/// A node's outbox and inbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) lanes: BTreeMap<NodeAddress, Lane>,
    pub(crate) feeds: BTreeMap<NodeAddress, Feed>,
    /// The ids of the blocks whose facts were applied, from genesis on.
    pub(crate) followed: Vec<u64>,
}

/// The way to one peer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) last: u64,
    pub(crate) letters: VecDeque<Vec<u8>>,
}

/// The way from one peer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) processed: u64,
    /// Refused letters whose refusal the peer does not have yet: its number, the refusal's.
    pub(crate) refused: VecDeque<(u64, u64)>,
}

impl Lane {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.last - self.letters.len() as u64
    }

    /// Adds a message and returns its frame.
    pub(crate) fn push(&mut self, payload: Vec<u8>) -> Frame {
        self.last += 1;
        self.letters.push_back(payload.clone());
        Frame::Letter { seq: self.last, payload }
    }

    /// Drops what the peer has, and returns it.
    pub(crate) fn take_acknowledged(&mut self, seq: u64) -> Vec<Vec<u8>> {
        let count = seq.min(self.last).saturating_sub(self.acknowledged());
        self.letters.drain(..usize::try_from(count).unwrap()).collect()
    }

    /// Returns the frames of everything that is not acknowledged.
    pub(crate) fn unacknowledged(&self) -> Vec<Frame> {
        let first = self.acknowledged() + 1;
        let frame =
            |(seq, payload): (u64, &Vec<u8>)| Frame::Letter { seq, payload: payload.clone() };
        (first..).zip(&self.letters).map(frame).collect()
    }
}

impl Feed {
    /// Returns what the peer may be told: not that a refused letter arrived, before it knows that
    /// it was refused.
    pub(crate) fn mark(&self) -> u64 {
        self.refused.front().map_or(self.processed, |(seq, _)| seq - 1)
    }
}
