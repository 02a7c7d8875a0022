//! Looking for certain transactions among all that wait at a node, which cannot be asked for them.

use super::client::Client;
use crate::relay::LOOK_MAX;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    time::Instant,
};
use tally_chain::{
    ChainError,
    utxo::{Transaction, Watched},
};
use tally_primitives::Txid;

/// What was seen of a node's waiting transactions.
///
/// Each is read once. What is kept of it are hashes of its scripts and of what it spends, some 50
/// bytes, so that it is found again when one of them is watched later.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    marks: HashMap<Txid, Box<[u64]>>,
    kept: BTreeMap<Txid, Transaction>,
}

impl Seen {
    /// Looks at what waits now. What could not be read in the time for one look is read by the
    /// next; a failure in between loses nothing that was read.
    pub(super) fn look(
        &mut self,
        client: &Client,
        watched: &Watched,
    ) -> Result<Vec<Transaction>, ChainError> {
        let end = Instant::now() + LOOK_MAX;
        let waiting: HashSet<Txid> = client.mempool()?.into_iter().collect();
        self.marks.retain(|txid, _| waiting.contains(txid));
        self.kept.retain(|txid, kept| waiting.contains(txid) && watched.concerns(kept));
        let wanted = self.wanted(watched);
        for txid in &waiting {
            if self.marks.contains_key(txid) {
                continue;
            }
            if Instant::now() >= end {
                break;
            }
            // It may have left meanwhile.
            let Some(transaction) = client.transaction(*txid)? else { continue };
            self.marks.insert(*txid, self.marks_of(&transaction));
            if watched.concerns(&transaction) {
                self.kept.insert(*txid, transaction);
            }
        }
        let is_wanted = |marks: &[u64]| marks.iter().any(|mark| wanted.contains(mark));
        let fresh = self.marks.iter().filter(|(_, marks)| is_wanted(marks)).map(|(txid, _)| *txid);
        let fresh: Vec<Txid> = fresh.filter(|txid| !self.kept.contains_key(txid)).collect();
        for txid in fresh {
            if let Some(transaction) = client.transaction(txid)?.filter(|it| watched.concerns(it)) {
                self.kept.insert(txid, transaction);
            }
        }
        Ok(self.kept.values().cloned().collect())
    }

    fn wanted(&self, watched: &Watched) -> HashSet<u64> {
        let scripts = watched.scripts.iter().map(|script| self.hasher.hash_one(script));
        let outputs = watched.outputs.iter().map(|output| self.hasher.hash_one(output));
        scripts.chain(outputs).collect()
    }

    fn marks_of(&self, transaction: &Transaction) -> Box<[u64]> {
        let outputs = transaction.outputs.iter().map(|output| self.hasher.hash_one(&output.script));
        let inputs = transaction.inputs.iter().map(|input| self.hasher.hash_one(input));
        outputs.chain(inputs).collect()
    }
}
