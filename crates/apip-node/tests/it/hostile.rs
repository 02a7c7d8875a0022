//! Records that are written to do harm: what they take of the index is in proportion to their
//! length.

use crate::support::*;
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};
use tally_apip_node::{Content, TableId};
use tally_chain::utxo::Record;
use tally_fcdsl_index::Index;
use tally_feip::{Entity, EntityKey, Rules, TEXT_BYTES_MAX, View, ViewError, apply};
use tally_primitives::{BlockNumber, Fid, Txid};

/// Memory of one table for each byte of a record, at the most.
const BYTES_PER_BYTE: usize = 64;
/// Memory of a table that holds next to nothing.
const BYTES_APART: usize = 64 << 10;

/// A directory without anything.
struct Nothing;

impl View for Nothing {
    fn entity(&self, _key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        Ok(None)
    }

    fn cid_holder(&self, _cid: &str) -> Result<Option<Fid>, ViewError> {
        Ok(None)
    }
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c .,]{0,60}".prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
        "[a-z0-9 ]{300,900}".prop_map(Value::from),
    ]
}

/// An object of any form: deep, wide, its names of dots, long, or of nothing.
fn params() -> impl Strategy<Value = Value> {
    let name = || {
        prop_oneof![
            4 => "[a-z0-9]{0,4}",
            1 => "[a.]{0,6}",
            1 => "\\PC{0,5}",
            1 => "[a-f0-9.]{60,150}",
            1 => ("[a-f]{4}", 0..3900_usize).prop_map(|(name, dots)| name + &".".repeat(dots)),
        ]
    };
    let leaf = prop_oneof![text(), any::<i64>().prop_map(Value::from), Just(json!(1))];
    let value = leaf.prop_recursive(24, 60, 20, move |inner| {
        prop_oneof![
            2 => vec((name(), inner.clone()), 0..30).prop_map(object),
            1 => vec(inner, 0..30).prop_map(Value::from),
        ]
    });
    vec(("[a-z]{1,3}", value), 1..4).prop_map(object)
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

/// The text of a record that publishes something, as long as a record may be at the most.
fn publication() -> impl Strategy<Value = String> {
    let strings = vec((select(&["name", "stdName", "desc", "ver", "did", "lang"]), text()), 0..3);
    let lists = vec(
        (
            select(&["waiters", "urls", "types", "protocols"]),
            vec(text(), 0..6).prop_map(Value::from),
        ),
        0..2,
    );
    (proptest::sample::select(vec![1_u8, 2, 5, 15]), strings, lists, params()).prop_filter_map(
        "as long as a record may be",
        |(sn, strings, lists, params)| {
            let mut data = json!({
                "op": "publish", "type": "x", "sn": "1", "name": "x", "stdName": "x",
            });
            strings.into_iter().chain(lists).for_each(|(name, value)| data[name] = value);
            data["params"] = params;
            Some(feip(sn, data)).filter(|text| text.len() <= TEXT_BYTES_MAX)
        },
    )
}

fn select(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(from)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Goal: nobody fills the directory's memory with a few records. Method: any publication that
    /// the rules take, put into a table of entities and a table of histories.
    #[test]
    fn no_record_takes_more_than_a_multiple_of_its_length(text in publication()) {
        let length = text.len();
        let record = Record {
            txid: Txid::from_shown([7; 32]),
            height: BlockNumber(5_000_000),
            index: 1,
            time: 1_700_000_000,
            signer: Some(user(1)),
            recipient: None,
            cdd: 10,
            text: text.into_bytes(),
            payments: vec![],
        };
        let outcome = apply(&record, &Nothing, &Rules::default()).unwrap();
        let outcome = outcome.map_err(|reason| TestCaseError::reject(format!("{reason:?}")))?;
        let entities = outcome.changes.iter().map(|change| {
            (TableId::of(change.key.kind, Content::Entities), change.after.to_text())
        });
        let rows = outcome
            .history
            .iter()
            .map(|row| (TableId::of(row.kind, Content::History), row.to_text()));
        for (table, document) in entities.chain(rows) {
            let mut index = Index::new(&table.table().schema);
            prop_assert!(index.put(&document).is_ok());
            let bytes = index.bytes();
            prop_assert!(
                bytes <= length * BYTES_PER_BYTE + BYTES_APART,
                "{} bytes of memory for {} bytes of {}", bytes, length, document
            );
        }
    }
}
