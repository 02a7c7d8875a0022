//! The vocabulary of the scenarios.

use bytes::Bytes;
use std::sync::Arc;
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Transaction, TransactionId, Version, build::Draft};
use tally_ledger_node::{
    LedgerNode, Mode, NodeConfig, NodeHandle, PostError, Posted, StopReason, TABLES,
    TransactionStatus,
};
use tally_ledger_store::LedgerStore;
use tally_storage::{MemoryDisk, MemoryStore};

/// The key of somebody.
pub(crate) fn key(name: u8) -> SigningKey {
    SigningKey::from_seed(&[name; 32])
}

pub(crate) const NODE: u8 = 200;
pub(crate) const ALICE: u8 = 1;
pub(crate) const BOB: u8 = 2;

/// Alice creates something that has a number.
pub(crate) fn create(number: u64) -> Transaction {
    let alice = key(ALICE);
    Draft::create(Version::Flat2_0, &[alice.public_key()])
        .asset_data(format!(r#"{{"bicycle":"number {number}"}}"#))
        .metadata(format!(r#"{{"colour":"red{number}"}}"#))
        .output(1, &[alice.public_key()])
        .sign(&[&alice])
        .unwrap()
}

/// Alice gives the only output of `spent` to `to`.
pub(crate) fn transfer(spent: &Transaction, to: u8) -> Transaction {
    Draft::transfer(Version::Flat2_0, spent.asset_id())
        .input(spent, 0)
        .output(1, &[key(to).public_key()])
        .sign(&[&key(ALICE)])
        .unwrap()
}

/// A node that is alone, on a disk that outlasts it.
pub(crate) struct Solo {
    pub(crate) node: LedgerNode,
    pub(crate) handle: NodeHandle,
    pub(crate) store: Arc<MemoryStore>,
}

impl Solo {
    pub(crate) fn start(disk: &MemoryDisk) -> Self {
        Self::start_with(disk, NodeConfig { checkers: 2, ..NodeConfig::default() })
    }

    pub(crate) fn start_with(disk: &MemoryDisk, config: NodeConfig) -> Self {
        let store = Arc::new(disk.open(TABLES));
        let node = LedgerNode::start(config, key(NODE), Arc::clone(&store) as _).unwrap();
        Self { handle: node.handle(), node, store }
    }

    pub(crate) async fn post(&self, transaction: &Transaction) -> Result<Posted, PostError> {
        post(&self.handle, transaction).await
    }

    pub(crate) async fn stop(self) -> StopReason {
        self.handle.stop();
        self.node.stopped().await
    }
}

pub(crate) async fn post(
    node: &NodeHandle,
    transaction: &Transaction,
) -> Result<Posted, PostError> {
    node.post(Bytes::copy_from_slice(transaction.to_json().as_bytes()), Mode::Async).await
}

pub(crate) async fn status(node: &NodeHandle, id: TransactionId) -> Option<TransactionStatus> {
    node.read(move |reader| reader.status(&id)).await.unwrap()
}

/// The stable code that a post was refused with.
pub(crate) fn code(outcome: Result<Posted, PostError>) -> &'static str {
    match outcome {
        Err(PostError::Rejected(rejection)) => rejection.code.as_str(),
        other => panic!("{other:?}"),
    }
}

/// Checks everything that a disk holds, by the rules and by its own indexes; returns the ledger.
pub(crate) fn verified(disk: &MemoryDisk) -> LedgerStore {
    let ledger = LedgerStore::open(Arc::new(disk.open(TABLES))).unwrap();
    for step in ledger.verify(Some(vec![key(NODE).public_key()]), [7; 32]) {
        assert!(step.findings.is_empty(), "{:?}", step.findings);
    }
    ledger
}
