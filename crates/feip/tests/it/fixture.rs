//! The life of one real service, event by event.

use crate::{support::Chain, vectors};
use serde_json::Value;
use tally_feip::{EntityKey, Ignored, JsonError, Kind, Rules};

const SID: &str = "45ff2084db904dfefdaac62f1cf68fd53b8ba860349a1b387f082021445be270";

/// Removes where the text is wrong: the fixture does not say.
fn plain(ignored: Ignored) -> Ignored {
    if matches!(ignored, Ignored::Malformed(_)) {
        return Ignored::Malformed(JsonError { at: 0, problem: "" });
    }
    ignored
}

fn verdict(word: &str) -> Result<(), Ignored> {
    match word {
        "valid" => Ok(()),
        "ignored: not JSON" => Err(Ignored::Malformed(JsonError { at: 0, problem: "" })),
        "ignored: unknown sid" => Err(Ignored::UnknownEntity),
        "ignored: cdd < 1" => Err(Ignored::TooFewCoinDays(1)),
        "ignored: signer is not the owner" => Err(Ignored::NotOwner),
        other => panic!("{other}"),
    }
}

fn run(fixture: &Value, rules: Rules) -> Chain {
    let mut chain = Chain { rules, ..Chain::default() };
    let verdicts = fixture["verdicts"].as_array().unwrap();
    let records = vectors::records(&fixture["events"]);
    assert_eq!((records.len(), verdicts.len()), (15, 15));
    for (record, expected) in records.iter().zip(verdicts) {
        assert_eq!(record.txid.to_string(), expected["txId"].as_str().unwrap());
        let outcome = chain.apply(record).map(|_| ()).map_err(plain);
        assert_eq!(outcome, verdict(expected["verdict"].as_str().unwrap()), "{}", record.txid);
    }
    chain
}

fn expected_service(fixture: &Value) -> Value {
    let services = fixture["expectedServices"].as_object().unwrap();
    assert_eq!(services.keys().collect::<Vec<_>>(), [SID]);
    services[SID].clone()
}

/// Goal: each event is judged as it should be, and the state at the end is right by the rule of
/// the document.
#[test]
fn every_event_of_the_fixture_has_its_verdict() {
    let fixture = vectors::json("fixture_feip29_as_feip5.json");
    let chain = run(&fixture, Rules::default());
    assert_eq!(chain.model.entities.len(), 1);
    assert_eq!(chain.json(Kind::Service, SID), expected_service(&fixture));
    let rows: Vec<Value> = chain.model.history.iter().map(|row| row.to_json()).collect();
    assert_eq!(Value::from(rows), fixture["expectedHistory"]);
}

/// Goal: the same where rating counts as an operation.
#[test]
fn the_fixture_with_ratings_as_operations() {
    let fixture = vectors::json("fixture_feip29_as_feip5.json");
    let chain = run(&fixture, Rules { rating_touches_last: true, ..Rules::default() });
    let mut expected = expected_service(&fixture);
    let last = fixture["upstreamLast"][SID].as_object().unwrap();
    assert_eq!(last.len(), 3);
    expected.as_object_mut().unwrap().extend(last.clone());
    assert_eq!(chain.json(Kind::Service, SID), expected);
}

/// Goal: the events as they really stand in the chain, with the names of FEIP29, have the same end.
#[test]
fn the_real_events_have_the_same_end() {
    let fixture = vectors::json("fixture_feip29_as_feip5.json");
    let mut chain = Chain::default();
    for record in vectors::binary("chain_opreturn.byte") {
        let _ignored = chain.model.apply(&record, &Rules::default());
    }
    let key = EntityKey { kind: Kind::Service, id: SID.into() };
    assert_eq!(chain.model.entities[&key].to_json(), expected_service(&fixture));
    let rows = chain.model.history.iter().filter(|row| row.kind == Kind::Service);
    let rows: Vec<Value> = rows.map(|row| row.to_json()).collect();
    assert_eq!(Value::from(rows), fixture["expectedHistory"]);
    let services = chain.model.entities.keys().filter(|key| key.kind == Kind::Service);
    assert_eq!(services.count(), 1);
}
