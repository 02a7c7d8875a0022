//! What addresses say about themselves: docs/feip.md, section *Addresses*.

use crate::support::{Chain, MASTER, OWNER, RATER, STRANGER};
use serde_json::{Value, json};
use tally_feip::{CidState, EntityState, Ignored, Kind, MASTER_PROMISE, Outcome};

impl Chain {
    fn register(&mut self, signer: &str, name: &str) -> Result<CidState, Ignored> {
        self.send(signer, 3, json!({"op": "register", "name": name})).map(state)
    }

    fn unregister(&mut self, signer: &str) -> Result<CidState, Ignored> {
        self.send(signer, 3, json!({"op": "unregister"})).map(state)
    }
}

fn state(outcome: Outcome) -> CidState {
    match outcome.changes.into_iter().next().unwrap().after.state {
        EntityState::Cid(state) => state,
        EntityState::Construct(state) => panic!("{state:?} is no address"),
    }
}

/// An address that ends with these letters.
fn ending(end: &str) -> String {
    format!("F{}{end}", "x".repeat(33 - end.len()))
}

#[test]
fn a_name_gets_the_addresss_last_four_letters() {
    let mut chain = Chain::default();
    let alice = chain.register(OWNER, "春花").unwrap();
    assert_eq!(alice.cid.as_deref(), Some("春花_NrC7"));
    let expected = json!({
        "fid": OWNER,
        "cid": "春花_NrC7",
        "usedCids": ["春花_NrC7"],
        "nameTime": 1_600_000_060,
        "lastHeight": 1,
    });
    assert_eq!(chain.json(Kind::Cid, OWNER), expected);
    let row = json!({
        "txId": chain.model.history[0].txid.to_string(),
        "height": 1,
        "index": 1,
        "time": 1_600_000_060,
        "sn": "3",
        "ver": "1",
        "signer": OWNER,
        "op": "register",
        "name": "春花",
    });
    assert_eq!(chain.last_row(), row);
}

#[test]
fn a_taken_name_gets_one_letter_more() {
    let mut chain = Chain::default();
    let cid = |state: CidState| state.cid.unwrap().to_string();
    assert_eq!(cid(chain.register(&ending("abcde"), "x").unwrap()), "x_bcde");
    assert_eq!(cid(chain.register(&ending("zbcde"), "x").unwrap()), "x_zbcde");
    assert_eq!(cid(chain.register(&ending("yzbcde"), "x").unwrap()), "x_yzbcde");
    // Another name is free.
    assert_eq!(cid(chain.register(&ending("zbcde"), "y").unwrap()), "y_bcde");
}

#[test]
fn a_name_that_others_have_in_every_length_is_ignored() {
    let mut chain = Chain::default();
    chain.register("abcd", "x").unwrap();
    chain.register("zabcd", "x").unwrap();
    assert_eq!(chain.register("qzabcd", "x").unwrap().cid.as_deref(), Some("x_qzabcd"));
    assert_eq!(chain.register("abcd", "x").unwrap().cid.as_deref(), Some("x_abcd"));
    // `zabcd` takes what an address that is the end of it cannot take any more.
    let mut chain = Chain::default();
    chain.register("zabcd", "x").unwrap();
    assert_eq!(chain.register("abcd", "x"), Err(Ignored::NameTaken));
}

#[test]
fn names_have_no_space_and_no_separators() {
    let mut chain = Chain::default();
    for bad in ["", " ", "a b", "a@b", "a:b", "a/b", "a_b", "_", "Issy Hu", "zeng001_vyya"] {
        assert_eq!(chain.register(OWNER, bad), Err(Ignored::BadName), "{bad}");
    }
    let missing = chain.send(OWNER, 3, json!({"op": "register"}));
    assert_eq!(missing, Err(Ignored::Missing("name")));
    let list = chain.send(OWNER, 3, json!({"op": "register", "name": ["a"]}));
    assert_eq!(list, Err(Ignored::WrongShape("name")));
    for good in ["a", "春花", "a-b.c!", "007"] {
        assert!(Chain::default().register(OWNER, good).is_ok(), "{good}");
    }
    let number = chain.send(OWNER, 3, json!({"op": "register", "name": 8})).map(state);
    assert_eq!(number.unwrap().cid.as_deref(), Some("8_NrC7"));
}

