//! What waits for a block of the development chain.

use super::DevError;
use crate::encode::Made;
use std::collections::{BTreeMap, BTreeSet};
use tally_chain::utxo::{FeeRate, OutPoint, Transaction};
use tally_primitives::{Satoshi, Txid};

/// How many transactions may wait; far more than a block holds.
const WAITING_MAX: usize = 50_000;

/// What a transaction pays to be passed on, and once more to replace others, as nodes demand it.
const RELAYED_MIN: FeeRate = FeeRate::RELAYED_MIN;

/// Which rules a transaction has to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Those of nodes for what they pass on: fees, dust, replacement.
    Relay,
    /// Only those of blocks.
    Block,
}

/// Transactions that wait, in an order in which none comes before one whose output it spends.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    waiting: BTreeMap<u64, Waiting>,
    places: BTreeMap<Txid, u64>,
    spenders: BTreeMap<OutPoint, Txid>,
    next: u64,
}

#[derive(Debug, Clone)]
struct Waiting {
    made: Made,
    facts: Transaction,
    fee: Satoshi,
    vsize: u64,
}

impl Waiting {
    /// Compares what is paid for the size without rounding.
    fn pays_more_than(&self, other: &Self) -> bool {
        let product = |fee: Satoshi, size: u64| u128::from(fee.0) * u128::from(size);
        product(self.fee, other.vsize) > product(other.fee, self.vsize)
    }
}

impl Pool {
    pub(super) fn contains(&self, txid: Txid) -> bool {
        self.places.contains_key(&txid)
    }

    pub(super) fn get(&self, txid: Txid) -> Option<&Made> {
        self.waiting(txid).map(|waiting| &waiting.made)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.waiting.values().map(|waiting| &waiting.facts)
    }

    pub(super) fn made(&self) -> impl Iterator<Item = &Made> {
        self.waiting.values().map(|waiting| &waiting.made)
    }

    /// Takes a transaction in; `coin` tells what an output of the chain is worth if it is unspent
    /// there. On failure nothing changes.
    pub(super) fn add(
        &mut self,
        made: Made,
        coin: &dyn Fn(&OutPoint) -> Option<Satoshi>,
        rules: Rules,
    ) -> Result<Txid, DevError> {
        let facts = made.facts();
        let txid = facts.txid;
        if self.contains(txid) {
            return Ok(txid);
        }
        let fee = self.fee(&facts, coin)?;
        let waiting = Waiting { vsize: made.vsize(), made, facts, fee };
        if rules == Rules::Relay {
            check_relayed(&waiting)?;
        }
        let replaced = self.conflicts(&waiting.facts);
        if let Some(first) = replaced.first() {
            self.check_replacement(&waiting, &replaced, rules)
                .then_some(())
                .ok_or(DevError::Conflict { txid, with: *first })?;
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(DevError::Full(WAITING_MAX));
        }
        for other in replaced {
            self.remove(other);
        }
        let spent = waiting.facts.inputs.iter().map(|point| (*point, txid));
        self.spenders.extend(spent);
        self.places.insert(txid, self.next);
        self.waiting.insert(self.next, waiting);
        self.next += 1;
        Ok(txid)
    }

    /// Takes out a transaction and all that spend its outputs. Returns whether it was there.
    pub(super) fn remove(&mut self, txid: Txid) -> bool {
        let Some(place) = self.places.remove(&txid) else { return false };
        let Some(waiting) = self.waiting.remove(&place) else { return false };
        for point in &waiting.facts.inputs {
            self.spenders.remove(point);
        }
        for child in self.children(&waiting.facts) {
            self.remove(child);
        }
        true
    }

    /// Looks at everything anew after the chain changed. `returned` are the transactions of blocks
    /// that were undone, in any order; what cannot be spent any more is dropped.
    pub(super) fn renew(
        &mut self,
        returned: Vec<Made>,
        coin: &dyn Fn(&OutPoint) -> Option<Satoshi>,
    ) {
        let before = std::mem::take(self);
        self.next = before.next;
        let mut left = returned;
        left.extend(before.waiting.into_values().map(|waiting| waiting.made));
        // A block of Freecash is sorted by ids, so a parent may come after its child.
        loop {
            let count = left.len();
            left.retain(|made| self.add(made.clone(), coin, Rules::Block).is_err());
            if left.is_empty() || left.len() == count {
                return;
            }
        }
    }

