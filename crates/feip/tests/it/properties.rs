//! Laws that hold for any records.

use crate::{
    support::{MASTER, Model, OWNER, PUBLISHED, RATER, STRANGER, minimal, sn},
    vectors,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{cell::Cell, sync::LazyLock};
use tally_chain::utxo::Record;
use tally_feip::{
    Entity, EntityKey, EntityState, HistoryRow, Kind, MASTER_PROMISE, Outcome, Rules, View,
    ViewError, apply, buy_mark,
};
use tally_primitives::{BlockNumber, Fid, Txid};

/// One record of a random history.
#[derive(Debug, Clone)]
struct Step {
    signer: usize,
    cdd: u64,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    Publish(usize, String),
    /// The op, and which of the entities so far.
    Operate(&'static str, usize),
    Rate(i64, usize),
    Name(&'static str),
    Address(&'static str),
    Master(usize),
}

/// The last two end alike, so that their names meet.
const SIGNERS: [&str; 6] = [OWNER, RATER, STRANGER, MASTER, "FaaaXend1", "FbbbXend1"];

fn step() -> impl Strategy<Value = Step> {
    let ops = prop::sample::select(&["update", "update", "stop", "recover", "close"][..]);
    let act = prop_oneof![
        2 => (0..4_usize, "[a-c]{0,2}").prop_map(|(kind, desc)| Act::Publish(kind, desc)),
        6 => (ops, 0..6_usize).prop_map(|(op, which)| Act::Operate(op, which)),
        5 => (-1..7_i64, 0..6_usize).prop_map(|(rate, which)| Act::Rate(rate, which)),
        4 => prop::sample::select(&["a", "b", "c", "d", "e", "x y"][..]).prop_map(Act::Name),
        3 => prop::sample::select(&["3", "9", "9!", "10"][..]).prop_map(Act::Address),
        1 => (0..6_usize).prop_map(Act::Master),
    ];
    (0..SIGNERS.len(), 0..20_u64, act).prop_map(|(signer, cdd, act)| Step { signer, cdd, act })
}

/// Makes the step's record at that height, in the state so far.
fn record(step: &Step, height: u64, model: &Model) -> Record {
    let published: Vec<&EntityKey> =
        model.entities.keys().filter(|key| key.kind != Kind::Cid).collect();
    let target = |which: usize| match published.get(which % published.len().max(1)) {
        Some(key) => (key.kind, key.id.to_string()),
        None => (Kind::Service, "0".repeat(64)),
    };
    let (sn, data) = match &step.act {
        Act::Publish(kind, desc) => {
            let kind = PUBLISHED[*kind];
            let mut data = minimal(kind, "publish");
            data["desc"] = desc.as_str().into();
            (sn(kind), data)
        }
        Act::Operate(op, which) => {
            let (kind, id) = target(*which);
            let mut data = minimal(kind, op);
            data[kind.id_member()] = id.into();
            (sn(kind), data)
        }
        Act::Rate(rate, which) => {
            let (kind, id) = target(*which);
            (sn(kind), json!({"op": "rate", kind.id_member(): id, "rate": rate}))
        }
        Act::Name(name) => (3, json!({"op": "register", "name": name})),
        Act::Address("3") => (3, json!({"op": "unregister"})),
        Act::Address("9") => (9, json!({"op": "register", "homepages": ["a", height.to_string()]})),
        Act::Address("9!") => (9, json!({"op": "unregister"})),
        Act::Address(_) => (10, json!({"noticeFee": height})),
        Act::Master(which) => (6, json!({"master": SIGNERS[*which], "promise": MASTER_PROMISE})),
    };
    let text = json!({"type": "FEIP", "sn": sn, "ver": 1, "data": data}).to_string();
    plain_record(SIGNERS[step.signer], height, step.cdd, text.into_bytes())
}

fn plain_record(signer: &str, height: u64, cdd: u64, text: Vec<u8>) -> Record {
    let mut txid = [0; 32];
    txid[..8].copy_from_slice(&height.to_be_bytes());
    Record {
        txid: Txid::from_shown(txid),
        height: BlockNumber(height),
        index: 1,
        time: 60 * height,
        signer: Some(signer.parse().unwrap()),
        recipient: None,
        cdd,
        text,
        payments: Vec::new(),
    }
}

fn rules(touches: bool) -> Rules {
    Rules { rating_touches_last: touches, cdd_check_height: BlockNumber(20), publish_cdd_factor: 3 }
}

/// Applies steps from the model's next height on; returns what was applied and its outcomes.
fn run(
    model: &mut Model,
    steps: &[Step],
    from: u64,
    rules: &Rules,
) -> Vec<(Record, Option<Outcome>)> {
    let apply = |(height, step): (u64, &Step)| {
        let record = record(step, height, model);
        let outcome = model.apply(&record, rules).ok();
        check(model);
        (record, outcome)
    };
    (from..).zip(steps).map(apply).collect()
}

/// What must hold in every state.
fn check(model: &Model) {
    for entity in model.entities.values() {
        let rows = || {
            model.history.iter().filter(|row| row.kind == entity.kind() && row.id == entity.key.id)
        };
        match &entity.state {
            EntityState::Construct(state) => {
                let first = rows().next().unwrap();
                assert_eq!((&first.signer, first.txid), (&state.owner, state.birth.txid));
                assert!(!(state.is_closed && state.is_active));
                let cdd: u64 = rows().filter_map(|row| row.rating).map(|rating| rating.cdd).sum();
                assert_eq!(state.rated_cdd, cdd);
                assert!((0.0..5.000_01).contains(&state.rate), "{}", state.rate);
                let by_others = rows().filter(|row| row.signer == state.owner);
                assert!(by_others.into_iter().all(|row| row.rating.is_none()));
                assert!(state.last.height >= state.birth.height);
            }
            EntityState::Cid(state) => {
                assert!(state.used.len() <= 4);
                assert!(state.cid.as_ref().is_none_or(|cid| state.used.contains(cid)));
                assert_ne!(state.master.as_ref().map(Fid::as_str), Some(&*entity.key.id));
                assert!(rows().all(|row| row.signer.as_str() == &*entity.key.id));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Goal: what is rolled back leaves no trace. Method: a random history, some of it undone by
    /// what its changes remember, another branch on top; then only what is left, from the start.
    #[test]
    fn a_rolled_back_state_is_as_if_nothing_had_been(
        first in prop::collection::vec(step(), 1..60),
        undone in 0..60_usize,
        second in prop::collection::vec(step(), 0..40),
        touches: bool,
    ) {
        let rules = rules(touches);
        let mut model = Model::default();
        let mut applied = run(&mut model, &first, 1, &rules);
        for _ in 0..undone.min(applied.len()) {
            if let (_, Some(outcome)) = applied.pop().unwrap() {
                model.undo(&outcome);
            }
        }
        let from = applied.len() as u64 + 1;
        applied.extend(run(&mut model, &second, from, &rules));

        let mut fresh = Model::default();
        for (record, outcome) in &applied {
            prop_assert_eq!(&fresh.apply(record, &rules).ok(), outcome);
        }
        prop_assert_eq!(fresh, model);
    }

    /// Goal: the same record in the same state always has the same outcome, and what is stored can
    /// be read again and says the same as its text.
    #[test]
    fn outcomes_are_repeatable_and_storable(steps in prop::collection::vec(step(), 1..40)) {
        let rules = rules(false);
        let mut model = Model::default();
        for (height, step) in (1..).zip(&steps) {
            let record = record(step, height, &model);
            let first = apply(&record, &model, &rules).unwrap();
            prop_assert_eq!(&first, &apply(&record, &model, &rules).unwrap());
            prop_assert_eq!(&first, &model.apply(&record, &rules));
        }
        for entity in model.entities.values() {
            let bytes = postcard::to_stdvec(entity).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Entity>(&bytes).unwrap(), entity);
            prop_assert_eq!(serde_json::from_str::<Value>(&entity.to_text()).unwrap(), entity.to_json());
        }
        for row in &model.history {
            let bytes = postcard::to_stdvec(row).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<HistoryRow>(&bytes).unwrap(), row);
            prop_assert_eq!(serde_json::from_str::<Value>(&row.to_text()).unwrap(), row.to_json());
        }
    }

    /// Goal: no bytes do harm.
    #[test]
    fn any_bytes_are_read_or_ignored(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        harmless(bytes);
    }

    /// Goal: nothing that is almost a record does harm. Method: real texts with a few bytes changed,
    /// inserted, removed or doubled.
    #[test]
    fn changed_records_are_read_or_ignored(
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, change_byte()), 1..8),
    ) {
        let mut bytes = which.get(&TEXTS).clone();
        for (at, how, byte) in changes {
            let at = at.index(bytes.len() + 1);
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.extend_from_within(at..),
                _ => bytes.insert(at, byte),
            }
        }
        harmless(bytes);
    }
}

fn change_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\0123456789.eE-nulltruefasd "[..])]
}

/// Texts of all families that are read.
static TEXTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let examples = vectors::json("feip_doc_examples.json");
    let examples = examples.as_array().unwrap().iter();
    let texts = examples.map(|example| example["opReturn"].to_string().into_bytes());
    let read = ["1", "2", "3", "5", "6", "9", "10", "15"];
    texts
        .filter(|text| {
            let value: Value = serde_json::from_slice(text).unwrap();
            read.contains(&value["sn"].to_string().trim_matches('"'))
        })
        .collect()
});

