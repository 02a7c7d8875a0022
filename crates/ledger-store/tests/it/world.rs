//! The vocabulary of these tests: keys, transactions, blocks and votes made of small numbers.

use std::sync::Arc;
use tally_crypto::{
    ed25519::{PublicKey, SigningKey},
    sha3_256,
};
use tally_ledger::{
    AssetUuid, Block, Decision, MetadataId, Operation, Timestamp, Transaction, Version, Vote,
    VoteBody, build::Draft,
};
use tally_ledger_store::{LedgerStore, Reason, TABLES};
use tally_storage::{MemoryDisk, MemoryStore};

/// Makes everything that a history needs; each thing it makes is another one.
pub(crate) struct World {
    pub(crate) node: SigningKey,
    owners: [SigningKey; 3],
    made: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let key = |seed| SigningKey::from_seed(&[seed; 32]);
        Self { node: key(9), owners: [key(1), key(2), key(3)], made: 0 }
    }

    pub(crate) fn owners(&self) -> [PublicKey; 3] {
        self.owners.each_ref().map(SigningKey::public_key)
    }

    /// One of three metadata ids, so that several transactions share one.
    pub(crate) fn metadata(at: u8) -> MetadataId {
        MetadataId::from_random([at % 3; 16])
    }

    fn fresh(&mut self) -> [u8; 32] {
        self.made += 1;
        sha3_256(self.made.to_be_bytes())
    }

    fn sign(&self, draft: &Draft) -> Arc<Transaction> {
        let mut keys: Vec<&SigningKey> = self.owners.iter().collect();
        keys.push(&self.node);
        Arc::new(draft.sign(&keys).unwrap())
    }

    /// A CREATE: flat with one output, nested with metadata, or flat with three outputs, two of one
    /// owner and one shared.
    pub(crate) fn create(&mut self, shape: u8) -> Arc<Transaction> {
        let fresh = self.fresh();
        let owners = self.owners();
        let owner = owners[usize::from(shape / 3 % 3)];
        let other = owners[usize::from((shape / 3 + 1) % 3)];
        let uuid: [u8; 16] = fresh[..16].try_into().unwrap();
        let data = format!(r#"{{"serial":{}}}"#, self.made);
        let draft = match shape % 3 {
            0 => Draft::create(Version::Flat2_0, &[owner]).asset_data(data).output(1, &[owner]),
            1 => Draft::create(Version::Nested1, &[owner])
                .asset_uuid(AssetUuid::from_random(uuid))
                .asset_data(data)
                .metadata(r#"{"is":"nested"}"#)
                .metadata_id(Self::metadata(shape / 9))
                .output(1, &[owner]),
            _ => Draft::create(Version::Flat1_0, &[owner])
                .asset_data(data)
                .output(5, &[owner])
                .output(7, &[owner, other])
                .output(9, &[other]),
        };
        self.sign(&draft)
    }

    /// A TRANSFER of one output to one owner.
    pub(crate) fn transfer(
        &mut self,
        source: &Transaction,
        index: u32,
        to: u8,
    ) -> Arc<Transaction> {
        self.made += 1;
        let owner = self.owners()[usize::from(to % 3)];
        let amount = source.outputs()[usize::try_from(index).unwrap()].amount;
        let draft = Draft::transfer(source.version(), source.asset_id())
            .input(source, index)
            .output(amount, &[owner])
            .metadata(format!(r#"{{"number":{}}}"#, self.made));
        self.sign(&match source.version() {
            Version::Nested1 => draft.metadata_id(Self::metadata(to)),
            Version::Flat0_9 | Version::Flat0_10 | Version::Flat1_0 | Version::Flat2_0 => draft,
        })
    }

    pub(crate) fn genesis(&self) -> Arc<Block> {
        let uuid = AssetUuid::from_random([0xee; 16]);
        let draft = Draft::genesis(Version::Nested1, self.node.public_key())
            .asset_uuid(uuid)
            .metadata_id(MetadataId::from_random([0xef; 16]));
        self.block(0, vec![self.sign(&draft)])
    }

    pub(crate) fn block(&self, height: u64, transactions: Vec<Arc<Transaction>>) -> Arc<Block> {
        let timestamp = Timestamp::from_seconds(1_700_000_000 + height).unwrap();
        let voters = vec![self.node.public_key()];
        Arc::new(Block::make(&self.node, timestamp, transactions, voters))
    }

    /// A vote of the node (0) or of an owner (1 to 3).
    pub(crate) fn vote(&self, voter: u8, block: &Block, decision: Decision) -> Vote {
        let key = match voter % 4 {
            0 => &self.node,
            other => &self.owners[usize::from(other) - 1],
        };
        let body = VoteBody {
            voting_for_block: block.id(),
            previous_block: block.id(),
            decision,
            timestamp: block.timestamp(),
        };
        Vote::make(key, body)
    }
}

pub(crate) fn reason(code: &str) -> Reason {
    Reason { code: code.to_owned(), message: format!("{code}: for this test") }
}

/// A ledger in memory, and its store.
pub(crate) fn open(disk: &MemoryDisk) -> (LedgerStore, Arc<MemoryStore>) {
    let store = Arc::new(disk.open(TABLES));
    (LedgerStore::open(Arc::<MemoryStore>::clone(&store)).unwrap(), store)
}

/// Whether a transaction creates its asset.
pub(crate) fn is_creation(transaction: &Transaction) -> bool {
    transaction.operation() != Operation::Transfer
}
