//! The rules of blocks, each with a block that breaks it and nothing else.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use tally_conditions::Policy;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    BLOCK_AHEAD_SECONDS_MAX, BLOCK_BEHIND_SECONDS_MAX, BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX,
    BLOCK_WORK_MAX, Block, BlockContext, BlockFault, BlockVerdict, IdHash, MetadataId,
    RejectionCode as Code, Timestamp, Transaction, Version, build::Draft,
};

use crate::{
    chain::{Chain, NOW, VERSIONS, create, created, pay, public, sign, transfer, uuid},
    raw,
    vectors::key,
};

fn members() -> Vec<PublicKey> {
    (1..=4).map(|n| public(&format!("node{n}"))).collect()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

/// A block of node2 at this time.
fn make(transactions: &[Transaction]) -> Block {
    let transactions = transactions.iter().cloned().map(Arc::new).collect();
    Block::make(&key("node2"), at(NOW), transactions, members())
}

fn check_after(
    block: &Block,
    chain: &Chain,
    parent: Option<u64>,
    now: Option<u64>,
) -> BlockVerdict {
    let members = members();
    let context = BlockContext { members: &members, parent: parent.map(at), now };
    block.check(&chain.state, &context, [5; 32]).unwrap()
}

fn check(block: &Block, chain: &Chain) -> BlockVerdict {
    check_after(block, chain, Some(NOW - 5), Some(NOW + 1))
}

/// The position of the offending transaction and the rule that it breaks.
fn offence(block: &Block, chain: &Chain) -> (usize, Code) {
    match check(block, chain) {
        Err(BlockFault::Transaction { index, id, rejection }) => {
            assert_eq!(id, block.transactions()[index].id());
            (index, rejection.code)
        }
        verdict => panic!("{verdict:?}"),
    }
}

fn one(number: u8) -> Transaction {
    created(Version::Flat2_0, number, &[(2, "alice"), (3, "bob")])
}

#[test]
fn a_valid_block_of_every_version_is_accepted() {
    let mut chain = Chain::default();
    let mut transactions = Vec::new();
    for (number, version) in (1..).zip(VERSIONS) {
        let source = chain.append(created(version, number, &[(2, "alice"), (3, "bob")]));
        transactions.push(transfer(version, &[(&source, 1)], &[(3, "carol")], &["bob"]));
        transactions.push(created(version, number + 100, &[(2, "alice")]));
    }
    let block = make(&transactions);
    assert_eq!(check(&block, &chain), Ok(()));
    let decoded = Block::decode(&block.encode()).unwrap();
    assert_eq!(check(&decoded, &chain), Ok(()));
}

#[test]
fn a_block_with_a_keccak_id_is_refused() {
    let block = make(&[one(1)]);
    let same = Block::from_parts(block.body().clone(), IdHash::Keccak, *block.signature());
    assert_eq!(same.verify_signature(), Ok(()));
    assert_eq!(check(&same, &Chain::default()), Err(BlockFault::IdHash));
}

#[test]
fn a_block_that_its_maker_did_not_sign_is_refused() {
    let block = make(&[one(1)]);
    let maker = *block.node_pubkey();
    let other = Block::make(&key("node3"), block.timestamp(), vec![], members());
    let forged = Block::from_parts(block.body().clone(), IdHash::Sha3, *other.signature());
    assert_eq!(check(&forged, &Chain::default()), Err(BlockFault::Signature { maker }));

    let mut body = block.body().clone();
    body.timestamp = at(NOW + 1);
    let changed = Block::from_parts(body, IdHash::Sha3, *block.signature());
    assert_eq!(check(&changed, &Chain::default()), Err(BlockFault::Signature { maker }));
}

#[test]
fn a_block_of_a_stranger_is_refused() {
    let maker = public("erin");
    let transactions = vec![Arc::new(one(1))];
    let block = Block::make(&key("erin"), at(NOW), transactions, members());
    assert_eq!(check(&block, &Chain::default()), Err(BlockFault::Maker { maker }));
}

#[test]
fn voters_that_are_not_the_federation_are_refused() {
    let with = |voters: Vec<PublicKey>| {
        let block = Block::make(&key("node2"), at(NOW), vec![Arc::new(one(1))], voters);
        check(&block, &Chain::default())
    };
    let members = members();
    let stranger = [members.as_slice(), &[public("erin")]].concat();
    let replaced = [&members[..3], &[public("erin")]].concat();
    let twice = [members.as_slice(), &members[..1]].concat();
    for wrong in [vec![], members[..3].to_vec(), stranger, replaced, twice] {
        assert_eq!(with(wrong.clone()), Err(BlockFault::Voters), "{wrong:?}");
    }
    let reversed = members.iter().rev().copied().collect();
    assert_eq!(with(reversed), Ok(()), "their order is the maker's");
}

#[test]
fn an_empty_block_is_refused() {
    assert_eq!(check(&make(&[]), &Chain::default()), Err(BlockFault::Empty));
}

#[test]
fn a_block_with_too_many_transactions_is_refused() {
    let same = Arc::new(one(1));
    let transactions = vec![Arc::clone(&same); BLOCK_TRANSACTIONS_MAX + 1];
    let block = Block::make(&key("node2"), at(NOW), transactions, members());
    let count = BLOCK_TRANSACTIONS_MAX + 1;
    let fault = BlockFault::TooManyTransactions { count };
    assert_eq!(check(&block, &Chain::default()), Err(fault));
    assert!(Block::decode(&block.encode()).is_err());

    let transactions = vec![same; BLOCK_TRANSACTIONS_MAX];
    let block = Block::make(&key("node2"), at(NOW), transactions, members());
    assert_eq!(offence(&block, &Chain::default()), (1, Code::DuplicateTransaction));
}

/// Transactions that together have more bytes than a block may.
pub(crate) fn large_transactions() -> &'static [Transaction] {
    static LARGE: LazyLock<Vec<Transaction>> = LazyLock::new(|| {
        let large = |number: u8| {
            let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000_000));
            let draft = create(Version::Flat2_0, number).asset_data(data);
            sign(&pay(draft, &[(u64::from(number), "alice")]), &["alice"])
        };
        (1..=5).map(large).collect()
    });
    &LARGE
}

