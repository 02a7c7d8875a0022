//! What one replica does, call by call, without an engine.

use super::world::{client, create, post, status, transfer};
use crate::{
    Clock, FederationConfig, NodeConfig, TABLES, TransactionStatus, lifeline::Lifeline,
    make_genesis, message::Message, open, replica::Replica,
};
use bytes::Bytes;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tally_consensus::{Ancestry, Application, Digest, Timing};
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Block, Decision, Status, Timestamp, Transaction, Vote, VoteBody};
use tally_storage::{MemoryDisk, MemoryStore, Store};

pub(super) const NOW: u64 = 1_700_000_000;

#[derive(Debug)]
pub(super) struct FixedClock(pub(super) AtomicU64);

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed) * 1000
    }
}

pub(super) fn member(number: u8) -> SigningKey {
    SigningKey::from_seed(&[200 + number; 32])
}

/// One of three members; the others are played by the test.
pub(super) struct Scene {
    disk: MemoryDisk,
    pub(super) clock: Arc<FixedClock>,
    pub(super) genesis: Block,
    pub(super) replica: Arc<Replica>,
    pub(super) store: Arc<MemoryStore>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let members: Vec<_> = (0..3).map(|number| member(number).public_key()).collect();
        let genesis = make_genesis(&member(0), &members, NOW).unwrap();
        let (disk, clock) = (MemoryDisk::default(), Arc::new(FixedClock(AtomicU64::new(NOW))));
        let (replica, store) = open_replica(&disk, &clock, &genesis);
        Self { disk, clock, genesis, replica, store }
    }

    /// Takes the power and starts again.
    pub(super) fn restart(&mut self) {
        self.disk.lose_power();
        (self.replica, self.store) = open_replica(&self.disk, &self.clock, &self.genesis);
    }

    pub(super) fn ancestry(&self, pending: &[&Bytes]) -> Ancestry {
        let pending = pending.iter().map(|payload| (*payload).clone()).collect();
        let height = self.replica.finalized_height();
        Ancestry::new(height, Digest::from_bytes([0; 32]), pending)
    }

    /// A block of another member.
    pub(super) fn block(&self, transactions: &[&Transaction]) -> Block {
        let transactions = transactions.iter().map(|found| Arc::new((*found).clone())).collect();
        let time = Timestamp::from_seconds(self.clock.now()).unwrap();
        Block::make(&member(1), time, transactions, self.replica.ledger.members.clone())
    }

    pub(super) fn payload(&self, transactions: &[&Transaction]) -> Bytes {
        self.block(transactions).encode().into()
    }

    pub(super) fn verify(&self, pending: &[&Bytes], payload: &Bytes) -> bool {
        self.replica.verify(&self.ancestry(pending), payload)
    }

    /// Makes a block of these final.
    pub(super) fn settle(&self, transactions: &[&Transaction]) -> Block {
        let block = self.block(transactions);
        self.replica.finalized(self.replica.finalized_height() + 1, block.encode().into());
        block
    }

    fn own_vote(&self, block: &Block) -> Option<Vote> {
        let own = self.replica.ledger.key.public_key();
        self.replica.ledger.store.vote(&block.id(), &own).unwrap()
    }

    pub(super) fn hear(&self, votes: &[Vote]) {
        for message in Message::pack_votes(votes.iter()) {
            self.replica.received(member(1).public_key(), message);
        }
    }

    pub(super) fn bad_messages(&self) -> u64 {
        self.replica.ledger.tallies.read().bad_messages
    }
}

fn open_replica(
    disk: &MemoryDisk,
    clock: &Arc<FixedClock>,
    genesis: &Block,
) -> (Arc<Replica>, Arc<MemoryStore>) {
    let store = Arc::new(disk.open(TABLES));
    (open_on(Arc::clone(&store) as _, clock, genesis), store)
}

