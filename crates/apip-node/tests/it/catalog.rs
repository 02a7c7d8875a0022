//! The descriptions of the searchable tables fit what is put into them.

use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tally_apip_node::{Content, INDEX_TABLES, TableId};
use tally_chain::utxo::{Record, Records, Update};
use tally_feip::Kind;
use tally_primitives::{BlockNumber, Txid};

#[test]
fn every_kind_has_both_tables_with_the_names_of_its_rules() {
    for kind in Kind::ALL {
        let [entities, history] =
            [Content::Entities, Content::History].map(|content| TableId::of(kind, content));
        assert_eq!(entities.table().name, kind.name());
        assert_eq!(history.table().name, kind.history_name());
        assert_eq!(entities.table().schema.id, kind.id_member());
        assert_eq!(history.table().schema.id, "txId");
        assert_eq!(TableId::named(kind.name()), Some(entities));
    }
    assert_eq!(INDEX_TABLES.len(), 2 * Kind::ALL.len());
    assert_eq!(TableId::named("order"), None, "what is not in the list cannot be asked for");
}

#[test]
fn default_orders_can_be_sorted_by() {
    for table in TableId::all() {
        let search = search(table, &json!({}));
        assert_eq!(search.sort.len(), table.table().default_sort.len());
    }
}

/// Returns records that use every field there is: number, signer and text.
fn texts_with_every_field() -> Vec<(u8, u8, String)> {
    let all = |fields: &[(&str, Value)], op: &str| {
        let mut data = json!({"op": op});
        for (name, value) in fields {
            data[*name] = value.clone();
        }
        data
    };
    let list = json!(["x"]);
    let of_kind = [
        (
            1,
            "pid",
            vec!["type", "sn", "ver", "did", "name", "lang", "desc", "preDid"],
            vec!["waiters", "fileUrls"],
        ),
        (
            2,
            "codeId",
            vec!["name", "ver", "did", "desc"],
            vec!["langs", "urls", "protocols", "waiters"],
        ),
        (
            5,
            "sid",
            vec!["stdName", "desc"],
            vec!["localNames", "types", "urls", "waiters", "protocols", "codes"],
        ),
        (
            15,
            "aid",
            vec!["stdName", "desc"],
            vec!["localNames", "types", "urls", "waiters", "protocols", "services", "codes"],
        ),
    ];
    let mut texts = vec![];
    for (number, (sn, id_member, strings, lists)) in (1..).zip(of_kind) {
        let mut fields: Vec<_> = strings.into_iter().map(|name| (name, json!("x"))).collect();
        fields.extend(lists.into_iter().map(|name| (name, list.clone())));
        fields.push(("params", json!({"a": {"b": "c"}})));
        fields.push(("downloads", json!([{"os": "x", "link": "y", "did": "z"}])));
        let id = Txid::from_shown([number * 10; 32]).to_string();
        texts.push((number * 10, 1, feip(sn, all(&fields, "publish"))));
        fields.push((id_member, json!(id)));
        texts.push((number * 10 + 1, 1, feip(sn, all(&fields, "update"))));
        let rate = json!({"op": "rate", id_member: id, "rate": 3});
        texts.push((number * 10 + 2, 2, feip(sn, rate)));
        let close = json!({"op": "close", id_member: id, "closeStatement": "x"});
        texts.push((number * 10 + 3, 1, feip(sn, close)));
    }
    let promise = tally_feip::MASTER_PROMISE;
    texts.push((50, 1, feip(3, json!({"op": "register", "name": "x"}))));
    texts.push((51, 1, feip(6, json!({"master": user(2).as_str(), "promise": promise}))));
    texts.push((52, 1, feip(9, json!({"op": "register", "homepages": ["x"]}))));
    texts.push((53, 1, feip(10, json!({"noticeFee": "1"}))));
    texts
}

/// Goal: no member of a document is missing in its description. Method: records that use every
/// field there is, by three users.
#[tokio::test]
async fn every_member_is_described() {
    let texts = texts_with_every_field();
    let count = texts.len() as u64;
    let updates = texts.into_iter().map(|(number, signer, text)| {
        let (height, time) = (BlockNumber(number.into()), 1_700_000_000 + u64::from(number));
        let record = Record {
            txid: Txid::from_shown([number; 32]),
            height,
            index: 1,
            time,
            signer: Some(user(signer)),
            recipient: None,
            cdd: 10,
            text: text.into_bytes(),
            payments: vec![],
        };
        Update::Records(Records { height, time, records: vec![record] })
    });
    let directory = open(&store(), config());
    let updates = updates.chain([Update::CaughtUp(BlockNumber(60))]);
    let follower = directory.follow(Box::new(ListSource::new(updates)), None).unwrap();
    reached(&directory, |best| best.height == BlockNumber(60)).await;
    assert_eq!(directory.status().accepted, count);
    for (name, documents) in everything(&directory) {
        let table = TableId::named(name).unwrap().table();
        let described: BTreeSet<&str> =
            table.schema.fields.iter().map(|field| field.name).collect();
        let mut seen = BTreeSet::new();
        for document in &documents {
            let document: Value = serde_json::from_str(document).unwrap();
            seen.extend(document.as_object().unwrap().keys().cloned());
        }
        let missing: Vec<_> =
            seen.iter().filter(|name| !described.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "{name} does not describe {missing:?}");
        let unused: Vec<_> = described.iter().filter(|name| !seen.contains(**name)).collect();
        assert!(unused.is_empty(), "{name} describes {unused:?}, which no document has");
    }
    stop(follower).await.unwrap();
}
