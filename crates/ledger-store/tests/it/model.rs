//! What a ledger must answer, found by looking at everything.

use crate::world::{World, is_creation};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    AssetId, Block, BlockId, LedgerView as _, Operation, OutputRef, Transaction, TransactionId,
    Vote,
};
use tally_ledger_store::{
    BlockHead, LedgerStore, OutputFilter, OwnedOutput, Page, Place, Reason, Whereabouts,
};

/// Everything that happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) blocks: Vec<Arc<Block>>,
    pub(crate) backlog: Vec<Arc<Transaction>>,
    pub(crate) rejected: BTreeMap<TransactionId, Reason>,
    pub(crate) invalid: Vec<(u64, Arc<Block>, Reason)>,
    pub(crate) undecided: Vec<(u64, Arc<Block>)>,
    pub(crate) votes: BTreeMap<(BlockId, PublicKey), Vote>,
    /// All transactions that were ever made.
    pub(crate) known: Vec<Arc<Transaction>>,
}

type Placed = (Place, Arc<Transaction>);

impl Model {
    pub(crate) fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    pub(crate) fn chain(&self) -> Vec<Placed> {
        let blocks = (0..).zip(&self.blocks);
        blocks
            .flat_map(|(height, block)| {
                (0..).zip(block.transactions()).map(move |(position, transaction)| {
                    (Place::new(height, position).unwrap(), Arc::clone(transaction))
                })
            })
            .collect()
    }

    pub(crate) fn spender(&self, output: OutputRef) -> Option<TransactionId> {
        let spends = |transaction: &Transaction| {
            transaction.inputs().iter().any(|i| i.spends == Some(output))
        };
        self.chain().iter().find(|(_, found)| spends(found)).map(|(_, found)| found.id())
    }

    /// The outputs of the chain that nobody has spent.
    pub(crate) fn unspent(&self) -> Vec<(Arc<Transaction>, u32)> {
        let mut outputs = vec![];
        for (_, transaction) in self.chain() {
            for (index, _) in (0..).zip(transaction.outputs()) {
                let output = OutputRef { transaction: transaction.id(), index };
                if self.spender(output).is_none() {
                    outputs.push((Arc::clone(&transaction), index));
                }
            }
        }
        outputs
    }

    fn owned(&self, owner: &PublicKey, filter: OutputFilter) -> Vec<(Place, OutputRef, bool)> {
        let mut owned = vec![];
        for (place, transaction) in self.chain() {
            for (index, output) in (0..).zip(transaction.outputs()) {
                let output_ref = OutputRef { transaction: transaction.id(), index };
                let is_spent = self.spender(output_ref).is_some();
                let is_wanted = match filter {
                    OutputFilter::Unspent => !is_spent,
                    OutputFilter::Spent => is_spent,
                    OutputFilter::Any => true,
                };
                if is_wanted && output.public_keys.contains(owner) {
                    owned.push((place, output_ref, is_spent));
                }
            }
        }
        owned
    }

    fn of_asset(&self, asset: AssetId, operation: Option<Operation>) -> Vec<TransactionId> {
        let chain = self.chain().into_iter().map(|(_, transaction)| transaction);
        let of_asset = chain.filter(|transaction| transaction.asset_id() == asset);
        let wanted = of_asset.filter(|found| operation.is_none_or(|op| found.operation() == op));
        wanted.map(|transaction| transaction.id()).collect()
    }

    /// Asserts that the ledger answers every question as the model does.
    pub(crate) fn check(&self, ledger: &LedgerStore) {
        self.check_transactions(ledger);
        self.check_owners(ledger);
        self.check_assets(ledger);
        self.check_blocks(ledger);
        self.check_backlog(ledger);
        self.check_counts(ledger);
    }

    fn check_transactions(&self, ledger: &LedgerStore) {
        let chain = self.chain();
        for transaction in &self.known {
            let id = transaction.id();
            let placed = chain.iter().find(|(_, found)| found.id() == id);
            assert_eq!(ledger.place(&id).unwrap(), placed.map(|(place, _)| *place));
            assert_eq!(ledger.contains(&id).unwrap(), placed.is_some());
            let parsed = ledger.transaction(&id).unwrap();
            assert_eq!(text(parsed.as_ref()), text(placed.map(|(_, found)| found)));
            let stored = ledger.stored(&id).unwrap();
            assert_eq!(stored.as_ref().map(|found| &*found.text), text(placed.map(|(_, t)| t)));
            if let Some(stored) = &stored {
                assert_eq!(stored.parse().unwrap().id(), id);
                assert_eq!(ledger.stored_at(stored.place).unwrap().as_ref(), Some(stored));
            }
            for (index, _) in (0..3).zip([(); 3]) {
                let output = OutputRef { transaction: id, index };
                assert_eq!(ledger.spender_of(&output).unwrap(), self.spender(output));
                assert_eq!(ledger.view().spender(&output).unwrap(), self.spender(output));
            }
            self.check_whereabouts(ledger, id, placed.map(|(place, _)| *place));
        }
    }

