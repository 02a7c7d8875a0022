use super::{histogram::Histogram, stop::Stop};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tally_ledger::{Transaction, TransactionId};

/// Accepted transactions that may wait for their block. Beyond it nothing is posted, so that the
/// memory is bounded when a node accepts and makes no blocks.
const PENDING_MAX: usize = 200_000;

/// Between two looks at whether the run is to end.
const LOOK: Duration = Duration::from_millis(100);

/// Different reasons that are told apart; a node that refuses with an id in each has no end of them.
const REASONS_MAX: usize = 5;

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    state: Mutex<State>,
    /// Something became valid.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pending: HashMap<TransactionId, Pending>,
    /// Valid before the answer to the post was there.
    early: HashMap<TransactionId, Instant>,
    /// Valid, with an unspent output.
    ready: VecDeque<Transaction>,
    counts: Counts,
    refusals: BTreeMap<String, u64>,
    accepted: Histogram,
    committed: Histogram,
    first: Option<Instant>,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Pending {
    posted: Instant,
    transaction: Transaction,
    /// Whether its output is to be spent once it is valid.
    is_wanted: bool,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// Answers that asked to come back later.
    pub(super) busy: u64,
    pub(super) valid: u64,
}

/// A look at everything.
#[derive(Debug, Clone)]
pub(super) struct Totals {
    pub(super) counts: Counts,
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) accepted: Histogram,
    pub(super) committed: Histogram,
    /// From the first post to the last valid transaction.
    pub(super) valid_in: Duration,
}

impl Tally {
    /// Forgets what was measured, not what is ready.
    pub(super) fn begin_again(&self) {
        let mut state = self.lock();
        let ready = std::mem::take(&mut state.ready);
        *state = State { ready, ..State::default() };
    }

    /// Waits until there is room for another transaction, or the run is to end.
    pub(super) fn wait_for_room(&self, stop: &Stop) {
        let has_no_room = |state: &mut State| state.pending.len() >= PENDING_MAX && !stop.is_set();
        while has_no_room(&mut self.lock()) {
            drop(self.changed.wait_timeout_while(self.lock(), LOOK, has_no_room));
        }
    }

    /// Takes a transaction whose output can be spent.
    pub(super) fn take_ready(&self) -> Option<Transaction> {
        self.lock().ready.pop_front()
    }

    /// Takes one; waits for it, though not forever: the node may have lost what would become one.
    pub(super) fn wait_for_ready(&self, patience: Duration, stop: &Stop) -> Option<Transaction> {
        let start = Instant::now();
        let is_empty = |state: &mut State| state.ready.is_empty();
        loop {
            let waited = self.changed.wait_timeout_while(self.lock(), LOOK, is_empty);
            let found = waited.unwrap_or_else(PoisonError::into_inner).0.ready.pop_front();
            if found.is_some() || stop.is_set() || start.elapsed() >= patience {
                return found;
            }
        }
    }

    /// A transaction was accepted that was posted at this time.
    pub(super) fn accepted(&self, transaction: Transaction, posted: Instant, is_wanted: bool) {
        let mut state = self.lock();
        state.counts.accepted += 1;
        state.accepted.add(posted.elapsed());
        state.first = Some(state.first.map_or(posted, |first| first.min(posted)));
        let id = transaction.id();
        let pending = Pending { posted, transaction, is_wanted };
        match state.early.remove(&id) {
            Some(at) => state.settle(pending, at),
            None => drop(state.pending.insert(id, pending)),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A transaction became valid.
    pub(super) fn became_valid(&self, id: TransactionId) {
        let now = Instant::now();
        let mut state = self.lock();
        match state.pending.remove(&id) {
            Some(pending) => state.settle(pending, now),
            // Somebody else's, or the answer is still on its way. The former must not fill memory.
            None if state.early.len() < PENDING_MAX => drop(state.early.insert(id, now)),
            None => {}
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A transaction was refused for good.
    pub(super) fn refused(&self, reason: String) {
        let mut state = self.lock();
        state.counts.refused += 1;
        let is_known = state.refusals.contains_key(&reason);
        let reason = if is_known || state.refusals.len() < REASONS_MAX {
            reason
        } else {
            "other".to_owned()
        };
        *state.refusals.entry(reason).or_default() += 1;
    }

    /// The node asked to come back later.
    pub(super) fn busy(&self) {
        self.lock().counts.busy += 1;
    }

    pub(super) fn pending_count(&self) -> u64 {
        self.lock().pending.len() as u64
    }

    pub(super) fn pending(&self) -> Vec<TransactionId> {
        self.lock().pending.keys().copied().collect()
    }

    pub(super) fn ready_count(&self) -> usize {
        self.lock().ready.len()
    }

    pub(super) fn first_refusal(&self) -> Option<String> {
        self.lock().refusals.keys().next().cloned()
    }

    pub(super) fn totals(&self) -> Totals {
        let state = self.lock();
        let span = state.first.zip(state.last).map(|(first, last)| last - first);
        Totals {
            counts: state.counts,
            refusals: state.refusals.clone(),
            accepted: state.accepted.clone(),
            committed: state.committed.clone(),
            valid_in: span.unwrap_or_default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settle(&mut self, pending: Pending, at: Instant) {
        self.counts.valid += 1;
        self.committed.add(at - pending.posted);
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        if pending.is_wanted {
            self.ready.push_back(pending.transaction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::poster::tests::any_transaction;

    #[test]
    fn a_transaction_may_be_valid_before_its_answer() {
        let tally = Tally::default();
        let (first, second) = (any_transaction(1), any_transaction(2));
        let (one, two) = (first.id(), second.id());
        tally.accepted(first, Instant::now(), true);
        assert_eq!(tally.pending(), [one]);
        tally.became_valid(two);
        tally.became_valid(one);
        assert_eq!((tally.pending_count(), tally.ready_count()), (0, 1));
        tally.accepted(second, Instant::now(), false);
        assert_eq!((tally.pending_count(), tally.ready_count()), (0, 1));
        let totals = tally.totals();
        assert_eq!((totals.counts.accepted, totals.counts.valid), (2, 2));
        assert_eq!(totals.committed.count(), 2);
    }

    #[test]
    fn reasons_are_counted_and_bounded() {
        let tally = Tally::default();
        for number in 0..20 {
            tally.refused(format!("400: {}", number % 10));
        }
        let totals = tally.totals();
        assert_eq!(totals.counts.refused, 20);
        assert_eq!(totals.refusals.values().sum::<u64>(), 20);
        assert_eq!(totals.refusals.len(), REASONS_MAX + 1);
    }
}
