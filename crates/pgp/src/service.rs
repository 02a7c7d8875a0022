//! What the user ids of the key of a payment service say: its fee, its servers, its Bitcoin keys.

use std::fmt;

use crate::PublicKey;

/// How often the record is fetched again if it does not say, in minutes.
pub const SYNC_PERIOD_MINUTES: u32 = 30;
/// Most servers of a record.
pub const SERVERS_MAX: usize = 64;

const TECHNICAL_DATA: &str = "technical_data";
const BITCOIN_KEY: &str = "bitcoin_key";
/// Servers are named after their Bitmessage addresses.
const SERVER_PREFIX: &str = "BM-";
const SERVER_NAME_LENGTH_MIN: usize = 35;
/// A day.
const SYNC_PERIOD_MINUTES_MAX: u32 = 1440;
/// Two are used; a service may keep others ready.
const BITCOIN_KEYS_MAX: usize = 16;

/// The record of a payment service.
///
/// *Source:* user ids `Name (Description) <mail>` of its key: `technical_data` with
/// `fee;period;keys`, one of a name that begins `BM-` for each server, and `bitcoin_key1`,
/// `bitcoin_key2` … .
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRecord {
    /// What the service takes, as written: a percentage such as `0.1%`, or satoshi.
    pub fee: Option<String>,
    /// How often the record is fetched again, in minutes.
    pub period_minutes: u32,
    /// How many Bitcoin keys there should be, if the record says so.
    pub key_count: Option<u8>,
    /// The servers, in their order; a server with several addresses is there several times.
    pub servers: Vec<Server>,
    /// The Bitcoin keys, in the order of their names.
    pub bitcoin_keys: Vec<BitcoinKey>,
}

/// A server of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name, also that of its own key at the key service.
    pub name: String,
    /// Where it answers, `http://` or `https://`.
    pub url: String,
}

/// A compressed public key of the service, on the curve or not: that is for who uses it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BitcoinKey(pub [u8; 33]);

impl fmt::Display for BitcoinKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for BitcoinKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BitcoinKey({self})")
    }
}

/// Why a record cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceRecordError {
    /// A fee that is neither a percentage nor satoshi.
    #[error("the fee is neither a percentage nor a number of satoshi")]
    Fee,
    /// A period of no minutes, or of more than a day.
    #[error("the period is not 1 to {SYNC_PERIOD_MINUTES_MAX} minutes")]
    Period,
    /// The name of a server is empty or has brackets.
    #[error("the name of a server is empty, or has brackets or control characters")]
    ServerName,
    /// An address of a server that is no plain `http://` or `https://` address.
    #[error("the address of a server is not http[s]:// and a host")]
    ServerUrl,
    /// More servers than [`SERVERS_MAX`], or more than 16 Bitcoin keys.
    #[error("there are more servers or keys than a record has room for")]
    TooMany,
}

impl ServiceRecord {
    /// What the valid user ids of the key say. What is malformed is left out, as is a second server
    /// of the same name and address.
    #[must_use]
    pub fn of_key(key: &PublicKey) -> Self {
        Self::parse(key.user_ids())
    }

    /// What these user ids say, in the same way.
    #[must_use]
    pub fn parse(user_ids: &[String]) -> Self {
        let mut record = Self {
            fee: None,
            period_minutes: SYNC_PERIOD_MINUTES,
            key_count: None,
            servers: Vec::new(),
            bitcoin_keys: Vec::new(),
        };
        let mut keys = Vec::new();
        for user_id in user_ids {
            let (name, description) = parts(user_id);
            if name.eq_ignore_ascii_case(TECHNICAL_DATA) {
                record.read_technical_data(description);
            } else if name.starts_with(SERVER_PREFIX) && name.len() >= SERVER_NAME_LENGTH_MIN {
                record.read_servers(name, description);
            } else if name.contains(BITCOIN_KEY)
                && let Some(key) = bitcoin_key(description)
            {
                keys.push((key_number(name), key));
            }
        }
        keys.sort_by_key(|(number, _)| *number);
        keys.truncate(BITCOIN_KEYS_MAX);
        record.bitcoin_keys = keys.into_iter().map(|(_, key)| key).collect();
        record
    }

