//! What the API asks of a node.

use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};
use tally_crypto::ed25519::PublicKey;
use tally_http::{BoxFuture, Readiness, Sample};
use tally_ledger::{AssetId, BlockId, Rejection, Transaction, TransactionId};
use tally_ledger_store::{LedgerStore, ReadError};
use tally_search::{Hit, Kind, SearchError};
use tokio::sync::broadcast;

/// A node of the ledger, as its API sees it.
///
/// # Requirements
///
/// * What [`post`](Self::post) accepted is durable when it answers, and is found in the
///   [`store`](Self::store) then.
/// * Cancelled calls leave nothing half-done.
pub trait Node: fmt::Debug + Send + Sync + 'static {
    /// The ledger, for reading.
    fn store(&self) -> &Arc<LedgerStore>;

    /// Returns a transaction that waits for a block.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    fn waiting(&self, id: &TransactionId) -> Result<Option<Arc<Transaction>>, ReadError>;

    /// The node's own key.
    fn public_key(&self) -> PublicKey;

    /// The keys of the federation's other members.
    fn keyring(&self) -> &[PublicKey];

    /// Checks a transaction and takes it on. One that is known already is taken on again, without
    /// effect.
    fn post(&self, body: Bytes, mode: Mode) -> BoxFuture<'_, Result<Arc<Transaction>, PostError>>;

    /// Searches what is in the chain at the time of the call.
    fn search(
        &self,
        kind: Kind,
        query: String,
        limit: usize,
        offset: usize,
    ) -> BoxFuture<'_, Result<Vec<Hit>, SearchError>>;

    /// Tells of every block that becomes valid from now on, in the order of the chain.
    fn subscribe(&self) -> broadcast::Receiver<Arc<ValidBlock>>;

    /// Says whether the node can do its work.
    fn readiness(&self) -> BoxFuture<'_, Readiness>;

    /// Reports what only the node knows, for `/metrics`; the API adds what the store holds.
    fn samples(&self) -> BoxFuture<'_, Vec<Sample>>;
}

/// When posting is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Once the transaction is accepted.
    #[default]
    Async,
    /// The same: nothing is accepted here that was not checked.
    Sync,
    /// Once it is in a block of the chain.
    Commit,
}

/// A block that became valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidBlock {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub id: BlockId,
    /// Its transactions and the asset of each, in its order.
    pub transactions: Vec<(TransactionId, AssetId)>,
}

/// Why a transaction was not taken on.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// It breaks a rule.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is too much to do.
    #[error("too much to do; try again in {retry_after:?}")]
    Busy {
        /// When it may be better.
        retry_after: Duration,
    },
    /// It was accepted, but is not in a block yet. It may still get there.
    #[error("accepted, but not in a block yet")]
    Late,
    /// The node stops.
    #[error("the node stops")]
    Stopped,
    /// The node cannot store it.
    #[error("the node cannot store the transaction")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}
