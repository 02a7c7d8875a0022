//! What calls and the runner share, and the one way in which a deal changes: read, told facts,
//! stored over the version that was read; again if somebody else was faster.

mod telling;

use crate::{
    Clock, Config, ServerError, ServerKeys,
    index::{Index, Rules},
    password::Passwords,
    record::Record,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tally_chain::utxo::Relay;
use tally_deal::{Action, CommandRefused, Deal, DealCode, Fact};
use tally_deal_store::{
    Commit, CommitError, Committed, DealStore, DealStoreError, EventId, Version, Versioned,
};
use telling::unless_it_panics;
pub(crate) use telling::{PUT_OFF_SECONDS, concerns_one};
use tokio::sync::{Notify, watch};

/// How often a change is tried when others change the same all the time. Every conflict means that
/// somebody else got on.
const TRIES_MAX: usize = 16;

/// Deals that are looked for at once because somebody asked; the others' turn comes anyway.
const ASKED_MAX: usize = 1_000;

/// How long to wait for a store that has too much to do.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// What all parts of a server share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) store: Arc<dyn DealStore>,
    pub(crate) relay: Arc<dyn Relay>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: ServerKeys,
    pub(crate) config: Config,
    pub(crate) passwords: Passwords,
    index: Mutex<Index>,
    /// Facts of deals that could not be stored.
    put_off: Mutex<BTreeMap<DealCode, Vec<Fact>>>,
    /// Deals that something is to be done for, and the bell that is rung when there are some.
    work: Mutex<BTreeSet<DealCode>>,
    pub(crate) bell: Notify,
    /// The last event that is known to be there.
    pub(crate) news: watch::Sender<EventId>,
    /// Rung when the mempool is worth a look.
    pub(crate) look: Notify,
    /// The deals that somebody wants looked for.
    asked: Mutex<BTreeSet<DealCode>>,
    /// Rung when the chain was read to its end.
    pub(crate) caught_up: Notify,
    /// Whether this server follows the chain, and has it to its end.
    pub(crate) is_leading: AtomicBool,
    /// Whether another server follows the chain, as far as this one knows.
    pub(crate) leads_elsewhere: AtomicBool,
    pub(crate) is_caught_up: AtomicBool,
    /// The height of the last block that was counted.
    pub(crate) tip: AtomicU64,
}

/// What became of telling a deal something.
#[derive(Debug)]
pub(crate) enum Telling {
    /// There is no such deal.
    Unknown,
    /// The first fact that was refused, and why; nothing was changed.
    Refused(Box<Deal>, CommandRefused),
    /// It was told, and what changed is stored; the deal afterwards.
    Told(Box<Deal>),
}

impl Core {
    pub(crate) fn new(
        store: Arc<dyn DealStore>,
        relay: Arc<dyn Relay>,
        clock: Arc<dyn Clock>,
        keys: ServerKeys,
        config: Config,
    ) -> Self {
        Self {
            store,
            relay,
            clock,
            keys,
            config,
            passwords: Passwords::new(),
            index: Mutex::default(),
            put_off: Mutex::default(),
            work: Mutex::default(),
            bell: Notify::new(),
            news: watch::Sender::new(EventId(0)),
            look: Notify::new(),
            asked: Mutex::default(),
            caught_up: Notify::new(),
            is_leading: AtomicBool::new(false),
            leads_elsewhere: AtomicBool::new(false),
            is_caught_up: AtomicBool::new(false),
            tip: AtomicU64::new(0),
        }
    }

    /// Locks the index. It is never held across an await.
    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that something is to be done for a deal: by this server, if it leads.
    pub(crate) fn wake(&self, code: DealCode) {
        if self.is_leading.load(Ordering::Acquire) {
            self.work.lock().unwrap_or_else(PoisonError::into_inner).insert(code);
            self.bell.notify_one();
        }
    }

