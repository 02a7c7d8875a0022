use super::{read::entries, *};
use crate::store::{HISTORY, IDENTITY, IDENTITY_KEY, JOURNAL, PaymentRow, SCHEMA, TABLES, write};
use tally_channel::PaymentKey;
use tally_primitives::{Address, ChainId};
use tally_storage::{Batch, Durability, MemoryStore, Store, schema};

const US: NodeAddress = NodeAddress::new([1; 20]);
const PEER: NodeAddress = NodeAddress::new([2; 20]);
const TOKEN: TokenAddress = TokenAddress::new([3; 20]);
const CHANNEL: ChannelAddress = ChannelAddress::new([4; 20]);

fn paid(number: u64) -> PaymentRecord {
    PaymentRecord {
        role: PaymentRole::Initiator,
        failure: None,
        token: TOKEN,
        initiator: US,
        target: PEER,
        identifier: PaymentId(number),
        amount: TokenAmount::from_units(number),
        fee: TokenAmount::ZERO,
        incoming: None,
        outgoing: Some(CHANNEL),
        nonce: Some(Nonce(number)),
    }
}

/// Every third entry is a channel's.
fn store(count: u64) -> MemoryStore {
    let store = MemoryStore::new(TABLES);
    let mut batch = Batch::new();
    for number in 1..=count {
        let what = if number % 3 == 0 {
            Happening::RolledBack { to: BlockNumber(number) }
        } else {
            Happening::Payment(paid(number))
        };
        let stored = Stored { time: 100 + number, block: BlockNumber(number), what };
        write(&mut batch, JOURNAL, number.to_be_bytes(), &stored);
    }
    store.commit(batch, Durability::Synced).unwrap();
    store
}

fn numbers(found: &[JournalEntry]) -> Vec<u64> {
    found.iter().map(|entry| entry.number).collect()
}

/// Goal: pages follow each other without gap or repetition, also over many reads of the store.
#[test]
fn payments_come_in_pages() {
    let store = store(5000);
    let expected: Vec<u64> = (1..=5000).filter(|number| number % 3 != 0).collect();
    let (mut seen, mut after) = (vec![], 0);
    loop {
        let filter = PaymentFilter { after, ..PaymentFilter::all(700) };
        let page = numbers(&payments(&store, &filter).unwrap());
        let Some(last) = page.last() else { break };
        after = *last;
        seen.extend(page);
    }
    assert_eq!(seen, expected);
    let page = entries(&store, 4998, 10).unwrap();
    assert_eq!((numbers(&page.entries), page.after), (vec![4999, 5000], 5000));
    assert_eq!(entries(&store, u64::MAX, 10).unwrap().entries, []);
}

/// Goal: each filter chooses by what it names, and an end that is named is included.
#[test]
fn filters_choose() {
    let store = store(9);
    let all = || PaymentFilter::all(100);
    let count = |filter| numbers(&payments(&store, &filter).unwrap());
    assert_eq!(count(all()), [1, 2, 4, 5, 7, 8]);
    assert_eq!(count(PaymentFilter { since: Some(102), until: Some(105), ..all() }), [2, 4, 5]);
    let blocks = BlockRange { from: Some(BlockNumber(5)), to: Some(BlockNumber(7)) };
    assert_eq!(count(PaymentFilter { blocks, ..all() }), [5, 7]);
    for (filter, is_chosen) in [
        (PaymentFilter { token: Some(TOKEN), ..all() }, true),
        (PaymentFilter { token: Some(TokenAddress::new([9; 20])), ..all() }, false),
        (PaymentFilter { partner: Some(US), ..all() }, true),
        (PaymentFilter { partner: Some(PEER), ..all() }, true),
        (PaymentFilter { target: Some(PEER), ..all() }, true),
        (PaymentFilter { target: Some(US), ..all() }, false),
        (PaymentFilter { role: Some(PaymentRole::Initiator), ..all() }, true),
        (PaymentFilter { role: Some(PaymentRole::Target), ..all() }, false),
        (PaymentFilter { succeeded: Some(true), ..all() }, true),
        (PaymentFilter { succeeded: Some(false), ..all() }, false),
    ] {
        assert_eq!(count(filter.clone()).is_empty(), !is_chosen, "{filter:?}");
    }
}

/// Goal: what version 1 stored is in the journal afterwards, under the same numbers, and once.
#[test]
fn the_history_of_version_1_is_taken_over() {
    let store = MemoryStore::new(TABLES);
    let mut batch = Batch::new();
    batch.put(schema::META, *b"schema_version", 1_u32.to_be_bytes());
    batch.put(schema::META, *b"schema_name", *b"smartraiden-node");
    let identity =
        crate::store::Identity { chain: ChainId(1), registry: Address::ZERO, node: US, epoch: 7 };
    write(&mut batch, IDENTITY, IDENTITY_KEY, &identity);
    let payment = PaymentKey { token: TOKEN, target: PEER, identifier: PaymentId(5) };
    let (amount, block) = (TokenAmount::from_units(8), BlockNumber(6));
    let reason = PaymentFailure::Expired;
    for (number, row) in [
        (1_u64, PaymentRow::Sent { payment, amount, channel: CHANNEL, block }),
        (2, PaymentRow::Failed { payment, reason, block }),
        (
            3,
            PaymentRow::Received {
                initiator: PEER,
                token: TOKEN,
                identifier: PaymentId(9),
                amount,
                channel: CHANNEL,
                block,
            },
        ),
    ] {
        write(&mut batch, HISTORY, number.to_be_bytes(), &row);
    }
    store.commit(batch, Durability::Synced).unwrap();

    schema::prepare(&store, &SCHEMA).unwrap();
    let found = payments(&store, &PaymentFilter::all(10)).unwrap();
    assert_eq!(numbers(&found), [1, 2, 3]);
    let records: Vec<&PaymentRecord> = found
        .iter()
        .map(|entry| {
            let Happening::Payment(payment) = &entry.what else { panic!("{entry:?}") };
            payment
        })
        .collect();
    assert_eq!((records[0].amount, records[0].outgoing), (amount, Some(CHANNEL)));
    assert_eq!(records[1].failure, Some(reason));
    assert_eq!((records[2].initiator, records[2].target), (PEER, US));
    assert!(store.last(HISTORY, &tally_storage::KeyRange::all()).unwrap().is_none());
    assert!(matches!(schema::prepare(&store, &SCHEMA), Ok(schema::Prepared::Current)));
}
