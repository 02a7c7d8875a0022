//! The real records of the main network up to height 900,000.

use crate::support::*;
use serde_json::json;
use tally_chain_utxo::{RecordSettings, RecordSource};

/// Goal: a directory of real records: thousands of names, one legacy service, and a restart in the
/// middle of everything changes nothing.
#[tokio::test]
async fn real_records_make_a_directory() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../feip/tests/vectors/chain_opreturn.byte");
    let store = store();
    let directory = open(&store, config());
    let mut settings = RecordSettings::new(path);
    settings.poll = std::time::Duration::from_millis(10);
    let source = RecordSource::start(settings.clone(), directory.start_point().unwrap());
    let follower = directory.follow(Box::new(source), None).unwrap();
    directory.watch().wait_for(|progress| progress.is_at_end).await.unwrap();
    stop(follower).await.unwrap();
    let status = directory.status();
    assert_eq!(status.records, 19_235);
    let total = |table| find(&directory, table, json!({})).total;
    assert_eq!((total("cid"), total("cid_history")), (165, 756));
    assert_eq!((total("service"), total("service_history")), (1, 6));
    assert_eq!(total("cid_history") + total("service_history"), status.accepted);
    let found = find(
        &directory,
        "service",
        json!({"query": {"part": {
        "fields": ["stdName"], "value": "protocol", "isCaseInsensitive": "true"}}}),
    );
    assert_eq!(found.total, 1, "the service of the vectors");
    assert!(
        found.documents[0]
            .contains("45ff2084db904dfefdaac62f1cf68fd53b8ba860349a1b387f082021445be270")
    );

    let reopened = open(&store, config());
    assert_eq!(everything(&reopened), everything(&directory));
    let source = RecordSource::start(settings, reopened.start_point().unwrap());
    let follower = reopened.follow(Box::new(source), None).unwrap();
    reopened.watch().wait_for(|progress| progress.is_at_end).await.unwrap();
    stop(follower).await.unwrap();
    assert_eq!(reopened.status().records, 19_235, "nothing is read twice");
    assert_eq!(everything(&reopened), everything(&directory));
}