    /// The user ids that say this, for a key of one's own: technical data first, then servers, then
    /// keys.
    ///
    /// Names of servers that do not begin `BM-` are written too; [`ServiceRecord::parse`] takes them
    /// for people.
    ///
    /// # Errors
    ///
    /// [`ServiceRecordError`].
    pub fn user_ids(&self) -> Result<Vec<String>, ServiceRecordError> {
        if self.servers.len() > SERVERS_MAX || self.bitcoin_keys.len() > BITCOIN_KEYS_MAX {
            return Err(ServiceRecordError::TooMany);
        }
        if self.period_minutes == 0 || self.period_minutes > SYNC_PERIOD_MINUTES_MAX {
            return Err(ServiceRecordError::Period);
        }
        let mut data = String::new();
        if let Some(fee) = &self.fee {
            if !is_fee(fee) {
                return Err(ServiceRecordError::Fee);
            }
            data.push_str(fee);
            data.push(';');
        }
        data.push_str(&self.period_minutes.to_string());
        let count = self.key_count.map(usize::from).or_else(|| {
            // With a fee the third column has to be there: two columns are period and keys.
            self.fee.as_ref().map(|_| self.bitcoin_keys.len())
        });
        if let Some(count) = count {
            data.push_str(&format!(";{count}"));
        }
        let mut user_ids = vec![format!("{TECHNICAL_DATA} ({data})")];
        for server in &self.servers {
            let is_bracketed = |letter: char| "()<>".contains(letter) || letter.is_control();
            if server.name.trim().is_empty() || server.name.contains(is_bracketed) {
                return Err(ServiceRecordError::ServerName);
            }
            if !is_url(&server.url) {
                return Err(ServiceRecordError::ServerUrl);
            }
            user_ids.push(format!("{} ({})", server.name, server.url));
        }
        for (number, key) in (1..).zip(&self.bitcoin_keys) {
            user_ids.push(format!("{BITCOIN_KEY}{number} ({key})"));
        }
        Ok(user_ids)
    }

    fn read_technical_data(&mut self, description: &str) {
        let columns: Vec<&str> = description.split(';').map(str::trim).collect();
        let (fee, period, count) = match columns.as_slice() {
            [period] => (None, *period, None),
            [period, count] => (None, *period, Some(*count)),
            [fee, period, count, ..] => (Some(*fee), *period, Some(*count)),
            [] => return,
        };
        self.fee = fee.filter(|fee| is_fee(fee)).map(str::to_owned);
        let is_period = |minutes: &u32| (1..=SYNC_PERIOD_MINUTES_MAX).contains(minutes);
        self.period_minutes = period.parse().ok().filter(is_period).unwrap_or(SYNC_PERIOD_MINUTES);
        self.key_count = count.and_then(|count| count.parse().ok());
    }

    fn read_servers(&mut self, name: &str, description: &str) {
        for url in description.split([' ', ',', ';']).filter(|url| is_url(url)) {
            let server = Server { name: name.to_owned(), url: url.to_owned() };
            if self.servers.len() < SERVERS_MAX && !self.servers.contains(&server) {
                self.servers.push(server);
            }
        }
    }
}

/// Name and description of `Name (Description) <mail>`, of which each may be missing.
fn parts(user_id: &str) -> (&str, &str) {
    let (name, rest) = user_id.split_once('(').unwrap_or((user_id, ""));
    let name = name.split_once('<').map_or(name, |(name, _)| name);
    let description = rest.rsplit_once(')').map_or("", |(description, _)| description);
    (name.trim(), description.trim())
}

/// Fewer than ten characters: digits, at most one point and one percent sign at its end.
fn is_fee(text: &str) -> bool {
    let number = text.strip_suffix('%').unwrap_or(text);
    text.len() < 10
        && number.bytes().any(|byte| byte.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && number.bytes().filter(|byte| *byte == b'.').count() <= 1
}

/// `http[s]://` and three or more of `A-Z a-z 0-9 _ . : -`.
fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| {
        host.len() >= 3
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
    })
}

/// The digits after `bitcoin_key`; keys without come first.
fn key_number(name: &str) -> u32 {
    let digits = name.rsplit_once(BITCOIN_KEY).map_or("", |(_, digits)| digits);
    digits.trim().parse().unwrap_or(0)
}

fn bitcoin_key(text: &str) -> Option<BitcoinKey> {
    let text = text.trim();
    if text.len() != 66 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 33];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    matches!(key[0], 2 | 3).then_some(BitcoinKey(key))
}
