//! What waits for a block, told to the deals: some deals at a time.

use super::{RunError, listener::Listener};
use crate::{core::Core, index::Touch};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};
use tally_chain::utxo::OutPoint;
use tally_deal::{DealCode, Fact};

/// How many looks in a row must miss a payment before it counts as gone: a look may fall between
/// a payment's leaving the mempool and its block's arrival.
const MISSES: u32 = 2;

/// Missing payments that are counted at most.
const MISSED_MAX: usize = 100_000;

/// New payments that one deal is told in one look; they cost next to nothing, since they can be
/// replaced. What waits in more parts is told in the next looks, or by the block.
const SEEN_MAX: usize = 250;

/// Looks at transactions that wait for a block.
#[derive(Debug)]
pub(crate) struct Looker {
    core: Arc<Core>,
    listener: Arc<Listener>,
    after: Option<DealCode>,
    /// How often in a row which payment of which deal was missed.
    missed: BTreeMap<OutPoint, (DealCode, u32)>,
}

impl Looker {
    pub(crate) fn new(core: Arc<Core>, listener: Arc<Listener>) -> Self {
        Self { core, listener, after: None, missed: BTreeMap::new() }
    }

    /// Looks for some deals and tells them what was found; does nothing while blocks are read.
    pub(crate) async fn round(&mut self) -> Result<(), RunError> {
        if !self.core.is_caught_up.load(Ordering::Acquire) {
            return Ok(());
        }
        self.listener.hear().await?;
        let asked = self.core.take_asked();
        let look = self.core.index().page(self.after, self.core.config.mempool.deals, &asked);
        self.after = look.last.filter(|_| !look.is_end);
        if look.watched.scripts.is_empty() {
            return Ok(());
        }
        let tip = self.core.tip.load(Ordering::Relaxed);
        let waiting = self.core.relay.unconfirmed(&look.watched).await.map_err(RunError::Chain)?;
        let mut facts: BTreeMap<DealCode, Vec<Fact>> = BTreeMap::new();
        let mut found = BTreeSet::new();
        let mut seen: BTreeMap<DealCode, usize> = BTreeMap::new();
        for transaction in &waiting {
            for (code, touch) in self.core.index().touched_by_one(transaction) {
                let fact = match touch {
                    Touch::Paid(outpoint, value) => {
                        found.insert(outpoint);
                        if look.unconfirmed.contains_key(&outpoint) {
                            continue;
                        }
                        let seen = seen.entry(code).or_insert(0_usize);
                        *seen += 1;
                        if *seen > SEEN_MAX {
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
        {
            // Those that a block has meanwhile are missed no more.
            let index = self.core.index();
            self.missed.retain(|outpoint, (code, _)| {
                !found.contains(outpoint) && index.is_unconfirmed(*code, outpoint)
            });
        }
        if self.missed.len() > MISSED_MAX {
            // What is still missing is missed again.
            self.missed.clear();
        }
        for (outpoint, code) in &look.unconfirmed {
            if !found.contains(outpoint) && self.is_gone(*code, *outpoint, tip).await? {
                facts.entry(*code).or_default().push(Fact::Gone { outpoint: *outpoint });
            }
        }
        if !facts.is_empty() {
            self.core.tell_all(&facts).await?;
        }
        Ok(())
    }

    /// Whether a payment that was not found is gone, and not only in a block that comes.
    async fn is_gone(
        &mut self,
        code: DealCode,
        outpoint: OutPoint,
        tip: u64,
    ) -> Result<bool, RunError> {
        let (_, misses) = self.missed.entry(outpoint).or_insert((code, 0));
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
