use crate::{Place, records::Location};
use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map},
    sync::Arc,
};
use tally_ledger::{OutputRef, Transaction, TransactionId};

/// Text of the transactions that are kept parsed. Parsed they take several times as much: some
/// tens of megabytes in all.
const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Transactions of the chain that were appended or asked for last, parsed, with what is known of
/// them: who spends an output asks for all that when it is posted, when it is put into a block and
/// when that is appended.
///
/// Nothing in here goes out of date. Where a transaction is and who created its asset never change;
/// which of its outputs are spent is only kept of those that were appended while this was there to
/// be told of every block since.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: HashMap<TransactionId, Entry>,
    oldest_first: VecDeque<TransactionId>,
    text_bytes: usize,
}

/// A transaction of the chain.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) transaction: Arc<Transaction>,
    pub(crate) location: Location,
    /// Where the transaction is that created its asset, if that was looked up.
    pub(crate) creator: Option<Place>,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    /// Where its outputs are spent; `None` if only the disk knows.
    spenders: Option<BTreeMap<u32, Place>>,
}

impl Cache {
    pub(crate) fn get(&self, id: &TransactionId) -> Option<Known> {
        self.entries.get(id).map(|entry| entry.known.clone())
    }

    pub(crate) fn location(&self, id: &TransactionId) -> Option<Location> {
        self.entries.get(id).map(|entry| entry.known.location)
    }

    /// Returns where an output is, and where it is spent if it is; `None` if only the disk knows.
    pub(crate) fn spender(&self, output: &OutputRef) -> Option<(Place, Option<Place>)> {
        let entry = self.entries.get(&output.transaction)?;
        let spenders = entry.spenders.as_ref()?;
        Some((entry.known.location.place, spenders.get(&output.index).copied()))
    }

    /// Adds a transaction that was read from the disk.
    pub(crate) fn add_read(&mut self, known: Known) -> Vec<Arc<Transaction>> {
        self.add(known, None)
    }

    /// Adds a transaction that has just been appended, and notes what it spends. Every transaction
    /// that is appended comes here, in the order of the chain.
    ///
    /// Returns what was dropped for it, so that the caller can free it when nobody waits.
    pub(crate) fn add_appended(&mut self, known: Known) -> Vec<Arc<Transaction>> {
        for output in known.transaction.inputs().iter().filter_map(|input| input.spends) {
            let source = self.entries.get_mut(&output.transaction);
            if let Some(spenders) = source.and_then(|source| source.spenders.as_mut()) {
                spenders.insert(output.index, known.location.place);
            }
        }
        self.add(known, Some(BTreeMap::new()))
    }

    fn add(
        &mut self,
        known: Known,
        spenders: Option<BTreeMap<u32, Place>>,
    ) -> Vec<Arc<Transaction>> {
        let mut dropped = vec![];
        let id = known.transaction.id();
        let hash_map::Entry::Vacant(vacant) = self.entries.entry(id) else { return dropped };
        self.text_bytes += known.transaction.to_json().len();
        vacant.insert(Entry { known, spenders });
        self.oldest_first.push_back(id);
        while self.text_bytes > TEXT_BYTES_MAX {
            let Some(oldest) = self.oldest_first.pop_front() else { break };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.text_bytes -= entry.known.transaction.to_json().len();
                dropped.push(entry.known.transaction);
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::ed25519::SigningKey;
    use tally_ledger::{Version, build::Draft};

    fn create(text_bytes: usize) -> Transaction {
        let key = SigningKey::from_seed(&[1; 32]);
        let owner = [key.public_key()];
        let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(text_bytes));
        let draft = Draft::create(Version::Flat2_0, &owner).asset_data(data);
        draft.output(1, &owner).output(1, &owner).sign(&[&key]).unwrap()
    }

    fn transfer(of: &Transaction, index: u32) -> Transaction {
        let key = SigningKey::from_seed(&[1; 32]);
        let draft = Draft::transfer(Version::Flat2_0, of.asset_id()).input(of, index);
        draft.output(1, &[key.public_key()]).sign(&[&key]).unwrap()
    }

    fn known(transaction: Transaction, height: u64) -> Known {
        let place = Place::new(height, 0).unwrap();
        let location = Location { place, number: height };
        Known { transaction: Arc::new(transaction), location, creator: None }
    }

    /// Goal: of what was appended it is known which outputs are spent; of what was read it is not.
    #[test]
    fn spent_outputs_are_known_of_what_was_appended_here() {
        let (source, read) = (create(1), create(2));
        let spends = [transfer(&source, 1), transfer(&read, 0)];
        let output = |of: &Transaction, index| OutputRef { transaction: of.id(), index };
        let outputs = [output(&source, 0), output(&source, 1), output(&read, 0)];
        let mut cache = Cache::default();
        cache.add_appended(known(source, 1));
        cache.add_read(known(read, 2));
        for (height, spend) in (3..).zip(spends) {
            cache.add_appended(known(spend, height));
        }
        let [first, third] = [1, 3].map(|height| Place::new(height, 0).unwrap());
        assert_eq!(cache.spender(&outputs[0]), Some((first, None)));
        assert_eq!(cache.spender(&outputs[1]), Some((first, Some(third))));
        assert_eq!(cache.spender(&outputs[2]), None);
        assert_eq!(cache.location(&outputs[2].transaction).map(|found| found.number), Some(2));
    }

    #[test]
    fn the_oldest_are_dropped_when_there_is_too_much_text() {
        let mut cache = Cache::default();
        let mut dropped = vec![];
        let size = 900_000;
        for extra in 0..12 {
            dropped.extend(cache.add_appended(known(create(size + extra), extra as u64)));
            assert!(cache.text_bytes <= TEXT_BYTES_MAX);
        }
        assert!(!dropped.is_empty());
        for (extra, dropped) in dropped.iter().enumerate() {
            assert_eq!(dropped.id(), create(size + extra).id());
            assert!(cache.get(&dropped.id()).is_none());
        }
        assert_eq!(cache.entries.len(), cache.oldest_first.len());
        assert_eq!(cache.entries.len() + dropped.len(), 12);
    }
}
