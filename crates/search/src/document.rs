use crate::leaves;

/// What a document is a part of. The two are searched apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The data of the asset that a transaction creates.
    Asset,
    /// The metadata of a transaction.
    Metadata,
}

/// A text to be found, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where the text stands.
    pub kind: Kind,
    /// The transaction's id, as bytes.
    pub id: [u8; 32],
    /// The height of the block that holds the transaction.
    pub height: u64,
    /// The texts, one for each string value. A phrase is never found across two of them.
    pub texts: Vec<String>,
}

impl Document {
    /// Makes a document of a JSON text: every string value at any depth is indexed; the names of
    /// fields, numbers, booleans and `null` are not. `json` is well-formed, as it is in the store;
    /// of a text that is not, what could be read is indexed.
    pub fn from_json(kind: Kind, id: [u8; 32], height: u64, json: &str) -> Self {
        Self { kind, id, height, texts: leaves::string_values(json) }
    }
}

/// A document that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The transaction's id, as bytes.
    pub id: [u8; 32],
    /// The height of the block that holds the transaction.
    pub height: u64,
    /// How well it fits, by BM25; only comparable within one search.
    pub score: f32,
}
