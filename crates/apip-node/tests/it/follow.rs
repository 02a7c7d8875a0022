//! Following a chain in good and bad weather.

use crate::support::*;
use serde_json::json;
use std::sync::Arc;
use tally_apip_node::{BlockError, Directory, FollowError, OpenError, TableId};
use tally_chain::utxo::{Block, Record, Records, Start, Update};
use tally_primitives::{BlockId, BlockNumber, Txid};
use tally_storage::MemoryStore;

/// Goal: what is written into the chain can be found, and a restart goes on where it stopped, with
/// everything that was there.
#[tokio::test]
async fn what_is_written_is_found_and_survives_a_restart() {
    let mut chain = Chain::new();
    chain.fund(&[user(1), user(2)], 3);
    chain.wait(10);
    let publish = feip(1, json!({"op": "publish", "sn": "3", "name": "CID", "lang": "en"}));
    let pid = chain.write(&user(1), &publish);
    let store = store();
    let directory = open(&store, config());
    let follower = chain.follow(&directory, None);
    chain.reached_by(&directory).await;
    let second = chain.follow_again(&directory);
    assert!(matches!(second, Err(FollowError::Busy)), "{second:?}");

    let found = find(&directory, "protocol", json!({"ids": [pid.to_string()]}));
    assert_eq!((found.total, found.ids), (1, vec![pid.to_string()]));
    let tip = chain.tip();
    assert_eq!(found.best.map(|best| (best.height, best.id)), Some(tip), "of the newest block");
    let document: serde_json::Value = serde_json::from_str(&found.documents[0]).unwrap();
    assert_eq!(document["owner"], user(1).as_str());

    // A rating while the directory follows, and one while it does not run.
    chain.write(&user(2), &feip(1, json!({"op": "rate", "pid": pid.to_string(), "rate": 4})));
    chain.reached_by(&directory).await;
    stop(follower).await.unwrap();
    chain.write(&user(2), &feip(1, json!({"op": "rate", "pid": pid.to_string(), "rate": 5})));
    drop(directory);
    let directory = open(&store, config());
    assert_eq!(find(&directory, "protocol_history", json!({})).total, 2, "read from the store");
    let follower = chain.follow(&directory, None);
    chain.reached_by(&directory).await;
    assert_eq!(find(&directory, "protocol_history", json!({})).total, 3);
    let document = directory.document(TableId::named("protocol").unwrap(), &pid.to_string());
    let document: serde_json::Value = serde_json::from_str(&document.unwrap()).unwrap();
    assert_eq!((&document["tRate"], &document["tCdd"]), (&json!(4.5), &json!(200)));
    stop(follower).await.unwrap();

    let (fresh, other) = chain.fresh(config()).await;
    assert_same_rows(&store, &fresh);
    assert_eq!(everything(&directory), everything(&other));
    let status = directory.status();
    assert!(status.is_caught_up);
    assert_eq!((status.records, status.accepted, status.reorganisations), (3, 3, 0));
}

impl Chain {
    fn follow_again(
        &self,
        directory: &Arc<Directory>,
    ) -> Result<tally_apip_node::Follower, FollowError> {
        directory.follow(Box::new(self.chain.source(Start::Fresh)), None)
    }
}

/// Goal: a directory with nothing to read says so and is ready.
#[tokio::test]
async fn an_empty_source_is_caught_up() {
    let directory = open(&store(), config());
    let source = ListSource::new([Update::CaughtUp(BlockNumber(0))]);
    let follower = directory.follow(Box::new(source), None).unwrap();
    directory.watch().wait_for(|progress| progress.is_at_end).await.unwrap();
    assert!(directory.status().is_caught_up);
    assert_eq!(directory.best(), None);
    assert_eq!(directory.totals().iter().map(|(_, count)| count).sum::<u64>(), 0);
    stop(follower).await.unwrap();
}

/// Goal: data made by other rules is not continued.
#[test]
fn other_settings_are_refused() {
    let store = store();
    drop(open(&store, config()));
    let mut other = config();
    other.rules.publish_cdd_factor = 100;
    let refused = Directory::open(Arc::<MemoryStore>::clone(&store), other);
    let Err(OpenError::Settings { found, expected }) = refused else { panic!("{refused:?}") };
    assert!(found.contains("publish_cdd_factor 1,"), "{found}");
    assert!(expected.contains("publish_cdd_factor 100,"), "{expected}");
    let mut service = config();
    service.service = Some(Txid::default());
    Directory::open(store, service).unwrap();
}

