use super::*;
use crate::store::TABLES;
use tally_channel::{Envelope, SecretRequest};
use tally_crypto::SecretKey;
use tally_primitives::{ChainId, Hashlock, LocksRoot, PaymentId, TokenAmount};
use tally_storage::{Durability, MemoryStore};

const PEER: NodeAddress = NodeAddress::new([7; 20]);
const FIRST: ConnectionId = ConnectionId(1);

fn plain() -> Message {
    Message::SecretRequest(SecretRequest {
        identifier: PaymentId(1),
        hashlock: Hashlock::new([1; 32]),
        amount: TokenAmount::from_units(1),
    })
}

fn direct(nonce: u64) -> Message {
    let envelope = Envelope {
        channel: ChannelAddress::new([3; 20]),
        nonce: Nonce(nonce),
        transferred: TokenAmount::from_units(nonce),
        locksroot: LocksRoot::default(),
        content: Content::DirectTransfer { identifier: PaymentId(1) },
    };
    tally_channel::Outgoing::Envelope(envelope).sign(ChainId(1), &SecretKey::generate([1; 32]))
}

/// Takes the numbers that a group sends, in order.
fn sent(group: &mut Group) -> Vec<u64> {
    let number = |effect| match effect {
        Effect::Send { seq, connection, .. } => Some((connection, seq)),
        Effect::Acknowledge { .. }
        | Effect::Connect(_)
        | Effect::Disconnect(_)
        | Effect::Locate(..)
        | Effect::Call(_)
        | Effect::Answer(_)
        | Effect::Task(_)
        | Effect::Query(_) => None,
    };
    std::mem::take(&mut group.effects).into_iter().filter_map(number).map(|(_, seq)| seq).collect()
}

fn commit(store: &MemoryStore, group: &mut Group) {
    group.seal();
    store.commit(std::mem::take(&mut group.batch), Durability::Synced).unwrap();
}

/// Goal: messages wait for a connection, leave in order once, and again after a reconnection.
#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let (mut outbox, mut group) = (Outbox::default(), Group::default());
    assert_eq!(
        (1..=3).map(|_| outbox.push(PEER, &plain(), &mut group)).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(sent(&mut group).is_empty());
    assert!(outbox.connected(PEER, FIRST, 0, &mut group).is_empty());
    assert_eq!(sent(&mut group), [1, 2, 3]);
    outbox.push(PEER, &plain(), &mut group);
    assert_eq!(sent(&mut group), [4]);
    outbox.acknowledged(PEER, 2, &mut group);
    outbox.disconnected(PEER, FIRST);
    outbox.push(PEER, &plain(), &mut group);
    assert!(sent(&mut group).is_empty());
    outbox.connected(PEER, ConnectionId(2), 3, &mut group);
    assert_eq!(sent(&mut group), [4, 5]);
    // The end of the old connection says nothing about the new one.
    outbox.disconnected(PEER, FIRST);
    outbox.writable(PEER, &mut group);
    assert_eq!(sent(&mut group), [4, 5]);
    assert_eq!(outbox.len(), 2);
}

/// Goal: a restart finds what was not acknowledged, and numbers go on. Method: the store's disk.
#[test]
fn a_restart_goes_on() {
    let store = MemoryStore::new(TABLES);
    let (mut outbox, mut group) = (Outbox::load(&store).unwrap(), Group::default());
    outbox.push(PEER, &plain(), &mut group);
    outbox.push(PEER, &direct(1), &mut group);
    commit(&store, &mut group);
    assert!(outbox.acknowledged(PEER, 1, &mut group).is_empty());
    commit(&store, &mut group);

    let mut outbox = Outbox::load(&store).unwrap();
    assert_eq!(outbox.peers().collect::<Vec<_>>(), [PEER]);
    let delivered = outbox.connected(PEER, FIRST, 2, &mut group);
    let channel = ChannelAddress::new([3; 20]);
    assert_eq!(delivered, [Delivery { channel, nonce: Nonce(1) }]);
    commit(&store, &mut group);

    let mut outbox = Outbox::load(&store).unwrap();
    assert_eq!((outbox.len(), outbox.peers().count()), (0, 0));
    assert_eq!(outbox.push(PEER, &plain(), &mut group), 3, "numbers are never used twice");
}

/// Goal: no more than the window is under way, and acknowledgements let the rest follow.
#[test]
fn the_window_bounds_what_is_under_way() {
    let (mut outbox, mut group) = (Outbox::default(), Group::default());
    outbox.connected(PEER, FIRST, 0, &mut group);
    for _ in 0..WINDOW + 2 {
        outbox.push(PEER, &plain(), &mut group);
    }
    assert_eq!(sent(&mut group).len() as u64, WINDOW);
    outbox.acknowledged(PEER, 1, &mut group);
    assert_eq!(sent(&mut group), [WINDOW + 1]);
}

/// Goal: a peer that acknowledges what it cannot have breaks nothing.
#[test]
fn an_impossible_acknowledgement_is_cut() {
    let (mut outbox, mut group) = (Outbox::default(), Group::default());
    outbox.push(PEER, &direct(1), &mut group);
    assert_eq!(outbox.acknowledged(PEER, u64::MAX, &mut group).len(), 1);
    assert_eq!(outbox.push(PEER, &plain(), &mut group), 2);
    assert!(outbox.acknowledged(NodeAddress::new([8; 20]), 9, &mut group).is_empty());
}

/// Goal: a damaged outbox is refused, not repaired by guessing.
#[test]
fn a_damaged_outbox_is_refused() {
    let cases: [(_, Vec<u8>, Vec<u8>); 4] = [
        (OUTBOX, outbox_key(PEER, 1), vec![9]),
        (OUTBOX, outbox_key(PEER, 1), plain().encode()),
        (OUTBOX, vec![1], plain().encode()),
        (OUTBOX_LAST, vec![1], vec![1]),
    ];
    for (table, key, value) in cases {
        let store = MemoryStore::new(TABLES);
        let mut batch = tally_storage::Batch::new();
        batch.put(table, key, value);
        store.commit(batch, Durability::Synced).unwrap();
        assert!(matches!(Outbox::load(&store), Err(StoreError::Undecodable { .. })));
    }
}
