//! What calls and the runner share, and the one way in which a deal changes: read, told facts,
//! stored over the version that was read; again if somebody else was faster.

use crate::{
    Clock, Config, ServerError, ServerKeys,
    error::causes,
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
    Commit, CommitError, Committed, Damage, DealStore, DealStoreError, EventId, Version, Versioned,
};
use tokio::sync::{Notify, watch};

/// How often a change is tried when others change the same all the time. Every conflict means that
/// somebody else got on.
const TRIES_MAX: usize = 16;

/// Facts that one deal is told in one commit, and deals that are told something. Each fact makes
/// a few events at most, so a commit stays far below the bound of the store, whoever pays how often.
const FACTS_OF_COMMIT: usize = 500;
const DEALS_OF_COMMIT: usize = 256;

/// Changes with which a commit is full.
const CHANGES_WANTED: usize = 2_000;

/// Deals that are looked for at once because somebody asked; the others' turn comes anyway.
const ASKED_MAX: usize = 1_000;

/// How long to wait for a store that has too much to do.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// After how long a deal that cannot be stored is told again, in seconds.
pub(crate) const PUT_OFF_SECONDS: u64 = 60;

/// Facts of deals that cannot be stored that are kept, in all.
const PUT_OFF_MAX: usize = 100_000;

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

    /// Tells several deals facts and stores what they are afterwards, in as many commits as it
    /// takes: facts can be told again, so it may be broken off between two. Facts that are refused,
    /// and deals that there are not, are left out. A deal that cannot be stored keeps nobody else
    /// waiting: its facts are kept and told again later.
    ///
    /// # Errors
    ///
    /// What concerns more than one deal: the store does not answer any more.
    pub(crate) async fn tell_all(
        &self,
        facts: &BTreeMap<DealCode, Vec<Fact>>,
    ) -> Result<(), ServerError> {
        let parts: Vec<Part<'_>> = facts
            .iter()
            .flat_map(|(code, facts)| facts.chunks(FACTS_OF_COMMIT).map(|part| (*code, part)))
            .collect();
        let mut rest = parts.as_slice();
        // How many are told one by one, since one of them cannot be told.
        let mut alone = 0_usize;
        while let Some((code, facts)) = rest.first() {
            let some = if alone > 0 { &rest[..1] } else { commit_of(rest) };
            let mut told = some.len();
            match self.tell_some(some).await {
                Ok(count) => told = count,
                Err(ServerError::Busy { what }) => {
                    tracing::warn!(what, "the store is busy; what happened is stored later");
                    tokio::time::sleep(BUSY_PAUSE).await;
                    told = 0;
                }
                // Each of those who change it all the time got on; there is an end to what they can
                // change. What a block says must not be left out.
                Err(ServerError::Contended { .. }) if some.len() == 1 => {
                    tracing::warn!(%code, "a deal is changed by others all the time");
                    tokio::time::sleep(BUSY_PAUSE).await;
                    told = 0;
                }
                Err(error) if some.len() > 1 && may_concern_one(&error) => {
                    alone = some.len();
                    told = 0;
                }
                Err(error) if concerns_one(&error) => self.put_off(*code, facts, &error),
                Err(error) => return Err(error),
            }
            alone = alone.saturating_sub(told);
            rest = &rest[told..];
        }
        Ok(())
    }

    /// Tells some deals facts in one commit, at most one part of each. Returns how many parts were
    /// told: when the commit is full the rest is for the next.
    async fn tell_some(&self, parts: &[Part<'_>]) -> Result<usize, ServerError> {
        for _ in 0..TRIES_MAX {
            let mut record = Record::new(self, Commit::default());
            let mut deals = Vec::with_capacity(parts.len());
            let mut count = 0;
            for (code, facts) in parts {
                if record.len() >= CHANGES_WANTED {
                    break;
                }
                count += 1;
                let Some(Versioned { version, value: before }) =
                    self.store.deal(*code).await.map_err(read_failed)?
                else {
                    // It was being made when its address was looked for, and was not made.
                    self.index().forget(*code);
                    continue;
                };
                let (deal, actions) = unless_it_panics(*code, || {
                    let mut deal = before.clone();
                    let mut actions = vec![];
                    for fact in *facts {
                        match deal.apply(fact.clone(), &self.config.policy) {
                            Ok(more) => actions.extend(more),
                            Err(refused) => {
                                tracing::warn!(%code, %refused, ?fact, "a fact is left out")
                            }
                        }
                    }
                    (deal, actions)
                })?;
                record.add(version, &before, &deal, &actions).await?;
                deals.push((version, deal, actions));
            }
            if record.is_empty() {
                // Told before; what follows from it may not be done yet.
                for (version, deal, actions) in &deals {
                    self.stored(*version, deal, actions);
                }
                return Ok(count);
            }
            match self.commit(record.into_commit()).await {
                Ok(committed) => {
                    for (_, deal, actions) in &deals {
                        self.stored(committed.version, deal, actions);
                    }
                    return Ok(count);
                }
                Err(CommitError::Conflict(conflict)) => {
                    tracing::debug!(%conflict, "changes are repeated");
                }
                Err(error) => return Err(write_failed(error)),
            }
        }
        Err(ServerError::Contended { what: "deals" })
    }

    /// Keeps facts of a deal that cannot be stored, to tell them again later.
    fn put_off(&self, code: DealCode, facts: &[Fact], error: &ServerError) {
        let cause = causes(error);
        tracing::error!(
            %code, %error, cause, ?facts,
            "a deal cannot be stored; what happened to it is told again later"
        );
        self.index().put_off(code, self.clock.now().saturating_add(PUT_OFF_SECONDS));
        let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock is told again anyway.
        let lasting = facts.iter().filter(|fact| !matches!(fact, Fact::Clock { .. }));
        let free = PUT_OFF_MAX.saturating_sub(put_off.values().map(Vec::len).sum());
        let kept = put_off.entry(code).or_default();
        for fact in lasting.take(free) {
            if !kept.contains(fact) {
                kept.push(fact.clone());
            }
        }
        if kept.is_empty() {
            put_off.remove(&code);
        }
    }

    /// Tells again what was put off.
    pub(crate) async fn tell_put_off(&self) -> Result<(), ServerError> {
        let facts = self.put_off.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (code, facts) in facts {
            let facts = BTreeMap::from([(code, facts)]);
            // Whatever cannot be told even now is put off again.
            self.put_off.lock().unwrap_or_else(PoisonError::into_inner).remove(&code);
            if let Err(error) = self.tell_all(&facts).await {
                let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
                put_off.extend(facts);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// A deal and some of what it is told.
type Part<'a> = (DealCode, &'a [Fact]);

/// Returns the parts from the first on that one commit may have: of each deal one.
fn commit_of<'a, 'b>(parts: &'b [Part<'a>]) -> &'b [Part<'a>] {
    let is_same = |pair: &[Part<'_>]| pair[0].0 == pair[1].0;
    let different = parts.windows(2).position(is_same).map_or(parts.len(), |at| at + 1);
    &parts[..different.min(DEALS_OF_COMMIT)]
}

/// Computes what becomes of a deal. One that would break its invariants about money panics: nothing
/// of that is stored, and it is no reason to leave the others alone.
fn unless_it_panics<T>(code: DealCode, change: impl FnOnce() -> T) -> Result<T, ServerError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(change)).map_err(|_| {
        ServerError::Corrupt { what: format!("deal {code} would break its invariants") }
    })
}

