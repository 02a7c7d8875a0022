//! What the chain's transactions have written into it.

use super::DevChain;
use crate::block::decode_block;
use std::collections::HashMap;
use tally_chain::utxo::{Block, OutPoint, Record, Transaction, script::op_return};
use tally_primitives::{BlockNumber, Fid, Satoshi};

const DAY_SECONDS: u64 = 86_400;

/// Value, address and time of an output.
type Row = (Satoshi, Option<Fid>, u64);

impl DevChain {
    /// Reads all records out of the chain, as simply as it can be done and far from fast: what
    /// indexers find is compared with it. They name no payments, as files of records do not.
    ///
    /// # Panics
    ///
    /// Never: the chain holds only blocks that it has made.
    pub fn records(&self) -> Vec<Record> {
        let raw = self.raw_blocks();
        let blocks: Vec<Block> = (0..)
            .zip(&raw)
            .map(|(height, raw)| {
                decode_block(raw, BlockNumber(height)).expect("a block of its own")
            })
            .collect();
        let mut outputs: HashMap<OutPoint, Row> = HashMap::new();
        let mut records = vec![];
        for block in &blocks {
            for transaction in &block.transactions {
                for (vout, output) in (0..).zip(&transaction.outputs) {
                    let row = (output.value, self.network().address(&output.script), block.time);
                    outputs.insert(OutPoint { txid: transaction.txid, vout }, row);
                }
            }
            let found = (0..).zip(&block.transactions);
            records.extend(found.filter_map(|(index, transaction)| {
                self.record(block, index, transaction, &outputs)
            }));
        }
        records
    }

    fn record(
        &self,
        block: &Block,
        index: u32,
        transaction: &Transaction,
        outputs: &HashMap<OutPoint, Row>,
    ) -> Option<Record> {
        let text = transaction.outputs.iter().find_map(|output| op_return(&output.script))?;
        let signer = outputs[transaction.inputs.first()?].1.clone();
        let coin_days = |input: &OutPoint| {
            let (value, _, born) = &outputs[input];
            value.0 * ((block.time - born) / DAY_SECONDS) / Satoshi::COIN.0
        };
        let mut paid =
            transaction.outputs.iter().filter_map(|output| self.network().address(&output.script));
        Some(Record {
            txid: transaction.txid,
            height: block.height,
            index,
            time: block.time,
            recipient: paid.find(|to| Some(to) != signer.as_ref()),
            signer,
            cdd: transaction.inputs.iter().map(coin_days).sum(),
            text,
            payments: vec![],
        })
    }
}
