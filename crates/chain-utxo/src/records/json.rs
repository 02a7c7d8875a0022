//! Records as JSON: one object with the member `records`, an array, or an object a line.

use super::LoggedEntry;
use serde::Deserialize;
use tally_chain::utxo::Record;
use tally_primitives::{BlockNumber, Fid, Txid};

/// Reads records from JSON, in the order of the text.
///
/// The text is an array of entries, an object whose member `records` is one, or entries one after
/// the other, such as one a line. An entry is `{"txId", "height", "time", "txIndex", "signer",
/// "recipient", "cdd", "opReturn"}`, or `{"rollbackToHeight"}`; other members are ignored.
///
/// # Errors
///
/// What is wrong, and where.
pub fn parse_json_records(text: &str) -> Result<Vec<LoggedEntry>, serde_json::Error> {
    let mut entries = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Document>() {
        match document? {
            Document::Object { records } | Document::Array(records) => {
                entries.extend(records.into_iter().map(LoggedEntry::from));
            }
            Document::Entry(entry) => entries.push((*entry).into()),
        }
    }
    Ok(entries)
}

enum Document {
    Object { records: Vec<Entry> },
    Array(Vec<Entry>),
    Entry(Box<Entry>),
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

/// Tells the forms apart by their first byte, so that errors say where the text is wrong.
struct DocumentVisitor;

impl<'de> serde::de::Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record, or an array of records")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Document, A::Error> {
        Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(Document::Array)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        let object = Object::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        match object.records {
            Some(records) => Ok(Document::Object { records }),
            None => {
                let entry = object.into_entry().map_err(serde::de::Error::missing_field)?;
                Ok(Document::Entry(Box::new(entry)))
            }
        }
    }
}

/// An object in the file: the whole of it, or an entry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    records: Option<Vec<Entry>>,
    rollback_to_height: Option<u64>,
    tx_id: Option<Txid64>,
    height: Option<u64>,
    time: Option<u64>,
    tx_index: Option<u32>,
    signer: Option<Fid64>,
    recipient: Option<Fid64>,
    cdd: Option<i64>,
    op_return: Option<String>,
}

/// A transaction's id, as 64 digits.
struct Txid64(Txid);

impl<'de> Deserialize<'de> for Txid64 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// An address, checked.
struct Fid64(Fid);

impl<'de> Deserialize<'de> for Fid64 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl Object {
    /// # Errors
    ///
    /// The name of a member that is missing.
    fn into_entry(self) -> Result<Entry, &'static str> {
        if let Some(height) = self.rollback_to_height {
            return Ok(Entry(LoggedEntry::RolledBackTo(BlockNumber(height))));
        }
        Ok(Entry(LoggedEntry::Record(Record {
            txid: self.tx_id.ok_or("txId")?.0,
            height: BlockNumber(self.height.ok_or("height")?),
            index: self.tx_index.ok_or("txIndex")?,
            time: self.time.ok_or("time")?,
            signer: self.signer.map(|fid| fid.0),
            recipient: self.recipient.map(|fid| fid.0),
            // Like the other format, it has some below zero.
            cdd: self.cdd.map_or(0, |cdd| cdd.max(0).unsigned_abs()),
            text: self.op_return.ok_or("opReturn")?.into_bytes(),
            payments: Vec::new(),
        })))
    }
}

struct Entry(LoggedEntry);

impl From<Entry> for LoggedEntry {
    fn from(entry: Entry) -> Self {
        entry.0
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Object::deserialize(deserializer)?;
        object.into_entry().map_err(serde::de::Error::missing_field)
    }
}
