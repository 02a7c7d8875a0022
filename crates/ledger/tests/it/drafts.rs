//! Blocks that are filled from candidates, on states with proposed blocks on top.

use std::sync::Arc;

use tally_conditions::{Policy, Weighted};
use tally_ledger::{
    BLOCK_TRANSACTIONS_MAX, BLOCK_WORK_MAX, Block, BlockContext, BlockDraft, Layer, LedgerView,
    Offer, OutputRef, Overlay, RejectionCode as Code, Timestamp, Transaction, Version,
};

use crate::{
    chain::{Chain, NOW, create, created, public, sign, transfer, uuid},
    raw,
    rules_block::{costly_transactions, large_transactions},
    vectors::key,
};

const FLAT: Version = Version::Flat2_0;

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW).unwrap()
}

fn draft<'a>(chain: &'a Chain, ancestors: &[&Arc<Layer>]) -> BlockDraft<'a, Layer> {
    let ancestors = ancestors.iter().map(|layer| Arc::clone(layer)).collect();
    BlockDraft::new(&chain.state, ancestors, now(), vec![public("node1")])
}

/// What became of a candidate: `None` when it was accepted, else the rule and whether it is refused
/// for good.
fn offer(draft: &mut BlockDraft<'_, Layer>, transaction: &Transaction) -> Option<(Code, bool)> {
    match draft.offer(&Arc::new(transaction.clone())).unwrap() {
        Offer::Accepted => None,
        Offer::Rejected(rejection) => Some((rejection.code, true)),
        Offer::NotYet(rejection) => Some((rejection.code, false)),
        Offer::NoRoom => panic!("there is room"),
    }
}

fn source(number: u8) -> Transaction {
    created(FLAT, number, &[(2, "alice"), (3, "bob")])
}

fn spend(source: &Transaction, to: &str) -> Transaction {
    transfer(FLAT, &[(source, 0)], &[(2, to)], &["alice"])
}

fn layer(transactions: &[&Transaction]) -> Arc<Layer> {
    let mut layer = Layer::default();
    for transaction in transactions {
        layer.add(&Arc::new(Transaction::clone(transaction)));
    }
    Arc::new(layer)
}

/// Goal: a draft takes what the rules of blocks allow, says why not of the rest, and the block that
/// it makes passes the check.
#[test]
fn a_draft_takes_what_belongs_into_a_block() {
    let mut chain = Chain::default();
    let settled = chain.append(source(1));
    let spent = chain.append(source(2));
    chain.append(spend(&spent, "carol"));

    let mut draft = draft(&chain, &[]);
    assert!(draft.is_empty());
    let unknown = source(3);
    assert_eq!(offer(&mut draft, &spend(&unknown, "dave")), Some((Code::InputNotFound, false)));
    assert_eq!(offer(&mut draft, &spend(&settled, "carol")), None);
    assert_eq!(offer(&mut draft, &unknown), None);
    // What is in the draft already, or conflicts with it, or builds on it, may come later.
    assert_eq!(offer(&mut draft, &unknown), Some((Code::DuplicateTransaction, false)));
    assert_eq!(offer(&mut draft, &spend(&settled, "dave")), Some((Code::DoubleSpend, false)));
    assert_eq!(offer(&mut draft, &spend(&unknown, "dave")), Some((Code::InputNotValid, false)));
    // What the settled state refuses never comes.
    assert_eq!(offer(&mut draft, &settled), Some((Code::DuplicateTransaction, true)));
    assert_eq!(offer(&mut draft, &spend(&spent, "erin")), Some((Code::DoubleSpend, true)));
    let wrong = transfer(FLAT, &[(&settled, 1)], &[(2, "carol")], &["bob"]);
    assert_eq!(offer(&mut draft, &wrong), Some((Code::AmountMismatch, true)));

    assert_eq!(draft.len(), 2);
    let block = draft.finish(&key("node1")).unwrap();
    let ids: Vec<_> = block.transactions().iter().map(|transaction| transaction.id()).collect();
    assert_eq!(ids, [spend(&settled, "carol").id(), unknown.id()]);
    let members = [public("node1")];
    let context = BlockContext { members: &members, parent: Some(now()), now: Some(NOW) };
    assert_eq!(block.check(&chain.state, &context, [1; 32]).unwrap(), Ok(()));
}

