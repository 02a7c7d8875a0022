//! What happened to many deals, told to them: in commits of a bounded size, and so that no deal keeps
//! the others waiting.

use super::{BUSY_PAUSE, Core, TRIES_MAX, read_failed, write_failed};
use crate::{ServerError, error::causes, record::Record};
use std::{collections::BTreeMap, sync::PoisonError};
use tally_deal::{DealCode, Fact};
use tally_deal_store::{Commit, CommitError, Damage, DealStoreError, Versioned};

/// Facts that one deal is told in one commit, and deals that are told something. Each fact makes
/// a few events at most, so a commit stays far below the bound of the store, whoever pays how often.
const FACTS_OF_COMMIT: usize = 500;
const DEALS_OF_COMMIT: usize = 256;

/// Changes with which a commit is full.
const CHANGES_WANTED: usize = 2_000;

/// After how long a deal that cannot be stored is told again, in seconds.
pub(crate) const PUT_OFF_SECONDS: u64 = 60;

/// Facts of deals that cannot be stored that are kept, in all.
const PUT_OFF_MAX: usize = 100_000;

impl Core {
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
pub(super) fn unless_it_panics<T>(
    code: DealCode,
    change: impl FnOnce() -> T,
) -> Result<T, ServerError> {
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
