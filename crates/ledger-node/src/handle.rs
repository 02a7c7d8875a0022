use crate::{
    BlockRef, Mode, NodeInfo, NodeStatus, PostError, Posted, ReadError, Reader, TransactionStatus,
    ValidBlock,
    intake::{Intake, busy},
    ledger::Ledger,
    lifeline::Lifeline,
    peers::Peers,
    posted::{InFlight, Load},
    waiters::End,
};
use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};
use tally_ledger::{Rejection, TransactionId};
use tally_search::SearchIndex;
use tokio::sync::broadcast;

/// How many final blocks, or decisions about them, a node may lack and still be ready: a few seconds
/// of a busy federation.
const BEHIND_MAX: u64 = 8;

/// The way to speak to a running node. Cheap to clone. Whoever keeps one keeps the store open.
#[derive(Clone)]
pub struct NodeHandle(pub(crate) Arc<Inner>);

/// What handles share.
pub(crate) struct Inner {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) search: SearchIndex,
    pub(crate) peers: Peers,
    pub(crate) lifeline: Lifeline,
    pub(crate) commit_patience: Duration,
    /// Those who wait for the end of what they posted.
    pub(crate) patient: Arc<InFlight>,
    pub(crate) info: NodeInfo,
}

impl NodeHandle {
    /// Posts a transaction: the JSON text that a client sent.
    ///
    /// `Ok` means that it is durable and will end valid or rejected with a reason; with
    /// [`Mode::Commit`], that it is valid. A known transaction is accepted again without effect.
    ///
    /// Not cancel safe: dropping the future leaves it unknown whether the transaction was accepted.
    ///
    /// # Errors
    ///
    /// [`PostError`].
    pub async fn post(&self, text: Bytes, mode: Mode) -> Result<Posted, PostError> {
        let _patience = match mode {
            Mode::Async | Mode::Sync => None,
            Mode::Commit => Some(self.patience()?),
        };
        let answer = self.0.intake.post(text).inspect_err(|error| {
            if matches!(error, PostError::Busy { .. }) {
                self.0.ledger.tallies.busy.add(1);
            }
        })?;
        let posted = answer.await.unwrap_or(Err(PostError::Stopping))?;
        match mode {
            Mode::Async | Mode::Sync => Ok(posted),
            Mode::Commit if posted.is_valid => Ok(posted),
            Mode::Commit => self.wait_until_valid(posted).await,
        }
    }

    /// Takes a place among those who wait for the end. Without one nothing is posted.
    fn patience(&self) -> Result<Load, PostError> {
        let place = self.0.patient.take(0, self.0.ledger.limits.posts, 0);
        place.ok_or_else(|| {
            self.0.ledger.tallies.busy.add(1);
            busy()
        })
    }

    async fn wait_until_valid(&self, posted: Posted) -> Result<Posted, PostError> {
        let id = posted.transaction.id();
        let ended = self.0.ledger.waiters.register(id);
        // It may have ended before anybody waited; but not if it waits for a block now.
        if !self.0.ledger.store.is_waiting(&id)
            && let Some(end) = self.end_of(id).await?
        {
            self.0.ledger.waiters.ended(End::Other, [id]);
            return end.map(|_| Posted { is_valid: true, ..posted });
        }
        let late = tokio::time::timeout(self.0.commit_patience, ended).await;
        let end = match late {
            Ok(Ok(End::Valid)) => return Ok(Posted { is_valid: true, ..posted }),
            Ok(Ok(End::Other) | Err(_)) => self.end_of(id).await?,
            Err(_) => None,
        };
        self.0.ledger.waiters.sweep(&id);
        match end {
            Some(end) => end.map(|_| Posted { is_valid: true, ..posted }),
            None => Err(PostError::Late { id }),
        }
    }

    /// Asks how a transaction ended; `None` if it has not.
    async fn end_of(
        &self,
        id: TransactionId,
    ) -> Result<Option<Result<BlockRef, PostError>>, PostError> {
        let status = self.read(move |reader| reader.status(&id)).await.map_err(|error| {
            tracing::error!(%error, "the end of a post cannot be read");
            PostError::Storage
        })?;
        Ok(match status {
            Some(TransactionStatus::Valid(block)) => Some(Ok(block)),
            Some(TransactionStatus::Invalid(reason)) => {
                let code = tally_ledger::RejectionCode::ALL
                    .iter()
                    .find(|code| code.as_str() == reason.code)
                    .unwrap_or(&tally_ledger::RejectionCode::DoubleSpend);
                Some(Err(PostError::Rejected(Rejection::new(*code, reason.message))))
            }
            Some(TransactionStatus::Backlog | TransactionStatus::Undecided(_)) | None => None,
        })
    }

    /// Reads the ledger on a thread that may wait for the disk.
    ///
    /// # Errors
    ///
    /// What `read` returns, or [`ReadError::Stopping`].
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let inner = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            read(&Reader { ledger: &inner.ledger, search: &inner.search })
        });
        task.await.unwrap_or(Err(ReadError::Stopping))
    }

    /// Subscribes to the blocks that become valid from now on, in the order of heights. Whoever is
    /// more than [`EVENTS_MAX`](crate::EVENTS_MAX) blocks behind is told so by
    /// [`Lagged`](broadcast::error::RecvError::Lagged) and should be cut off. When the node has
    /// stopped and its handles are gone, the subscription is closed.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<ValidBlock>> {
        self.0.ledger.decided.subscribe()
    }

    /// Returns what the node is.
    pub fn info(&self) -> &NodeInfo {
        &self.0.info
    }

    /// Returns how the node is doing. Reads nothing from the disk.
    pub fn status(&self) -> NodeStatus {
        let Inner { ledger, intake, search, peers, lifeline, .. } = &*self.0;
        let counts = ledger.store.counts();
        let height = ledger.store.height().unwrap_or(0);
        let decided_height = ledger.decided.height();
        let engine = peers.status();
        let behind = engine.behind.max(height.saturating_sub(decided_height));
        NodeStatus {
            is_ready: !lifeline.is_ending()
                && !engine.is_ahead
                && !peers.is_stalled()
                && behind <= BEHIND_MAX,
            height,
            behind: engine.behind,
            decided_height,
            transactions: counts.transactions,
            backlog: counts.backlog,
            pool: peers.pool(),
            posts: intake.in_flight() as u64,
            undecided_blocks: counts.undecided_blocks,
            invalid_blocks: counts.invalid_blocks,
            equivocations: counts.equivocations,
            connected: engine.connected,
            searchable_height: search.cursor(),
            counters: ledger.tallies.read(),
        }
    }

    /// Asks that what is valid now can be searched soon. The text index else takes its time while
    /// nobody searches. Returns at once: [`NodeStatus::searchable_height`] tells how far it is.
    pub fn freshen_search(&self) {
        let ledger = &self.0.ledger;
        ledger.freshness.want(ledger.decided.height());
    }

    /// Asks the node to stop in good order: what was accepted is on disk. Returns at once;
    /// [`LedgerNode::stopped`](crate::LedgerNode::stopped) waits for the end.
    pub fn stop(&self) {
        self.0.lifeline.end(crate::StopReason::Asked);
    }
}

impl fmt::Debug for NodeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeHandle").field("info", &self.0.info).finish_non_exhaustive()
    }
}
