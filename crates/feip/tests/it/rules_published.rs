//! What may be done with what was published: docs/feip.md, section *Published things*.

use crate::support::{Chain, MASTER, OWNER, PUBLISHED, RATER, STRANGER, minimal, published, sn};
use serde_json::{Value, json};
use tally_feip::{Ignored, Kind, MASTER_PROMISE};

#[test]
fn publishing_makes_an_active_entity() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let mut expected = minimal(kind, "publish");
        expected.as_object_mut().unwrap().remove("op");
        for member in [kind.id_member(), "birthTxid", "lastTxid"] {
            expected[member] = id.as_str().into();
        }
        for member in ["birthTime", "lastTime"] {
            expected[member] = 1_600_000_060.into();
        }
        for member in ["birthHeight", "lastHeight"] {
            expected[member] = 1.into();
        }
        expected["owner"] = OWNER.into();
        expected["tCdd"] = 0.into();
        expected["tRate"] = 0.0.into();
        expected["active"] = true.into();
        expected["closed"] = false.into();
        if kind == Kind::Protocol {
            expected["title"] = "3_CID".into();
        }
        assert_eq!(chain.json(kind, &id), expected);
    }
}

#[test]
fn publishing_needs_the_required_fields() {
    let cases: [(Kind, &[&'static str]); 4] = [
        (Kind::Protocol, &["sn", "name"]),
        (Kind::Code, &["name"]),
        (Kind::Service, &["stdName"]),
        (Kind::App, &["stdName"]),
    ];
    for (kind, members) in cases {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for &member in members {
            for op in ["publish", "update"] {
                for value in [Value::Null, "".into()] {
                    let mut data = minimal(kind, op);
                    data[member] = value;
                    if op == "update" {
                        data[kind.id_member()] = id.as_str().into();
                    }
                    let ignored = chain.send(OWNER, sn(kind), data);
                    assert_eq!(ignored, Err(Ignored::Missing(member)), "{kind} {op}");
                }
            }
        }
    }
}

#[test]
fn publishing_names_no_id() {
    for kind in PUBLISHED {
        for id in ["", "ab"] {
            let mut data = minimal(kind, "publish");
            data[kind.id_member()] = id.into();
            let outcome = Chain::default().send(OWNER, sn(kind), data);
            if kind == Kind::Protocol {
                assert!(outcome.is_ok());
            } else {
                assert_eq!(outcome, Err(Ignored::IdGiven), "{kind}");
            }
        }
    }
}

#[test]
fn a_transaction_publishes_once() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        chain.publish(kind);
        let text = json!({"type": "FEIP", "sn": sn(kind), "data": minimal(kind, "publish")});
        chain.height -= 1;
        let record = chain.record(OWNER, text.to_string().as_bytes());
        assert_eq!(chain.apply(&record), Err(Ignored::AlreadyPublished), "{kind}");
    }
}

#[test]
fn an_update_replaces_all_fields() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let mut data = minimal(kind, "publish");
        data["desc"] = "first".into();
        data["waiters"] = json!([RATER]);
        let published = chain.send(OWNER, sn(kind), data).unwrap();
        let id = &*published.changes[0].key.id;
        let born = chain.json(kind, id);
        assert_eq!(born["desc"], "first");

        let mut data = minimal(kind, "update");
        data[kind.id_member()] = id.into();
        data["protocols"] = json!([]);
        let updated = chain.send(OWNER, sn(kind), data).unwrap();
        let txid = updated.history.unwrap().txid.to_string();
        let mut expected = born;
        for gone in ["desc", "waiters"] {
            expected.as_object_mut().unwrap().remove(gone);
        }
        if kind != Kind::Protocol {
            expected["protocols"] = json!([]);
        }
        expected["lastTxid"] = txid.into();
        expected["lastTime"] = 1_600_000_120.into();
        expected["lastHeight"] = 2.into();
        assert_eq!(chain.json(kind, id), expected);
    }
}

