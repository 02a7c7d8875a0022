use crate::{
    CommitError, Equivocation, EquivocationKind, LedgerStore, Reason,
    append::{Append, Appended},
    candidates::{INVALID_MAX, InvalidBlock},
    equivocations::{Accusations, EQUIVOCATIONS_MAX},
    lock::lock,
    records::{InvalidRow, Rejected, decode, encode},
    ring::Rings,
    tables::{
        BACKLOG, EQUIVOCATIONS, INVALID, INVALID_BLOCKS, REJECTED, REJECTIONS, STATE, TEXTS, VOTES,
        note_key, vote_key,
    },
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tally_ledger::{Block, BlockId, TransactionId, Vote};
use tally_storage::{Batch, Direction, Durability, KeyRange};

/// The most rejected transactions whose reasons are kept, the oldest dropped first: hours of a busy
/// node's losers in some 30 MiB of disk.
pub const REJECTED_MAX: u64 = 100_000;

/// One step of the ledger: what becomes visible and durable together, or not at all.
///
/// Each part may be repeated: a block that is in the chain at its height, a vote, a rejection and so
/// on that are stored already change nothing.
#[derive(Debug, Clone, Default)]
#[must_use = "a commit does nothing until it is given to the ledger"]
pub struct Commit {
    block: Option<(u64, Arc<Block>)>,
    votes: Vec<Vote>,
    rejected: Vec<(TransactionId, Reason)>,
    released: Vec<TransactionId>,
    invalid: Vec<(u64, Arc<Block>, Reason)>,
    equivocations: Vec<Equivocation>,
    notes: Vec<(String, Vec<u8>)>,
}

/// What a commit changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// Whether the block was appended; not if it was in the chain already, or there was none.
    pub appended: bool,
    /// How many of the votes were new.
    pub votes: usize,
    /// How many new equivocations there are, those of votes included.
    pub equivocations: usize,
}

impl Commit {
    /// Makes a commit that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a finalised block: its transactions leave the backlog, undecided blocks up to its
    /// height are forgotten. The block was checked by the caller; a second call replaces the first.
    pub fn append(&mut self, height: u64, block: Arc<Block>) -> &mut Self {
        self.block = Some((height, block));
        self
    }

    /// Adds a vote. The caller has checked that it is a member's, on a block of the chain or one that
    /// was proposed: nothing else bounds the number of votes. If another vote of the same voter on
    /// the same block is stored, that one stays and both are an equivocation.
    pub fn vote(&mut self, vote: Vote) -> &mut Self {
        self.votes.push(vote);
        self
    }

    /// Takes a transaction out of the backlog, if it is there, and keeps why. Without effect for a
    /// transaction of the chain.
    pub fn reject(&mut self, id: TransactionId, reason: Reason) -> &mut Self {
        self.rejected.push((id, reason));
        self
    }

    /// Takes a transaction out of the backlog, if it is there, and keeps nothing of it.
    pub fn release(&mut self, id: TransactionId) -> &mut Self {
        self.released.push(id);
        self
    }

    /// Keeps a block that a member signed, proposed for `height`, and that breaks a rule.
    pub fn invalid(&mut self, height: u64, block: Arc<Block>, reason: Reason) -> &mut Self {
        self.invalid.push((height, block, reason));
        self
    }

    /// Keeps two contradictory messages of a member, if not much is kept about it already.
    pub fn equivocation(&mut self, equivocation: Equivocation) -> &mut Self {
        self.equivocations.push(equivocation);
        self
    }

    /// Keeps something under a name for the ledger's owner, such as how far the ordering engine came
    /// or an index was built: `&store.note(name)` returns it. A later note of that name replaces it.
    pub fn note(&mut self, name: &str, value: impl Into<Vec<u8>>) -> &mut Self {
        self.notes.push((name.to_owned(), value.into()));
        self
    }

    /// The transactions that this takes out of the backlog.
    fn transactions(&self) -> impl Iterator<Item = TransactionId> {
        let of_block = self.block.iter().flat_map(|(_, block)| block.transactions());
        let of_block = of_block.map(|transaction| transaction.id());
        let rejected = self.rejected.iter().map(|(id, _)| *id);
        of_block.chain(rejected).chain(self.released.iter().copied())
    }
}

