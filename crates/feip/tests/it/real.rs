//! The main network's first 900,000 blocks.

use crate::{support::Model, vectors};
use std::collections::BTreeMap;
use tally_chain::utxo::Record;
use tally_feip::{EntityKey, EntityState, Ignored, Kind, Rules, buy_mark};

fn count<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn apply_all(records: &[Record]) -> (Model, Vec<Option<Ignored>>) {
    let mut model = Model::default();
    let apply = |record| model.apply(record, &Rules::default()).err();
    let verdicts = records.iter().map(apply).collect();
    (model, verdicts)
}

/// Goal: what the real records yield never changes unnoticed. The numbers of names were computed
/// apart from this code.
#[test]
fn the_real_records_yield_what_they_always_did() {
    let records = vectors::binary("chain_opreturn.byte");
    assert_eq!(records.len(), 19_235);
    let (model, verdicts) = apply_all(&records);

    let codes = count(verdicts.iter().map(|verdict| verdict.as_ref().map_or("", Ignored::code)));
    let expected = [
        ("", 762),
        ("bad_name", 14),
        ("malformed", 5),
        ("missing", 2),
        ("no_object", 17_841),
        ("not_feip", 4),
        ("not_owner", 1),
        ("nothing_registered", 7),
        ("too_few_coin_days", 3),
        ("too_many_names", 46),
        ("unknown_entity", 4),
        ("unknown_family", 541),
        ("unknown_op", 5),
    ];
    assert_eq!(codes, BTreeMap::from(expected));

    let kinds = count(model.entities.keys().map(|key| key.kind));
    assert_eq!(kinds, BTreeMap::from([(Kind::Service, 1), (Kind::Cid, 165)]));
    let rows = count(model.history.iter().map(|row| (row.kind, row.op.word())));
    let expected = [
        (Kind::Service, "publish", 1),
        (Kind::Service, "update", 1),
        (Kind::Service, "stop", 1),
        (Kind::Service, "recover", 1),
        (Kind::Service, "rate", 2),
        (Kind::Cid, "register", 751),
        (Kind::Cid, "unregister", 5),
    ];
    let expected = expected.map(|(kind, word, times)| ((kind, Some(word)), times));
    assert_eq!(rows, BTreeMap::from(expected));

    let addresses = model.entities.values().filter_map(|entity| match &entity.state {
        EntityState::Cid(state) => Some(state),
        EntityState::Construct(_) => None,
    });
    let addresses: Vec<_> = addresses.collect();
    let named = addresses.iter().filter(|state| state.cid.is_some()).count();
    let names: usize = addresses.iter().map(|state| state.used.len()).sum();
    assert_eq!((named, names), (163, 216));
    assert_eq!(records.iter().filter(|record| buy_mark(&record.text).is_some()).count(), 0);
}

/// Goal: the two files tell the same: what is a JSON object in the one is in the other.
#[test]
fn the_file_of_objects_holds_exactly_the_records_that_are_objects() {
    let all = vectors::binary("chain_opreturn.byte");
    let objects = vectors::records(&vectors::json("chain_feip.json")["records"]);
    let (_, verdicts) = apply_all(&all);
    let is_object = |verdict: &Option<Ignored>| {
        let unread = ["no_object", "malformed", "not_text", "too_long"];
        !verdict.as_ref().is_some_and(|ignored| unread.contains(&ignored.code()))
    };
    let read = all.iter().zip(&verdicts).filter(|(_, verdict)| is_object(verdict));
    assert_eq!(
        read.map(|(record, _)| record).collect::<Vec<_>>(),
        objects.iter().collect::<Vec<_>>()
    );
    assert_eq!(apply_all(&objects).0, apply_all(&all).0);
}

/// Goal: real broken texts are passed over.
#[test]
fn real_malformed_records_are_ignored() {
    let records = vectors::records(&vectors::json("chain_malformed.json")["records"]);
    let (model, verdicts) = apply_all(&records);
    let codes: Vec<_> = verdicts.iter().flatten().map(Ignored::code).collect();
    assert_eq!(codes, ["malformed"; 6]);
    assert_eq!(model, Model::default());
}

/// Goal: three real addresses are as the documents' samples show them; their names were registered
/// again and again, which changes the height and not the time.
#[test]
fn real_addresses_are_as_the_documents_show_them() {
    let (model, _) = apply_all(&vectors::binary("chain_opreturn.byte"));
    let cases = [
        (
            "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK",
            r#""cid":"春花_cjWK","usedCids":["chunhua_cjWK","春花_cjWK"],"nameTime":1619134827,"lastHeight":710372"#,
        ),
        (
            "F6fLB35iTH1NUywnZ1MNQarCiW2TZxw2C6",
            r#""cid":"Maka_w2C6","usedCids":["Maka_w2C6"],"nameTime":1623158294,"lastHeight":772712"#,
        ),
        (
            "FMZsWGT5hEUqhnZhLhXrxNXXG6uDHcarmX",
            r#""cid":"C_armX","usedCids":["C_armX"],"nameTime":1620389960,"lastHeight":759046"#,
        ),
    ];
    for (fid, rest) in cases {
        let key = EntityKey { kind: Kind::Cid, id: fid.into() };
        assert_eq!(model.entities[&key].to_text(), format!("{{\"fid\":\"{fid}\",{rest}}}"));
    }
    let row = model.history.iter().find(|row| row.height.0 == 710_372).unwrap();
    let expected = r#"{"txId":"54c05b57b4b42d5b6907bf1a89d59b3c652c2cae4ee392a73b5a9800756c7b78","height":710372,"index":1,"time":1620621694,"sn":"3","ver":"4","signer":"FEk41Kqjar45fLDriztUDTUkdki7mmcjWK","op":"register","name":"春花"}"#;
    assert_eq!(row.to_text(), expected);
}
