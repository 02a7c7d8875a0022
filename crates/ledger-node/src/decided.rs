//! About which blocks the votes have decided, and who is told.

use crate::{ValidBlock, ledger::Ledger, lock::lock};
use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{Block, BlockId, Status, elect_verified};
use tally_ledger_store::{BlockHead, Commit, CommitError, ReadError};
use tally_storage::Durability;
use tokio::sync::broadcast;

/// Valid blocks that a subscriber may be behind; one that is further behind is told so, and is cut
/// off.
pub const EVENTS_MAX: usize = 256;

/// Under this name the store keeps up to where the votes have decided.
const NOTE: &str = "decided";

/// Heights after which the note is written again. A start reads the votes on so many blocks.
const NOTE_INTERVAL: u64 = 64;

/// Up to which height the votes have decided, in order, and who is told.
#[derive(Debug)]
pub(crate) struct Decided {
    state: Mutex<State>,
    advanced: Condvar,
    events: broadcast::Sender<Arc<ValidBlock>>,
}

#[derive(Debug, Default)]
struct State {
    /// Every block up to this height is decided.
    height: u64,
    /// Blocks among these that were not elected. The engine makes final only what more than two
    /// thirds have found valid, so there are none unless more members lie than may.
    lost: BTreeSet<u64>,
    noted: u64,
}

impl Decided {
    /// Begins where an earlier run came to.
    pub(crate) fn load(note: Option<&[u8]>) -> Self {
        let heights: Vec<u64> = note
            .unwrap_or_default()
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| u64::from_be_bytes(*bytes))
            .collect();
        let (height, lost) = heights.split_first().unwrap_or((&0, &[]));
        let state = State { height: *height, lost: lost.iter().copied().collect(), noted: *height };
        let (events, _) = broadcast::channel(EVENTS_MAX);
        Self { state: Mutex::new(state), advanced: Condvar::new(), events }
    }

    /// Returns the name of the note that [`load`](Self::load) takes.
    pub(crate) const fn note() -> &'static str {
        NOTE
    }

    /// Returns the height up to which all blocks are decided.
    pub(crate) fn height(&self) -> u64 {
        lock(&self.state).height
    }

    /// Says what became of a block if it is below the decided height.
    fn status(&self, height: u64) -> Option<Status> {
        let state = lock(&self.state);
        let status = if state.lost.contains(&height) { Status::Invalid } else { Status::Valid };
        (height <= state.height).then_some(status)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<ValidBlock>> {
        self.events.subscribe()
    }

    /// Waits until the decided height is above `height`, at most `time`; returns it.
    pub(crate) fn wait_above(&self, height: u64, time: Duration) -> u64 {
        let waiting = |state: &mut State| state.height <= height;
        let waited = self.advanced.wait_timeout_while(lock(&self.state), time, waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.height
    }

    /// Wakes whoever waits.
    pub(crate) fn wake(&self) {
        self.advanced.notify_all();
    }
}

impl Ledger {
    /// Says what became of a block of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub(crate) fn status_of(&self, head: &BlockHead) -> Result<Status, ReadError> {
        self.status_of_parts(head.height, &head.id, &head.voters)
    }

    fn status_of_parts(
        &self,
        height: u64,
        id: &BlockId,
        voters: &[PublicKey],
    ) -> Result<Status, ReadError> {
        if height == 0 {
            return Ok(Status::Valid);
        }
        if let Some(status) = self.decided.status(height) {
            return Ok(status);
        }
        let votes = self.store.votes(id)?;
        // The store keeps the first vote of each voter, so there cannot be two.
        Ok(elect_verified(id, voters, &self.members, &votes).unwrap_or(Status::Undecided))
    }

    /// Decides about what an earlier run appended.
    ///
    /// # Errors
    ///
    /// [`CommitError`] if the store failed.
    pub(crate) fn resume_decided(&self) -> Result<(), CommitError> {
        let tip = self.store.height().unwrap_or(0);
        if self.is_alone() {
            lock(&self.decided.state).height = tip;
        }
        self.advance_decided().map(drop)
    }

    /// Tells what a federation of one has just appended together with its vote, which decides.
    pub(crate) fn decided_alone(&self, height: u64, block: &Block) {
        let mut state = lock(&self.decided.state);
        state.height = height;
        self.publish(height, block);
        drop(state);
        self.decided.advanced.notify_all();
    }

    /// Takes into account what was appended and which votes were stored. Returns the height up to
    /// which all blocks are decided now.
    ///
    /// # Errors
    ///
    /// [`CommitError`] if the store failed.
    pub(crate) fn advance_decided(&self) -> Result<u64, CommitError> {
        let mut state = lock(&self.decided.state);
        let before = state.height;
        let tip = self.store.height().unwrap_or(0);
        while state.height < tip {
            let height = state.height + 1;
            let Some(head) = self.store.head(height)? else { break };
            let votes = self.store.votes(&head.id)?;
            match elect_verified(&head.id, &head.voters, &self.members, &votes) {
                Ok(Status::Valid) => self.publish_stored(height)?,
                Ok(Status::Invalid) => {
                    tracing::error!(height, block = %head.id, "a final block was voted down");
                    state.lost.insert(height);
                    state.noted = 0;
                }
                Ok(Status::Undecided) | Err(_) => break,
            }
            state.height = height;
        }
        if state.height >= state.noted + NOTE_INTERVAL {
            let heights = [&state.height].into_iter().chain(&state.lost);
            let note: Vec<u8> = heights.flat_map(|height| height.to_be_bytes()).collect();
            let mut commit = Commit::new();
            commit.note(NOTE, note);
            self.store.commit(commit, Durability::Buffered)?;
            state.noted = state.height;
        }
        let height = state.height;
        drop(state);
        if height > before {
            self.decided.advanced.notify_all();
        }
        Ok(height)
    }

    fn publish_stored(&self, height: u64) -> Result<(), ReadError> {
        if self.decided.events.receiver_count() == 0 && self.waiters.is_empty() {
            return Ok(());
        }
        if let Some(block) = self.store.block(height)? {
            self.publish(height, &block);
        }
        Ok(())
    }

    /// Called with the state locked, so that events are in order.
    fn publish(&self, height: u64, block: &Block) {
        if self.decided.events.receiver_count() > 0 {
            // An error says that the last subscriber has just left.
            drop(self.decided.events.send(Arc::new(ValidBlock::of(height, block))));
        }
        self.waiters.ended(block.transactions().iter().map(|found| found.id()));
    }
}