/// Opens the replica of the first of three members on a store.
pub(super) fn open_on(
    store: Arc<dyn Store>,
    clock: &Arc<FixedClock>,
    genesis: &Block,
) -> Arc<Replica> {
    let federation = FederationConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        peers: vec![],
        data_dir: "unused".into(),
        timing: Timing::default(),
    };
    let config = NodeConfig {
        keyring: vec![member(1).public_key(), member(2).public_key()],
        genesis: Some(genesis.clone()),
        federation: Some(federation),
        block_transactions_max: 5,
        ..NodeConfig::default()
    };
    let ledger = open::open(&config, member(0), Arc::clone(clock) as _, store).unwrap();
    let replica = Replica::new(Arc::new(ledger), None, Lifeline::default(), 2).unwrap();
    Arc::new(replica)
}

pub(super) fn vote(by: u8, block: &Block, previous: &Block, decision: Decision) -> Vote {
    let body = VoteBody {
        voting_for_block: block.id(),
        previous_block: previous.id(),
        decision,
        timestamp: Timestamp::from_seconds(NOW).unwrap(),
    };
    Vote::make(&member(by), body)
}

/// Goal: I5. A final block that comes again, before and after a loss of power, changes nothing; the
/// vote on it stays the very same, though the clock goes on.
#[test]
fn a_final_block_that_comes_again_changes_nothing() {
    let mut scene = Scene::new();
    let block = scene.settle(&[&create(1)]);
    let first = scene.own_vote(&block).unwrap();
    assert!(first.body.decision.is_valid());
    assert_eq!(first.body.previous_block, scene.genesis.id());
    for _ in 0..2 {
        scene.clock.0.fetch_add(10, Ordering::Relaxed);
        scene.replica.finalized(1, block.encode().into());
        assert_eq!(scene.own_vote(&block), Some(first.clone()));
        assert_eq!(scene.replica.finalized_height(), 1);
        scene.restart();
    }
}

/// Goal: what can never become valid gets a durable vote against it; the block and its reason stay.
#[test]
fn what_is_wrong_for_good_is_voted_against() {
    let mut scene = Scene::new();
    let (asset, other) = (create(1), create(2));
    scene.settle(&[&asset]);
    scene.settle(&[&transfer(&asset, 2)]);
    for (transactions, code) in [
        (vec![transfer(&asset, 3)], "double_spend"),
        (vec![asset.clone()], "duplicate_transaction"),
        (vec![other.clone(), other], "duplicate_transaction"),
        (vec![], "block_empty"),
    ] {
        scene.clock.0.fetch_add(1, Ordering::Relaxed);
        let block = scene.block(&transactions.iter().collect::<Vec<_>>());
        assert!(!scene.verify(&[], &block.encode().into()), "{code}");
        scene.restart();
        let vote = scene.own_vote(&block).unwrap();
        assert_eq!(vote.body.decision, Decision::Invalid(Some(code.parse().unwrap())));
        let kept = scene.replica.ledger.store.invalid(&block.id()).unwrap();
        assert_eq!(kept.reason.code, code);
    }
}

/// Goal: I4. What is only wrong here and now is refused without a vote, and the same block is
/// agreed to, and voted for, where it is right.
#[test]
fn what_may_become_right_gets_no_vote() {
    let scene = Scene::new();
    let asset = create(1);
    let parent = scene.payload(&[&asset]);
    let child = scene.block(&[&transfer(&asset, 2)]);
    let payload = Bytes::from(child.encode());
    assert!(!scene.verify(&[], &payload), "its input does not exist");
    assert!(scene.verify(&[], &parent));
    assert!(scene.verify(&[&parent], &payload), "it does, on its parent");
    let rival = scene.block(&[&transfer(&asset, 3)]);
    let rival_payload = Bytes::from(rival.encode());
    assert!(!scene.verify(&[&parent, &payload], &rival_payload), "contradicts what is pending");
    scene.clock.0.fetch_add(10_000, Ordering::Relaxed);
    let late = scene.block(&[&create(5)]);
    scene.clock.0.fetch_sub(10_000, Ordering::Relaxed);
    assert!(!scene.verify(&[], &late.encode().into()), "clocks differ");
    for block in [&child, &rival, &late] {
        assert_eq!(scene.own_vote(block), None);
    }
    scene.replica.finalized(1, parent);
    scene.replica.finalized(2, payload);
    assert!(scene.own_vote(&child).unwrap().body.decision.is_valid());
    assert!(!scene.verify(&[], &rival_payload));
    assert!(!scene.own_vote(&rival).unwrap().body.decision.is_valid(), "now it is wrong for good");
}

