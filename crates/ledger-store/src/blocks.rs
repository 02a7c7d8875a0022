use crate::{
    BlockHead, InvalidBlock, LedgerStore, Page, Place, ReadError, StoredTransaction,
    UndecidedBlock,
    records::{Location, Member, number_from},
    tables::{BLOCKS, GROUPS, HEIGHTS, INVALID_BLOCKS, VOTES, tail, vote_key},
};
use std::sync::Arc;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{Block, BlockBody, BlockId, TransactionId, Vote};
use tally_storage::{Direction, Entry, KeyRange};

impl LedgerStore {
    /// Returns the height of a block of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn block_height(&self, id: &BlockId) -> Result<Option<u64>, ReadError> {
        let Some(row) = self.store.get(HEIGHTS, id.as_bytes())? else { return Ok(None) };
        let height = number_from(&row);
        height.map(Some).ok_or_else(|| ReadError::undecodable(HEIGHTS, id.as_bytes()))
    }

    /// Returns a block of the chain, short of its transactions.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn head(&self, height: u64) -> Result<Option<BlockHead>, ReadError> {
        let key = height.to_be_bytes();
        let Some(row) = self.store.get(BLOCKS, &key)? else { return Ok(None) };
        let head = BlockHead::from_slice(height, &row);
        head.map(Some).ok_or_else(|| ReadError::undecodable(BLOCKS, &key))
    }

    /// Returns blocks of the chain, short of their transactions, in order from after the height
    /// `after`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn heads(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Page<BlockHead, u64>, ReadError> {
        let from = after.map_or(Some(0), |after| after.checked_add(1));
        let Some((tip, from)) = self.height().zip(from) else {
            return Page::read(0, |_| Ok(vec![]));
        };
        let range = KeyRange::between(from.to_be_bytes(), (tip + 1).to_be_bytes());
        Page::read(limit, |count| {
            let rows = self.store.scan(BLOCKS, &range, Direction::Forward, count)?;
            rows.iter().map(head_from).collect()
        })
    }

    /// Returns a block of the chain.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn block(&self, height: u64) -> Result<Option<Block>, ReadError> {
        let Some(head) = self.head(height)? else { return Ok(None) };
        let members = self.members(&head)?;
        let mut transactions = Vec::with_capacity(members.len());
        for (place, Member { id, number }) in members {
            transactions.push(self.parsed(&id, Location { place, number })?);
        }
        let BlockHead { id, id_hash, node_pubkey, signature, timestamp, voters, .. } = head;
        let body = BlockBody { timestamp, transactions, node_pubkey, voters };
        Ok(Some(Block::from_stored(id, id_hash, body, signature)))
    }

    /// Returns the blocks of the chain from a height to the one that is the last now, such as to
    /// export them. Each item is an error if the block could not be read.
    pub fn blocks(&self, from: u64) -> impl Iterator<Item = Result<Block, ReadError>> + '_ {
        let end = self.height().map_or(0, |height| height + 1);
        (from..end).map(|height| {
            let missing = || ReadError::missing(BLOCKS, &height.to_be_bytes());
            self.block(height)?.ok_or_else(missing)
        })
    }

    /// Returns the transactions of a block of the chain as they are stored; `None` if there is no
    /// such block.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn transactions_of_block(
        &self,
        height: u64,
    ) -> Result<Option<Vec<StoredTransaction>>, ReadError> {
        let Some(head) = self.head(height)? else { return Ok(None) };
        let members = self.members(&head)?.into_iter();
        members.map(|(place, member)| self.load(place, member)).collect::<Result<_, _>>().map(Some)
    }

    /// Returns the ids of the transactions of a block of the chain; `None` if there is no such block.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn ids_of_block(&self, height: u64) -> Result<Option<Vec<TransactionId>>, ReadError> {
        let Some(head) = self.head(height)? else { return Ok(None) };
        Ok(Some(self.members(&head)?.into_iter().map(|(_, member)| member.id).collect()))
    }

    /// Reads which transactions are in a block of the chain.
    pub(crate) fn members(&self, head: &BlockHead) -> Result<Vec<(Place, Member)>, ReadError> {
        let missing = || ReadError::missing(GROUPS, &head.height.to_be_bytes()[2..]);
        let block = Place::new(head.height, 0).ok_or_else(missing)?.to_bytes();
        let range = KeyRange::prefix(&block[..6]);
        let groups = self.store.scan(GROUPS, &range, Direction::Forward, usize::MAX)?;
        let mut members = Vec::new();
        for group in groups {
            let undecodable = || ReadError::undecodable(GROUPS, &group.key);
            let first = tail(&group.key, 0).map(Place::from_bytes).ok_or_else(undecodable)?;
            if usize::from(first.position()) != members.len() {
                return Err(undecodable());
            }
            for (position, member) in
                (first.position()..).zip(Member::read_all(&group.value).ok_or_else(undecodable)?)
            {
                let place = Place::new(head.height, position).ok_or_else(undecodable)?;
                members.push((place, member));
            }
        }
        if u32::try_from(members.len()) == Ok(head.transactions) {
            Ok(members)
        } else {
            Err(missing())
        }
    }

    /// Returns the vote of a node on a block.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn vote(&self, block: &BlockId, voter: &PublicKey) -> Result<Option<Vote>, ReadError> {
        let key = vote_key(block, voter);
        let Some(value) = self.store.get(VOTES, &key)? else { return Ok(None) };
        vote_from(Entry { key, value }).map(Some)
    }

    /// Returns all votes on a block, by voter. There are at most as many as members.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn votes(&self, block: &BlockId) -> Result<Vec<Vote>, ReadError> {
        let range = KeyRange::prefix(*block.as_bytes());
        let rows = self.store.scan(VOTES, &range, Direction::Forward, usize::MAX)?;
        rows.into_iter().map(vote_from).collect()
    }

    /// Keeps a proposed block that was checked and may still be appended, until a block of its
    /// height is appended or it turns out to be invalid. In memory only; the oldest of more than
    /// [`UNDECIDED_MAX`](crate::UNDECIDED_MAX) is dropped.
    pub fn add_undecided(&self, height: u64, block: Arc<Block>) {
        self.candidates_mut().add_undecided(UndecidedBlock { height, block });
    }

    /// Forgets an undecided block.
    pub fn drop_undecided(&self, id: &BlockId) {
        self.candidates_mut().drop_undecided(|candidate| candidate.block.id() == *id);
    }

    /// Returns an undecided block.
    #[must_use]
    pub fn undecided(&self, id: &BlockId) -> Option<UndecidedBlock> {
        self.candidates().undecided(id).cloned()
    }

    /// Returns the undecided blocks, oldest first.
    #[must_use]
    pub fn all_undecided(&self) -> Vec<UndecidedBlock> {
        self.candidates().all_undecided().cloned().collect()
    }

    /// Returns what is known of an invalid block.
    #[must_use]
    pub fn invalid(&self, id: &BlockId) -> Option<Arc<InvalidBlock>> {
        self.candidates().invalid(id).map(|(_, found)| Arc::clone(found))
    }

    /// Returns what is known of the invalid blocks, oldest first.
    #[must_use]
    pub fn all_invalid(&self) -> Vec<Arc<InvalidBlock>> {
        self.candidates().all_invalid().values().map(Arc::clone).collect()
    }

    /// Returns an invalid block itself.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn invalid_block(&self, id: &BlockId) -> Result<Option<Block>, ReadError> {
        let Some(number) = self.candidates().invalid(id).map(|(number, _)| number) else {
            return Ok(None);
        };
        let key = number.to_be_bytes();
        // Absent if it was dropped since.
        let Some(bytes) = self.store.get(INVALID_BLOCKS, &key)? else { return Ok(None) };
        let block = Block::decode(&bytes);
        block.map(Some).map_err(|_| ReadError::undecodable(INVALID_BLOCKS, &key))
    }
}

fn head_from(row: &Entry) -> Result<(u64, BlockHead), ReadError> {
    let undecodable = || ReadError::undecodable(BLOCKS, &row.key);
    let height = number_from(&row.key).ok_or_else(undecodable)?;
    Ok((height, BlockHead::from_slice(height, &row.value).ok_or_else(undecodable)?))
}

fn vote_from(row: Entry) -> Result<Vote, ReadError> {
    Vote::parse(&row.value).map_err(|_| ReadError::undecodable(VOTES, &row.key))
}