    fn check_whereabouts(&self, ledger: &LedgerStore, id: TransactionId, placed: Option<Place>) {
        let holds = |block: &Block| block.transactions().iter().any(|found| found.id() == id);
        let undecided: Vec<BlockId> =
            self.undecided.iter().filter(|(_, b)| holds(b)).map(|(_, b)| b.id()).collect();
        let invalid: Vec<BlockId> =
            self.invalid.iter().filter(|(_, b, _)| holds(b)).map(|(_, b, _)| b.id()).collect();
        let is_waiting = self.backlog.iter().any(|waiting| waiting.id() == id);
        let rejected = self.rejected.get(&id);
        match ledger.whereabouts(&id).unwrap() {
            Some(Whereabouts::Chain { place, block }) => {
                assert_eq!(Some(place), placed);
                assert_eq!(block.id, self.blocks[usize::try_from(block.height).unwrap()].id());
                assert_eq!(place.height(), block.height);
            }
            Some(Whereabouts::Undecided(found)) => {
                assert!(placed.is_none());
                assert_eq!(Some(&found.block.id()), undecided.first());
            }
            Some(Whereabouts::Backlog) => {
                assert!(placed.is_none() && undecided.is_empty() && is_waiting);
            }
            Some(Whereabouts::Rejected(found)) => {
                assert!(placed.is_none() && undecided.is_empty() && !is_waiting);
                assert_eq!(Some(&found), rejected);
            }
            Some(Whereabouts::InvalidBlock(found)) => {
                assert!(placed.is_none() && undecided.is_empty() && !is_waiting);
                assert!(rejected.is_none());
                assert_eq!(Some(&found.id), invalid.last());
            }
            None => {
                assert!(placed.is_none() && undecided.is_empty() && !is_waiting);
                assert!(rejected.is_none() && invalid.is_empty());
            }
        }
        let (found_undecided, found_invalid) = ledger.candidates_with(&id);
        assert!(found_undecided.iter().map(|found| found.block.id()).eq(undecided));
        assert!(found_invalid.iter().map(|found| found.id).eq(invalid));
    }

    pub(crate) fn check_owners(&self, ledger: &LedgerStore) {
        for owner in World::new().owners() {
            for filter in [OutputFilter::Unspent, OutputFilter::Spent, OutputFilter::Any] {
                let owned = self.owned(&owner, filter);
                let outputs: Vec<(OutputRef, bool)> =
                    owned.iter().map(|(_, output, is_spent)| (*output, *is_spent)).collect();
                let pages = |after, limit| ledger.outputs_by_owner(&owner, filter, after, limit);
                let found = all_pages(pages, |OwnedOutput { output, place, is_spent }| {
                    assert_eq!(ledger.place(&output.transaction).unwrap(), Some(place.transaction));
                    (output, is_spent)
                });
                assert_eq!(found, outputs, "{owner} {filter:?}");

                let mut transactions: Vec<TransactionId> =
                    owned.iter().map(|(_, output, _)| output.transaction).collect();
                transactions.dedup();
                let pages =
                    |after, limit| ledger.transactions_by_owner(&owner, filter, after, limit);
                assert_eq!(all_pages(pages, |found| found.id), transactions, "{owner} {filter:?}");
            }
        }
    }

    fn check_assets(&self, ledger: &LedgerStore) {
        for transaction in &self.known {
            let names = [transaction.asset_id(), AssetId::Transaction(transaction.id())];
            for asset in names {
                for operation in [
                    None,
                    Some(Operation::Create),
                    Some(Operation::Transfer),
                    Some(Operation::Genesis),
                ] {
                    let pages = |after, limit| {
                        ledger.transactions_of_asset(&asset, operation, after, limit)
                    };
                    let expected = self.of_asset(asset, operation);
                    assert_eq!(all_pages(pages, |found| found.id), expected, "{operation:?}");
                }
                let last = ledger.last_of_asset(&asset).unwrap().map(|found| found.id);
                assert_eq!(last, self.of_asset(asset, None).last().copied());
            }
            if let AssetId::Uuid(uuid) = transaction.asset_id() {
                let chain = self.chain();
                let creator = chain
                    .iter()
                    .map(|(_, found)| found)
                    .find(|found| is_creation(found) && found.asset_id() == transaction.asset_id());
                let creator = creator.map(|found| found.id());
                assert_eq!(ledger.asset_creator(&uuid).unwrap(), creator);
            }
        }
        for metadata in (0..3).map(World::metadata) {
            let with = self.chain().into_iter().map(|(_, found)| found);
            let with = with.filter(|found| found.metadata_id() == Some(metadata));
            let expected: Vec<_> = with.map(|found| found.id()).collect();
            let pages = |after, limit| ledger.transactions_by_metadata(&metadata, after, limit);
            assert_eq!(all_pages(pages, |found| found.id), expected);
        }
    }