#[test]
fn only_owners_update_stop_and_recover() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for op in ["update", "stop", "recover", "close"] {
            let ignored = chain.operate(STRANGER, kind, &id, op);
            assert_eq!(ignored, Err(Ignored::NotOwner), "{kind} {op}");
        }
        for op in ["update", "stop", "recover", "close"] {
            assert!(chain.operate(OWNER, kind, &id, op).is_ok(), "{kind} {op}");
        }
    }
}

#[test]
fn stopped_services_are_updated_nothing_else_that_is_stopped() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        chain.operate(OWNER, kind, &id, "stop").unwrap();
        let outcome = chain.operate(OWNER, kind, &id, "update");
        if kind == Kind::Service {
            // Being updated does not make it active.
            assert!(!published(&outcome.unwrap()).is_active);
        } else {
            assert_eq!(outcome, Err(Ignored::NotActive), "{kind}");
        }
        chain.operate(OWNER, kind, &id, "recover").unwrap();
        assert!(chain.operate(OWNER, kind, &id, "update").is_ok(), "{kind}");
    }
}

#[test]
fn only_what_is_active_is_stopped() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let stopped = chain.operate(OWNER, kind, &id, "stop").unwrap();
        assert!(!published(&stopped).is_active);
        assert_eq!(published(&stopped).last.height.0, chain.height);
        assert_eq!(chain.operate(OWNER, kind, &id, "stop"), Err(Ignored::NotActive));
    }
}

#[test]
fn only_what_is_stopped_is_recovered() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        assert_eq!(chain.operate(OWNER, kind, &id, "recover"), Err(Ignored::AlreadyActive));
        chain.operate(OWNER, kind, &id, "stop").unwrap();
        let recovered = chain.operate(OWNER, kind, &id, "recover").unwrap();
        assert!(published(&recovered).is_active);
        assert_eq!(published(&recovered).last.height.0, chain.height);
    }
}

#[test]
fn what_is_closed_is_never_operated_again() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let closed = chain.operate(OWNER, kind, &id, "close").unwrap();
        assert!(published(&closed).is_closed && !published(&closed).is_active);
        assert_eq!(published(&closed).last.height.0, chain.height);
        for op in ["update", "stop", "recover", "close"] {
            assert_eq!(chain.operate(OWNER, kind, &id, op), Err(Ignored::Closed), "{kind} {op}");
        }
    }
}

#[test]
fn what_is_stopped_can_be_closed() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        chain.operate(OWNER, kind, &id, "stop").unwrap();
        let closed = chain.operate(OWNER, kind, &id, "close").unwrap();
        assert!(published(&closed).is_closed && !published(&closed).is_active);
    }
}

#[test]
fn the_owners_master_closes_and_nothing_else() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        assert_eq!(chain.operate(MASTER, kind, &id, "close"), Err(Ignored::NotOwner));
        let promise = json!({"master": MASTER, "promise": MASTER_PROMISE});
        chain.send(OWNER, 6, promise).unwrap();
        for op in ["update", "stop", "recover"] {
            assert_eq!(chain.operate(MASTER, kind, &id, op), Err(Ignored::NotOwner), "{op}");
        }
        let closed = chain.operate(MASTER, kind, &id, "close").unwrap();
        assert!(published(&closed).is_closed);
        assert_eq!(published(&closed).owner.as_str(), OWNER);
        assert_eq!(chain.last_row()["signer"], MASTER);
    }
}

/// Goal: whose master somebody is decides, not who is whose master.
#[test]
fn having_a_master_gives_no_rights() {
    let mut chain = Chain::default();
    let id = chain.publish(Kind::Service);
    chain.send(STRANGER, 6, json!({"master": OWNER, "promise": MASTER_PROMISE})).unwrap();
    chain.send(MASTER, 6, json!({"master": RATER, "promise": MASTER_PROMISE})).unwrap();
    for signer in [STRANGER, MASTER, RATER] {
        let ignored = chain.operate(signer, Kind::Service, &id, "close");
        assert_eq!(ignored, Err(Ignored::NotOwner), "{signer}");
    }
}

