use crate::store::{INBOX, decode, load, write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, VecDeque};
use tally_net::{Epoch, Received};
use tally_primitives::NodeAddress;
use tally_storage::{Batch, KeyRange, Store, StoreError};

/// Messages of one peer that may wait for the chain. An honest peer has at most
/// [`WINDOW`](crate::outbox::WINDOW) under way, so only a peer that breaks the rules meets this
/// bound; what comes beyond is dropped, and comes again after a reconnection.
const WAITING_MAX: usize = 1024;
/// The same for a stranger, who may be a partner whose channel this node has not seen yet, or
/// anybody.
const WAITING_OF_STRANGER_MAX: usize = 64;

/// How far each peer's messages were processed, and those that wait for the chain.
///
/// Marks of partners are on disk. Those of strangers, who may be anybody, are kept while the
/// connection lasts: what a stranger may say (asking for or showing a secret) changes nothing the
/// second time, and one that is gone leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Inbox<M> {
    feeds: HashMap<NodeAddress, Feed<M>>,
    partners: BTreeSet<NodeAddress>,
    /// Peers whose mark moved since the last [`flush`](Self::flush).
    moved: BTreeSet<NodeAddress>,
    /// Peers to acknowledge to, moved or not.
    owed: BTreeSet<NodeAddress>,
}

/// What came from one peer.
#[derive(Debug)]
struct Feed<M> {
    mark: Mark,
    /// The numbers after the processed ones, without gaps.
    waiting: VecDeque<M>,
}

/// How far one peer's messages were processed, as stored.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Mark {
    /// Names the peer's numbering.
    epoch: u64,
    /// The last number processed; all below it are too.
    processed: u64,
    /// An envelope was refused: nothing from it on is acknowledged until the peer has the refusal,
    /// because the acknowledgement of a direct transfer says that it was accepted.
    refusal: Option<Refusal>,
}

/// A refused envelope whose sender may not know yet.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Refusal {
    /// The last number before the refused envelope.
    before: u64,
    /// The outbox number of the message that refuses it.
    outbox_seq: u64,
}

impl Mark {
    /// Returns what the peer may be told.
    fn acknowledged(&self) -> Received {
        let seq = self.refusal.map_or(self.processed, |refusal| refusal.before);
        Received { epoch: Epoch(self.epoch), seq }
    }
}

/// What to do about a message that arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<M> {
    /// Process it now.
    Due(M),
    /// It waits behind others, or was there before, or cannot be placed.
    Held,
    /// Too many wait: drop the connection, so that the peer sends it again later.
    Overflow,
}

impl<M> Default for Inbox<M> {
    fn default() -> Self {
        let (partners, moved, owed) = Default::default();
        Self { feeds: HashMap::new(), partners, moved, owed }
    }
}

impl<M> Default for Feed<M> {
    fn default() -> Self {
        Self { mark: Mark::default(), waiting: VecDeque::new() }
    }
}

