use crate::{BlockRef, BlockView, ReadError, TransactionStatus, TransactionView, ledger::Ledger};
use std::{sync::Arc, time::Duration};
use tally_ledger::{Block, BlockId, Status, Transaction, TransactionId};
use tally_ledger_store::{BlockHead, LedgerStore, Reason, UndecidedBlock, Whereabouts};
use tally_search::{Kind, SearchIndex};

/// How long a search waits for the index to have what is valid; an index that is further behind is
/// being made anew.
const SEARCH_PATIENCE: Duration = Duration::from_millis(500);

/// Reads the ledger. Every look-up is indexed; each may wait for the disk.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) search: &'a SearchIndex,
}

/// A transaction whose text was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The transaction. It is in a valid block.
    pub transaction: Arc<Transaction>,
    /// The height of that block.
    pub height: u64,
    /// How well it fits; only comparable within one search.
    pub score: f32,
}

impl<'a> Reader<'a> {
    /// Returns the stored ledger, for look-ups that need no status. Its chain holds final blocks;
    /// [`status_at`](Self::status_at) says whether the votes have decided about one.
    pub const fn store(&self) -> &'a LedgerStore {
        &self.ledger.store
    }

    /// Says what became of a transaction; `None` if this node never heard of it, or forgot why it
    /// was refused.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn status(&self, id: &TransactionId) -> Result<Option<TransactionStatus>, ReadError> {
        let Some(whereabouts) = self.store().whereabouts(id)? else { return Ok(None) };
        Ok(Some(match whereabouts {
            Whereabouts::Chain { block, .. } => self.in_chain(&block)?,
            Whereabouts::Undecided(found) => TransactionStatus::Undecided(undecided_ref(&found)),
            Whereabouts::Backlog => TransactionStatus::Backlog,
            Whereabouts::Rejected(reason) => TransactionStatus::Invalid(reason),
            Whereabouts::InvalidBlock(block) => TransactionStatus::Invalid(block.reason.clone()),
        }))
    }

    /// Returns a transaction and what became of it; `None` if it is neither in the chain, nor in an
    /// undecided block, nor waits for a block.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn transaction(&self, id: &TransactionId) -> Result<Option<TransactionView>, ReadError> {
        let found = match self.store().whereabouts(id)? {
            Some(Whereabouts::Chain { block, .. }) => {
                let Some(stored) = self.store().stored(id)? else { return Ok(None) };
                Some((stored.parse()?, self.in_chain(&block)?))
            }
            Some(Whereabouts::Undecided(found)) => {
                let status = TransactionStatus::Undecided(undecided_ref(&found));
                let transactions = found.block.transactions();
                let transaction = transactions.iter().find(|other| other.id() == *id);
                transaction.map(|transaction| (Arc::clone(transaction), status))
            }
            Some(Whereabouts::Backlog) => match self.store().waiting(id)? {
                Some(transaction) => Some((transaction, TransactionStatus::Backlog)),
                // It has just got into a block.
                None => return self.transaction_of_chain(id),
            },
            Some(Whereabouts::Rejected(_) | Whereabouts::InvalidBlock(_)) | None => None,
        };
        let found = found.filter(|(_, status)| !matches!(status, TransactionStatus::Invalid(_)));
        Ok(found.map(|(transaction, status)| TransactionView { transaction, status }))
    }

    fn transaction_of_chain(
        &self,
        id: &TransactionId,
    ) -> Result<Option<TransactionView>, ReadError> {
        let Some(stored) = self.store().stored(id)? else { return Ok(None) };
        let Some(head) = self.store().head(stored.place.height())? else { return Ok(None) };
        let status = self.in_chain(&head)?;
        Ok(Some(TransactionView { transaction: stored.parse()?, status }))
    }

    fn in_chain(&self, head: &BlockHead) -> Result<TransactionStatus, ReadError> {
        let block = BlockRef { id: head.id, height: head.height, timestamp: head.timestamp };
        Ok(match self.ledger.status_of(head)? {
            Status::Valid => TransactionStatus::Valid(block),
            Status::Undecided => TransactionStatus::Undecided(block),
            Status::Invalid => TransactionStatus::Invalid(voted_down()),
        })
    }

    /// Says what became of the block of the chain at a height; `None` above the last block.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn status_at(&self, height: u64) -> Result<Option<Status>, ReadError> {
        let Some(head) = self.store().head(height)? else { return Ok(None) };
        Ok(Some(self.ledger.status_of(&head)?))
    }

    /// Says what became of a block; `None` if this node does not know it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn block_status(&self, id: &BlockId) -> Result<Option<Status>, ReadError> {
        // Blocks move from here to the chain, so who looks here first misses none.
        let is_undecided = self.store().undecided(id).is_some();
        if let Some(height) = self.store().block_height(id)? {
            return self.status_at(height);
        }
        if is_undecided {
            return Ok(Some(Status::Undecided));
        }
        Ok(self.store().invalid(id).map(|_| Status::Invalid))
    }

    /// Returns a block of any status; `None` if this node does not know it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn block(&self, id: &BlockId) -> Result<Option<BlockView>, ReadError> {
        let undecided = self.store().undecided(id);
        if let Some(height) = self.store().block_height(id)? {
            return self.block_at(height);
        }
        if let Some(UndecidedBlock { height, block }) = undecided {
            return Ok(Some(BlockView { height, block, status: Status::Undecided, reason: None }));
        }
        let Some(known) = self.store().invalid(id) else { return Ok(None) };
        let Some(block) = self.store().invalid_block(id)? else { return Ok(None) };
        Ok(Some(BlockView {
            height: known.height,
            block: Arc::new(block),
            status: Status::Invalid,
            reason: Some(known.reason.clone()),
        }))
    }

    /// Returns the block of the chain at a height; `None` above the last block.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn block_at(&self, height: u64) -> Result<Option<BlockView>, ReadError> {
        let Some(head) = self.store().head(height)? else { return Ok(None) };
        let status = self.ledger.status_of(&head)?;
        let block = self.store().block(height)?;
        let view = |block: Block| BlockView {
            height,
            block: Arc::new(block),
            status,
            reason: (status == Status::Invalid).then(voted_down),
        };
        Ok(block.map(view))
    }

    /// Returns the blocks that hold a transaction and what became of each: that of the chain first,
    /// then the others, oldest first.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`].
    pub fn blocks_with(&self, id: &TransactionId) -> Result<Vec<(BlockRef, Status)>, ReadError> {
        let (undecided, invalid) = self.store().candidates_with(id);
        let mut blocks = vec![];
        if let Some(place) = self.store().place(id)?
            && let Some(head) = self.store().head(place.height())?
        {
            let block = BlockRef { id: head.id, height: head.height, timestamp: head.timestamp };
            blocks.push((block, self.ledger.status_of(&head)?));
        }
        let settled = blocks.first().map(|(block, _)| block.id);
        let undecided = undecided.iter().map(undecided_ref);
        let others = undecided.filter(|block| Some(block.id) != settled);
        blocks.extend(others.map(|block| (block, Status::Undecided)));
        for known in invalid {
            if let Some(block) = self.store().invalid_block(&known.id)? {
                let timestamp = block.timestamp();
                let block = BlockRef { id: known.id, height: known.height, timestamp };
                blocks.push((block, Status::Invalid));
            }
        }
        Ok(blocks)
    }

    /// Finds the transactions of valid blocks whose asset or metadata contain words, best first;
    /// see [`SearchIndex::search`] for the query and the bounds. Waits a little for the index, so that
    /// what was valid before the call is found unless the index is far behind.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn search(
        &self,
        kind: Kind,
        query: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Found>, ReadError> {
        self.ledger.freshness.wait_for(self.ledger.decided.height(), SEARCH_PATIENCE);
        let hits = self.search.search(kind, query, limit, offset)?;
        let mut found = Vec::with_capacity(hits.len());
        for hit in hits {
            // An index that belongs to another ledger names what this one does not have.
            let Some(stored) = self.store().stored(&TransactionId::from_bytes(hit.id))? else {
                continue;
            };
            let transaction = stored.parse()?;
            found.push(Found { transaction, height: hit.height, score: hit.score });
        }
        Ok(found)
    }
}

fn undecided_ref(found: &UndecidedBlock) -> BlockRef {
    let UndecidedBlock { height, block } = found;
    BlockRef { id: block.id(), height: *height, timestamp: block.timestamp() }
}

fn voted_down() -> Reason {
    Reason {
        code: "block_voted_down".to_owned(),
        message: "the federation's votes are against its block".to_owned(),
    }
}