/// Whether an error is of one deal: others are stored all the same.
pub(crate) fn concerns_one(error: &ServerError) -> bool {
    match error {
        ServerError::Corrupt { .. } => true,
        ServerError::Store(source) => {
            matches!(source.downcast_ref(), Some(CommitError::Invalid { .. }))
                || matches!(
                    source.downcast_ref(),
                    Some(DealStoreError::Damaged(Damage::Row { .. }))
                )
        }
        ServerError::Contended { .. }
        | ServerError::Busy { .. }
        | ServerError::Sign(_)
        | ServerError::Stopping => false,
    }
}

/// Whether telling deals one by one could be better than all at once.
fn may_concern_one(error: &ServerError) -> bool {
    concerns_one(error) || matches!(error, ServerError::Contended { .. })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A deal that breaks its invariants is an error of that deal.
    #[test]
    fn a_panic_concerns_one_deal() {
        let code = DealCode::from_bytes([7; 20]);
        assert_eq!(unless_it_panics(code, || 1).unwrap(), 1);
        let broken = unless_it_panics(code, || panic!("money is lost")).unwrap_err();
        assert!(concerns_one(&broken), "{broken}");
        assert!(!concerns_one(&ServerError::Busy { what: "deals" }));
    }

    /// A commit has one part of each deal, and not too many deals.
    #[test]
    fn a_commit_has_one_part_of_each_deal() {
        let code = |number: u8| DealCode::from_bytes([number; 20]);
        let parts: Vec<Part<'_>> = [1, 2, 2, 2, 3].map(|number| (code(number), &[][..])).to_vec();
        assert_eq!(commit_of(&parts).len(), 2);
        assert_eq!(commit_of(&parts[2..]).len(), 1);
        assert_eq!(commit_of(&parts[3..]).len(), 2);
        let many: Vec<Part<'_>> = (0..=1_000_u16)
            .map(|number| {
                let mut bytes = [0; 20];
                bytes[..2].copy_from_slice(&number.to_be_bytes());
                (DealCode::from_bytes(bytes), &[][..])
            })
            .collect();
        assert_eq!(commit_of(&many).len(), DEALS_OF_COMMIT);
    }
}