impl LedgerStore {
    /// Makes a commit. Commits wait for each other; those that accept transactions do not.
    ///
    /// # Errors
    ///
    /// [`CommitError`]; nothing changed.
    pub fn commit(&self, commit: Commit, durability: Durability) -> Result<Committed, CommitError> {
        let mut rings = lock(&self.writer);
        let hold = self.backlog.hold(commit.transactions());
        let mut change = Change::new(self, rings.clone());
        if let Some((height, block)) = &commit.block {
            change.append(*height, block)?;
        }
        for vote in &commit.votes {
            change.vote(vote)?;
        }
        for (id, reason) in commit.rejected {
            change.reject(id, reason)?;
        }
        commit.released.into_iter().for_each(|id| change.release(id));
        for (height, block, reason) in &commit.invalid {
            change.invalid(*height, block, reason)?;
        }
        for equivocation in &commit.equivocations {
            change.equivocation(equivocation)?;
        }
        for (name, value) in commit.notes {
            change.batch.put(STATE, note_key(&name), value);
        }
        change.drop_oldest()?;
        self.store.commit(std::mem::take(&mut change.batch), durability)?;
        *rings = change.rings.clone();
        *lock(&self.ring_lengths) = rings.lengths();
        let committed = change.publish(commit.block.as_ref());
        drop(hold);
        Ok(committed)
    }
}

/// A commit that is being put together: rows for the disk, and what memory will have to know once
/// they are there.
struct Change<'a> {
    ledger: &'a LedgerStore,
    rings: Rings,
    batch: Batch,
    appended: Option<Appended>,
    /// What leaves the backlog.
    gone: HashSet<TransactionId>,
    rejected: HashSet<TransactionId>,
    votes: HashMap<Vec<u8>, Vec<u8>>,
    /// What is accused, this commit included; read when it is needed first.
    accusations: Option<Accusations>,
    invalid: Vec<(u64, InvalidBlock)>,
    dropped_invalid: Vec<u64>,
    committed: Committed,
}

impl<'a> Change<'a> {
    fn new(ledger: &'a LedgerStore, rings: Rings) -> Self {
        Self {
            ledger,
            rings,
            batch: Batch::new(),
            appended: None,
            gone: HashSet::new(),
            rejected: HashSet::new(),
            votes: HashMap::new(),
            accusations: None,
            invalid: vec![],
            dropped_invalid: vec![],
            committed: Committed::default(),
        }
    }

    fn append(&mut self, height: u64, block: &Block) -> Result<(), CommitError> {
        if self.ledger.block_height(&block.id())? == Some(height) {
            return Ok(());
        }
        self.appended = Some(Append::add(self.ledger, height, block, &mut self.batch)?);
        self.gone.extend(block.transactions().iter().map(|transaction| transaction.id()));
        self.committed.appended = true;
        Ok(())
    }

    fn vote(&mut self, vote: &Vote) -> Result<(), CommitError> {
        let key = vote_key(&vote.body.voting_for_block, &vote.node_pubkey);
        let text: Vec<u8> = vote.to_json().into();
        let stored = match self.votes.get(&key) {
            Some(added) => Some(added.clone()),
            None => self.ledger.store.get(VOTES, &key)?,
        };
        match stored {
            Some(first) if first == text => Ok(()),
            Some(first) => self.equivocation(&Equivocation {
                accused: vote.node_pubkey,
                kind: EquivocationKind::Vote,
                first,
                second: text,
            }),
            None => {
                self.batch.put(VOTES, key.clone(), text.clone());
                self.votes.insert(key, text);
                self.committed.votes += 1;
                Ok(())
            }
        }
    }

    fn reject(&mut self, id: TransactionId, reason: Reason) -> Result<(), CommitError> {
        let is_settled = self.appended.is_some() && self.gone.contains(&id);
        if is_settled || self.ledger.location(&id)?.is_some() || !self.rejected.insert(id) {
            return Ok(());
        }
        if let Some(earlier) = self.ledger.rejected_row(&id)? {
            if earlier.reason == reason && self.ledger.backlog.lock().number(&id).is_none() {
                self.rejected.remove(&id);
                return Ok(());
            }
            self.batch.delete(REJECTIONS, earlier.number.to_be_bytes());
        }
        let number = self.rings.rejections.push();
        self.batch.put(REJECTED, *id.as_bytes(), encode(&Rejected { number, reason }));
        self.batch.put(REJECTIONS, number.to_be_bytes(), *id.as_bytes());
        self.release(id);
        Ok(())
    }

    /// Takes a transaction out of the backlog. After [`append`](Self::append), which keeps the texts
    /// of its transactions.
    fn release(&mut self, id: TransactionId) {
        if self.gone.contains(&id) {
            return;
        }
        let number = self.ledger.backlog.lock().number(&id);
        if let Some(number) = number {
            self.batch.delete(BACKLOG, number.to_be_bytes());
            self.batch.delete(TEXTS, number.to_be_bytes());
            self.gone.insert(id);
        }
    }

