//! The application of these tests: a list of texts, and the texts that wait to be on it.

use bytes::Bytes;
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tally_consensus::{Ancestry, Application, Handle};
use tally_crypto::ed25519::PublicKey;

/// A list of texts. A text may be on it once, and not if it starts with `bad`.
///
/// Its clones are one list. It outlives the engine, like a database does.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
    handle: Mutex<Option<Handle>>,
    /// Whether it proposes and accepts everything.
    is_careless: OnceLock<()>,
}

#[derive(Default)]
struct State {
    entries: Vec<Bytes>,
    waiting: Vec<Bytes>,
    received: Vec<(PublicKey, Bytes)>,
    /// What others proposed.
    judged: BTreeSet<Bytes>,
    /// How often it voted against a proposal.
    refused: usize,
}

impl Journal {
    /// A journal that proposes what others refuse.
    pub(crate) fn careless() -> Self {
        let journal = Self::default();
        journal.0.is_careless.set(()).unwrap();
        journal
    }

    /// A journal as it was when it had fewer entries.
    pub(crate) fn restored(&self, entries: usize) -> Self {
        let journal = Self::default();
        journal.state().entries = self.entries()[..entries].to_vec();
        journal
    }

    /// Adds texts to propose.
    pub(crate) fn submit<T: fmt::Display>(&self, texts: impl IntoIterator<Item = T>) {
        let texts = texts.into_iter().map(|text| Bytes::from(text.to_string()));
        self.state().waiting.extend(texts);
        if let Some(handle) = self.handle() {
            handle.wake();
        }
    }

    pub(crate) fn entries(&self) -> Vec<Bytes> {
        self.state().entries.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// Says whether somebody proposed a text that begins so.
    pub(crate) fn has_judged(&self, start: &str) -> bool {
        self.state().judged.iter().any(|text| text.starts_with(start.as_bytes()))
    }

    pub(crate) fn refused(&self) -> usize {
        self.state().refused
    }

    pub(crate) fn received(&self) -> Vec<(PublicKey, Bytes)> {
        self.state().received.clone()
    }

    /// The handle of the engine that was started last.
    pub(crate) fn handle(&self) -> Option<Handle> {
        self.0.handle.lock().unwrap().clone()
    }

    /// Waits, in real time, until the state is as wanted; fails after half a minute.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, is_reached: impl Fn(&Self) -> bool) {
        let end = std::time::Instant::now() + Duration::from_secs(30);
        let mut state = self.state();
        loop {
            drop(state);
            if is_reached(self) {
                return;
            }
            assert!(std::time::Instant::now() < end, "{what}: {} entries", self.len());
            // A change between the look and the wait is seen at the next tick.
            let tick = Duration::from_millis(50);
            state = self
                .0
                .changed
                .wait_timeout(self.state(), tick)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asserts that no two journals have different entries at the same place, and returns how many
/// entries the longest and the shortest one have.
pub(crate) fn assert_no_fork(journals: &[Journal]) -> (usize, usize) {
    let lists: Vec<_> = journals.iter().map(Journal::entries).collect();
    let longest = lists.iter().max_by_key(|list| list.len()).unwrap();
    for list in &lists {
        assert_eq!(list[..], longest[..list.len()], "a fork");
        let distinct: BTreeSet<_> = list.iter().collect();
        assert_eq!(distinct.len(), list.len(), "a text is there twice");
    }
    (longest.len(), lists.iter().map(Vec::len).min().unwrap())
}

impl Application for Journal {
    fn started(&self, handle: Handle) {
        *self.0.handle.lock().unwrap() = Some(handle);
    }

    fn propose(&self, ancestry: &Ancestry) -> Option<Bytes> {
        let state = self.state();
        assert_eq!(ancestry.finalized_height(), state.entries.len() as u64);
        let is_new =
            |text: &&Bytes| !state.entries.contains(text) && !ancestry.pending().contains(text);
        state.waiting.iter().find(is_new).cloned()
    }

    fn verify(&self, ancestry: &Ancestry, payload: &Bytes) -> bool {
        let mut state = self.state();
        assert_eq!(ancestry.finalized_height(), state.entries.len() as u64);
        state.judged.insert(payload.clone());
        let is_known = state.entries.contains(payload) || ancestry.pending().contains(payload);
        let is_good = !is_known && !payload.starts_with(b"bad");
        if self.0.is_careless.get().is_some() {
            return true;
        }
        state.refused += usize::from(!is_good);
        is_good
    }

    fn finalized(&self, height: u64, payload: Bytes) {
        let mut state = self.state();
        let next = state.entries.len() as u64 + 1;
        assert!(height <= next, "height {height} after {next}");
        if height < next {
            assert_eq!(state.entries[height as usize - 1], payload, "another payload than before");
            return;
        }
        assert_ne!(payload, "panic", "this application cannot store that");
        state.waiting.retain(|waiting| *waiting != payload);
        state.entries.push(payload);
        self.0.changed.notify_all();
    }

    fn received(&self, from: PublicKey, message: Bytes) {
        self.state().received.push((from, message));
        self.0.changed.notify_all();
    }

    fn finalized_height(&self) -> u64 {
        self.state().entries.len() as u64
    }
}