/// Goal: I4. A block does not name the one before it, so one that is final can be proposed again,
/// where it is wrong. It is refused, and the vote for it stays the only one.
#[test]
fn a_final_block_that_is_proposed_again_gets_no_second_vote() {
    let scene = Scene::new();
    let block = scene.settle(&[&create(1)]);
    assert!(!scene.verify(&[], &block.encode().into()));
    assert!(scene.own_vote(&block).unwrap().body.decision.is_valid());
    assert!(scene.replica.ledger.store.all_invalid().is_empty());
}

#[test]
fn what_no_member_signed_gets_no_vote() {
    let scene = Scene::new();
    let time = Timestamp::from_seconds(NOW).unwrap();
    let members = scene.replica.ledger.members.clone();
    let stranger = Block::make(&client(9), time, vec![Arc::new(create(1))], members);
    assert!(!scene.verify(&[], &stranger.encode().into()));
    assert_eq!(scene.own_vote(&stranger), None);
    assert!(!scene.verify(&[], &Bytes::from_static(b"no block")));
    assert!(scene.replica.ledger.store.all_invalid().is_empty());
}

/// Goal: an own proposal holds what waits, oldest first, and not what is in an ancestor already.
#[test]
fn a_proposal_follows_its_ancestors() {
    let scene = Scene::new();
    let [a, b] = [1, 2].map(create);
    assert_eq!(scene.replica.propose(&scene.ancestry(&[])), None, "empty blocks do not exist");
    post(&scene.replica, &a).unwrap();
    post(&scene.replica, &b).unwrap();
    let ids = |payload: &Bytes| -> Vec<_> {
        let block = Block::decode(payload).unwrap();
        block.transactions().iter().map(|found| found.id()).collect()
    };
    let parent = scene.payload(&[&a]);
    assert!(scene.verify(&[], &parent));
    let child = scene.replica.propose(&scene.ancestry(&[&parent])).unwrap();
    assert_eq!(ids(&child), [b.id()]);
    let alone = scene.replica.propose(&scene.ancestry(&[])).unwrap();
    assert_eq!(ids(&alone), [a.id(), b.id()]);
    assert!(matches!(
        status(&scene.replica, &b.id()),
        Some(TransactionStatus::Undecided(block)) if block.height == 2 || block.height == 1
    ));
    scene.replica.finalized(1, parent);
    scene.replica.finalized(2, child);
    assert_eq!(scene.replica.propose(&scene.ancestry(&[])), None);
    assert_eq!(scene.replica.ledger.store.counts().backlog, 0);
}

/// Goal: a final block ends what contradicts it, in the same commit, with a reason that stays.
#[test]
fn the_loser_ends_with_a_reason() {
    let mut scene = Scene::new();
    let asset = create(1);
    scene.settle(&[&asset]);
    let (own, winner) = (transfer(&asset, 2), transfer(&asset, 3));
    post(&scene.replica, &own).unwrap();
    scene.settle(&[&winner]);
    for _ in 0..2 {
        let found = status(&scene.replica, &own.id());
        let Some(TransactionStatus::Invalid(reason)) = found else { panic!("{found:?}") };
        assert_eq!(reason.code, "double_spend");
        assert_eq!(scene.replica.ledger.store.counts().backlog, 0);
        scene.restart();
    }
}

