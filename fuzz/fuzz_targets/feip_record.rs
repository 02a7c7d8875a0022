//! Records of the chain: reading any text ends without a panic, asks few questions, has the same
//! outcome twice, writes JSON, and leaves nothing behind when it is undone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};
use tally_chain::utxo::Record;
use tally_feip::{Entity, EntityKey, Rules, View, ViewError, apply, buy_mark};
use tally_primitives::{BlockNumber, Fid, Txid};

const SIGNERS: [&str; 3] = ["Faaaaend1", "Fbbbbend1", "Fccccend2"];

#[derive(Default)]
struct State {
    entities: RefCell<BTreeMap<EntityKey, Entity>>,
    questions: Cell<usize>,
}

impl View for State {
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        self.questions.set(self.questions.get() + 1);
        Ok(self.entities.borrow().get(key).cloned())
    }

    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError> {
        self.questions.set(self.questions.get() + 1);
        let entities = self.entities.borrow();
        let holder =
            entities.values().find(|entity| entity.reserved_cids().iter().any(|own| &**own == cid));
        Ok(holder.and_then(|entity| entity.key.id.parse().ok()))
    }
}

// Texts are separated by zero bytes; the first byte of each says who signs. In a text, `@` stands
// for the id of what the first text published, so that records meet.
fuzz_target!(|bytes: &[u8]| {
    let state = State::default();
    let rules = Rules { cdd_check_height: BlockNumber(6), ..Rules::default() };
    let first = Txid::from_shown([1; 32]).to_string();
    for (number, text) in (1_u8..).zip(bytes.split(|byte| *byte == 0).take(12)) {
        let (signer, text) = text.split_first().map_or((0, text), |(first, rest)| (*first, rest));
        let text = text.split(|byte| *byte == b'@').collect::<Vec<_>>().join(first.as_bytes());
        let _mark = buy_mark(&text);
        let record = Record {
            txid: Txid::from_shown([number; 32]),
            height: BlockNumber(number.into()),
            index: 1,
            time: number.into(),
            signer: SIGNERS[usize::from(signer) % 3].parse().ok(),
            recipient: None,
            cdd: u64::from(signer >> 2),
            text,
            payments: Vec::new(),
        };
        state.questions.set(0);
        let outcome = apply(&record, &state, &rules).expect("this view can be read");
        assert!(state.questions.get() < 16);
        assert_eq!(apply(&record, &state, &rules).expect("this view can be read"), outcome);
        for change in outcome.iter().flat_map(|outcome| &outcome.changes) {
            let text = change.after.to_text();
            serde_json::from_str::<serde_json::Value>(&text).expect("what is written is JSON");
            let before =
                state.entities.borrow_mut().insert(change.key.clone(), change.after.clone());
            assert_eq!(before, change.before);
        }
        if let Some(row) = outcome.ok().and_then(|outcome| outcome.history) {
            let text = row.to_text();
            serde_json::from_str::<serde_json::Value>(&text).expect("what is written is JSON");
        }
    }
});