#[test]
fn a_new_name_replaces_the_old_one() {
    let mut chain = Chain::default();
    chain.register(RATER, "chunhua").unwrap();
    let renamed = chain.register(RATER, "春花").unwrap();
    assert_eq!(renamed.cid.as_deref(), Some("春花_cjWK"));
    assert_eq!(
        renamed.used.iter().map(|cid| &**cid).collect::<Vec<_>>(),
        ["chunhua_cjWK", "春花_cjWK"]
    );
    // The time is that of the first.
    assert_eq!(renamed.name_time, 1_600_000_060);
}

#[test]
fn a_name_stays_reserved_to_its_address() {
    let mut chain = Chain::default();
    let (first, second) = (ending("abcde"), ending("zbcde"));
    chain.register(&first, "x").unwrap();
    chain.unregister(&first).unwrap();
    assert_eq!(chain.register(&second, "x").unwrap().cid.as_deref(), Some("x_zbcde"));
    let again = chain.register(&first, "x").unwrap();
    assert_eq!((again.cid.as_deref(), again.used.len()), (Some("x_bcde"), 1));
}

#[test]
fn an_address_has_at_most_four_names_ever() {
    let mut chain = Chain::default();
    for name in ["a", "b", "c", "d"] {
        chain.register(OWNER, name).unwrap();
    }
    assert_eq!(chain.register(OWNER, "e"), Err(Ignored::TooManyNames));
    chain.unregister(OWNER).unwrap();
    assert_eq!(chain.register(OWNER, "e"), Err(Ignored::TooManyNames));
    // Those that it had are its own for ever.
    assert_eq!(chain.register(OWNER, "b").unwrap().used.len(), 4);
}

#[test]
fn only_a_name_that_is_there_is_unregistered() {
    let mut chain = Chain::default();
    assert_eq!(chain.unregister(OWNER), Err(Ignored::NothingRegistered));
    chain.register(OWNER, "CY").unwrap();
    let gone = chain.unregister(OWNER).unwrap();
    assert_eq!((gone.cid, gone.used.len(), gone.name_time), (None, 1, 1_600_000_120));
    assert_eq!(chain.json(Kind::Cid, OWNER).get("cid"), None);
    assert_eq!(chain.unregister(OWNER), Err(Ignored::NothingRegistered));
    let ops = [json!({"op": "update", "name": "a"}), json!({"op": "Register", "name": "a"})];
    for data in ops {
        assert_eq!(chain.send(OWNER, 3, data), Err(Ignored::UnknownOp));
    }
    assert_eq!(chain.send(OWNER, 3, json!({"name": "a"})), Err(Ignored::Missing("op")));
}

fn promise(master: Value, promise: &str) -> Value {
    json!({"master": master, "promise": promise})
}

#[test]
fn a_master_is_given_once() {
    let mut chain = Chain::default();
    let given = chain.send(OWNER, 6, promise(MASTER.into(), MASTER_PROMISE)).map(state).unwrap();
    assert_eq!(given.master.unwrap().as_str(), MASTER);
    assert_eq!(chain.json(Kind::Cid, OWNER)["master"], MASTER);
    let row = chain.last_row();
    assert_eq!((&row["sn"], &row["master"], row.get("op")), (&json!("6"), &json!(MASTER), None));
    for master in [MASTER, STRANGER] {
        let again = chain.send(OWNER, 6, promise(master.into(), MASTER_PROMISE));
        assert_eq!(again, Err(Ignored::MasterGiven));
    }
}

#[test]
fn a_master_needs_the_promise_word_for_word() {
    let mut chain = Chain::default();
    for text in
        ["", "the master owns all my rights.", "The master owns all my rights", "I promise."]
    {
        let ignored = chain.send(OWNER, 6, promise(MASTER.into(), text));
        assert_eq!(ignored, Err(Ignored::WrongPromise), "{text}");
    }
    let none = chain.send(OWNER, 6, json!({"master": MASTER}));
    assert_eq!(none, Err(Ignored::WrongPromise));
}