/// Goal: ancestors that are not settled count like settled ones, but refuse nothing for good: they
/// may be dropped.
#[test]
fn a_draft_stands_on_proposed_ancestors() {
    let mut chain = Chain::default();
    let settled = chain.append(source(1));
    let proposed = source(2);
    let first = layer(&[&proposed]);
    let moved = spend(&settled, "carol");
    let second = layer(&[&moved]);

    let mut draft = draft(&chain, &[&first, &second]);
    assert_eq!(offer(&mut draft, &proposed), Some((Code::DuplicateTransaction, false)));
    assert_eq!(offer(&mut draft, &spend(&settled, "dave")), Some((Code::DoubleSpend, false)));
    assert_eq!(offer(&mut draft, &spend(&proposed, "dave")), None);
    let next = transfer(FLAT, &[(&moved, 0)], &[(2, "dave")], &["carol"]);
    assert_eq!(offer(&mut draft, &next), None);
    let block = draft.finish(&key("node1")).unwrap();

    let members = [public("node1")];
    let context = BlockContext { members: &members, parent: Some(now()), now: None };
    let overlay = Overlay::new(&chain.state, vec![first, second]);
    assert_eq!(block.check(&overlay, &context, [1; 32]).unwrap(), Ok(()));
    let verdict = block.check(&chain.state, &context, [1; 32]).unwrap();
    assert!(verdict.is_err(), "without its ancestors it is not valid");
}

/// Goal: uuids taken by proposed blocks and by the draft itself are taken.
#[test]
fn a_draft_takes_an_asset_uuid_once() {
    let chain = Chain::default();
    let nested = |amount| created(Version::Nested1, 1, &[(amount, "alice")]);
    let proposed = layer(&[&nested(2)]);
    let mut on_proposed = draft(&chain, &[&proposed]);
    assert_eq!(offer(&mut on_proposed, &nested(3)), Some((Code::DuplicateAsset, false)));
    let mut on_nothing = draft(&chain, &[]);
    assert_eq!(offer(&mut on_nothing, &nested(2)), None);
    assert_eq!(offer(&mut on_nothing, &nested(3)), Some((Code::DuplicateAsset, false)));
}

/// Goal: what has timed out at the time of the block is refused for good, though its signatures
/// were valid when it arrived.
#[test]
fn a_draft_refuses_what_has_timed_out() {
    let version = Version::Flat0_10;
    let spending = |number, last: u64| {
        let timeout = Policy::Timeout { expire_time: last.to_string() };
        let policy = Policy::threshold(2, [Policy::ed25519(public("alice")), timeout]);
        let source = sign(&create(version, number).output_to(3, policy), &["alice"]);
        let next = transfer(version, &[(&source, 0)], &[(3, "bob")], &["alice"]);
        (source, next)
    };
    let (mut chain, mut candidates) = (Chain::default(), Vec::new());
    for (number, last) in [(1, NOW), (2, NOW - 1)] {
        let (source, next) = spending(number, last);
        chain.append(source);
        assert_eq!(next.verify_signatures(NOW - 1), Ok(()));
        candidates.push(next);
    }
    let mut draft = draft(&chain, &[]);
    assert_eq!(offer(&mut draft, &candidates[0]), None);
    assert_eq!(offer(&mut draft, &candidates[1]), Some((Code::InvalidSignature, true)));
}

/// Goal: what counts from a time on is not lost because the clock of a block's maker is not there
/// yet; when it has timed out too, it is. Method: "after `from`, and until `last`" at a fixed time.
#[test]
fn a_draft_waits_for_what_counts_later() {
    let version = Version::Flat0_10;
    let timeout = |last: u64| Policy::Timeout { expire_time: last.to_string() };
    let (mut chain, mut candidates) = (Chain::default(), Vec::new());
    for (number, from, last) in [(1, NOW - 1, NOW), (2, NOW, NOW + 1), (3, NOW - 2, NOW - 1)] {
        let after = Policy::InvertedThreshold {
            threshold: 1,
            subs: vec![Weighted { weight: 1, policy: timeout(from) }],
        };
        let parts = [Policy::ed25519(public("alice")), after, timeout(last)];
        let policy = Policy::threshold(3, parts);
        let source = sign(&create(version, number).output_to(3, policy), &["alice"]);
        candidates.push(transfer(version, &[(&source, 0)], &[(3, "bob")], &["alice"]));
        assert_eq!(candidates.last().unwrap().verify_signatures(last), Ok(()));
        chain.append(source);
    }
    let mut draft = draft(&chain, &[]);
    assert_eq!(offer(&mut draft, &candidates[0]), None);
    assert_eq!(offer(&mut draft, &candidates[1]), Some((Code::InvalidSignature, false)));
    assert_eq!(offer(&mut draft, &candidates[2]), Some((Code::InvalidSignature, true)));
}