#[test]
fn a_block_that_is_too_long_is_refused() {
    let transactions = large_transactions();
    let block = make(transactions);
    let bytes = block.encoded_length();
    assert!(bytes > BLOCK_BYTES_MAX);
    assert_eq!(check(&block, &Chain::default()), Err(BlockFault::TooLarge { bytes }));
    assert!(Block::decode(&block.encode()).is_err());
    assert_eq!(check(&make(&transactions[..4]), &Chain::default()), Ok(()));
}

/// Small transactions that are nearly as much work as one may be: a hundred signatures over a message
/// of 320 KB each. Together they have fewer bytes than a block may, and are more work.
pub(crate) fn costly_transactions() -> &'static [Transaction] {
    static COSTLY: LazyLock<Vec<Transaction>> = LazyLock::new(|| {
        let keys: Vec<_> = (0..100).map(|n| key(&format!("signer{n}"))).collect();
        let owners: Vec<PublicKey> = keys.iter().map(|key| key.public_key()).collect();
        let data = format!(r#"{{"number":10,"text":"{}"}}"#, "x".repeat(285_000));
        let draft = Draft::create(Version::Flat1_0, &owners).asset_data(data);
        let signed = draft.output(1, &owners[..1]).sign(&keys.iter().collect::<Vec<_>>()).unwrap();
        // What is tested does not look at signatures: those of the first will do for all.
        let other = |number: u8| {
            let number = format!(r#""number":{number}"#);
            let text = signed.to_json().replace(r#""number":10"#, &number);
            let text = raw::with_id(serde_json::from_str(&text).unwrap());
            Transaction::parse(text.as_bytes()).unwrap()
        };
        std::iter::once(signed.clone()).chain((11..20).map(other)).collect()
    });
    &COSTLY
}

fn work_of(transactions: &[Transaction]) -> u64 {
    transactions.iter().map(Transaction::verification_work).sum()
}

/// Goal: a leader cannot keep others busy for longer than their view with a block that is valid, or
/// whose last signature is not. Method: the bound is met before any signature is looked at.
#[test]
fn a_block_that_is_too_much_work_is_refused() {
    let transactions = costly_transactions();
    let count = (1..).find(|count| work_of(&transactions[..*count]) > BLOCK_WORK_MAX).unwrap();
    let (block, work) = (make(&transactions[..count]), work_of(&transactions[..count]));
    assert!(block.encoded_length() < BLOCK_BYTES_MAX);
    let fault = BlockFault::TooMuchWork { work };
    assert_eq!(check(&block, &Chain::default()), Err(fault.clone()));
    assert_eq!((fault.code(), fault.is_lasting()), ("block_too_much_work", true));

    // One less is not too much: then the first wrong signature is what is wrong.
    let offence = offence(&make(&transactions[..count - 1]), &Chain::default());
    assert_eq!(offence, (1, Code::InvalidSignature));
}

/// Goal: whatever is accepted fits into some block. Method: many keys and short messages, so that
/// the bound on messages does not hold it back.
#[test]
fn one_transaction_is_never_too_much_work() {
    let keys: Vec<_> = (0..500).map(|n| key(&format!("signer{n}"))).collect();
    let signers: Vec<_> = keys.iter().collect();
    let owners: Vec<PublicKey> = keys.iter().map(|key| key.public_key()).collect();
    let draft = Draft::create(Version::Flat2_0, &owners).output(1, &owners[..1]);
    let transaction = draft.sign(&signers).unwrap();
    let work = transaction.verification_work();
    assert!((500 * 16 * 1024..BLOCK_WORK_MAX).contains(&work), "{work}");
    assert_eq!(check(&make(&[transaction]), &Chain::default()), Ok(()));
}

/// Goal: an ordinary full block is far from the bound.
#[test]
fn ordinary_blocks_are_little_work() {
    let mut chain = Chain::default();
    let source = chain.append(one(1));
    let transfer = transfer(Version::Flat2_0, &[(&source, 0)], &[(2, "carol")], &["alice"]);
    for ordinary in [source, Arc::new(transfer)] {
        let work = ordinary.verification_work();
        let text = ordinary.to_json().len() as u64;
        assert!((16 * 1024..=16 * 1024 + text).contains(&work), "{work}");
        assert!(10 * work * (BLOCK_TRANSACTIONS_MAX as u64) < BLOCK_WORK_MAX);
    }
}

#[test]
fn a_block_before_its_parent_is_refused() {
    let (block, chain) = (make(&[one(1)]), Chain::default());
    let after = |parent| check_after(&block, &chain, Some(parent), None);
    assert_eq!(after(NOW - 1), Ok(()));
    assert_eq!(after(NOW), Ok(()), "several blocks a second");
    let fault = BlockFault::BeforeParent { time: at(NOW), parent: at(NOW + 1) };
    assert_eq!(after(NOW + 1), Err(fault.clone()));
    assert!(fault.is_lasting());
}

#[test]
fn an_untimely_block_is_refused() {
    let (block, chain) = (make(&[one(1)]), Chain::default());
    let checked = |now| check_after(&block, &chain, Some(NOW - 5), now);
    for now in [NOW - BLOCK_AHEAD_SECONDS_MAX, NOW, NOW + BLOCK_BEHIND_SECONDS_MAX] {
        assert_eq!(checked(Some(now)), Ok(()), "{now}");
    }
    let (early, late) = (NOW - BLOCK_AHEAD_SECONDS_MAX - 1, NOW + BLOCK_BEHIND_SECONDS_MAX + 1);
    for now in [0, early, late, u64::MAX] {
        let fault = BlockFault::Untimely { time: at(NOW), now };
        assert_eq!(checked(Some(now)), Err(fault.clone()), "{now}");
        assert!(!fault.is_lasting(), "other clocks find otherwise");
    }
    assert_eq!(checked(None), Ok(()), "history is not held against the clock");
}

/// Goal: a chain whose time is ahead of all clocks goes on, and gets no further ahead.
#[test]
fn the_time_of_the_parent_is_never_untimely() {
    let (block, chain) = (make(&[one(1)]), Chain::default());
    let year = 365 * 86_400;
    let now = NOW - year;
    assert_eq!(check_after(&block, &chain, Some(NOW), Some(now)), Ok(()));
    let fault = BlockFault::Untimely { time: at(NOW), now };
    assert_eq!(check_after(&block, &chain, Some(NOW - 1), Some(now)), Err(fault.clone()));
    assert_eq!(check_after(&block, &chain, None, Some(now)), Err(fault));
    let now = NOW + year;
    let fault = BlockFault::Untimely { time: at(NOW), now };
    assert_eq!(check_after(&block, &chain, Some(NOW), Some(now)), Err(fault), "the past stays");
}

/// A GENESIS transaction by a node.
fn genesis(version: Version, node: &str) -> Transaction {
    let draft = Draft::genesis(version, public(node))
        .asset_uuid(uuid(9))
        .metadata_id(MetadataId::from_random([9; 16]));
    sign(&draft, &[node])
}

#[test]
fn a_genesis_block_holds_one_genesis_of_its_maker() {
    let begin = |transactions: &[Transaction]| {
        check_after(&make(transactions), &Chain::default(), None, Some(NOW))
    };
    for version in [Version::Nested1, Version::Flat0_9, Version::Flat0_10, Version::Flat1_0] {
        let own = genesis(version, "node2");
        assert_eq!(begin(std::slice::from_ref(&own)), Ok(()), "{version}");
        assert_eq!(begin(&[genesis(version, "node1")]), Err(BlockFault::Genesis), "{version}");
        assert_eq!(begin(&[own, one(1)]), Err(BlockFault::Genesis), "{version}");
    }
    assert_eq!(begin(&[created(Version::Flat2_0, 1, &[(1, "node2")])]), Err(BlockFault::Genesis));
    assert_eq!(begin(&[]), Err(BlockFault::Empty));
}

#[test]
fn a_genesis_in_a_later_block_is_refused() {
    let transactions = [one(1), genesis(Version::Flat1_0, "node2")];
    assert_eq!(offence(&make(&transactions), &Chain::default()), (1, Code::GenesisRefused));
}

#[test]
fn a_transaction_twice_in_a_block_is_refused() {
    let transactions = [one(1), one(2), one(1)];
    assert_eq!(offence(&make(&transactions), &Chain::default()), (2, Code::DuplicateTransaction));
}

#[test]
fn a_transaction_of_an_earlier_block_is_refused() {
    let mut chain = Chain::default();
    chain.append(one(2));
    assert_eq!(offence(&make(&[one(1), one(2)]), &chain), (1, Code::DuplicateTransaction));
}

#[test]
fn an_output_spent_twice_in_a_block_is_refused() {
    for version in VERSIONS {
        let mut chain = Chain::default();
        let source = chain.append(created(version, 1, &[(2, "alice"), (3, "bob")]));
        let spend = |to| transfer(version, &[(&source, 0)], &[(2, to)], &["alice"]);
        let block = make(&[spend("carol"), one(7), spend("dave")]);
        assert_eq!(offence(&block, &chain), (2, Code::DoubleSpend), "{version}");
    }
}

#[test]
fn an_output_of_the_same_block_cannot_be_spent() {
    for version in VERSIONS {
        let source = created(version, 1, &[(2, "alice"), (3, "bob")]);
        let next = transfer(version, &[(&source, 0)], &[(2, "carol")], &["alice"]);
        let block = make(&[source.clone(), next.clone()]);
        assert_eq!(offence(&block, &Chain::default()), (1, Code::InputNotValid), "{version}");
        let block = make(&[next, source]);
        assert_eq!(offence(&block, &Chain::default()), (0, Code::InputNotFound), "{version}");
    }
}

#[test]
fn an_asset_uuid_twice_in_a_block_is_refused() {
    let first = created(Version::Nested1, 1, &[(2, "alice")]);
    let second = created(Version::Nested1, 1, &[(3, "alice")]);
    let block = make(&[first, second]);
    assert_eq!(offence(&block, &Chain::default()), (1, Code::DuplicateAsset));
}

#[test]
fn a_block_with_a_forged_signature_is_refused() {
    let signed = created(Version::Flat1_0, 1, &[(2, "alice")]);
    let text = signed.to_json().replace(r#""number":1"#, r#""number":2"#);
    let forged = crate::raw::with_id(serde_json::from_str(&text).unwrap());
    let forged = Transaction::parse(forged.as_bytes()).unwrap();
    let block = make(&[one(1), one(2), forged, one(3)]);
    assert_eq!(offence(&block, &Chain::default()), (2, Code::InvalidSignature));
}

/// Goal: of several faults the first is told, so that all nodes tell the same one.
#[test]
fn the_first_offending_transaction_is_named() {
    let mut chain = Chain::default();
    let source = chain.append(one(1));
    let wrong = transfer(Version::Flat2_0, &[(&source, 0)], &[(1, "bob")], &["alice"]);
    let block = make(&[one(2), wrong, one(1), one(2)]);
    assert_eq!(offence(&block, &chain), (1, Code::AmountMismatch));
}

/// Goal: timeouts compare with the time of the block, whenever it is checked.
#[test]
fn a_transaction_that_has_timed_out_at_the_time_of_the_block_is_refused() {
    let version = Version::Flat0_10;
    let spending = |last: u64| {
        let timeout = Policy::Timeout { expire_time: last.to_string() };
        let policy = Policy::threshold(2, [Policy::ed25519(public("alice")), timeout]);
        let mut chain = Chain::default();
        let source = chain.append(sign(&create(version, 1).output_to(3, policy), &["alice"]));
        let next = transfer(version, &[(&source, 0)], &[(3, "bob")], &["alice"]);
        (chain, make(&[next]))
    };
    let (chain, block) = spending(NOW);
    assert_eq!(check_after(&block, &chain, Some(NOW), Some(NOW + 100)), Ok(()));
    let (chain, block) = spending(NOW - 1);
    assert_eq!(offence(&block, &chain), (0, Code::InvalidSignature));
}

/// Goal: the codes of block faults differ from each other and from those of transactions, and each
/// can stand in a vote.
#[test]
fn codes_of_faults_are_distinct() {
    let (maker, time) = (public("erin"), at(NOW));
    let faults = [
        BlockFault::IdHash,
        BlockFault::Signature { maker },
        BlockFault::Maker { maker },
        BlockFault::Voters,
        BlockFault::Empty,
        BlockFault::TooManyTransactions { count: 1001 },
        BlockFault::TooLarge { bytes: 1 << 30 },
        BlockFault::BeforeParent { time, parent: time },
        BlockFault::Untimely { time, now: 0 },
        BlockFault::Genesis,
    ];
    let own = faults.iter().map(BlockFault::code);
    let codes: Vec<&str> = own.chain(Code::ALL.iter().map(|code| code.as_str())).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), faults.len() + Code::ALL.len());
    for code in codes {
        assert!(code.parse::<tally_ledger::InvalidReason>().is_ok(), "{code}");
    }
}