    fn invalid(&mut self, height: u64, block: &Block, reason: &Reason) -> Result<(), CommitError> {
        let id = block.id();
        let is_known = self.ledger.candidates().invalid(&id).is_some()
            || self.invalid.iter().any(|(_, other)| other.id == id);
        if is_known || self.ledger.block_height(&id)?.is_some() {
            return Ok(());
        }
        let transactions: Vec<TransactionId> =
            block.transactions().iter().map(|transaction| transaction.id()).collect();
        let row = InvalidRow {
            id: *id.as_bytes(),
            height,
            reason: reason.clone(),
            transactions: transactions.iter().map(|id| *id.as_bytes()).collect(),
        };
        let number = self.rings.invalid.push();
        self.batch.put(INVALID, number.to_be_bytes(), encode(&row));
        self.batch.put(INVALID_BLOCKS, number.to_be_bytes(), block.encode());
        self.invalid
            .push((number, InvalidBlock { id, height, reason: reason.clone(), transactions }));
        Ok(())
    }

    fn equivocation(&mut self, equivocation: &Equivocation) -> Result<(), CommitError> {
        let mut accusations = match self.accusations.take() {
            Some(known) => known,
            None => self.ledger.accusations()?,
        };
        let is_new = accusations.add(equivocation);
        self.accusations = Some(accusations);
        if !is_new {
            return Ok(());
        }
        let number = self.rings.equivocations.push();
        self.batch.put(EQUIVOCATIONS, number.to_be_bytes(), equivocation.to_bytes());
        self.committed.equivocations += 1;
        Ok(())
    }

    /// Removes what is too much in the tables that are bounded.
    fn drop_oldest(&mut self) -> Result<(), CommitError> {
        while let Some(oldest) = self.rings.rejections.pop_above(REJECTED_MAX) {
            self.drop_rejection(oldest)?;
        }
        while let Some(oldest) = self.rings.invalid.pop_above(INVALID_MAX as u64) {
            self.drop_invalid(oldest)?;
        }
        while let Some(oldest) = self.rings.equivocations.pop_above(EQUIVOCATIONS_MAX) {
            self.batch.delete(EQUIVOCATIONS, oldest.to_be_bytes());
        }
        Ok(())
    }

    fn drop_rejection(&mut self, number: u64) -> Result<(), CommitError> {
        let key = number.to_be_bytes();
        let Some(id) = self.ledger.store.get(REJECTIONS, &key)? else { return Ok(()) };
        self.batch.delete(REJECTIONS, key);
        // The transaction may have been rejected again: its row is the newer rejection's then.
        let id = id.as_slice().try_into().map(TransactionId::from_bytes);
        if let Ok(id) = id
            && !self.rejected.contains(&id)
            && self.ledger.rejected_row(&id)?.is_some_and(|row| row.number == number)
        {
            self.batch.delete(REJECTED, *id.as_bytes());
        }
        Ok(())
    }

    /// Removes an invalid block and the votes on it.
    fn drop_invalid(&mut self, number: u64) -> Result<(), CommitError> {
        let key = number.to_be_bytes();
        if let Some(row) = self.ledger.store.get(INVALID, &key)? {
            let row: InvalidRow = decode(INVALID, &key, &row)?;
            self.drop_votes(&BlockId::from_bytes(row.id))?;
        }
        self.batch.delete(INVALID, key);
        self.batch.delete(INVALID_BLOCKS, key);
        self.invalid.retain(|(added, _)| *added != number);
        self.dropped_invalid.push(number);
        Ok(())
    }

    fn drop_votes(&mut self, block: &BlockId) -> Result<(), CommitError> {
        let range = KeyRange::prefix(*block.as_bytes());
        let votes = self.ledger.store.scan(VOTES, &range, Direction::Forward, usize::MAX)?;
        votes.into_iter().for_each(|vote| self.batch.delete(VOTES, vote.key));
        Ok(())
    }

    /// Tells memory what is on disk now.
    fn publish(self, block: Option<&(u64, Arc<Block>)>) -> Committed {
        let ledger = self.ledger;
        if let (Some(Appended { tip, known }), Some((height, _))) = (self.appended, block) {
            // First: whoever sees the new tip relies on what the cache says about spent outputs.
            let mut cache = ledger.cache();
            let dropped: Vec<_> =
                known.into_iter().flat_map(|known| cache.add_appended(known)).collect();
            drop(cache);
            drop(dropped);
            ledger.set_tip(tip);
            ledger.candidates_mut().drop_undecided(|candidate| candidate.height <= *height);
        }
        if !self.gone.is_empty() {
            let mut backlog = ledger.backlog.lock();
            self.gone.iter().for_each(|id| backlog.remove(id));
        }
        if !self.invalid.is_empty() || !self.dropped_invalid.is_empty() {
            let mut candidates = ledger.candidates_mut();
            for (number, block) in self.invalid {
                candidates.insert_invalid(number, block);
            }
            self.dropped_invalid.iter().for_each(|number| candidates.remove_invalid(*number));
        }
        self.committed
    }
}