#[test]
fn what_is_said_at_the_close_is_kept() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let data = |op: &str| {
            let mut data = minimal(kind, op);
            data[kind.id_member()] = id.as_str().into();
            data["closeStatement"] = "Use the other one.".into();
            data
        };
        chain.send(OWNER, sn(kind), data("stop")).unwrap();
        assert_eq!(chain.json(kind, &id).get("closeStatement"), None);
        assert_eq!(chain.last_row().get("closeStatement"), None);
        chain.send(OWNER, sn(kind), data("close")).unwrap();
        assert_eq!(chain.json(kind, &id)["closeStatement"], "Use the other one.");
        assert_eq!(chain.last_row()["closeStatement"], "Use the other one.");
    }
}

#[test]
fn ids_that_nobody_published_are_ignored() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let other = PUBLISHED.into_iter().find(|other| *other != kind).unwrap();
        let foreign = chain.publish(other);
        let unknown =
            ["ab".to_owned(), "0".repeat(64), id.to_uppercase(), format!(" {id}"), foreign];
        for op in ["update", "stop", "recover", "close", "rate"] {
            for id in &unknown {
                let ignored = chain.operate(OWNER, kind, id, op);
                assert_eq!(ignored, Err(Ignored::UnknownEntity), "{kind} {op} {id}");
            }
            for id in [json!(""), json!(null)] {
                let mut data = minimal(kind, op);
                data[kind.id_member()] = id;
                let ignored = chain.send(OWNER, sn(kind), data);
                assert_eq!(ignored, Err(Ignored::Missing(kind.id_member())), "{kind} {op}");
            }
        }
    }
}

#[test]
fn ops_of_other_families_are_ignored() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for op in ["register", "unregister", "start", "restart", "Publish", "", "declare"] {
            let ignored = chain.operate(OWNER, kind, &id, op);
            assert_eq!(ignored, Err(Ignored::UnknownOp), "{kind} {op}");
        }
    }
}

#[test]
fn accepted_records_are_rows_and_no_others() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        let ops = ["update", "stop", "stop", "recover", "close", "close", "rate"];
        let accepted: Vec<&str> =
            ops.into_iter().filter(|op| chain.operate(OWNER, kind, &id, op).is_ok()).collect();
        assert_eq!(accepted, ["update", "stop", "recover", "close"]);
        let words: Vec<_> = chain.model.history.iter().map(|row| row.op.word().unwrap()).collect();
        assert_eq!(words, ["publish", "update", "stop", "recover", "close"]);
        for row in &chain.model.history {
            assert_eq!((row.kind, &*row.id), (kind, id.as_str()));
            assert_eq!(row.to_json()["txId"], row.txid.to_string());
            // What was done says what it was done with, the rest nothing.
            let names_it = row.to_json().get("stdName").or(row.to_json().get("name")).is_some();
            assert_eq!(names_it, matches!(row.op.word(), Some("publish" | "update")));
            let zeros = (row.to_json().get("rate").cloned(), row.to_json().get("cdd").cloned());
            let expected = (kind == Kind::Service).then(|| json!(0));
            assert_eq!(zeros, (expected.clone(), expected));
        }
    }
}

#[test]
fn titles_leave_out_what_is_missing() {
    let cases = [
        (json!({"type": "FEIP", "ver": "4", "lang": "zh-CN"}), "FEIP3V4_CID(zh-CN)"),
        (json!({"type": "FEIP", "ver": 4}), "FEIP3V4_CID"),
        (json!({"type": "", "ver": "", "lang": ""}), "3_CID"),
        (json!({"lang": "en"}), "3_CID(en)"),
        (json!({"ver": "1"}), "3V1_CID"),
    ];
    for (more, title) in cases {
        let mut chain = Chain::default();
        let mut data = minimal(Kind::Protocol, "publish");
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let outcome = chain.send(OWNER, 1, data).unwrap();
        let id = &*outcome.changes[0].key.id;
        assert_eq!(chain.json(Kind::Protocol, id)["title"], title);
        let update = chain.operate(OWNER, Kind::Protocol, id, "update");
        assert!(update.is_ok());
        assert_eq!(chain.json(Kind::Protocol, id)["title"], "3_CID");
    }
}

