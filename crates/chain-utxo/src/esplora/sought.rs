//! Asking a server who pays to certain scripts and spends from them.

use super::client::Client;
use crate::relay::LOOK_MAX;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    time::Instant,
};
use tally_chain::{
    ChainError,
    utxo::{OutPoint, Output, Transaction, Watched},
};
use tally_crypto::sha256;
use tally_primitives::{Satoshi, Txid};

/// The longest list of a script's waiting transactions that is read. Servers list 50 of them, each
/// of some kilobytes.
const LIST_BYTES_MAX: u64 = 16 << 20;

/// A transaction as servers show it.
#[derive(Deserialize)]
struct Shown {
    txid: String,
    vin: Vec<ShownInput>,
    vout: Vec<ShownOutput>,
}

#[derive(Deserialize)]
struct ShownInput {
    txid: String,
    vout: u32,
}

#[derive(Deserialize)]
struct ShownOutput {
    scriptpubkey: String,
    value: u64,
}

impl Shown {
    fn read(self) -> Option<Transaction> {
        let inputs = self
            .vin
            .into_iter()
            .map(|input| Some(OutPoint { txid: input.txid.parse().ok()?, vout: input.vout }));
        let outputs = self.vout.into_iter().map(|output| {
            let script = hex::decode(output.scriptpubkey).ok()?;
            Some(Output { value: Satoshi(output.value), script })
        });
        Some(Transaction {
            txid: self.txid.parse().ok()?,
            inputs: inputs.collect::<Option<_>>()?,
            outputs: outputs.collect::<Option<_>>()?,
        })
    }
}

/// What was told about scripts, and which is asked for next.
#[derive(Debug, Default)]
pub(super) struct Told {
    scripts: BTreeMap<Vec<u8>, Vec<Transaction>>,
    last: Option<Vec<u8>>,
}

impl Told {
    /// Asks for some scripts, those whose turn it is, and returns what is known about all. A
    /// failure in between loses nothing that was told.
    pub(super) fn look(
        &mut self,
        client: &Client,
        watched: &Watched,
        scripts_max: usize,
    ) -> Result<Vec<Transaction>, ChainError> {
        let end = Instant::now() + LOOK_MAX;
        self.scripts.retain(|script, _| watched.scripts.contains(script));
        let last = self.last.clone();
        for script in turn(&watched.scripts, last.as_ref()).take(scripts_max) {
            if Instant::now() >= end {
                break;
            }
            // A script for which asking fails does not keep the others from their turn.
            self.last = Some(script.clone());
            let waiting = ask(client, script)?;
            self.scripts.insert(script.clone(), waiting);
        }
        let told = self.scripts.values().flatten();
        let concerned = told.filter(|transaction| watched.concerns(transaction));
        // One that pays to two scripts was told twice.
        let once: BTreeMap<Txid, &Transaction> = concerned.map(|it| (it.txid, it)).collect();
        Ok(once.into_values().cloned().collect())
    }
}

/// Returns all scripts once, beginning after the last that was asked for.
fn turn<'a>(
    scripts: &'a BTreeSet<Vec<u8>>,
    last: Option<&Vec<u8>>,
) -> impl Iterator<Item = &'a Vec<u8>> {
    let (after, until) = match last {
        Some(last) => (
            scripts.range((Bound::Excluded(last.clone()), Bound::Unbounded)),
            scripts.range(..=last.clone()),
        ),
        None => (scripts.range::<Vec<u8>, _>(..), scripts.range(..Vec::new())),
    };
    after.chain(until)
}

fn ask(client: &Client, script: &[u8]) -> Result<Vec<Transaction>, ChainError> {
    let path = format!("/scripthash/{}/txs/mempool", hex::encode(sha256(script)));
    let shown: Vec<Shown> = client.json(&path, LIST_BYTES_MAX)?.unwrap_or_default();
    let read = shown.into_iter().map(Shown::read).collect::<Option<Vec<_>>>();
    read.ok_or_else(|| super::doubtful(super::EsploraError::Answer(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each script has its turn. Method: go round with steps that do not divide the number.
    #[test]
    fn turns_go_round() {
        let mut scripts: BTreeSet<Vec<u8>> = (0..5).map(|number| vec![number]).collect();
        let mut last: Option<Vec<u8>> = None;
        let mut asked = Vec::new();
        for _ in 0..5 {
            let now: Vec<_> = turn(&scripts, last.as_ref()).take(2).cloned().collect();
            last = now.last().cloned();
            asked.extend(now.into_iter().map(|script| script[0]));
        }
        assert_eq!(asked, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        // Others come and go, the last one included.
        scripts.remove(&vec![4]);
        scripts.insert(vec![9]);
        let now: Vec<_> = turn(&scripts, last.as_ref()).map(|script| script[0]).collect();
        assert_eq!(now, [9, 0, 1, 2, 3]);
        assert_eq!(turn(&BTreeSet::new(), last.as_ref()).count(), 0);
    }
}