#[test]
fn a_master_is_another_address() {
    let mut chain = Chain::default();
    let mut give = |master: Value| chain.send(OWNER, 6, promise(master, MASTER_PROMISE));
    assert_eq!(give(OWNER.into()), Err(Ignored::OwnMaster));
    assert_eq!(give("".into()), Err(Ignored::Missing("master")));
    assert_eq!(give(json!(null)), Err(Ignored::Missing("master")));
    for bad in [json!("no address"), json!([MASTER]), json!("F".repeat(65))] {
        assert_eq!(give(bad), Err(Ignored::WrongShape("master")));
    }
}

#[test]
fn homepages_are_replaced_and_removed() {
    let mut chain = Chain::default();
    let register = |pages: Value| json!({"op": "register", "homepages": pages});
    let unregister = json!({"op": "unregister"});
    assert_eq!(chain.send(OWNER, 9, unregister.clone()), Err(Ignored::NothingRegistered));
    chain.send(OWNER, 9, register(json!(["https://cid.cash", "127.0.0.1:8080"]))).unwrap();
    let row = chain.last_row();
    assert_eq!((&row["sn"], &row["op"]), (&json!("9"), &json!("register")));
    assert_eq!(row["homepages"], json!(["https://cid.cash", "127.0.0.1:8080"]));
    chain.send(OWNER, 9, register(json!(["b"]))).unwrap();
    assert_eq!(chain.json(Kind::Cid, OWNER)["homepages"], json!(["b"]));
    for nothing in [json!([]), json!(null)] {
        assert_eq!(chain.send(OWNER, 9, register(nothing)), Err(Ignored::Missing("homepages")));
    }
    let text = chain.send(OWNER, 9, register(json!("b")));
    assert_eq!(text, Err(Ignored::WrongShape("homepages")));
    chain.send(OWNER, 9, unregister).unwrap();
    assert_eq!(chain.json(Kind::Cid, OWNER).get("homepages"), None);
}

#[test]
fn a_notice_fee_is_kept_as_it_was_written() {
    let mut chain = Chain::default();
    for (written, kept) in [("\"0.0001\"", "0.0001"), ("0.00010", "0.00010"), ("1.0E-4", "1.0E-4")]
    {
        let text = format!(r#"{{"type":"FEIP","sn":10,"ver":1,"data":{{"noticeFee":{written}}}}}"#);
        chain.send_text(OWNER, &text).unwrap();
        assert_eq!(chain.json(Kind::Cid, OWNER)["noticeFee"], kept);
        let row = chain.last_row();
        assert_eq!((&row["noticeFee"], row.get("op")), (&json!(kept), None));
    }
    for nothing in [json!({}), json!({"noticeFee": ""}), json!({"noticeFee": null})] {
        assert_eq!(chain.send(OWNER, 10, nothing), Err(Ignored::Missing("noticeFee")));
    }
    let object = chain.send(OWNER, 10, json!({"noticeFee": {}}));
    assert_eq!(object, Err(Ignored::WrongShape("noticeFee")));
}

#[test]
fn what_an_address_says_leaves_the_rest_alone() {
    let mut chain = Chain::default();
    chain.register(RATER, "春花").unwrap();
    chain.send(RATER, 9, json!({"op": "register", "homepages": ["a"]})).unwrap();
    chain.send(RATER, 10, json!({"noticeFee": "1"})).unwrap();
    chain.send(RATER, 6, promise(MASTER.into(), MASTER_PROMISE)).unwrap();
    chain.unregister(RATER).unwrap();
    let expected = json!({
        "fid": RATER,
        "usedCids": ["春花_cjWK"],
        "master": MASTER,
        "homepages": ["a"],
        "noticeFee": "1",
        "nameTime": 1_600_000_060,
        "lastHeight": 5,
    });
    assert_eq!(chain.json(Kind::Cid, RATER), expected);
}
