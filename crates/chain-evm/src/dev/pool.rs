use super::{block::SignedTransaction, failure::Failure};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Transactions that may wait. A development chain that has more waiting is misused; refusing
/// bounds the memory.
const POOL_MAX: usize = 4096;

/// How much more a replacement must pay, in percent; go-ethereum's default.
const REPLACEMENT_BUMP_PERCENT: u128 = 10;

/// Transactions that wait to be mined.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pool {
    by_sender: HashMap<Address, BTreeMap<u64, Waiting>>,
    arrivals: u64,
}

#[derive(Debug, Clone)]
struct Waiting {
    arrival: u64,
    signed: Arc<SignedTransaction>,
}

impl Pool {
    pub(crate) fn len(&self) -> usize {
        self.by_sender.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn find(&self, hash: B256) -> Option<&Arc<SignedTransaction>> {
        self.all().find(|signed| signed.hash == hash)
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = B256> {
        self.all().map(|signed| signed.hash)
    }

    fn all(&self) -> impl Iterator<Item = &Arc<SignedTransaction>> {
        let waiting = self.by_sender.values().flat_map(BTreeMap::values);
        waiting.map(|waiting| &waiting.signed)
    }

    /// Adds a transaction, or replaces the one with the same nonce if it pays enough more.
    pub(crate) fn add(&mut self, signed: Arc<SignedTransaction>) -> Result<(), Failure> {
        let is_full = self.len() >= POOL_MAX;
        let of_sender = self.by_sender.entry(signed.sender).or_default();
        let nonce = signed.envelope.nonce();
        match of_sender.get(&nonce) {
            Some(old) if old.signed.hash == signed.hash => return Err(Failure::already_known()),
            Some(old) if !pays_enough_more(&old.signed, &signed) => {
                return Err(Failure::server("replacement transaction underpriced"));
            }
            None if is_full => return Err(Failure::server("txpool is full")),
            Some(_) | None => {}
        }
        self.arrivals += 1;
        of_sender.insert(nonce, Waiting { arrival: self.arrivals, signed });
        Ok(())
    }

    /// Returns the nonce after the unbroken run of waiting transactions that starts at `nonce`.
    pub(crate) fn next_nonce(&self, sender: Address, mut nonce: u64) -> u64 {
        if let Some(of_sender) = self.by_sender.get(&sender) {
            while of_sender.contains_key(&nonce) {
                nonce += 1;
            }
        }
        nonce
    }

    /// Takes the earliest arrival among the transactions whose turn it is and that pay at least
    /// `base_fee`.
    pub(crate) fn take_next(
        &mut self,
        base_fee: u64,
        nonce_of: impl Fn(Address) -> u64,
    ) -> Option<Arc<SignedTransaction>> {
        let mut next: Option<(u64, Address, u64)> = None;
        for (sender, of_sender) in &mut self.by_sender {
            let nonce = nonce_of(*sender);
            *of_sender = of_sender.split_off(&nonce);
            let Some(waiting) = of_sender.get(&nonce) else { continue };
            let pays = waiting.signed.envelope.max_fee_per_gas() >= u128::from(base_fee);
            if pays && next.is_none_or(|(arrival, ..)| waiting.arrival < arrival) {
                next = Some((waiting.arrival, *sender, nonce));
            }
        }
        self.by_sender.retain(|_, of_sender| !of_sender.is_empty());
        let (_, sender, nonce) = next?;
        self.by_sender.get_mut(&sender)?.remove(&nonce).map(|waiting| waiting.signed)
    }
}

fn pays_enough_more(old: &SignedTransaction, new: &SignedTransaction) -> bool {
    let enough = |old: u128, new: u128| {
        new.saturating_mul(100) >= old.saturating_mul(100 + REPLACEMENT_BUMP_PERCENT)
    };
    let tip = |signed: &SignedTransaction| {
        let envelope = &signed.envelope;
        envelope.max_priority_fee_per_gas().unwrap_or(envelope.max_fee_per_gas())
    };
    enough(old.envelope.max_fee_per_gas(), new.envelope.max_fee_per_gas())
        && enough(tip(old), tip(new))
}