/// Goal: two of three votes decide; votes that come before their block count, those of strangers,
/// forged ones and second ones do not.
#[test]
fn votes_are_counted_once_and_checked() {
    let scene = Scene::new();
    let block = scene.block(&[&create(1)]);
    let against = vote(1, &block, &scene.genesis, Decision::Invalid(None));
    let stranger = Vote::make(&client(9), against.body.clone());
    let forged = Vote { node_pubkey: member(2).public_key(), ..against.clone() };
    let own_name = Vote { node_pubkey: member(0).public_key(), ..against };
    scene.hear(&[stranger, forged, own_name]);
    assert_eq!(scene.bad_messages(), 2, "what is said in the own name is passed over");
    let early = vote(1, &block, &scene.genesis, Decision::Valid);
    scene.hear(std::slice::from_ref(&early));
    scene.replica.finalized(1, block.encode().into());
    let ledger = &scene.replica.ledger;
    assert_eq!(ledger.store.votes(&block.id()).unwrap().len(), 2);
    assert_eq!(ledger.decided.height(), 1);
    let second = vote(1, &block, &block, Decision::Valid);
    scene.hear(&[second]);
    let accused = ledger.store.equivocations(None, 10).unwrap().items;
    assert_eq!(accused.len(), 1);
    assert_eq!(accused[0].accused, member(1).public_key());
    assert_eq!(ledger.store.vote(&block.id(), &member(1).public_key()).unwrap(), Some(early));
}

/// Goal: a block is undecided until the votes decide, also in between and after a restart.
#[test]
fn a_final_block_is_undecided_until_the_votes_decide() {
    let mut scene = Scene::new();
    let created = create(1);
    let block = scene.settle(&[&created]);
    let head = scene.replica.ledger.store.head(1).unwrap().unwrap();
    assert_eq!(scene.replica.ledger.status_of(&head).unwrap(), Status::Undecided);
    let found = status(&scene.replica, &created.id());
    assert!(matches!(found, Some(TransactionStatus::Undecided(_))), "{found:?}");
    scene.hear(&[vote(2, &block, &scene.genesis, Decision::Valid)]);
    assert_eq!(scene.replica.ledger.status_of(&head).unwrap(), Status::Valid);
    scene.restart();
    assert_eq!(scene.replica.ledger.status_of(&head).unwrap(), Status::Valid);
    assert_eq!(scene.replica.ledger.decided.height(), 1);
}

/// Goal: what another node sent is proposed too; garbage is counted and dropped.
#[test]
fn gossip_is_checked_and_proposed() {
    let scene = Scene::new();
    let (good, spends_nothing) = (create(1), transfer(&create(7), 2));
    let from = member(2).public_key();
    let texts = [good.to_json(), spends_nothing.to_json(), "{}", good.to_json()];
    for message in Message::pack_transactions(texts.into_iter()) {
        scene.replica.received(from, message);
    }
    scene.replica.received(from, Bytes::from_static(b"\x01\x00"));
    scene.replica.received(from, Bytes::new());
    assert_eq!(scene.bad_messages(), 3);
    let payload = scene.replica.propose(&scene.ancestry(&[])).unwrap();
    let block = Block::decode(&payload).unwrap();
    assert_eq!(block.transactions().len(), 1);
    assert_eq!(block.transactions()[0].id(), good.id());
    assert!(status(&scene.replica, &create(7).id()).is_none());
}

/// Goal: what was accepted waits again after a loss of power.
#[test]
fn the_backlog_survives() {
    let mut scene = Scene::new();
    let created = create(1);
    post(&scene.replica, &created).unwrap();
    scene.restart();
    assert_eq!(status(&scene.replica, &created.id()), Some(TransactionStatus::Backlog));
    let again = post(&scene.replica, &created).unwrap();
    assert!(!again.is_new && !again.is_valid);
    assert!(scene.replica.propose(&scene.ancestry(&[])).is_some());
}

/// Goal: a node leaves a federation that made an invalid block final, and does not vote for it.
#[test]
fn an_invalid_final_block_ends_the_node() {
    let scene = Scene::new();
    let asset = create(1);
    scene.settle(&[&asset]);
    scene.clock.0.fetch_add(1, Ordering::Relaxed);
    let block = scene.block(&[&asset]);
    let replica = Arc::clone(&scene.replica);
    let payload = Bytes::from(block.encode());
    let ended = std::thread::spawn(move || replica.finalized(2, payload)).join();
    assert!(ended.is_err());
    assert!(matches!(scene.replica.lifeline.wait(), crate::StopReason::InvalidFinal));
    assert_eq!(scene.own_vote(&block), None);
    assert_eq!(scene.replica.finalized_height(), 1);
}

