//! A chain made of what is to be read from it.

use super::{DevBlock, DevChain, DevError, DevTransaction};
use tally_chain::utxo::{Block, OutPoint};
use tally_primitives::{Fid, Satoshi};

const DAY_SECONDS: u64 = 86_400;
/// What is spent where no coin-days are to be destroyed. Worth less than a coin-day for 27 years.
const DUST: u64 = 10_000;

/// Something that happens on the chain: a record, a payment, or both in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The block's time, Unix seconds.
    pub time: u64,
    /// Whose output is spent.
    pub signer: Fid,
    /// How many coin-days are destroyed, exactly.
    pub cdd: u64,
    /// What is written; nothing if it is empty.
    pub text: Vec<u8>,
    /// Who is paid, and how much.
    pub pay: Option<(Fid, Satoshi)>,
}

/// Entries to be put into blocks: one block funds everybody, at least a day before the first entry;
/// then each time has a block of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    entries: Vec<Entry>,
}

impl Story {
    /// A story in which nothing happens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry, not earlier than the last one.
    pub fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Makes the blocks: the one that funds, and one for each run of entries with the same time.
    ///
    /// # Errors
    ///
    /// [`DevError`]: an address that is none of the network's, a time that no block can have.
    pub fn tell(&self, chain: &DevChain) -> Result<Vec<Block>, DevError> {
        let Some(earliest) = self.entries.iter().map(|entry| entry.time).min() else {
            return Ok(Vec::new());
        };
        let funded_at = earliest.checked_sub(DAY_SECONDS).ok_or(DevError::Time(earliest))?;
        // First the output that is to have an age, then the one that pays, which is made in the
        // entry's own block so that it has none.
        let funded = self.entries.iter().map(|entry| {
            let days = (entry.time - funded_at) / DAY_SECONDS;
            (entry.signer.clone(), value_for(entry.cdd, days))
        });
        let funding =
            DevBlock { time: funded_at, funded: funded.collect(), transactions: Vec::new() };
        let funding = chain.mine(funding)?;
        let txid = funding.transactions.first().map(|first| first.txid).unwrap_or_default();
        let mut blocks = vec![funding];
        let mut vout = 0;
        for run in self.entries.chunk_by(|one, other| one.time == other.time) {
            blocks.extend(tell_run(chain, run, OutPoint { txid, vout })?);
            vout += u32::try_from(run.len()).unwrap_or(u32::MAX);
        }
        Ok(blocks)
    }
}

/// Makes one or two blocks of the same time: if somebody is paid, the first has the money for it.
fn tell_run(chain: &DevChain, run: &[Entry], first: OutPoint) -> Result<Vec<Block>, DevError> {
    let time = run.first().map_or(0, |entry| entry.time);
    let payers = run
        .iter()
        .filter_map(|entry| entry.pay.as_ref().map(|(_, value)| (entry.signer.clone(), *value)));
    let mut blocks = Vec::new();
    let funded: Vec<_> = payers.collect();
    if !funded.is_empty() {
        blocks.push(chain.mine(DevBlock { time, funded, transactions: Vec::new() })?);
    }
    let money = blocks.first().and_then(|block| block.transactions.first()).map(|first| first.txid);
    let mut paid = 0;
    let mut transactions = Vec::new();
    for (entry, vout) in run.iter().zip(first.vout..) {
        let mut transaction = DevTransaction::new().spend(OutPoint { vout, ..first });
        if let (Some((to, value)), Some(txid)) = (&entry.pay, money) {
            transaction = transaction.spend(OutPoint { txid, vout: paid }).pay(to.clone(), *value);
            paid += 1;
        }
        if !entry.text.is_empty() {
            transaction = transaction.record(entry.text.clone());
        }
        transactions.push(transaction);
    }
    blocks.push(chain.mine(DevBlock { time, funded: Vec::new(), transactions })?);
    Ok(blocks)
}

/// Returns what has to be spent after `days` to destroy exactly `cdd` coin-days.
fn value_for(cdd: u64, days: u64) -> Satoshi {
    let coin_days = u128::from(cdd) * u128::from(Satoshi::COIN.0);
    let value = coin_days.div_ceil(u128::from(days.max(1)));
    Satoshi(u64::try_from(value).unwrap_or(u64::MAX).max(if cdd == 0 { DUST } else { 0 }))
}