fn record(height: u64, number: u8, text: &str) -> Record {
    Record {
        txid: Txid::from_shown([number; 32]),
        height: BlockNumber(height),
        index: 1,
        time: 1_700_000_000 + height * 60,
        signer: Some(user(1)),
        recipient: None,
        cdd: 10,
        text: text.into(),
        payments: vec![],
    }
}

fn records(height: u64, number: u8, text: &str) -> Update {
    let record = record(height, number, text);
    Update::Records(Records { height: record.height, time: record.time, records: vec![record] })
}

fn block(height: u64, id: u8, previous: u8) -> Update {
    Update::Block(Box::new(Block {
        id: BlockId::from_shown([id; 32]),
        previous: BlockId::from_shown([previous; 32]),
        height: BlockNumber(height),
        time: 1,
        transactions: vec![],
    }))
}

/// Goal: a source that breaks its contract ends the following with a reason that names it, and
/// what was there before can still be asked for.
#[tokio::test]
async fn a_source_that_breaks_its_contract_is_left() {
    let attempt = async |updates: Vec<Update>| {
        let directory = open(&store(), config());
        let mut follower = directory.follow(Box::new(ListSource::new(updates)), None).unwrap();
        let error = follower.ended().await.unwrap_err();
        let FollowError::Block(error) = error else { panic!("{error:?}") };
        error
    };
    let gap = attempt(vec![block(0, 1, 0), block(2, 2, 1)]).await;
    assert!(matches!(gap, BlockError::NotNext { .. }), "{gap:?}");
    let stranger = attempt(vec![block(0, 1, 0), block(1, 2, 9)]).await;
    assert!(matches!(stranger, BlockError::NotChild { .. }), "{stranger:?}");
    let mixed = attempt(vec![block(0, 1, 0), records(5, 1, "a")]).await;
    assert!(matches!(mixed, BlockError::OtherSource { .. }), "{mixed:?}");
    let mixed = attempt(vec![records(5, 1, "a"), block(6, 1, 0)]).await;
    assert!(matches!(mixed, BlockError::OtherSource { .. }), "{mixed:?}");
    let repeated = attempt(vec![records(5, 1, "a"), records(5, 2, "b")]).await;
    assert!(matches!(repeated, BlockError::NotNext { .. }), "{repeated:?}");
    let many = (1..=300).map(|height| records(height, 1, "a"));
    let deep = attempt(many.chain([Update::RolledBackTo(BlockNumber(100))]).collect()).await;
    assert!(matches!(deep, BlockError::TooDeep { .. }), "{deep:?}");
}

/// Goal: nothing that is written into the chain stops the directory (checklist 13).
#[tokio::test]
async fn no_record_stops_the_directory() {
    let huge_number = r#"{"type":"FEIP","sn":5,"data":{"op":"publish","stdName":"N",
        "params":{"x":1e999,"y":123456789012345678901234567890}}}"#;
    let deep = format!(
        r#"{{"type":"FEIP","sn":5,"data":{{"op":"publish","stdName":"D","params":{{"x":{}{}}}}}}}"#,
        "[".repeat(60),
        "]".repeat(60)
    );
    let long = feip(5, json!({"op": "publish", "stdName": "\u{1}".repeat(600)}));
    let odd = feip(5, json!({"op": "publish", "stdName": "O", "params": {"": {"": [{"": null}]}}}));
    let texts = ["", "{", "\u{0}", huge_number, &deep, &long, &odd, "{\"type\":\"FEIP\"}"];
    let updates =
        (1..).zip(texts).map(|(height, text)| records(height, u8::try_from(height).unwrap(), text));
    let last = feip(5, json!({"op": "publish", "stdName": "Last"}));
    let updates = updates.chain([records(100, 100, &last), Update::CaughtUp(BlockNumber(120))]);
    let store = store();
    let directory = open(&store, config());
    let follower = directory.follow(Box::new(ListSource::new(updates)), None).unwrap();
    reached(&directory, |best| best.height == BlockNumber(120)).await;
    let found = find(
        &directory,
        "service",
        json!({"query": {"match": {
        "fields": ["stdName"], "value": "Last"}}}),
    );
    assert_eq!(found.total, 1);
    let before = everything(&directory);
    stop(follower).await.unwrap();
    assert_eq!(everything(&open(&store, config())), before, "and can be read again");
}
