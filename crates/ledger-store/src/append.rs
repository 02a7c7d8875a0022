use crate::{
    BlockHead, CommitError, LedgerStore, OutputPlace, Place, ReadError, Tip,
    cache::Known,
    records::{Location, Member},
    tables::{
        ASSETS, BACKLOG, BLOCKS, GROUP, GROUPS, HEIGHTS, METADATA, SPENDERS, SPENT, STATE, TEXTS,
        TIP_KEY, TRANSACTIONS, TRANSFERS, UNSPENT, asset_key, metadata_key, owned_key,
        transfer_key,
    },
};
use std::{collections::HashSet, sync::Arc};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    AssetId, AssetUuid, Block, Operation, Output, OutputRef, Transaction, TransactionId,
};
use tally_storage::Batch;

/// Collects the rows of one block that follows the last one.
pub(crate) struct Append<'a> {
    ledger: &'a LedgerStore,
    block: &'a Block,
    height: u64,
    batch: &'a mut Batch,
    ids: HashSet<TransactionId>,
    spent: HashSet<OutputRef>,
    created: HashSet<AssetUuid>,
    group: Vec<u8>,
    outputs: u64,
    known: Vec<Known>,
}

/// What memory has to know once the rows of a block are on disk.
pub(crate) struct Appended {
    pub(crate) tip: Tip,
    /// The block's transactions, in its order.
    pub(crate) known: Vec<Known>,
}

impl<'a> Append<'a> {
    /// Adds all rows of `block` to `batch` and returns what they make. What the batch holds after an
    /// error must not be committed.
    ///
    /// The caller holds the block's transactions in the backlog, and nobody else appends.
    pub(crate) fn add(
        ledger: &'a LedgerStore,
        height: u64,
        block: &'a Block,
        batch: &'a mut Batch,
    ) -> Result<Appended, CommitError> {
        let before = ledger.tip();
        let expected = before.map_or(0, |tip| tip.height + 1);
        if height != expected {
            return Err(CommitError::NotNext { block: block.id(), height, expected });
        }
        let count = block.transactions().len();
        let is_in_range = (1..=usize::from(u16::MAX)).contains(&count);
        if !is_in_range || height >= Place::HEIGHT_MAX {
            return Err(CommitError::OutOfRange { block: block.id() });
        }
        let mut append = Self {
            ledger,
            block,
            height,
            batch,
            ids: HashSet::with_capacity(count),
            spent: HashSet::new(),
            created: HashSet::new(),
            group: Vec::new(),
            outputs: 0,
            known: Vec::with_capacity(count),
        };
        append.add_transactions()?;
        let known = std::mem::take(&mut append.known);
        Ok(Appended { tip: append.add_head(before), known })
    }

    fn add_transactions(&mut self) -> Result<(), CommitError> {
        let numbers = self.numbers()?;
        let block = self.block;
        for ((position, transaction), number) in
            (0..=u16::MAX).zip(block.transactions()).zip(numbers)
        {
            let place = Place::new(self.height, position)
                .ok_or(CommitError::OutOfRange { block: block.id() })?;
            self.add_transaction(transaction, place, number)?;
            if (position + 1) % GROUP == 0
                || usize::from(position) + 1 == block.transactions().len()
            {
                let key = place.round_down(GROUP).to_bytes();
                self.batch.put(GROUPS, key, std::mem::take(&mut self.group));
            }
        }
        Ok(())
    }

