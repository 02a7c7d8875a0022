//! Which deal a script and an output belong to, and when which deal is to be told what: in memory,
//! so that looking at a transaction costs nothing but look-ups. Everything in it follows from the
//! stored deals.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};
use tally_chain::utxo::{Block, OutPoint, Transaction, Watched};
use tally_deal::{Deal, DealCode, DealOutput, Policy, Time, Wakeup};
use tally_deal_store::Version;
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// The deals that are watched.
#[derive(Debug, Default)]
pub(crate) struct Index {
    scripts: HashMap<Box<[u8]>, DealCode>,
    outputs: HashMap<OutPoint, DealCode>,
    /// In order, so that the mempool can be asked about some deals after the others.
    deals: BTreeMap<DealCode, Entry>,
    /// Finished deals by the time until which late money is looked for, Unix seconds.
    until: BTreeSet<(u64, DealCode)>,
    /// Deals by the moment at which they want to be told the clock, Unix seconds.
    moments: BTreeSet<(u64, DealCode)>,
    /// Deals by the block at which they want to be told the clock.
    heights: BTreeSet<(BlockNumber, DealCode)>,
}

#[derive(Debug)]
struct Entry {
    version: Version,
    script: Box<[u8]>,
    outputs: Vec<OutPoint>,
    /// Those of the outputs that no block has and that are not gone.
    unconfirmed: Vec<OutPoint>,
    until: Option<u64>,
    wakeup: Wakeup,
}

/// Money that a transaction brings to a deal, or takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// An output pays to the deal's address.
    Paid(OutPoint, Satoshi),
    /// An input spends one of the deal's outputs.
    Spent(OutPoint),
}

/// What a transaction of a block does with a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockTouch {
    pub(crate) transaction: Txid,
    /// New coins may be spent only when a hundred blocks lie upon them.
    pub(crate) is_coinbase: bool,
    pub(crate) touch: Touch,
}

/// By what rules deals are watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) policy: &'a Policy,
    /// How long late money is looked for after the last moment of the terms, in seconds.
    pub(crate) late_seconds: u64,
    /// Unix seconds.
    pub(crate) now: u64,
}

impl Index {
    /// Watches a deal as a commit left it, unless a later one is known or nothing is expected of the
    /// deal any more.
    pub(crate) fn update(&mut self, version: Version, deal: &Deal, rules: &Rules<'_>) {
        let Rules { policy, late_seconds, now } = *rules;
        let code = deal.code();
        if self.deals.get(&code).is_some_and(|entry| entry.version > version) {
            return;
        }
        self.forget(code);
        let until = deal.is_finished().then(|| last_moment(deal).saturating_add(late_seconds));
        if until.is_some_and(|until| until <= now) {
            return;
        }
        let wakeup = deal.wakeup(policy);
        let outputs: Vec<OutPoint> = deal.outputs().iter().map(|output| output.outpoint).collect();
        let is_waiting = |output: &&DealOutput| output.confirmation.is_none() && !output.is_gone;
        let waiting = deal.outputs().iter().filter(is_waiting);
        let unconfirmed = waiting.map(|output| output.outpoint).collect();
        let script: Box<[u8]> = deal.address().script().into();
        self.scripts.insert(script.clone(), code);
        self.outputs.extend(outputs.iter().map(|output| (*output, code)));
        self.until.extend(until.map(|until| (until, code)));
        self.moments.extend(wakeup.time.map(|moment| (moment.0, code)));
        self.heights.extend(wakeup.height.map(|height| (height, code)));
        let entry = Entry { version, script, outputs, unconfirmed, until, wakeup };
        self.deals.insert(code, entry);
    }

    /// Watches a deal no more.
    pub(crate) fn forget(&mut self, code: DealCode) {
        let Some(entry) = self.deals.remove(&code) else { return };
        self.scripts.remove(&entry.script);
        for output in &entry.outputs {
            self.outputs.remove(output);
        }
        if let Some(until) = entry.until {
            self.until.remove(&(until, code));
        }
        if let Some(moment) = entry.wakeup.time {
            self.moments.remove(&(moment.0, code));
        }
        if let Some(height) = entry.wakeup.height {
            self.heights.remove(&(height, code));
        }
    }

    /// Lets a deal wait for the clock until a moment, Unix seconds, whatever it wants.
    pub(crate) fn put_off(&mut self, code: DealCode, moment: u64) {
        let Some(entry) = self.deals.get_mut(&code) else { return };
        if let Some(height) = entry.wakeup.height.take() {
            self.heights.remove(&(height, code));
        }
        if let Some(former) = entry.wakeup.time.replace(Time(moment)) {
            self.moments.remove(&(former.0, code));
        }
        self.moments.insert((moment, code));
    }

