//! Random histories: after each the ledger answers as the model does, whichever way it is asked.

use crate::{
    model::Model,
    world::{World, open, reason},
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::Arc};
use tally_ledger::{Block, Decision, Transaction};
use tally_ledger_store::{Acceptance, Commit, Committed, Finding, LedgerStore};
use tally_storage::{Durability, MemoryDisk};

/// One thing that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// New CREATEs of these shapes are accepted, and accepted again.
    Create(Vec<u8>),
    /// TRANSFERs of unspent outputs are accepted; some of the same one.
    Transfer(Vec<(u8, u8)>),
    /// So many of the backlog, and new CREATEs, are appended; what conflicts is rejected.
    Append(u8, Vec<u8>),
    /// A waiting transaction is rejected.
    Reject(u8),
    /// A waiting transaction is released.
    Release(u8),
    /// A block of some waiting transactions is proposed.
    Propose(u8),
    /// A block of a new CREATE and some waiting transactions turns out to be invalid.
    Invalid(u8),
    /// Somebody votes on a block of the chain, perhaps again and otherwise.
    Vote(u8, u8, bool),
    /// The process ends and begins again.
    Restart,
}

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    let shapes = || prop::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        3 => shapes().prop_map(Event::Create),
        4 => prop::collection::vec(any::<(u8, u8)>(), 1..4).prop_map(Event::Transfer),
        5 => (0..6u8, prop::collection::vec(any::<u8>(), 0..2))
            .prop_map(|(take, fresh)| Event::Append(take, fresh)),
        1 => any::<u8>().prop_map(Event::Reject),
        1 => any::<u8>().prop_map(Event::Release),
        1 => any::<u8>().prop_map(Event::Propose),
        1 => any::<u8>().prop_map(Event::Invalid),
        1 => any::<(u8, u8, bool)>().prop_map(|(at, voter, yes)| Event::Vote(at, voter, yes)),
        1 => Just(Event::Restart),
    ]
}

/// A change that a history makes to both the ledger and the model.
pub(crate) enum Change {
    Accept(Vec<Arc<Transaction>>),
    Commit(Box<Commit>),
    Propose(u64, Arc<Block>),
    Restart,
}

/// Lets `event` happen to the model and returns what has to happen to the ledger.
pub(crate) fn apply(event: &Event, world: &mut World, model: &mut Model) -> Vec<Change> {
    match event {
        Event::Create(shapes) => {
            let new: Vec<_> = shapes.iter().map(|shape| world.create(*shape)).collect();
            accept(model, new)
        }
        Event::Transfer(picks) => {
            let unspent = model.unspent();
            let sources = picks.iter().filter_map(|(at, to)| {
                let (source, index) = pick(&unspent, *at)?;
                Some((source, *index, *to))
            });
            let new = sources.map(|(source, index, to)| world.transfer(source, index, to));
            let new: Vec<_> = new.collect();
            accept(model, new)
        }
        Event::Append(take, fresh) => {
            let fresh: Vec<_> = fresh.iter().map(|shape| world.create(*shape)).collect();
            model.known.extend(fresh.iter().map(Arc::clone));
            append(world, model, usize::from(*take), fresh).into_iter().collect()
        }
        Event::Reject(at) => {
            let Some(id) = pick(&model.backlog, *at).map(|found| found.id()) else { return vec![] };
            let mut commit = Commit::new();
            commit.reject(id, reason("too_late"));
            model.backlog.retain(|waiting| waiting.id() != id);
            model.rejected.insert(id, reason("too_late"));
            vec![Change::Commit(Box::new(commit))]
        }
        Event::Release(at) => {
            let Some(id) = pick(&model.backlog, *at).map(|found| found.id()) else { return vec![] };
            let mut commit = Commit::new();
            commit.release(id);
            model.backlog.retain(|waiting| waiting.id() != id);
            vec![Change::Commit(Box::new(commit))]
        }
        Event::Propose(at) => {
            let Some(waiting) = pick(&model.backlog, *at) else { return vec![] };
            let height = model.height() + u64::from(at % 2);
            let block = world.block(height, vec![Arc::clone(waiting)]);
            if model.undecided.iter().all(|(_, known)| known.id() != block.id()) {
                model.undecided.push((height, Arc::clone(&block)));
            }
            vec![Change::Propose(height, block)]
        }
        Event::Invalid(at) => vec![invalid(*at, world, model)],
        Event::Vote(at, voter, is_yes) => {
            let Some(block) = pick(&model.blocks, *at) else { return vec![] };
            let decision = if *is_yes { Decision::Valid } else { Decision::Invalid(None) };
            let vote = world.vote(*voter, block, decision);
            let mut commit = Commit::new();
            commit.vote(vote.clone());
            model.votes.entry((block.id(), vote.node_pubkey)).or_insert(vote);
            vec![Change::Commit(Box::new(commit))]
        }
        Event::Restart => {
            model.undecided.clear();
            vec![Change::Restart]
        }
    }
}

fn pick<T>(from: &[T], at: u8) -> Option<&T> {
    from.get(usize::from(at) % from.len().max(1))
}