    fn fee(
        &self,
        facts: &Transaction,
        coin: &dyn Fn(&OutPoint) -> Option<Satoshi>,
    ) -> Result<Satoshi, DevError> {
        let txid = facts.txid;
        if facts.inputs.is_empty() {
            return Err(DevError::NoInputs(txid));
        }
        let mut spent: u128 = 0;
        let mut seen = BTreeSet::new();
        for point in &facts.inputs {
            let value = coin(point).or_else(|| self.output(point));
            match value {
                Some(value) if seen.insert(point) => spent += u128::from(value.0),
                _ => return Err(DevError::Unspendable { txid: point.txid, vout: point.vout }),
            }
        }
        let paid: u128 = facts.outputs.iter().map(|output| u128::from(output.value.0)).sum();
        let satoshi = |sum: u128| Satoshi(u64::try_from(sum).unwrap_or(u64::MAX));
        match spent.checked_sub(paid) {
            Some(fee) => Ok(satoshi(fee)),
            None => Err(DevError::Overspent { txid, paid: satoshi(paid), spent: satoshi(spent) }),
        }
    }

    fn waiting(&self, txid: Txid) -> Option<&Waiting> {
        self.waiting.get(self.places.get(&txid)?)
    }

    fn output(&self, point: &OutPoint) -> Option<Satoshi> {
        let outputs = &self.waiting(point.txid)?.facts.outputs;
        outputs.get(usize::try_from(point.vout).ok()?).map(|output| output.value)
    }

    fn children(&self, facts: &Transaction) -> BTreeSet<Txid> {
        let txid = facts.txid;
        let first = OutPoint { txid, vout: 0 };
        let last = OutPoint { txid, vout: u32::MAX };
        self.spenders.range(first..=last).map(|(_, child)| *child).collect()
    }

    /// Returns the transactions that spend what this one spends; not those that spend theirs.
    fn conflicts(&self, facts: &Transaction) -> BTreeSet<Txid> {
        facts.inputs.iter().filter_map(|point| self.spenders.get(point).copied()).collect()
    }

    /// Says whether a transaction may replace others. Source: BIP 125, rules 2 to 4, and that
    /// nodes today do not ask what was signalled.
    fn check_replacement(&self, by: &Waiting, replaced: &BTreeSet<Txid>, rules: Rules) -> bool {
        if rules == Rules::Block {
            return false;
        }
        let mut all = BTreeSet::new();
        let mut left: Vec<Txid> = replaced.iter().copied().collect();
        while let Some(txid) = left.pop() {
            let Some(waiting) = self.waiting(txid).filter(|_| all.insert(txid)) else { continue };
            left.extend(self.children(&waiting.facts));
        }
        let waiting = |txid: &Txid| self.waiting(*txid);
        let sum: u128 = all.iter().filter_map(waiting).map(|each| u128::from(each.fee.0)).sum();
        let passing = RELAYED_MIN.fee(by.vsize).map_or(u128::MAX, |fee| u128::from(fee.0));
        u128::from(by.fee.0) >= sum + passing
            && replaced.iter().filter_map(waiting).all(|other| by.pays_more_than(other))
            && !by.facts.inputs.iter().any(|point| all.contains(&point.txid))
    }
}

fn check_relayed(waiting: &Waiting) -> Result<(), DevError> {
    let txid = waiting.facts.txid;
    if let Some(vout) = waiting.made.dust() {
        return Err(DevError::Dust { txid, vout });
    }
    let needed = RELAYED_MIN.fee(waiting.vsize).unwrap_or(Satoshi(u64::MAX));
    if waiting.fee < needed {
        return Err(DevError::FeeTooLow { txid, fee: waiting.fee, needed });
    }
    Ok(())
}
