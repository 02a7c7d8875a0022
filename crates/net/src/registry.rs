use crate::{
    CloseCode, Epoch, PeerAddress, Received, handshake::Established, owner, peer::Peer,
    shared::Shared,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tally_primitives::NodeAddress;
use tokio::sync::mpsc;

/// Connections of one peer that may wait for its task; more than two need an attacker.
const MAILBOX_BOUND: usize = 4;

/// The tables by node address: look-ups only, held for the time of a look-up. What happens with a
/// peer is decided by that peer's task alone.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    /// The peers that have a task: somebody is interested in them, or they are connected.
    peers: HashMap<NodeAddress, Arc<Peer>>,
    /// Where peers listen.
    addresses: HashMap<NodeAddress, PeerAddress>,
    /// How far their messages were received durably.
    received: HashMap<NodeAddress, Received>,
}

impl Registry {
    pub(crate) fn new(received: HashMap<NodeAddress, Received>) -> Self {
        Self(Mutex::new(Tables { received, ..Tables::default() }))
    }

    /// Returns the peer if it has a task.
    pub(crate) fn peer(&self, node: NodeAddress) -> Option<Arc<Peer>> {
        self.lock().peers.get(&node).cloned()
    }

    /// Returns all peers that have a task.
    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        self.lock().peers.values().cloned().collect()
    }

    pub(crate) fn address(&self, node: NodeAddress) -> Option<PeerAddress> {
        self.lock().addresses.get(&node).cloned()
    }

    /// Notes where a peer listens, and says whether that is news.
    pub(crate) fn set_address(&self, node: NodeAddress, address: PeerAddress) -> bool {
        let mut tables = self.lock();
        let is_news = tables.addresses.get(&node) != Some(&address);
        tables.addresses.insert(node, address);
        is_news
    }

    pub(crate) fn remove_address(&self, node: NodeAddress) {
        self.lock().addresses.remove(&node);
    }

    pub(crate) fn received(&self, node: NodeAddress) -> Received {
        self.lock().received.get(&node).copied().unwrap_or_default()
    }

    /// Notes that the messages of that epoch up to `seq` are durable.
    pub(crate) fn set_received(&self, node: NodeAddress, epoch: Epoch, seq: u64) {
        let mut tables = self.lock();
        let received = tables.received.entry(node).or_default();
        if received.epoch != epoch || seq > received.seq {
            *received = Received { epoch, seq };
        }
    }

    /// Removes a peer nobody is interested in, and says whether it did. Its task then ends.
    pub(crate) fn retire(&self, peer: &Peer, mailbox: &mpsc::Receiver<Box<Established>>) -> bool {
        let mut tables = self.lock();
        // Whoever wants the peer or sends it a connection does so under the same lock.
        let is_idle = !peer.is_wanted() && mailbox.is_empty();
        if is_idle {
            tables.peers.remove(&peer.node);
        }
        is_idle
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // The tables are changed by single inserts and removals.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Notes that somebody is interested in `node`, so that it is dialled until it is connected.
    pub(crate) fn want(self: &Arc<Self>, node: NodeAddress) {
        if node == self.node() {
            return;
        }
        let mut tables = self.registry.lock();
        let peer = tables.peers.entry(node).or_insert_with(|| self.start_peer(node));
        peer.want();
    }

    /// Gives an established connection to its peer's task.
    pub(crate) fn hand_over(self: &Arc<Self>, established: Box<Established>) {
        let node = established.hello.node;
        let mut tables = self.registry.lock();
        let peer = tables.peers.entry(node).or_insert_with(|| self.start_peer(node));
        if let Err(error) = peer.mailbox.try_send(established) {
            drop(tables);
            error.into_inner().close(CloseCode::Busy);
        }
    }

    fn start_peer(self: &Arc<Self>, node: NodeAddress) -> Arc<Peer> {
        let (sender, receiver) = mpsc::channel(MAILBOX_BOUND);
        let peer = Arc::new(Peer::new(node, sender));
        self.spawn(owner::run(Arc::clone(self), Arc::clone(&peer), receiver));
        peer
    }
}
