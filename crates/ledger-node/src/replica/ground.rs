use super::Replica;
use crate::{
    lock::lock,
    recent::{Ground, Proposal},
    spread::spread,
};
use bytes::Bytes;
use std::sync::Arc;
use tally_consensus::Ancestry;
use tally_ledger::{
    Block, BlockFrame, DecodeError, FramedTransaction, Layer, Rejection, Timestamp, Transaction,
};
use tally_ledger_store::{ChainView, ReadError};

/// What a new block stands on: the chain up to a height, and proposed blocks on top of it.
pub(super) struct Base<'a> {
    /// The settled part. The store may have more than the engine has told yet, after a restart.
    pub(super) view: ChainView<'a>,
    pub(super) layers: Vec<Arc<Layer>>,
    /// The time of the block before.
    pub(super) time: Timestamp,
    pub(super) ground: Ground,
}

/// A block as it was read, and which of its transactions nobody has verified yet.
pub(super) struct Reading {
    pub(super) block: Block,
    /// For each transaction whether its signatures were verified when it arrived.
    pub(super) is_verified: Vec<bool>,
}

impl Replica {
    /// Puts together what follows from an ancestry; `None` if an ancestor is no block, which nobody
    /// honest agreed to.
    pub(super) fn base(&self, ancestry: &Ancestry) -> Result<Option<Base<'_>>, ReadError> {
        let height = ancestry.finalized_height();
        let Some(head) = self.ledger.store.head(height)? else { return Ok(None) };
        let mut base = Base {
            view: self.ledger.store.view_before(height + 1),
            layers: Vec::with_capacity(ancestry.pending().len()),
            time: head.timestamp,
            ground: Ground { height, pending: Vec::with_capacity(ancestry.pending().len()) },
        };
        for payload in ancestry.pending() {
            let Some(proposal) = self.find_or_read(payload) else { return Ok(None) };
            base.time = proposal.block.timestamp();
            base.ground.pending.push(proposal.block.id());
            base.layers.push(proposal.layer);
        }
        Ok(Some(base))
    }

    pub(super) fn find(&self, payload: &Bytes) -> Option<Proposal> {
        lock(&self.recent).find(payload).cloned()
    }

    fn find_or_read(&self, payload: &Bytes) -> Option<Proposal> {
        self.find(payload).or_else(|| {
            let reading = self.read(payload).ok()?;
            let proposal = Proposal::new(reading.block, None);
            lock(&self.recent).keep(payload.clone(), proposal.clone());
            Some(proposal)
        })
    }

    /// Reads a block. Transactions that are in the pool word by word are taken from there: they are
    /// parsed and verified. The others are parsed on several cores.
    pub(super) fn read(&self, payload: &[u8]) -> Result<Reading, DecodeError> {
        let frame = BlockFrame::parse(payload)?;
        let known: Vec<Option<Arc<Transaction>>> = {
            let pool = lock(&self.pool);
            let framed = frame.transactions().iter();
            framed.map(|framed| pool.get(&framed.id).filter(|tx| framed.is(tx)).cloned()).collect()
        };
        let is_verified: Vec<bool> = known.iter().map(Option::is_some).collect();
        let unknown = frame.transactions().iter().zip(&known).enumerate();
        let unknown: Vec<(usize, FramedTransaction<'_>)> = unknown
            .filter(|(_, (_, known))| known.is_none())
            .map(|(index, (framed, _))| (index, *framed))
            .collect();
        let parsed = spread(&unknown, self.threads, |part| {
            part.iter().map(|(_, framed)| framed.parse().map(Arc::new)).collect()
        });
        let mut parsed = unknown.iter().map(|(index, _)| *index).zip(parsed);
        let transactions = known
            .into_iter()
            .map(|known| known.map_or_else(|| next_parsed(&mut parsed), Ok))
            .collect::<Result<_, _>>()?;
        Ok(Reading { block: frame.assemble(transactions)?, is_verified })
    }
}

type Parsed = (usize, Result<Arc<Transaction>, Rejection>);

fn next_parsed(parsed: &mut impl Iterator<Item = Parsed>) -> Result<Arc<Transaction>, DecodeError> {
    let (index, outcome) = parsed.next().expect("each unknown transaction was parsed");
    outcome.map_err(|rejection| DecodeError::Transaction { index, rejection })
}