    /// Returns the number of each transaction's text. Adds the texts that are not on disk yet and
    /// takes the transactions out of the backlog.
    ///
    /// An id does not cover the signatures in most formats, so the backlog may hold another text
    /// under the same id. Then the block's is stored and the other one removed.
    fn numbers(&mut self) -> Result<Vec<u64>, CommitError> {
        let transactions = self.block.transactions();
        let held: Vec<Option<u64>> = {
            let backlog = self.ledger.backlog.lock();
            transactions.iter().map(|transaction| backlog.number(&transaction.id())).collect()
        };
        let mut is_new = vec![true; transactions.len()];
        for ((transaction, held), is_new) in transactions.iter().zip(&held).zip(&mut is_new) {
            let Some(number) = held else { continue };
            self.batch.delete(BACKLOG, number.to_be_bytes());
            *is_new = self.ledger.text(*number)? != transaction.to_json().as_bytes();
            if *is_new {
                self.batch.delete(TEXTS, number.to_be_bytes());
            }
        }
        let new = is_new.iter().filter(|is_new| **is_new).count();
        let mut next = self.ledger.backlog.lock().take_numbers(new);
        let mut numbers = Vec::with_capacity(transactions.len());
        for ((transaction, held), is_new) in transactions.iter().zip(held).zip(is_new) {
            let number = held.filter(|_| !is_new).unwrap_or(next);
            if is_new {
                self.batch.put(TEXTS, number.to_be_bytes(), transaction.to_json());
                next += 1;
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn add_transaction(
        &mut self,
        transaction: &Arc<Transaction>,
        place: Place,
        number: u64,
    ) -> Result<(), CommitError> {
        let id = transaction.id();
        let location = Location { place, number };
        if !self.ids.insert(id) || self.ledger.location(&id)?.is_some() {
            return Err(CommitError::IncludedTwice { transaction: id });
        }
        self.batch.put(TRANSACTIONS, *id.as_bytes(), location.to_bytes());
        Member { id, number }.write(&mut self.group);
        let mut creator = None;
        for output in transaction.inputs().iter().filter_map(|input| input.spends) {
            let source = self.add_spending(id, place, output)?;
            if source.transaction.asset_id() == transaction.asset_id() {
                creator = creator.or(source.creator);
            }
        }
        for (index, output) in (0..).zip(transaction.outputs()) {
            let output_place = OutputPlace { transaction: place, index };
            for owner in owners(output) {
                self.batch.put(UNSPENT, owned_key(&owner, output_place), []);
            }
            self.outputs += 1;
        }
        if let Some(metadata) = transaction.metadata_id() {
            self.batch.put(METADATA, metadata_key(&metadata, place), []);
        }
        let creator = self.add_asset(transaction, place, creator)?;
        let transaction = Arc::clone(transaction);
        self.known.push(Known { transaction, location, creator: Some(creator) });
        Ok(())
    }

    /// Adds the row that lists the transaction with its asset. Returns where the transaction is that
    /// created it, which `known` says if something that it spends said it.
    fn add_asset(
        &mut self,
        transaction: &Transaction,
        place: Place,
        known: Option<Place>,
    ) -> Result<Place, CommitError> {
        let id = transaction.id();
        match (transaction.operation(), transaction.asset_id()) {
            (Operation::Create | Operation::Genesis, AssetId::Uuid(uuid)) => {
                if !self.created.insert(uuid) || self.ledger.creator_place(&uuid)?.is_some() {
                    return Err(CommitError::CreatedTwice { transaction: id });
                }
                self.batch.put(ASSETS, asset_key(&uuid), place.to_bytes());
                Ok(place)
            }
            // The asset is named by its transaction.
            (Operation::Create | Operation::Genesis, AssetId::Transaction(_)) => Ok(place),
            (Operation::Transfer, asset) => {
                let creator = match known {
                    Some(known) => Some(known),
                    None => self.ledger.asset_place(&asset)?,
                };
                let creator = creator.ok_or(CommitError::NoSuchAsset { transaction: id })?;
                self.batch.put(TRANSFERS, transfer_key(creator, place), []);
                Ok(creator)
            }
        }
    }

    /// Adds the rows that mark `output` as spent by the transaction at `place`; returns the
    /// transaction that it is of.
    fn add_spending(
        &mut self,
        transaction: TransactionId,
        place: Place,
        output: OutputRef,
    ) -> Result<Known, CommitError> {
        let absent = || CommitError::NoSuchOutput { transaction, output };
        let source = self.ledger.known(&output.transaction)?.ok_or_else(absent)?;
        let spent = OutputPlace { transaction: source.location.place, index: output.index };
        let is_spent = match self.ledger.cache().spender(&output) {
            Some((_, spender)) => spender.is_some(),
            None => self.ledger.spender_place(spent)?.is_some(),
        };
        if !self.spent.insert(output) || is_spent {
            return Err(CommitError::SpentTwice { transaction, output });
        }
        let index = usize::try_from(output.index).map_err(|_| absent())?;
        for owner in owners(source.transaction.outputs().get(index).ok_or_else(absent)?) {
            let key = owned_key(&owner, spent);
            self.batch.delete(UNSPENT, key.clone());
            self.batch.put(SPENT, key, []);
        }
        self.batch.put(SPENDERS, spent.to_bytes(), place.to_bytes());
        Ok(source)
    }

    fn add_head(self, before: Option<Tip>) -> Tip {
        let head = head_of(self.height, self.block);
        let key = self.height.to_be_bytes();
        self.batch.put(BLOCKS, key, head.to_bytes());
        self.batch.put(HEIGHTS, *head.id.as_bytes(), key);
        let (transactions, outputs, spent) =
            before.map_or((0, 0, 0), |tip| (tip.transactions, tip.outputs, tip.spent));
        let tip = Tip {
            height: self.height,
            block: head.id,
            timestamp: head.timestamp,
            transactions: transactions + u64::from(head.transactions),
            outputs: outputs + self.outputs,
            spent: spent + self.spent.len() as u64,
        };
        self.batch.put(STATE, TIP_KEY, tip.to_bytes());
        tip
    }
}

/// Returns the head of a block that has at most 2^16 transactions.
pub(crate) fn head_of(height: u64, block: &Block) -> BlockHead {
    BlockHead {
        height,
        id: block.id(),
        id_hash: block.id_hash(),
        node_pubkey: *block.node_pubkey(),
        signature: *block.signature(),
        timestamp: block.timestamp(),
        transactions: u32::try_from(block.transactions().len())
            .expect("a block has at most 2^16 transactions"),
        voters: block.voters().to_vec(),
    }
}

/// Returns the owners of an output, each once.
pub(crate) fn owners(output: &Output) -> Vec<PublicKey> {
    let mut owners = output.public_keys.clone();
    owners.sort_unstable();
    owners.dedup();
    owners
}

impl LedgerStore {
    /// Returns a transaction of the chain by its id, from the cache if it is there.
    pub(crate) fn known(&self, id: &TransactionId) -> Result<Option<Known>, ReadError> {
        let cached = self.cache().get(id);
        if cached.is_some() {
            return Ok(cached);
        }
        match self.location(id)? {
            Some(location) => self.read_known(location).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the transaction of the chain at a location: from the cache, or parsed.
    pub(crate) fn parsed(
        &self,
        id: &TransactionId,
        location: Location,
    ) -> Result<Arc<Transaction>, ReadError> {
        let cached = self.cache().get(id);
        match cached {
            Some(known) => Ok(known.transaction),
            None => Ok(self.read_known(location)?.transaction),
        }
    }

    fn read_known(&self, location: Location) -> Result<Known, ReadError> {
        let transaction = Self::parse(&self.text(location.number)?, location.number)?;
        let known = Known { transaction, location, creator: None };
        let dropped = self.cache().add_read(known.clone());
        drop(dropped);
        Ok(known)
    }
}