fn accept(model: &mut Model, new: Vec<Arc<Transaction>>) -> Vec<Change> {
    model.known.extend(new.iter().map(Arc::clone));
    model.backlog.extend(new.iter().map(Arc::clone));
    // One that is waiting and one that is in the chain make no difference.
    let mut again = new.clone();
    again.extend(model.chain().last().map(|(_, transaction)| Arc::clone(transaction)));
    vec![Change::Accept(new), Change::Accept(again)]
}

fn append(
    world: &World,
    model: &mut Model,
    take: usize,
    fresh: Vec<Arc<Transaction>>,
) -> Option<Change> {
    let mut spent = BTreeSet::new();
    let mut transactions = vec![];
    let mut losers = vec![];
    for waiting in &model.backlog {
        let mut outputs = waiting.inputs().iter().filter_map(|input| input.spends);
        let conflicts = outputs.clone().any(|o| spent.contains(&o) || model.spender(o).is_some());
        if conflicts {
            losers.push(waiting.id());
        } else if transactions.len() < take {
            spent.extend(&mut outputs);
            transactions.push(Arc::clone(waiting));
        }
    }
    transactions.extend(fresh);
    if transactions.is_empty() {
        return None;
    }
    let height = model.height();
    let block = world.block(height, transactions);
    let vote = world.vote(0, &block, Decision::Valid);
    let mut commit = Commit::new();
    commit.append(height, Arc::clone(&block)).vote(vote.clone());
    for loser in &losers {
        commit.reject(*loser, reason("double_spend"));
        model.rejected.insert(*loser, reason("double_spend"));
    }
    let gone: BTreeSet<_> =
        block.transactions().iter().map(|found| found.id()).chain(losers).collect();
    model.backlog.retain(|waiting| !gone.contains(&waiting.id()));
    model.votes.insert((block.id(), vote.node_pubkey), vote);
    model.undecided.retain(|(proposed, _)| *proposed > height);
    model.blocks.push(block);
    Some(Change::Commit(Box::new(commit)))
}

fn invalid(at: u8, world: &mut World, model: &mut Model) -> Change {
    let new = world.create(at);
    model.known.push(Arc::clone(&new));
    let mut transactions = vec![new];
    transactions.extend(pick(&model.backlog, at).map(Arc::clone));
    let height = model.height();
    let block = world.block(height, transactions);
    let vote = world.vote(at, &block, Decision::Invalid(None));
    let mut commit = Commit::new();
    commit.invalid(height, Arc::clone(&block), reason("broken")).vote(vote.clone());
    model.votes.insert((block.id(), vote.node_pubkey), vote);
    model.invalid.push((height, block, reason("broken")));
    Change::Commit(Box::new(commit))
}

pub(crate) fn begin(world: &World, model: &mut Model) -> Change {
    let genesis = world.genesis();
    model.known.extend(genesis.transactions().iter().map(Arc::clone));
    model.blocks.push(Arc::clone(&genesis));
    let mut commit = Commit::new();
    commit.append(0, genesis);
    Change::Commit(Box::new(commit))
}

/// Makes a change, twice: the second time changes nothing.
fn perform(change: Change, ledger: &mut LedgerStore, disk: &MemoryDisk) {
    match change {
        Change::Accept(new) => {
            let outcomes = ledger.accept(&new).unwrap();
            let again = ledger.accept(&new).unwrap();
            for (first, second) in outcomes.iter().zip(again) {
                let expected =
                    if *first == Acceptance::Added { Acceptance::Waiting } else { *first };
                assert_eq!(second, expected);
            }
        }
        Change::Commit(commit) => {
            ledger.commit((*commit).clone(), Durability::Synced).unwrap();
            let again = ledger.commit(*commit, Durability::Synced).unwrap();
            assert_eq!(again, Committed::default(), "a repeated commit changes nothing");
        }
        Change::Propose(height, block) => {
            ledger.add_undecided(height, Arc::clone(&block));
            ledger.add_undecided(height, block);
        }
        Change::Restart => *ledger = open(disk).0,
    }
}

pub(crate) fn findings(ledger: &LedgerStore) -> Vec<Finding> {
    ledger.verify(None, [7; 32]).flat_map(|step| step.findings).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Law: whatever happened, every look-up and listing is that of a scan through everything, and
    /// the ledger finds itself in order.
    #[test]
    fn look_ups_are_those_of_a_scan(events in prop::collection::vec(any_event(), 0..24)) {
        let disk = MemoryDisk::default();
        let mut ledger = open(&disk).0;
        let (mut world, mut model) = (World::new(), Model::default());
        model.check(&ledger);
        perform(begin(&world, &mut model), &mut ledger, &disk);
        for event in &events {
            for change in apply(event, &mut world, &mut model) {
                perform(change, &mut ledger, &disk);
            }
            // What is remembered of one answer must not spoil a later one.
            model.check_owners(&ledger);
        }
        model.check(&ledger);
        let found = findings(&ledger);
        prop_assert!(found.is_empty(), "{:?}", found);
        model.undecided.clear();
        model.check(&open(&disk).0);
    }
}
