//! About which blocks the votes have decided, and who is told.

use crate::{ValidBlock, ledger::Ledger, lock::lock, waiters::End};
use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use tally_ledger::{Block, Status, elect_verified};
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

/// Blocks that are decided before others may look at the state again: some milliseconds.
const STEP_MAX: u64 = 64;

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
    /// The height that the note says.
    noted: u64,
}

/// A block that was decided, and not yet told to anybody.
#[derive(Debug)]
struct Verdict {
    height: u64,
    is_valid: bool,
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
}

impl Ledger {
    /// Says what became of a block of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub(crate) fn status_of(&self, head: &BlockHead) -> Result<Status, ReadError> {
        if head.height == 0 {
            return Ok(Status::Valid);
        }
        match self.decided.status(head.height) {
            Some(status) => Ok(status),
            None => self.elect(head),
        }
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
        loop {
            let (height, is_done) = self.advance_step()?;
            if is_done {
                return Ok(height);
            }
        }
    }

    /// Does a part of [`advance_decided`](Self::advance_decided); also says whether it was the last
    /// one.
    ///
    /// # Errors
    ///
    /// [`CommitError`] if the store failed.
    pub(crate) fn advance_step(&self) -> Result<(u64, bool), CommitError> {
        let mut state = lock(&self.decided.state);
        let before = state.height;
        let mut is_note_due = false;
        let mut is_done = false;
        while state.height < before + STEP_MAX {
            let Some(Verdict { height, is_valid }) = self.next_verdict(state.height)? else {
                is_done = true;
                break;
            };
            if is_valid {
                self.publish_stored(height)?;
            } else {
                tracing::error!(height, "a final block was voted down");
                state.lost.insert(height);
                is_note_due = true;
            }
            state.height = height;
        }
        if is_note_due || state.height >= state.noted + NOTE_INTERVAL {
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
        Ok((height, is_done))
    }

    /// Holds the election about the block after a height; `None` if it does not decide yet.
    fn next_verdict(&self, after: u64) -> Result<Option<Verdict>, ReadError> {
        let height = after + 1;
        let Some(head) = self.store.head(height)? else { return Ok(None) };
        let is_valid = match self.elect(&head)? {
            Status::Valid => true,
            Status::Invalid => false,
            Status::Undecided => return Ok(None),
        };
        Ok(Some(Verdict { height, is_valid }))
    }

    fn elect(&self, head: &BlockHead) -> Result<Status, ReadError> {
        let votes = self.store.votes(&head.id)?;
        let elected = elect_verified(&head.id, &head.voters, &self.members, &votes);
        // The store keeps the first vote of each voter, so there are never two.
        Ok(elected.unwrap_or(Status::Undecided))
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
        self.waiters.ended(End::Valid, block.transactions().iter().map(|found| found.id()));
    }
}
