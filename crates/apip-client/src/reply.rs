use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// The members of every answer, as sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) code: u32,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) nonce: i64,
    #[serde(default)]
    pub(crate) balance: i64,
    #[serde(default)]
    pub(crate) got: u64,
    #[serde(default)]
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) best_height: u64,
    pub(crate) data: Option<Box<RawValue>>,
    pub(crate) last: Option<Vec<Value>>,
}

/// What a directory answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The whole answer, as it was signed.
    pub text: String,
    /// What is left of the user's money, in satoshi.
    pub balance: i64,
    /// How many items the answer has.
    pub got: u64,
    /// How many items the query finds on all pages.
    pub total: u64,
    /// The highest block of the chain that the answer takes into account.
    pub best_height: u64,
    /// The answer itself as JSON text: for most endpoints an array of items, for those by ids an
    /// object with an item for each id that was found.
    pub data: Option<Box<RawValue>>,
    /// Where the next page begins: goes into the next query as `after`. A directory that does not
    /// sort gives none.
    pub last: Option<Vec<Value>>,
}

impl Reply {
    pub(crate) fn of(envelope: Envelope, text: String) -> Self {
        let Envelope { balance, got, total, best_height, data, last, .. } = envelope;
        Self { text, balance, got, total, best_height, data, last }
    }

    /// Reads the data as a type of the caller's.
    ///
    /// # Errors
    ///
    /// If it is another one; no data reads as `null`.
    pub fn data_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data.as_ref().map_or("null", |data| data.get()))
    }

    /// Returns the items of the data, each as the JSON text that was sent: the elements of an array,
    /// the values of an object by id, in the order of the ids' bytes.
    ///
    /// # Errors
    ///
    /// If the data is neither.
    pub fn items(&self) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
        let data = self.data.as_ref().map_or("[]", |data| data.get());
        if data.starts_with('{') {
            let by_id: BTreeMap<String, Box<RawValue>> = serde_json::from_str(data)?;
            return Ok(by_id.into_values().collect());
        }
        serde_json::from_str(data)
    }
}