/// A view that counts the questions.
struct Counting<'a>(&'a Model, Cell<usize>);

impl View for Counting<'_> {
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        self.1.set(self.1.get() + 1);
        self.0.entity(key)
    }

    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError> {
        self.1.set(self.1.get() + 1);
        self.0.cid_holder(cid)
    }
}

/// Applies bytes to a small state, with few questions, the same way twice, and back.
fn harmless(bytes: Vec<u8>) {
    let rules = Rules::default();
    let mut model = Model::default();
    let publish = json!({"type": "FEIP", "sn": 5, "data": minimal(Kind::Service, "publish")});
    let first = plain_record(OWNER, 1, 1, publish.to_string().into_bytes());
    model.apply(&first, &rules).unwrap();
    let before = model.clone();

    let _mark = buy_mark(&bytes);
    let record = plain_record(OWNER, 2, 1, bytes);
    let counting = Counting(&model, Cell::new(0));
    let outcome = apply(&record, &counting, &rules).unwrap();
    assert!(counting.1.get() <= 2 + OWNER.len(), "{} questions", counting.1.get());
    assert_eq!(model.apply(&record, &rules), outcome);
    if let Ok(outcome) = &outcome {
        let changed = &outcome.changes[0].after;
        assert!(serde_json::from_str::<Value>(&changed.to_text()).is_ok(), "{}", changed.to_text());
        model.undo(outcome);
    }
    assert_eq!(model, before);
}
