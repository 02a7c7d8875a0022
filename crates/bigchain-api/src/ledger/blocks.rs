use super::{Ledger, PAGE_BYTES_MAX, Part};
use crate::reply;
use serde_json::json;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{Block, BlockId, Status, TransactionId};
use tally_ledger_node::ReadError;
use tally_ledger_store::BlockHead;

/// How blocks are written in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockAsk {
    /// Whole.
    Whole,
    /// By their ids.
    Ids,
    /// By their heights; only those of the chain.
    Heights,
}

/// A block that holds a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoundBlock {
    id: BlockId,
    height: u64,
    status: Status,
    in_chain: bool,
}

impl Ledger<'_> {
    /// Finds a block by its id: its signed JSON and its status.
    pub(crate) fn block(&self, id: &BlockId) -> Result<Option<(String, Status)>, ReadError> {
        // What leaves the undecided blocks is in the chain, or among the invalid ones, by then.
        let undecided = self.store().undecided(id);
        if let Some(height) = self.store().block_height(id)?
            && let Some(head) = self.store().head(height)?
        {
            let status = self.status(&head)?;
            return Ok(Some((self.signed(&head)?, status)));
        }
        if let Some(undecided) = undecided {
            return Ok(Some((undecided.block.to_json(), Status::Undecided)));
        }
        let invalid = self.store().invalid_block(id)?;
        Ok(invalid.map(|block: Block| (block.to_json(), Status::Invalid)))
    }

    /// Finds a block of the chain by its height, as `{"height", "transactions"}`.
    pub(crate) fn block_at(&self, height: u64) -> Result<Option<String>, ReadError> {
        let Some(transactions) = self.store().transactions_of_block(height)? else {
            return Ok(None);
        };
        let transactions = reply::list(transactions.iter().map(|stored| &stored.text));
        Ok(Some(format!("{{\"height\":{height},\"transactions\":{transactions}}}")))
    }

    /// Finds the blocks that hold a transaction: that of the chain, undecided ones, invalid ones.
    pub(crate) fn blocks_with(
        &self,
        transaction: &TransactionId,
        status: Option<Status>,
    ) -> Result<Vec<FoundBlock>, ReadError> {
        let (undecided, invalid) = self.store().candidates_with(transaction);
        let mut found = Vec::new();
        if let Some(place) = self.store().place(transaction)?
            && let Some(head) = self.store().head(place.height())?
        {
            let (id, height) = (head.id, head.height);
            found.push(FoundBlock { id, height, status: self.status(&head)?, in_chain: true });
        }
        let candidate = |id, height, status| FoundBlock { id, height, status, in_chain: false };
        let known = found.first().map(|block| block.id);
        found.extend(
            undecided
                .iter()
                .filter(|found| Some(found.block.id()) != known)
                .map(|found| candidate(found.block.id(), found.height, Status::Undecided)),
        );
        found
            .extend(invalid.iter().map(|found| candidate(found.id, found.height, Status::Invalid)));
        found.retain(|block| status.is_none_or(|status| block.status == status));
        Ok(found)
    }

    /// Writes a list of blocks, from the one at `start`.
    pub(crate) fn write_blocks(
        &self,
        found: &[FoundBlock],
        ask: BlockAsk,
        limit: usize,
        start: usize,
    ) -> Result<Part, ReadError> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (at, block) in found.iter().enumerate().skip(start) {
            if bytes >= PAGE_BYTES_MAX || at - start == limit {
                return Ok(Part { items, next: Some(at.to_string()) });
            }
            let item = match ask {
                BlockAsk::Whole => self.block(&block.id)?.map(|(text, _)| text),
                BlockAsk::Ids => Some(format!("\"{}\"", block.id)),
                BlockAsk::Heights => block.in_chain.then(|| block.height.to_string()),
            };
            bytes += item.as_ref().map_or(0, String::len);
            items.extend(item);
        }
        Ok(Part { items, next: None })
    }

    /// Lists the votes on a block, of one voter or of all.
    pub(crate) fn votes(
        &self,
        block: &BlockId,
        voter: Option<&PublicKey>,
    ) -> Result<Vec<String>, ReadError> {
        let votes = match voter {
            Some(voter) => self.store().vote(block, voter)?.into_iter().collect(),
            None => self.store().votes(block)?,
        };
        Ok(votes.iter().map(|vote| vote.to_json()).collect())
    }

    fn status(&self, head: &BlockHead) -> Result<Status, ReadError> {
        let status = self.0.status_at(head.height)?;
        Ok(status.expect("blocks of the chain never leave it"))
    }

    /// Writes a block of the chain with its transactions as they are stored.
    fn signed(&self, head: &BlockHead) -> Result<String, ReadError> {
        let transactions = self.store().transactions_of_block(head.height)?.unwrap_or_default();
        let transactions = reply::list(transactions.iter().map(|stored| &stored.text));
        let voters: Vec<String> = head.voters.iter().map(ToString::to_string).collect();
        let BlockHead { id, node_pubkey, signature, timestamp, .. } = head;
        Ok(format!(
            "{{\"block\":{{\"node_pubkey\":\"{node_pubkey}\",\"timestamp\":\"{timestamp}\",\
             \"transactions\":{transactions},\"voters\":{}}},\"id\":\"{id}\",\
             \"signature\":\"{signature}\"}}",
            json!(voters)
        ))
    }
}