#[test]
fn an_empty_draft_makes_no_block() {
    assert!(draft(&Chain::default(), &[]).finish(&key("node1")).is_none());
}

/// Goal: the bound on bytes keeps out what does not fit, and lets in what still does.
#[test]
fn a_draft_keeps_the_bound_on_bytes() {
    let chain = Chain::default();
    let mut draft = draft(&chain, &[]);
    let large = large_transactions();
    for transaction in &large[..4] {
        assert_eq!(offer(&mut draft, transaction), None);
    }
    assert_eq!(draft.offer(&Arc::new(large[4].clone())).unwrap(), Offer::NoRoom);
    assert!(!draft.is_full());
    assert_eq!(offer(&mut draft, &source(1)), None);
    let block = draft.finish(&key("node1")).unwrap();
    assert_eq!(Block::decode(&block.encode()).unwrap(), block);
}

/// Goal: what others verify is bounded, and a block that is full of work has room for what is little
/// work.
#[test]
fn a_draft_keeps_the_bound_on_work() {
    let chain = Chain::default();
    let mut draft = draft(&chain, &[]);
    let mut work = 0;
    for transaction in costly_transactions() {
        work += transaction.verification_work();
        let offered = draft.offer(&Arc::new(transaction.clone())).unwrap();
        let expected = if work > BLOCK_WORK_MAX { Offer::NoRoom } else { Offer::Accepted };
        assert_eq!(offered, expected, "{work}");
    }
    assert!(work > BLOCK_WORK_MAX && !draft.is_full());
    assert_eq!(offer(&mut draft, &source(1)), None);
    let block = draft.finish(&key("node1")).unwrap();
    let members = [public("node1")];
    let context = BlockContext { members: &members, parent: Some(now()), now: Some(NOW) };
    assert_eq!(block.check_body(&context), Ok(()));
}

/// Goal: the bound on their number is exact.
#[test]
fn a_draft_keeps_the_bound_on_transactions() {
    let chain = Chain::default();
    let mut draft = draft(&chain, &[]);
    // A draft does not look at signatures: those of the first will do for all.
    let first = source(1).to_json().to_owned();
    for number in 1..=BLOCK_TRANSACTIONS_MAX {
        assert!(!draft.is_full());
        let text = first.replace(r#""number":1"#, &format!(r#""number":{number}"#));
        let text = raw::with_id(serde_json::from_str(&text).unwrap());
        let other = Transaction::parse(text.as_bytes()).unwrap();
        assert_eq!(offer(&mut draft, &other), None);
    }
    assert!(draft.is_full());
    assert_eq!(draft.offer(&Arc::new(source(2))).unwrap(), Offer::NoRoom);
    let block = draft.finish(&key("node1")).unwrap();
    assert_eq!(block.transactions().len(), BLOCK_TRANSACTIONS_MAX);
}

/// Goal: every question is answered by the newest layer that knows, else by the base.
#[test]
fn an_overlay_answers_for_all_its_layers() {
    let mut chain = Chain::default();
    let base = chain.append(created(Version::Nested1, 1, &[(2, "alice"), (3, "bob")]));
    let middle = created(Version::Nested1, 2, &[(2, "alice")]);
    let top = transfer(Version::Nested1, &[(&base, 0)], &[(2, "bob")], &["alice"]);
    let mut overlay = Overlay::new(&chain.state, vec![layer(&[&middle])]);
    let spent = OutputRef { transaction: base.id(), index: 0 };
    assert_eq!(overlay.spender(&spent).unwrap(), None);
    overlay.push(layer(&[&top]));
    assert_eq!(overlay.layers().len(), 2);

    assert_eq!(overlay.spender(&spent).unwrap(), Some(top.id()));
    let unspent = OutputRef { transaction: base.id(), index: 1 };
    assert_eq!(overlay.spender(&unspent).unwrap(), None);
    for known in [&base, &middle, &top] {
        assert!(overlay.contains(&known.id()).unwrap());
        assert_eq!(overlay.transaction(&known.id()).unwrap().as_deref(), Some(known));
    }
    assert_eq!(overlay.asset_creator(&uuid(1)).unwrap(), Some(base.id()));
    assert_eq!(overlay.asset_creator(&uuid(2)).unwrap(), Some(middle.id()));
    assert_eq!(overlay.asset_creator(&uuid(3)).unwrap(), None);
    let unknown = source(9).id();
    assert!(!overlay.contains(&unknown).unwrap());
    assert_eq!(overlay.transaction(&unknown).unwrap(), None);
    // The base itself is as it was.
    assert_eq!(overlay.base().spender(&spent).unwrap(), None);
}
