//! Peers that break the rules.

use crate::world::{Running, World, units};
use bytes::Bytes;
use tally_channel::{Content, Envelope, Message, Outgoing, Rejected, SecretRequest};
use tally_crypto::SecretKey;
use tally_net::{ConnectionId, Epoch, Inbound, Net, NetConfig};
use tally_primitives::{
    ChainId, ChannelAddress, Hashlock, LocksRoot, NodeAddress, Nonce, PaymentId,
};
use tokio::sync::mpsc;

const CHAIN: ChainId = ChainId(1337);

/// A peer under the test's control: a bare end of the transport.
struct Peer {
    net: Net,
    key: SecretKey,
    inbound: mpsc::Receiver<Inbound>,
    victim: NodeAddress,
    connection: Option<ConnectionId>,
    victim_epoch: Epoch,
    last: u64,
}

impl Peer {
    async fn connect(key: SecretKey, epoch: u64, victim: &Running) -> Self {
        let (sender, inbound) = mpsc::channel(64);
        let listen = "127.0.0.1:0".parse().unwrap();
        let config = NetConfig::new(listen, CHAIN, Epoch(epoch));
        let net = Net::bind(config, key.clone(), sender).unwrap();
        net.set_address(victim.handle.address(), victim.address.into());
        net.connect(victim.handle.address());
        let victim = victim.handle.address();
        let mut peer =
            Self { net, key, inbound, victim, connection: None, victim_epoch: Epoch(0), last: 0 };
        loop {
            if let Inbound::Connected { connection, peer_epoch, .. } = peer.next().await {
                (peer.connection, peer.victim_epoch) = (Some(connection), peer_epoch);
                return peer;
            }
        }
    }

    async fn next(&mut self) -> Inbound {
        let wait = std::time::Duration::from_secs(20);
        tokio::time::timeout(wait, self.inbound.recv()).await.expect("an event").unwrap()
    }

    fn send(&mut self, payload: impl Into<Bytes>) {
        self.last += 1;
        let outcome = self.net.send(self.victim, self.connection, self.last, payload.into());
        assert_eq!(outcome, tally_net::SendOutcome::Queued);
    }

    /// Waits until the victim has the messages up to `last`, and nothing else happens.
    async fn acknowledged(&mut self, last: u64) {
        while let Inbound::Acknowledged { seq, .. } = self.next().await {
            if seq == last {
                return;
            }
        }
        panic!("something else than an acknowledgement");
    }

    fn direct(&self, channel: ChannelAddress, nonce: u64, transferred: u64) -> Envelope {
        Envelope {
            channel,
            nonce: Nonce(nonce),
            transferred: units(transferred),
            locksroot: LocksRoot::default(),
            content: Content::DirectTransfer { identifier: PaymentId(nonce) },
        }
    }

    fn signed(&self, envelope: Envelope) -> Vec<u8> {
        Outgoing::Envelope(envelope).sign(CHAIN, &self.key).encode()
    }
}

/// Goal: strangers can say what they like; it is taken, counted for nothing and answered with
/// nothing, and partners go on. Method: garbage, forged and useless messages of a bare peer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_change_nothing() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let channel = a.open(&world, b, 100, 0).await;
    a.connected(1).await;
    let mut peer = Peer::connect(SecretKey::generate([99; 32]), 1, b).await;
    peer.send(&b""[..]);
    peer.send(vec![7; 60_000]);
    let request = SecretRequest {
        identifier: PaymentId(1),
        hashlock: Hashlock::new([1; 32]),
        amount: units(1),
    };
    peer.send(Message::SecretRequest(request).encode());
    let mut forged = peer.signed(peer.direct(channel, 1, 10));
    let last = forged.len() - 2;
    forged[last] ^= 1;
    peer.send(forged);
    // A stranger's envelope waits, in case it is of a channel that the chain will show.
    peer.send(peer.signed(peer.direct(channel, 1, 10)));
    peer.acknowledged(4).await;
    a.pay(&world, b, 10, true).await.unwrap();
    assert_eq!(b.handle.status().await.unwrap().outbox, 0);
}

/// Goal: a partner's envelope that breaks the rules is refused with a word, and its delivery is
/// confirmed only after the refusal arrived. Method: the test plays a node whose channel is real.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_breaks_the_rules_is_told() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let channel = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes.remove(0).stop().await;
    let b = &nodes[0];
    let mut peer = Peer::connect(world.key(0), 5, b).await;
    peer.send(peer.signed(peer.direct(channel, 1, 10)));
    peer.acknowledged(peer.last).await;
    b.sees(channel, |view| view.balance == units(10)).await;

    peer.send(peer.signed(peer.direct(channel, 3, 20)));
    let Inbound::Message { payload, seq, .. } = peer.next().await else {
        panic!("something else than the refusal");
    };
    assert_eq!(
        Message::decode(&payload),
        Ok(Message::Rejected(Rejected { channel, nonce: Nonce(3) }))
    );
    peer.net.acknowledge(b.handle.address(), peer.victim_epoch, seq);
    peer.acknowledged(peer.last).await;
    b.sees(channel, |view| view.balance == units(10)).await;
}

/// Goal: a message that is ahead of the chain waits, those behind it too, and both are processed
/// when the chain is there. Method: a transfer that the deposit does not cover yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_ahead_of_the_chain_waits() {
    let world = World::new(2).await;
    let mut nodes = world.start_all(2).await;
    let channel = nodes[0].open(&world, &nodes[1], 100, 0).await;
    nodes.remove(0).stop().await;
    let b = &nodes[0];
    let mut peer = Peer::connect(world.key(0), 5, b).await;
    peer.send(peer.signed(peer.direct(channel, 1, 150)));
    peer.send(peer.signed(peer.direct(channel, 2, 160)));
    assert_eq!(b.handle.channel(channel).await.unwrap().balance, units(0));
    let contracts = world.contracts(0).await;
    tally_chain::ChannelContracts::deposit(&contracts, world.token, channel, units(100))
        .await
        .unwrap();
    peer.acknowledged(peer.last).await;
    assert_eq!(b.handle.channel(channel).await.unwrap().balance, units(160));
}

/// Goal: a stranger cannot fill the memory. Method: more waiting messages than it may have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_waiting_messages_ends_the_connection() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let channel = ChannelAddress::new([9; 20]);
    let mut peer = Peer::connect(SecretKey::generate([99; 32]), 1, &nodes[0]).await;
    for nonce in 1..=66 {
        peer.send(peer.signed(peer.direct(channel, nonce, nonce)));
    }
    assert!(matches!(peer.next().await, Inbound::Disconnected { .. }));
}
