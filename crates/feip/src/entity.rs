use crate::{CidState, ConstructState, EntityKey, Json, Kind, Object};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::Record;
use tally_primitives::{BlockNumber, Txid};

/// One thing in the directory, as the records so far have made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Its name.
    pub key: EntityKey,
    /// The rest.
    pub state: EntityState,
}

/// What is known about an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EntityState {
    /// Something published.
    Construct(ConstructState),
    /// An address.
    Cid(CidState),
}

/// Where in the chain something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The transaction.
    pub txid: Txid,
    /// Its block's time, Unix seconds.
    pub time: u64,
    /// Its block's height.
    pub height: BlockNumber,
}

impl Moment {
    pub(crate) fn of(record: &Record) -> Self {
        Self { txid: record.txid, time: record.time, height: record.height }
    }
}

impl Entity {
    /// Returns what it is.
    pub const fn kind(&self) -> Kind {
        self.key.kind
    }

    /// Returns the names that nobody else can register while this entity is so: those of an
    /// address, which a [`View`](crate::View) finds the address by.
    pub fn reserved_cids(&self) -> &[Box<str>] {
        match &self.state {
            EntityState::Construct(_) => &[],
            EntityState::Cid(state) => &state.used,
        }
    }

    /// Returns the answer's object with its members in order and numbers as they were written.
    pub fn to_object(&self) -> Object {
        let mut object = Object::new();
        object.push(self.key.kind.id_member(), Json::string(self.key.id.clone()));
        match &self.state {
            EntityState::Construct(state) => state.write(self.key.kind, &mut object),
            EntityState::Cid(state) => state.write(&mut object),
        }
        object
    }

    /// Returns the answer's text: [`Entity::to_object`] as compact JSON.
    pub fn to_text(&self) -> String {
        self.to_object().to_string()
    }

    /// Returns the answer as a value to search in.
    pub fn to_json(&self) -> serde_json::Value {
        (&self.to_object()).into()
    }
}
