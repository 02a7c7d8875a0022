//! A chain of records with the state that they make, in memory.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tally_chain::utxo::Record;
use tally_feip::{
    Change, Entity, EntityKey, EntityState, HistoryRow, Ignored, Kind, Outcome, Rules, View,
    ViewError, apply,
};
use tally_primitives::{BlockNumber, Fid, Txid};

pub(crate) const OWNER: &str = "FJYN3D7x4yiLF692WUAe7Vfo2nQpYDNrC7";
pub(crate) const RATER: &str = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";
pub(crate) const STRANGER: &str = "FPL44YJRwPdd2ipziFvqq6y2tw4VnVvpAv";
pub(crate) const MASTER: &str = "FMZsWGT5hEUqhnZhLhXrxNXXG6uDHcarmX";

/// The kinds that are published.
pub(crate) const PUBLISHED: [Kind; 4] = [Kind::Protocol, Kind::Code, Kind::Service, Kind::App];

/// A state that remembers how to be undone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) entities: BTreeMap<EntityKey, Entity>,
    pub(crate) history: Vec<HistoryRow>,
    holders: BTreeMap<Box<str>, Fid>,
}

impl View for Model {
    fn entity(&self, key: &EntityKey) -> Result<Option<Entity>, ViewError> {
        Ok(self.entities.get(key).cloned())
    }

    fn cid_holder(&self, cid: &str) -> Result<Option<Fid>, ViewError> {
        Ok(self.holders.get(cid).cloned())
    }
}

impl Model {
    /// Applies a record; what it returns undoes it.
    pub(crate) fn apply(&mut self, record: &Record, rules: &Rules) -> Result<Outcome, Ignored> {
        let outcome = apply(record, self, rules).unwrap()?;
        for change in &outcome.changes {
            assert_eq!(change.key, change.after.key);
            assert_eq!(change.before.as_ref(), self.entities.get(&change.key));
            self.put(&change.key, Some(change.after.clone()));
        }
        self.history.extend(outcome.history.clone());
        Ok(outcome)
    }

    pub(crate) fn undo(&mut self, outcome: &Outcome) {
        for Change { key, before, after } in outcome.changes.iter().rev() {
            assert_eq!(self.entities.get(key), Some(after));
            self.put(key, before.clone());
        }
        for row in outcome.history.iter().rev() {
            assert_eq!(self.history.pop().as_ref(), Some(row));
        }
    }

    fn put(&mut self, key: &EntityKey, entity: Option<Entity>) {
        for cid in self.entities.get(key).map_or(&[][..], Entity::reserved_cids) {
            self.holders.remove(cid);
        }
        for cid in entity.as_ref().map_or(&[][..], Entity::reserved_cids) {
            let other = self.holders.insert(cid.clone(), key.id.parse().unwrap());
            assert_eq!(other, None, "{cid} has two holders");
        }
        match entity {
            Some(entity) => self.entities.insert(key.clone(), entity),
            None => self.entities.remove(key),
        };
    }
}

/// A chain that grows by one block a record.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) model: Model,
    pub(crate) rules: Rules,
    pub(crate) height: u64,
}

impl Chain {
    /// Sends data with that serial number; the transaction destroys 10 coin-days.
    pub(crate) fn send(&mut self, signer: &str, sn: u32, data: Value) -> Result<Outcome, Ignored> {
        self.send_with(signer, sn, data, 10)
    }

    pub(crate) fn send_with(
        &mut self,
        signer: &str,
        sn: u32,
        data: Value,
        cdd: u64,
    ) -> Result<Outcome, Ignored> {
        let text = json!({"type": "FEIP", "sn": sn, "ver": "1", "data": data}).to_string();
        let mut record = self.record(signer, text.as_bytes());
        record.cdd = cdd;
        self.apply(&record)
    }

    /// Sends a text as it is.
    pub(crate) fn send_text(&mut self, signer: &str, text: &str) -> Result<Outcome, Ignored> {
        let record = self.record(signer, text.as_bytes());
        self.apply(&record)
    }

    /// Applies a record; one that is ignored must change nothing.
    pub(crate) fn apply(&mut self, record: &Record) -> Result<Outcome, Ignored> {
        let before = self.model.clone();
        let outcome = self.model.apply(record, &self.rules);
        if outcome.is_err() {
            assert_eq!(self.model, before);
        }
        outcome
    }

    pub(crate) fn record(&mut self, signer: &str, text: &[u8]) -> Record {
        self.height += 1;
        let mut txid = [0xab; 32];
        txid[24..].copy_from_slice(&self.height.to_be_bytes());
        Record {
            txid: Txid::from_shown(txid),
            height: BlockNumber(self.height),
            index: 1,
            time: 1_600_000_000 + 60 * self.height,
            signer: Some(signer.parse().unwrap()),
            recipient: None,
            cdd: 10,
            text: text.to_vec(),
            payments: Vec::new(),
        }
    }

    /// Publishes something of that kind and returns its id.
    pub(crate) fn publish(&mut self, kind: Kind) -> String {
        let outcome = self.send(OWNER, sn(kind), minimal(kind, "publish")).unwrap();
        assert_eq!(outcome.changes[0].before, None);
        outcome.changes[0].key.id.to_string()
    }

    /// Does that op to an entity, with nothing more than the family needs.
    pub(crate) fn operate(
        &mut self,
        signer: &str,
        kind: Kind,
        id: &str,
        op: &str,
    ) -> Result<Outcome, Ignored> {
        let mut data = minimal(kind, op);
        data[kind.id_member()] = id.into();
        self.send(signer, sn(kind), data)
    }

    pub(crate) fn rate(
        &mut self,
        signer: &str,
        kind: Kind,
        id: &str,
        rate: impl Into<Value>,
        cdd: u64,
    ) -> Result<Outcome, Ignored> {
        let data = json!({"op": "rate", kind.id_member(): id, "rate": rate.into()});
        self.send_with(signer, sn(kind), data, cdd)
    }

    /// What a query would find.
    pub(crate) fn json(&self, kind: Kind, id: &str) -> Value {
        self.model.entities[&EntityKey { kind, id: id.into() }].to_json()
    }

    pub(crate) fn last_row(&self) -> Value {
        self.model.history.last().unwrap().to_json()
    }
}

pub(crate) fn sn(kind: Kind) -> u32 {
    match kind {
        Kind::Protocol => 1,
        Kind::Code => 2,
        Kind::Service => 5,
        Kind::App => 15,
        Kind::Cid => 3,
    }
}

/// The least that an op of that family says.
pub(crate) fn minimal(kind: Kind, op: &str) -> Value {
    match (op, kind) {
        ("publish" | "update", Kind::Protocol) => json!({"op": op, "sn": "3", "name": "CID"}),
        ("publish" | "update", Kind::Code) => json!({"op": op, "name": "FreeChain"}),
        ("publish" | "update", Kind::Service) => json!({"op": op, "stdName": "ApipServer"}),
        ("publish" | "update", Kind::App) => json!({"op": op, "stdName": "Signer"}),
        _ => json!({"op": op}),
    }
}

/// The state of something published.
pub(crate) fn published(outcome: &Outcome) -> &tally_feip::ConstructState {
    match &outcome.changes[0].after.state {
        EntityState::Construct(state) => state,
        EntityState::Cid(state) => panic!("{state:?} was not published"),
    }
}