/// Goal: I1, I3 and I4 at every commit point: whichever commit fails and takes the power with it,
/// what was accepted is there, and what was voted stays the same.
#[test]
fn whichever_commit_fails_what_was_said_stays() {
    let mut failures = 0;
    for point in 0..12 {
        let mut scene = Scene::new();
        let asset = create(1);
        let [own, winner] = [2, 3].map(|to| transfer(&asset, to));
        let first = scene.block(&[&asset]);
        scene.clock.0.fetch_add(1, Ordering::Relaxed);
        let (wrong, second) = (scene.block(&[&asset]), scene.block(&[&winner]));
        let payload = |block: &Block| Bytes::from(block.encode());
        let steps: [&dyn Fn(&Replica); 6] = [
            &|replica| replica.finalized(1, payload(&first)),
            &|replica| drop(post(replica, &own).unwrap()),
            &|replica| {
                let height = replica.finalized_height();
                let ancestry = Ancestry::new(height, Digest::from_bytes([0; 32]), vec![]);
                assert!(!replica.verify(&ancestry, &payload(&wrong)));
            },
            &|replica| drop(post(replica, &create(2)).unwrap()),
            &|replica| replica.finalized(2, payload(&second)),
            &|replica| drop(post(replica, &create(3)).unwrap()),
        ];
        scene.store.fail_commit_after(point);
        let mut said: Vec<(&Block, Vote)> = vec![];
        for step in steps {
            let played =
                |scene: &Scene| catch_unwind(AssertUnwindSafe(|| step(&scene.replica))).is_ok();
            while !played(&scene) {
                failures += 1;
                scene.restart();
                for (block, vote) in &said {
                    assert_eq!(scene.own_vote(block).as_ref(), Some(vote), "point {point}");
                }
                scene.clock.0.fetch_add(1, Ordering::Relaxed);
            }
            let blocks = [&first, &second, &wrong];
            said = blocks.iter().filter_map(|it| Some((*it, scene.own_vote(it)?))).collect();
        }
        assert_eq!(said.len(), 3);
        scene.restart();
        let of = |id| status(&scene.replica, &id);
        assert!(matches!(of(own.id()), Some(TransactionStatus::Invalid(_))), "point {point}");
        for number in [2, 3] {
            assert_eq!(of(create(number).id()), Some(TransactionStatus::Backlog));
        }
    }
    assert!(failures >= 5, "{failures} commits failed");
}

/// Goal: a start reads the votes on a bounded number of blocks, and comes to the same decision.
#[test]
fn the_decided_height_is_found_again() {
    let mut scene = Scene::new();
    let mut previous = scene.genesis.clone();
    for number in 1..=70 {
        let block = scene.settle(&[&create(number)]);
        assert_eq!(scene.replica.ledger.decided.height(), number - 1);
        scene.hear(&[vote(2, &block, &previous, Decision::Valid)]);
        assert_eq!(scene.replica.ledger.decided.height(), number);
        previous = block;
    }
    let note = scene.replica.ledger.store.note("decided").unwrap().unwrap();
    assert_eq!(note, 64_u64.to_be_bytes());
    scene.restart();
    assert_eq!(scene.replica.ledger.decided.height(), 70);
}

/// Goal: a block that is voted down stays so, and is not taken for valid by what comes after it.
#[test]
fn a_final_block_that_is_voted_down_stays_invalid() {
    let mut scene = Scene::new();
    let created = create(1);
    let first = scene.settle(&[&created]);
    let against = |by| vote(by, &first, &scene.genesis, Decision::Invalid(None));
    scene.hear(&[against(1), against(2)]);
    let second = scene.settle(&[&create(2)]);
    scene.hear(&[vote(1, &second, &first, Decision::Valid)]);
    for _ in 0..2 {
        let found = status(&scene.replica, &created.id());
        let Some(TransactionStatus::Invalid(reason)) = found else { panic!("{found:?}") };
        assert_eq!(reason.code, "block_voted_down");
        let found = status(&scene.replica, &create(2).id());
        assert!(matches!(found, Some(TransactionStatus::Valid(_))), "{found:?}");
        scene.restart();
    }
}
