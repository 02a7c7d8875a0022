use super::*;
use crate::store::TABLES;
use tally_storage::{Durability, MemoryStore};

const PEER: NodeAddress = NodeAddress::new([7; 20]);
const EPOCH: Epoch = Epoch(5);

fn partner() -> Inbox<u64> {
    let mut inbox = Inbox::default();
    inbox.add_partner(PEER);
    inbox.connected(PEER, EPOCH);
    inbox
}

/// Lets a message arrive, processes it if it is due, and says whether it was.
fn take(inbox: &mut Inbox<u64>, seq: u64) -> bool {
    let is_due = inbox.arrive(PEER, seq, seq) == Arrival::Due(seq);
    if is_due {
        inbox.processed(PEER);
    }
    is_due
}

fn acknowledged(inbox: &mut Inbox<u64>) -> Option<u64> {
    inbox.flush(&mut Batch::new()).pop().map(|(_, received)| received.seq)
}

/// Goal: each message is processed once, in order; repeated ones are acknowledged again.
#[test]
fn each_message_is_due_once() {
    let mut inbox = partner();
    assert!(take(&mut inbox, 1) && take(&mut inbox, 2));
    assert_eq!(acknowledged(&mut inbox), Some(2));
    assert_eq!(acknowledged(&mut inbox), None);
    assert!(!take(&mut inbox, 1), "repeated");
    assert_eq!(acknowledged(&mut inbox), Some(2));
    assert!(!take(&mut inbox, 4), "ahead");
    assert_eq!(acknowledged(&mut inbox), None);
    assert!(take(&mut inbox, 3));
}

/// Goal: one that waits holds up those behind it, keeps their order and is not acknowledged.
#[test]
fn what_waits_holds_up_the_rest() {
    let mut inbox = partner();
    assert_eq!(inbox.arrive(PEER, 1, 1), Arrival::Due(1));
    inbox.hold(PEER, 1);
    assert_eq!(inbox.arrive(PEER, 2, 2), Arrival::Held);
    assert_eq!(inbox.arrive(PEER, 1, 1), Arrival::Held, "repeated after a reconnection");
    assert_eq!(acknowledged(&mut inbox), None);
    assert_eq!(inbox.waiting_peers(), BTreeSet::from([PEER]));
    for seq in [1, 2] {
        assert_eq!(inbox.take_waiting(PEER), Some(seq));
        inbox.processed(PEER);
    }
    assert_eq!(acknowledged(&mut inbox), Some(2));
    assert!(take(&mut inbox, 3));
}

/// Goal: what waits is bounded, for strangers more tightly.
#[test]
fn what_waits_is_bounded() {
    let fill = |mut inbox: Inbox<u64>| {
        inbox.arrive(PEER, 1, 1);
        inbox.hold(PEER, 1);
        (2..).find(|seq| inbox.arrive(PEER, *seq, *seq) == Arrival::Overflow).unwrap() - 1
    };
    assert_eq!(fill(partner()), WAITING_MAX as u64);
    let mut stranger = Inbox::default();
    stranger.connected(PEER, EPOCH);
    assert_eq!(fill(stranger), WAITING_OF_STRANGER_MAX as u64);
}

/// Goal: nothing from a refused envelope on is acknowledged before the refusal arrived, also after
/// a restart.
#[test]
fn a_refusal_goes_before_the_acknowledgement() {
    let store = MemoryStore::new(TABLES);
    let mut inbox = partner();
    take(&mut inbox, 1);
    assert_eq!(inbox.arrive(PEER, 2, 2), Arrival::Due(2));
    inbox.refused(PEER, 9);
    take(&mut inbox, 3);
    let mut batch = Batch::new();
    assert_eq!(inbox.flush(&mut batch), [(PEER, Received { epoch: EPOCH, seq: 1 })]);
    store.commit(batch, Durability::Synced).unwrap();

    let mut inbox = Inbox::<u64>::load(&store).unwrap();
    inbox.add_partner(PEER);
    assert_eq!(inbox.marks()[&PEER], Received { epoch: EPOCH, seq: 1 });
    inbox.connected(PEER, EPOCH);
    assert!(!take(&mut inbox, 2), "processed before");
    inbox.delivered(PEER, 8);
    assert_eq!(acknowledged(&mut inbox), Some(1));
    inbox.delivered(PEER, 9);
    assert_eq!(acknowledged(&mut inbox), Some(3));
}

/// Goal: a peer that lost its data counts from the beginning; one that met this node's older data
/// goes on where it is.
#[test]
fn epochs_separate_numberings() {
    let mut inbox = partner();
    assert!(take(&mut inbox, 1));
    inbox.connected(PEER, EPOCH);
    assert!(!take(&mut inbox, 1));
    inbox.connected(PEER, Epoch(6));
    assert!(take(&mut inbox, 1));
    inbox.connected(PEER, Epoch(7));
    assert!(take(&mut inbox, 58), "what came before was acknowledged to older data");
    assert!(!take(&mut inbox, 57) && take(&mut inbox, 59));
}

/// Goal: strangers leave nothing behind.
#[test]
fn strangers_are_forgotten() {
    let store = MemoryStore::new(TABLES);
    let mut inbox = Inbox::default();
    inbox.connected(PEER, EPOCH);
    assert!(take(&mut inbox, 1));
    let mut batch = Batch::new();
    assert_eq!(inbox.flush(&mut batch).len(), 1);
    assert!(batch.is_empty());
    store.commit(batch, Durability::Synced).unwrap();
    inbox.disconnected(PEER);
    assert!(inbox.marks().is_empty());
    assert!(Inbox::<u64>::load(&store).unwrap().marks().is_empty());
}