    /// Whether one of a deal's outputs waits for a block.
    pub(crate) fn is_unconfirmed(&self, code: DealCode, outpoint: &OutPoint) -> bool {
        self.deals.get(&code).is_some_and(|entry| entry.unconfirmed.contains(outpoint))
    }

    /// Forgets all deals.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether a deal is watched.
    pub(crate) fn has(&self, code: DealCode) -> bool {
        self.deals.contains_key(&code)
    }

    /// Forgets the finished deals whose time is over.
    pub(crate) fn expire(&mut self, now: u64) {
        while let Some((until, code)) = self.until.first().copied() {
            if until > now {
                return;
            }
            self.forget(code);
        }
    }

    /// Returns up to `limit` deals that want to be told the clock by now.
    pub(crate) fn due(&self, now: u64, tip: BlockNumber, limit: usize) -> Vec<DealCode> {
        let moments = self.moments.iter().take_while(|(moment, _)| *moment <= now);
        let heights = self.heights.iter().take_while(|(height, _)| *height <= tip);
        let codes = moments.map(|(_, code)| code).chain(heights.map(|(_, code)| code));
        codes.take(limit).copied().collect()
    }

    /// Returns how many deals are watched.
    pub(crate) fn len(&self) -> usize {
        self.deals.len()
    }

    /// Finds what the transactions of a block do with the deals, by deal.
    ///
    /// An output that is spent in the block that made it is found too, whatever their order.
    pub(crate) fn touched_by(&self, block: &Block) -> BTreeMap<DealCode, Vec<BlockTouch>> {
        let mut found: BTreeMap<DealCode, Vec<BlockTouch>> = BTreeMap::new();
        let mut fresh: HashMap<OutPoint, DealCode> = HashMap::new();
        for (position, transaction) in block.transactions.iter().enumerate() {
            let is_coinbase = position == 0;
            for (code, touch) in self.paid(transaction) {
                if let Touch::Paid(outpoint, _) = touch {
                    fresh.insert(outpoint, code);
                }
                let touch = BlockTouch { transaction: transaction.txid, is_coinbase, touch };
                found.entry(code).or_default().push(touch);
            }
        }
        for transaction in &block.transactions {
            for input in &transaction.inputs {
                let code = self.outputs.get(input).or_else(|| fresh.get(input));
                if let Some(code) = code {
                    let touch = Touch::Spent(*input);
                    let transaction = transaction.txid;
                    let touch = BlockTouch { transaction, is_coinbase: false, touch };
                    found.entry(*code).or_default().push(touch);
                }
            }
        }
        found
    }

    /// Finds what one transaction does with the deals.
    pub(crate) fn touched_by_one(&self, transaction: &Transaction) -> Vec<(DealCode, Touch)> {
        let spent = transaction
            .inputs
            .iter()
            .filter_map(|input| self.outputs.get(input).map(|code| (*code, Touch::Spent(*input))));
        self.paid(transaction).chain(spent).collect()
    }

    fn paid<'a>(
        &'a self,
        transaction: &'a Transaction,
    ) -> impl Iterator<Item = (DealCode, Touch)> + 'a {
        (0..).zip(&transaction.outputs).filter_map(|(vout, output)| {
            let code = self.scripts.get(output.script.as_slice())?;
            let outpoint = OutPoint { txid: transaction.txid, vout };
            Some((*code, Touch::Paid(outpoint, output.value)))
        })
    }

    /// Returns the next `limit` deals after one, in order, and what to look for; and those that were
    /// asked for.
    pub(crate) fn page(
        &self,
        after: Option<DealCode>,
        limit: usize,
        asked: &BTreeSet<DealCode>,
    ) -> Look {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut look = Look::default();
        for (code, entry) in asked.iter().filter_map(|code| self.deals.get_key_value(code)) {
            look.add(*code, entry);
        }
        for (code, entry) in self.deals.range((from, Bound::Unbounded)).take(limit) {
            look.last = Some(*code);
            look.add(*code, entry);
        }
        look.is_end = self.deals.last_key_value().map(|(code, _)| *code) == look.last;
        look
    }
}

/// Some deals to look for among the transactions that wait for a block.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) watched: Watched,
    /// The deals' outputs that were seen there.
    pub(crate) unconfirmed: BTreeMap<OutPoint, DealCode>,
    /// The last deal, from which the next look goes on.
    pub(crate) last: Option<DealCode>,
    /// Whether no deal comes after it.
    pub(crate) is_end: bool,
}

impl Look {
    fn add(&mut self, code: DealCode, entry: &Entry) {
        self.watched.scripts.insert(entry.script.to_vec());
        self.watched.outputs.extend(&entry.outputs);
        self.unconfirmed.extend(entry.unconfirmed.iter().map(|output| (*output, code)));
    }
}

/// The last moment that the terms of a deal name.
fn last_moment(deal: &Deal) -> u64 {
    deal.terms().until.0.max(deal.terms().leave_before.0)
}