    /// Looks soon whether a deal is paid: by this server, if it leads.
    pub(crate) fn look_for(&self, code: DealCode) {
        if !self.is_leading.load(Ordering::Acquire) {
            return;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < ASKED_MAX && asked.insert(code) {
            self.look.notify_one();
        }
    }

    /// Takes the deals that somebody wants looked for.
    pub(crate) fn take_asked(&self) -> BTreeSet<DealCode> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the deals that something is to be done for.
    pub(crate) fn take_work(&self) -> BTreeSet<DealCode> {
        std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what a commit left of a deal: watches it, and wakes whoever settles.
    fn stored(&self, version: Version, deal: &Deal, actions: &[Action]) {
        self.watch(version, deal);
        let is_work = |action: &Action| match action {
            Action::Settle(_) | Action::Broadcast { .. } => true,
            Action::Notify(_) => false,
        };
        if actions.iter().any(is_work) {
            self.wake(deal.code());
        }
    }

    /// Watches a deal as a commit left it; only a server that leads does.
    pub(crate) fn watch(&self, version: Version, deal: &Deal) {
        if !self.is_leading.load(Ordering::Acquire) {
            return;
        }
        let Config { policy, late_money_seconds, .. } = &self.config;
        let now = self.clock.now();
        let rules = Rules { policy, late_seconds: *late_money_seconds, now };
        self.index().update(version, deal, &rules);
    }

    /// Stores changes, and says that there are new events.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let committed = self.store.commit(commit).await?;
        if let Some(last) = committed.events.last() {
            self.heard_of(*last);
        }
        Ok(committed)
    }

    /// Stores changes like [`commit`](Self::commit), and waits while the store has too much to do.
    pub(crate) async fn commit_patiently(&self, commit: Commit) -> Result<Committed, CommitError> {
        loop {
            match self.commit(commit.clone()).await {
                Err(CommitError::Store(DealStoreError::Busy { what })) => {
                    tracing::warn!(what, "the store is busy; what happened is stored later");
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                result => return result,
            }
        }
    }

    /// Notes that there is an event of this number.
    pub(crate) fn heard_of(&self, event: EventId) {
        self.news.send_if_modified(|last| {
            let is_new = event > *last;
            *last = event.max(*last);
            is_new
        });
    }

    /// Tells one deal facts, in order, and stores what it is afterwards.
    pub(crate) async fn tell(
        &self,
        code: DealCode,
        facts: &[Fact],
    ) -> Result<Telling, ServerError> {
        self.tell_with(code, facts, Commit::default()).await
    }

    /// Tells one deal facts and stores what it is afterwards, together with other changes. Nothing
    /// is stored if a fact is refused.
    pub(crate) async fn tell_with(
        &self,
        code: DealCode,
        facts: &[Fact],
        others: Commit,
    ) -> Result<Telling, ServerError> {
        for _ in 0..TRIES_MAX {
            let Some(Versioned { version, value: before }) =
                self.store.deal(code).await.map_err(read_failed)?
            else {
                return Ok(Telling::Unknown);
            };
            let changed = unless_it_panics(code, || {
                let mut deal = before.clone();
                let mut actions = vec![];
                for fact in facts {
                    actions.extend(deal.apply(fact.clone(), &self.config.policy)?);
                }
                Ok((deal, actions))
            })?;
            let (deal, actions) = match changed {
                Ok(changed) => changed,
                Err(refused) => return Ok(Telling::Refused(Box::new(before), refused)),
            };
            let mut record = Record::new(self, others.clone());
            record.add(version, &before, &deal, &actions).await?;
            if record.is_empty() {
                return Ok(Telling::Told(Box::new(deal)));
            }
            match self.commit(record.into_commit()).await {
                Ok(committed) => {
                    self.stored(committed.version, &deal, &actions);
                    return Ok(Telling::Told(Box::new(deal)));
                }
                Err(CommitError::Conflict(conflict)) => {
                    tracing::debug!(%code, %conflict, "a change is repeated");
                }
                Err(error) => return Err(write_failed(error)),
            }
        }
        Err(ServerError::Contended { what: "the deal" })
    }
}

/// Says that something could not be read.
pub(crate) fn read_failed(error: DealStoreError) -> ServerError {
    match error {
        DealStoreError::Busy { what } => ServerError::Busy { what },
        DealStoreError::Failed | DealStoreError::Unavailable(_) | DealStoreError::Damaged(_) => {
            ServerError::Store(Box::new(error))
        }
    }
}

/// Says that something could not be written.
pub(crate) fn write_failed(error: CommitError) -> ServerError {
    match error {
        CommitError::Store(error) => read_failed(error),
        CommitError::Conflict(_) | CommitError::Invalid { .. } => {
            ServerError::Store(Box::new(error))
        }
    }
}
