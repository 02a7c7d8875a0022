use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc};
use tally_ledger::{Block, BlockId, Layer};

/// Proposals that are kept in their parsed form: more than the engine ever has open. Each takes a
/// few times its text, at most 4 MiB.
const PROPOSALS_MAX: usize = 16;

/// A proposed block that was read once, so that it need not be read again when it is built upon or
/// becomes final.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) block: Arc<Block>,
    /// What it adds to the state.
    pub(crate) layer: Arc<Layer>,
    /// On what it was found valid; `None` if it was only read.
    pub(crate) ground: Option<Ground>,
}

/// What a block was checked against: the chain up to a height, and proposed blocks on top of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ground {
    pub(crate) height: u64,
    pub(crate) pending: Vec<BlockId>,
}

impl Proposal {
    pub(crate) fn new(block: Block, ground: Option<Ground>) -> Self {
        Self { layer: Arc::new(Layer::of(&block)), block: Arc::new(block), ground }
    }
}

/// The newest proposals, by their bytes.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<(Bytes, Proposal)>);

impl Recent {
    /// Returns the proposal with these bytes. They are compared themselves: nothing shorter names a
    /// block that a liar made.
    pub(crate) fn find(&self, payload: &Bytes) -> Option<&Proposal> {
        let is_same = |other: &Bytes| {
            other.len() == payload.len() && (other.as_ptr() == payload.as_ptr() || other == payload)
        };
        self.0.iter().rev().find(|(other, _)| is_same(other)).map(|(_, proposal)| proposal)
    }

    /// Keeps a proposal, in place of one with the same bytes.
    pub(crate) fn keep(&mut self, payload: Bytes, proposal: Proposal) {
        self.0.retain(|(other, _)| *other != payload);
        if self.0.len() >= PROPOSALS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((payload, proposal));
    }
}