#[test]
fn older_names_of_fields_are_read() {
    let cases = [
        (Kind::Protocol, "prePid", "preDid", json!("ab")),
        (Kind::Code, "version", "ver", json!("2")),
        (Kind::Service, "localName", "localNames", json!(["服务"])),
        (Kind::App, "localName", "localNames", json!(["密签"])),
    ];
    for (kind, old, new, value) in cases {
        for members in [&[old][..], &[new], &[new, old]] {
            let mut chain = Chain::default();
            let mut data = minimal(kind, "publish");
            for member in members {
                let is_spare = members.len() > 1 && *member == old;
                data[*member] = if is_spare { json!([]) } else { value.clone() };
            }
            let outcome = chain.send(OWNER, sn(kind), data).unwrap();
            let entity = outcome.changes[0].after.to_json();
            assert_eq!((&entity[new], entity.get(old)), (&value, None), "{members:?}");
        }
    }
}

#[test]
fn downloads_keep_the_members_that_are_known() {
    let mut chain = Chain::default();
    let mut data = minimal(Kind::App, "publish");
    data["downloads"] = json!([
        {"os": "android", "link": "https://a", "did": "ab", "hash": "cd"},
        {"hash": "cd", "link": 7, "os": null},
        {},
    ]);
    let outcome = chain.send(OWNER, 15, data.clone()).unwrap();
    let expected = json!([{"os": "android", "link": "https://a", "did": "ab"}, {"link": "7"}, {}]);
    assert_eq!(outcome.changes[0].after.to_json()["downloads"], expected);
    for bad in [json!({}), json!(["a"]), json!([{"os": []}]), json!([null])] {
        data["downloads"] = bad;
        let ignored = chain.send(OWNER, 15, data.clone());
        assert_eq!(ignored, Err(Ignored::WrongShape("downloads")));
    }
}

#[test]
fn services_of_before_2022_are_services() {
    let mut chain = Chain::default();
    let start = json!({
        "op": "start",
        "stdName": "Protocol Consulting",
        "localName": ["协议咨询"],
        "type": ["Consulting"],
        "url": "https://cid.cash",
    });
    let outcome = chain.send(OWNER, 29, start.clone()).unwrap();
    let id = outcome.changes[0].key.id.to_string();
    let service = chain.json(Kind::Service, &id);
    assert_eq!(service["localNames"], json!(["协议咨询"]));
    assert_eq!(service["types"], json!(["Consulting"]));
    assert_eq!(service["urls"], json!(["https://cid.cash"]));
    assert_eq!(chain.last_row()["op"], "publish");

    let mut act = |sn: u32, op: &str| {
        let mut data = start.clone();
        data["op"] = op.into();
        data["sid"] = id.as_str().into();
        data["rate"] = 4.into();
        chain
            .send(if op == "rate" { RATER } else { OWNER }, sn, data)
            .map(|outcome| outcome.history.unwrap().op.word().unwrap())
    };
    // Either way to write reaches the same service.
    assert_eq!(act(29, "stop"), Ok("stop"));
    assert_eq!(act(29, "restart"), Ok("recover"));
    assert_eq!(act(29, "update"), Ok("update"));
    assert_eq!(act(29, "rate"), Ok("rate"));
    for op in ["publish", "recover", "close"] {
        assert_eq!(act(29, op), Err(Ignored::UnknownOp), "{op}");
    }
    let mut close = json!({"op": "close", "sid": id});
    assert!(chain.send(OWNER, 5, close.clone()).is_ok());
    close["op"] = "stop".into();
    assert_eq!(chain.send(OWNER, 29, close), Err(Ignored::Closed));
}