impl<M> Inbox<M> {
    /// Reads the marks.
    pub(crate) fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let mut inbox = Self::default();
        load(store, INBOX, KeyRange::all(), |entry| {
            let error = || StoreError::Undecodable { table: INBOX, key: entry.key.clone() };
            let peer = entry.key.as_slice().try_into().map_err(|_| error())?;
            let mark = decode(INBOX, &entry.key, &entry.value)?;
            let feed = Feed { mark, waiting: VecDeque::new() };
            inbox.feeds.insert(NodeAddress::new(peer), feed);
            Ok(())
        })?;
        Ok(inbox)
    }

    /// Returns the marks, as the transport tells them to peers.
    pub(crate) fn marks(&self) -> HashMap<NodeAddress, Received> {
        self.feeds.iter().map(|(peer, feed)| (*peer, feed.mark.acknowledged())).collect()
    }

    /// Notes that `peer` is or was a partner.
    pub(crate) fn add_partner(&mut self, peer: NodeAddress) {
        self.partners.insert(peer);
        if self.feeds.contains_key(&peer) {
            self.moved.insert(peer);
        }
    }

    /// Says whether `peer` is or was a partner.
    pub(crate) fn is_partner(&self, peer: NodeAddress) -> bool {
        self.partners.contains(&peer)
    }

    /// Notes that the last connection of `peer` ended.
    pub(crate) fn disconnected(&mut self, peer: NodeAddress) {
        if !self.is_partner(peer) {
            self.feeds.remove(&peer);
        }
    }

    /// Notes a new connection. A peer with another epoch counts from the beginning.
    pub(crate) fn connected(&mut self, peer: NodeAddress, epoch: Epoch) {
        let feed = self.feeds.entry(peer).or_default();
        if feed.mark.epoch != epoch.0 {
            let mark = Mark { epoch: epoch.0, ..Mark::default() };
            *feed = Feed { mark, waiting: VecDeque::new() };
            self.moved.insert(peer);
        }
    }

    /// Places the message with number `seq`.
    pub(crate) fn arrive(&mut self, peer: NodeAddress, seq: u64, message: M) -> Arrival<M> {
        let is_partner = self.is_partner(peer);
        let bound = if is_partner { WAITING_MAX } else { WAITING_OF_STRANGER_MAX };
        let feed = self.feeds.entry(peer).or_default();
        if feed.mark.processed == 0 && feed.waiting.is_empty() {
            // Whatever the peer sent before this node's data was made is not to be had any more.
            feed.mark.processed = seq.saturating_sub(1);
        }
        let expected = feed.mark.processed + feed.waiting.len() as u64 + 1;
        if seq <= feed.mark.processed {
            self.owed.insert(peer);
        } else if seq > expected {
            tracing::debug!(%peer, seq, expected, "a message ahead of its turn was dropped");
        } else if seq == expected && feed.waiting.is_empty() {
            return Arrival::Due(message);
        } else if seq == expected && feed.waiting.len() < bound {
            feed.waiting.push_back(message);
        } else if seq == expected {
            return Arrival::Overflow;
        }
        Arrival::Held
    }

    /// Counts the next message of `peer` as processed; it is acknowledged after the commit.
    pub(crate) fn processed(&mut self, peer: NodeAddress) {
        self.feeds.entry(peer).or_default().mark.processed += 1;
        self.moved.insert(peer);
    }

    /// Counts the next message of `peer` as refused by the message with this outbox number.
    pub(crate) fn refused(&mut self, peer: NodeAddress, outbox_seq: u64) {
        let mark = &mut self.feeds.entry(peer).or_default().mark;
        let before = mark.refusal.map_or(mark.processed, |refusal| refusal.before);
        mark.refusal = Some(Refusal { before, outbox_seq });
        self.processed(peer);
    }

    /// Notes that `peer` has the outbox's messages up to `outbox_seq`.
    pub(crate) fn delivered(&mut self, peer: NodeAddress, outbox_seq: u64) {
        if let Some(feed) = self.feeds.get_mut(&peer)
            && feed.mark.refusal.is_some_and(|refusal| refusal.outbox_seq <= outbox_seq)
        {
            feed.mark.refusal = None;
            self.moved.insert(peer);
        }
    }

    /// Puts the next message of `peer` (back) at the head of those that wait.
    pub(crate) fn hold(&mut self, peer: NodeAddress, message: M) {
        self.feeds.entry(peer).or_default().waiting.push_front(message);
    }

    /// Takes the head of those that wait.
    pub(crate) fn take_waiting(&mut self, peer: NodeAddress) -> Option<M> {
        self.feeds.get_mut(&peer)?.waiting.pop_front()
    }

    /// Returns the peers with messages that wait, in a fixed order.
    pub(crate) fn waiting_peers(&self) -> BTreeSet<NodeAddress> {
        let waits =
            |(peer, feed): (&NodeAddress, &Feed<M>)| (!feed.waiting.is_empty()).then_some(*peer);
        self.feeds.iter().filter_map(waits).collect()
    }

    /// Adds the marks that moved to `batch` and returns what to acknowledge once it is committed.
    pub(crate) fn flush(&mut self, batch: &mut Batch) -> Vec<(NodeAddress, Received)> {
        let mut peers = std::mem::take(&mut self.moved);
        for peer in peers.intersection(&self.partners) {
            if let Some(feed) = self.feeds.get(peer) {
                write(batch, INBOX, *peer.as_bytes(), &feed.mark);
            }
        }
        peers.append(&mut self.owed);
        let owed = |peer| Some((peer, self.feeds.get(&peer)?.mark.acknowledged()));
        peers.into_iter().filter_map(owed).filter(|(_, received)| received.seq > 0).collect()
    }
}

#[cfg(test)]
mod tests;
