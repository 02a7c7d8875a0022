use super::{
    NodeError, NodeSettings,
    client::{Client, Failure},
    sought::Seen,
};
use crate::{
    decode_transaction,
    follow::permanent,
    relay::{Offload, Verdict, judge, malformed, rejected},
};
use std::sync::{Mutex, PoisonError};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, BroadcastError, FeeRate, Rejection, Relay, Transaction, Watched},
};
use tally_primitives::{BlockId, BlockNumber, Txid};

/// The way into the network through a node.
///
/// Must be used within a runtime of tokio, on whose threads for blocking calls the node is asked.
/// At most [`NodeSettings::requests`] calls are under way at once.
///
/// Freecash's nodes and Bitcoin's are asked alike. A node that keeps an index of transactions
/// (`txindex=1`) also knows those in blocks; without it, one whose outputs were all spent since is
/// refused like one whose inputs never were.
#[derive(Debug)]
pub struct NodeRelay {
    node: Offload<Node>,
}

#[derive(Debug)]
struct Node {
    client: Client,
    seen: Mutex<Seen>,
}

impl NodeRelay {
    /// Makes a relay; the node need not be reachable yet.
    ///
    /// # Errors
    ///
    /// [`NodeError::Url`] if the address is none that can be asked.
    pub fn new(settings: &NodeSettings) -> Result<Self, NodeError> {
        let node = Node { client: Client::new(settings)?, seen: Mutex::default() };
        Ok(Self { node: Offload::new(node, settings.requests) })
    }
}

impl Relay for NodeRelay {
    fn broadcast(&self, raw: Vec<u8>) -> BoxFuture<'_, Result<Txid, BroadcastError>> {
        Box::pin(async move {
            let txid = decode_transaction(&raw).map_err(|error| malformed(&error))?.txid;
            let sent = self.node.run(move |node| Ok(node.send(txid, &raw))).await;
            sent.unwrap_or_else(|error| Err(BroadcastError::Unavailable(error)))
        })
    }

    fn fee_rate(&self, blocks: u16) -> BoxFuture<'_, Result<Option<FeeRate>, ChainError>> {
        Box::pin(self.node.run(move |node| node.client.fee_rate(blocks)))
    }

    fn unconfirmed<'a>(
        &'a self,
        watched: &'a Watched,
    ) -> BoxFuture<'a, Result<Vec<Transaction>, ChainError>> {
        let watched = watched.clone();
        Box::pin(self.node.run(move |node| {
            let mut seen = node.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.look(&node.client, &watched)
        }))
    }

    fn transaction(&self, txid: Txid) -> BoxFuture<'_, Result<Option<Transaction>, ChainError>> {
        Box::pin(self.node.run(move |node| node.client.transaction(txid)))
    }

    fn recent(&self, count: u16) -> BoxFuture<'_, Result<Vec<(BlockNumber, BlockId)>, ChainError>> {
        Box::pin(self.node.run(move |node| {
            let newest = node.client.block_count()?.0;
            let heights = (0..=newest).rev().take(usize::from(count)).map(BlockNumber);
            // A height that is gone meanwhile was undone: it is not recent any more.
            let known = |height| Ok(node.client.block_id(height)?.map(|id| (height, id)));
            heights.filter_map(|height| known(height).transpose()).collect()
        }))
    }
}

impl Node {
    fn send(&self, txid: Txid, raw: &[u8]) -> Result<Txid, BroadcastError> {
        let failure = match self.client.send(raw) {
            Ok(taken) if taken == txid => return Ok(txid),
            Ok(found) => {
                let error = NodeError::AnotherTransaction { txid, found };
                let error = permanent("sending a transaction", error);
                return Err(BroadcastError::Unavailable(error));
            }
            Err(failure) => failure,
        };
        if let Failure::Refused { code, message } = &failure {
            match judge(Some(*code), message) {
                Verdict::Known => return Ok(txid),
                // What it spends is gone, maybe because it is in a block itself.
                Verdict::Refused(Rejection::InputsMissing) if self.knows(txid)? => return Ok(txid),
                Verdict::Refused(kind) => return Err(rejected(kind, message)),
                Verdict::Unrelated => {}
            }
        }
        Err(BroadcastError::Unavailable(failure.into_chain_error("sendrawtransaction")))
    }

    fn knows(&self, txid: Txid) -> Result<bool, BroadcastError> {
        let known = self.client.transaction(txid).map_err(BroadcastError::Unavailable)?;
        Ok(known.is_some())
    }
}
