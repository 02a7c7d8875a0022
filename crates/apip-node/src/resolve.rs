//! From blocks to records: who signed, who was paid, how many coin-days were destroyed.

use crate::{AddressVersions, BlockError, layers::Layers, output_row::OutputRow, undo::Undo};
use std::collections::HashMap;
use tally_chain::utxo::{
    Block, OutPoint, Payment, Record, Transaction,
    script::{Lock, is_data, op_return},
};
use tally_crypto::fch;
use tally_primitives::{Fid, Satoshi};

const DAY_SECONDS: u64 = 86_400;

/// What one block says and what it changes about outputs.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// In the order of the block.
    pub(crate) records: Vec<Record>,
    /// What the outputs' part of undoing the block is.
    pub(crate) undo: Undo,
}

/// Spends what the block spends, adds what it makes, and reads its records.
///
/// Twice over the block, because an input may spend an output of a transaction that stands later in
/// it: first everything that is made is collected, then inputs are looked up.
///
/// # Errors
///
/// [`BlockError`]; the state is then half changed and must not be committed.
pub(crate) fn resolve(
    layers: &mut Layers,
    block: &Block,
    versions: AddressVersions,
) -> Result<Resolved, BlockError> {
    let born = u32::try_from(block.time)
        .map_err(|_| BlockError::Time { height: block.height, time: block.time })?;
    let mut made = made_in(block, born);
    let mut resolved = Resolved::default();
    for (index, transaction) in block.transactions.iter().enumerate() {
        let inputs = Inputs::take(layers, block, transaction, &mut made, &mut resolved.undo)?;
        // What a coinbase writes is not a record.
        let Some(first) = inputs.first else { continue };
        let text = transaction
            .outputs
            .iter()
            .find_map(|output| op_return(&output.script).filter(|data| !data.is_empty()));
        let Some(text) = text else { continue };
        let signer = address(&first.lock, versions);
        let payments = payments(transaction, versions);
        resolved.records.push(Record {
            txid: transaction.txid,
            height: block.height,
            index: u32::try_from(index).map_err(|_| BlockError::Size { height: block.height })?,
            time: block.time,
            recipient: recipient(&payments, signer.as_ref()),
            signer,
            cdd: inputs.cdd,
            text,
            payments,
        });
    }
    // In the order of the block, so that the same block always has the same undo row.
    for output in outputs_of(block) {
        if let Some(row) = made.remove(&output) {
            layers.create(output, row);
            resolved.undo.created.push(output);
        }
    }
    Ok(resolved)
}

/// Everything that the block makes and that can be spent.
fn made_in(block: &Block, born: u32) -> HashMap<OutPoint, OutputRow> {
    let mut made = HashMap::new();
    for transaction in &block.transactions {
        for (vout, output) in (0..).zip(&transaction.outputs) {
            if !is_data(&output.script) {
                let (value, lock) = (output.value, Lock::of(&output.script));
                let row = OutputRow { value, born, lock };
                made.insert(OutPoint { txid: transaction.txid, vout }, row);
            }
        }
    }
    made
}

fn outputs_of(block: &Block) -> impl Iterator<Item = OutPoint> {
    block.transactions.iter().flat_map(|transaction| {
        let vouts = (0..).zip(&transaction.outputs).map(|(vout, _)| vout);
        vouts.map(|vout| OutPoint { txid: transaction.txid, vout })
    })
}

/// What a transaction spends.
struct Inputs {
    /// The output that the first input spends; `None` for a coinbase.
    first: Option<OutputRow>,
    cdd: u64,
}

impl Inputs {
    /// Spends all inputs of a transaction.
    fn take(
        layers: &mut Layers,
        block: &Block,
        transaction: &Transaction,
        made: &mut HashMap<OutPoint, OutputRow>,
        undo: &mut Undo,
    ) -> Result<Self, BlockError> {
        let height = block.height;
        let mut first = None;
        let mut cdd = 0_u128;
        for input in &transaction.inputs {
            let row = if let Some(row) = made.remove(input) {
                row
            } else {
                let unknown = || BlockError::UnknownOutput {
                    height,
                    transaction: transaction.txid,
                    output: *input,
                };
                let row = layers.spend(input)?.ok_or_else(unknown)?;
                undo.spent.push((*input, row));
                row
            };
            cdd += coin_days(row.value, row.born.into(), block.time);
            first = first.or(Some(row));
        }
        let cdd = u64::try_from(cdd)
            .map_err(|_| BlockError::CoinDays { height, transaction: transaction.txid })?;
        Ok(Self { first, cdd })
    }
}

/// Coin-days that an output destroys when it is spent: `floor(satoshi × whole days / 10^8)`, nothing
/// if the block that spends it is the older one by its time.
fn coin_days(value: Satoshi, born: u64, spent: u64) -> u128 {
    let days = spent.saturating_sub(born) / DAY_SECONDS;
    u128::from(value.0) * u128::from(days) / u128::from(Satoshi::COIN.0)
}

/// The outputs that have an address.
fn payments(transaction: &Transaction, versions: AddressVersions) -> Vec<Payment> {
    let outputs = (0..).zip(&transaction.outputs);
    let payment = |(vout, output): (u32, &tally_chain::utxo::Output)| {
        let to = address(&Lock::of(&output.script), versions)?;
        Some(Payment { vout, to, value: output.value })
    };
    outputs.filter_map(payment).collect()
}

/// The first address paid that is not the signer's own.
fn recipient(payments: &[Payment], signer: Option<&Fid>) -> Option<Fid> {
    payments.iter().map(|payment| &payment.to).find(|to| Some(*to) != signer).cloned()
}

fn address(lock: &Lock, versions: AddressVersions) -> Option<Fid> {
    match lock {
        Lock::Key(hash) => Some(fch::fid_of_hash(versions.p2pkh, hash)),
        Lock::Script(hash) => Some(fch::fid_of_hash(versions.p2sh, hash)),
        Lock::Other => None,
    }
}

#[cfg(test)]
mod tests;