    fn check_blocks(&self, ledger: &LedgerStore) {
        for (height, block) in (0..).zip(&self.blocks) {
            assert_eq!(ledger.block_height(&block.id()).unwrap(), Some(height));
            assert_eq!(ledger.block(height).unwrap().as_ref(), Some(&**block));
            let ids: Vec<_> = block.transactions().iter().map(|found| found.id()).collect();
            assert_eq!(ledger.ids_of_block(height).unwrap(), Some(ids));
            let texts = ledger.transactions_of_block(height).unwrap().unwrap();
            let expected = block.transactions().iter().map(|found| found.to_json());
            assert!(texts.iter().map(|found| &*found.text).eq(expected));
        }
        assert_eq!(ledger.block(self.height()).unwrap(), None);
        let exported: Vec<Block> = ledger.blocks(1).map(Result::unwrap).collect();
        assert!(exported.iter().eq(self.blocks.iter().skip(1).map(Arc::as_ref)));
        let heads = all_pages(|after, limit| ledger.heads(after, limit), |head: BlockHead| head.id);
        assert!(self.blocks.iter().map(|block| block.id()).eq(heads));
        for (height, block, reason) in &self.invalid {
            let found = ledger.invalid(&block.id()).unwrap();
            assert_eq!((found.height, &found.reason), (*height, reason));
            assert_eq!(ledger.invalid_block(&block.id()).unwrap().as_ref(), Some(&**block));
        }
        assert_eq!(ledger.all_invalid().len(), self.invalid.len());
        let undecided: Vec<_> = ledger.all_undecided().iter().map(|b| b.block.id()).collect();
        assert!(self.undecided.iter().map(|(_, block)| block.id()).eq(undecided));
        let candidates = self.invalid.iter().map(|(_, block, _)| block);
        for block in self.blocks.iter().chain(candidates) {
            let expected: Vec<&Vote> = self
                .votes
                .iter()
                .filter(|((voted, _), _)| *voted == block.id())
                .map(|(_, vote)| vote)
                .collect();
            let votes = ledger.votes(&block.id()).unwrap();
            assert!(votes.iter().eq(expected));
            for vote in votes {
                assert_eq!(ledger.vote(&block.id(), &vote.node_pubkey).unwrap(), Some(vote));
            }
        }
    }

    fn check_backlog(&self, ledger: &LedgerStore) {
        let pages = |after, limit| ledger.backlog(after, limit);
        let found = all_pages(pages, |transaction| transaction.to_json().to_owned());
        let expected = self.backlog.iter().map(|transaction| transaction.to_json());
        assert!(expected.eq(found.iter().map(String::as_str)), "the backlog");
    }

    fn check_counts(&self, ledger: &LedgerStore) {
        let chain = self.chain();
        let outputs: usize = chain.iter().map(|(_, found)| found.outputs().len()).sum();
        let counts = ledger.counts();
        assert_eq!(counts.blocks, self.height());
        assert_eq!(counts.transactions, chain.len() as u64);
        assert_eq!(counts.outputs, outputs as u64);
        assert_eq!(counts.outputs - counts.spent_outputs, self.unspent().len() as u64);
        assert_eq!(counts.backlog, self.backlog.len() as u64);
        assert!(counts.rejected >= self.rejected.len() as u64);
        assert_eq!(counts.invalid_blocks, self.invalid.len() as u64);
        assert_eq!(counts.undecided_blocks, self.undecided.len() as u64);
        assert_eq!(ledger.height(), self.height().checked_sub(1));
    }
}

fn text(transaction: Option<&Arc<Transaction>>) -> Option<&str> {
    transaction.map(|transaction| transaction.to_json())
}

/// Reads a listing to its end in pages of different sizes, and asserts that they make one list.
fn all_pages<T, C: Copy + Debug, U: PartialEq + Debug, E: Debug>(
    read: impl Fn(Option<C>, usize) -> Result<Page<T, C>, E>,
    of: impl Fn(T) -> U,
) -> Vec<U> {
    let in_pages_of = |limit| {
        let mut all = vec![];
        let mut after = None;
        loop {
            let page = read(after, limit).unwrap();
            assert!(page.items.len() <= limit);
            assert!(page.next.is_none() || page.items.len() == limit, "a short page is the last");
            all.extend(page.items.into_iter().map(&of));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    };
    let whole = in_pages_of(1000);
    for limit in [1, 2, 3] {
        assert_eq!(in_pages_of(limit), whole, "in pages of {limit}");
    }
    whole
}
