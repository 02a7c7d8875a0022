//! What waits for a block, told to the deals: some deals at a time.

use super::RunError;
use crate::{core::Core, index::Touch};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};
use tally_chain::utxo::OutPoint;
use tally_deal::{DealCode, Fact};
use tally_deal_store::Commit;

/// How many looks in a row must miss a payment before it counts as gone: a look may fall between
/// a payment's leaving the mempool and its block's arrival.
const MISSES: u32 = 2;

/// Missing payments that are counted at most.
const MISSED_MAX: usize = 100_000;

/// Looks at transactions that wait for a block.
#[derive(Debug)]
pub(crate) struct Looker {
    core: Arc<Core>,
    after: Option<DealCode>,
    missed: BTreeMap<OutPoint, u32>,
}

impl Looker {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, after: None, missed: BTreeMap::new() }
    }

    /// Looks for some deals and tells them what was found; does nothing while blocks are read.
    pub(crate) async fn round(&mut self) -> Result<(), RunError> {
        if !self.core.is_caught_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let look = self.core.index().page(self.after, self.core.config.mempool.deals);
        self.after = look.last.filter(|_| !look.is_end);
        if look.watched.scripts.is_empty() {
            return Ok(());
        }
        let tip = self.core.tip.load(Ordering::Relaxed);
        let waiting = self.core.relay.unconfirmed(&look.watched).await.map_err(RunError::Chain)?;
        let mut facts: BTreeMap<DealCode, Vec<Fact>> = BTreeMap::new();
        let mut found = BTreeSet::new();
        for transaction in &waiting {
            for (code, touch) in self.core.index().touched_by_one(transaction) {
                let fact = match touch {
                    Touch::Paid(outpoint, value) => {
                        found.insert(outpoint);
                        if look.unconfirmed.contains_key(&outpoint) {
                            continue;
                        }
                        Fact::Seen { outpoint, value }
                    }
                    Touch::Spent(outpoint) => {
                        Fact::Spent { outpoint, by: transaction.txid, height: None }
                    }
                };
                facts.entry(code).or_default().push(fact);
            }
        }
        self.missed.retain(|outpoint, _| !found.contains(outpoint));
        if self.missed.len() > MISSED_MAX {
            // What is still missing is missed again.
            self.missed.clear();
        }
        for (outpoint, code) in &look.unconfirmed {
            if !found.contains(outpoint) && self.is_gone(*outpoint, tip).await? {
                facts.entry(*code).or_default().push(Fact::Gone { outpoint: *outpoint });
            }
        }
        if !facts.is_empty() {
            self.core.tell_all(&facts, Commit::default()).await?;
        }
        Ok(())
    }

    /// Whether a payment that was not found is gone, and not only in a block that comes.
    async fn is_gone(&mut self, outpoint: OutPoint, tip: u64) -> Result<bool, RunError> {
        let misses = self.missed.entry(outpoint).or_default();
        *misses += 1;
        if *misses < MISSES {
            return Ok(false);
        }
        let newest = self.core.relay.recent(1).await.map_err(RunError::Chain)?;
        let is_at_end = newest.first().is_some_and(|(height, _)| height.0 <= tip);
        if !is_at_end {
            return Ok(false);
        }
        let known = self.core.relay.transaction(outpoint.txid).await.map_err(RunError::Chain)?;
        if known.is_none() {
            self.missed.remove(&outpoint);
        }
        Ok(known.is_none())
    }
}
