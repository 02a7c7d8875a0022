use crate::{Family, Json, Kind, Object, Op};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::Record;
use tally_primitives::{BlockNumber, Fid, Txid};

/// One accepted record: a row of a kind's history. Its id is its transaction's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// What was operated on.
    pub kind: Kind,
    /// The id of what was operated on.
    pub id: Box<str>,
    /// The transaction.
    pub txid: Txid,
    /// Its block's height.
    pub height: BlockNumber,
    /// Its position in the block.
    pub index: u32,
    /// Its block's time, Unix seconds.
    pub time: u64,
    /// Who signed it.
    pub signer: Fid,
    /// What was done.
    pub op: Op,
    /// What it was done with, in any order.
    pub fields: Object,
    /// The rating, if it is one.
    pub rating: Option<Rating>,
}

/// How somebody rates something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// From 0 to [`RATE_MAX`](crate::RATE_MAX).
    pub rate: u8,
    /// The coin-days that were destroyed for it: its weight.
    pub cdd: u64,
}

impl HistoryRow {
    pub(crate) fn new(record: &Record, signer: &Fid, kind: Kind, id: &str, op: Op) -> Self {
        Self {
            kind,
            id: id.into(),
            txid: record.txid,
            height: record.height,
            index: record.index,
            time: record.time,
            signer: signer.clone(),
            op,
            fields: Object::new(),
            rating: None,
        }
    }

    /// Returns the answer's object with its members in order and numbers as they were written.
    pub fn to_object(&self) -> Object {
        let mut object = Object::new();
        object.push("txId", Json::string(self.txid.to_string()));
        object.push("height", Json::integer(self.height.0));
        object.push("index", Json::integer(self.index.into()));
        object.push("time", Json::integer(self.time));
        match self.kind.family() {
            Some(family) => self.write_construct(family, &mut object),
            None => self.write_cid(&mut object),
        }
        object
    }

    /// Returns the answer's text: [`HistoryRow::to_object`] as compact JSON.
    pub fn to_text(&self) -> String {
        self.to_object().to_string()
    }

    /// Returns the answer as a value to search in.
    pub fn to_json(&self) -> serde_json::Value {
        (&self.to_object()).into()
    }

    fn write_construct(&self, family: &Family, object: &mut Object) {
        object.push("signer", Json::string(self.signer.as_str()));
        for &name in family.history {
            if name == family.kind.id_member() {
                object.push(name, Json::string(self.id.clone()));
            } else if name == "op" {
                self.write_op(object);
            } else if let Some(value) = self.fields.get(name) {
                object.push(name, value.clone());
            }
        }
        let zero = family.zero_rates.then_some(Rating { rate: 0, cdd: 0 });
        if let Some(rating) = self.rating.or(zero) {
            object.push("rate", Json::integer(rating.rate.into()));
            object.push("cdd", Json::integer(rating.cdd));
        }
    }

    fn write_cid(&self, object: &mut Object) {
        for name in ["sn", "ver"] {
            if let Some(value) = self.fields.get(name) {
                object.push(name, value.clone());
            }
        }
        object.push("signer", Json::string(self.signer.as_str()));
        self.write_op(object);
        for (name, value) in self.fields.iter().filter(|(name, _)| !matches!(*name, "sn" | "ver")) {
            object.push(name, value.clone());
        }
    }

    fn write_op(&self, object: &mut Object) {
        if let Some(word) = self.op.word() {
            object.push("op", Json::string(word));
        }
    }
}
