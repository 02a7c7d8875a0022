//! The samples of APIP4V1 and APIP6V1, from records that make what they show.

use crate::support::*;
use serde_json::{Value, json};
use tally_apip_node::TableId;
use tally_chain_utxo::{RecordSettings, RecordSource};
use tally_fcdsl::{Forced, Rules, Search};
use tally_primitives::BlockNumber;

/// Goal: what the eight samples show. Method: each sample's request against its table; documents
/// must be equal but for what the samples garbled or contradict each other about: characters that
/// were lost, `waiters` of one protocol, the form of `sessionDays`, `birthTxid` of services, which
/// they lack, and the total of the first history.
#[tokio::test]
async fn the_samples_are_found() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/seed_samples.jsonl");
    let directory = open(&store(), config());
    let source = RecordSource::start(RecordSettings::new(path), directory.start_point().unwrap());
    let follower = directory.follow(Box::new(source), None).unwrap();
    reached(&directory, |best| best.height == BlockNumber(1_769_486)).await;
    let pairs = include_str!("../../../feip/tests/vectors/seed_pairs.json");
    let pairs: Vec<Value> = serde_json::from_str(pairs).unwrap();
    assert_eq!(pairs.len(), 8);
    for pair in &pairs {
        let endpoint = pair["endpoint"].as_str().unwrap();
        let kind = if endpoint.starts_with("protocol") { "protocol" } else { "service" };
        let name =
            if endpoint.ends_with("History") { format!("{kind}_history") } else { kind.to_owned() };
        let table = TableId::named(&name).unwrap();
        let forced = match endpoint {
            _ if endpoint.ends_with("OpHistory") => Forced::Except { field: "op", value: "rate" },
            _ if endpoint.ends_with("RateHistory") => Forced::Filter { field: "op", value: "rate" },
            _ => Forced::None,
        };
        let description = table.table();
        let rules = Rules {
            schema: &description.schema,
            default_sort: description.default_sort,
            forced,
            needs_ids: endpoint.ends_with("ByIds"),
        };
        let search = Search::parse(Some(&pair["requestBody"]["fcdsl"]), &rules).unwrap();
        let answer = directory.search(table, &search);
        let expected = &pair["responseBody"];
        assert_eq!(answer.documents.len() as u64, expected["got"].as_u64().unwrap(), "{endpoint}");
        if endpoint != "protocolOpHistory" {
            assert_eq!(answer.total, expected["total"].as_u64().unwrap(), "{endpoint}");
        }
        let last = serde_json::to_value(&answer.last).unwrap();
        if endpoint.starts_with("service") || endpoint.ends_with("History") {
            assert_eq!(last, expected["last"], "{endpoint}");
        }
        let document: Value = serde_json::from_str(&answer.documents[0]).unwrap();
        let sample = match &expected["data"] {
            Value::Array(list) => list[0].clone(),
            Value::Object(map) => map[&answer.ids[0]].clone(),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                panic!("{other}")
            }
        };
        assert_shows(&document, &sample, endpoint);
    }
    stop(follower).await.unwrap();
}

fn assert_shows(document: &Value, sample: &Value, endpoint: &str) {
    let (document, sample) = (document.as_object().unwrap(), sample.as_object().unwrap());
    for (name, expected) in sample {
        let found = document.get(name).unwrap_or_else(|| panic!("{endpoint}: no {name}"));
        if expected.to_string().contains("??") {
            continue;
        }
        if name == "params" {
            let mut expected = expected.clone();
            expected["sessionDays"] = json!("365");
            assert_eq!(*found, expected, "{endpoint}: {name}");
            continue;
        }
        assert_eq!(found, expected, "{endpoint}: {name}");
    }
    let more: Vec<_> = document.keys().filter(|name| !sample.contains_key(*name)).collect();
    assert!(more.iter().all(|name| ["waiters", "birthTxid"].contains(&name.as_str())), "{more:?}");
}
