use crate::{Address, Kind, Network, PrivateKey, Sum, Time};
use bitcoin::hashes::{Hash as _, hash160, sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// What two parties agree on: everything that the payment address of a deal is made of.
///
/// Invariant: two deals with different terms have different [`data_string`](Self::data_string)s.
/// What stands behind the URL has no semicolon, so the string is read from its end in one way only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// The network that the deal is paid on.
    pub network: Network,
    /// When the seller gets the money.
    pub kind: Kind,
    /// The URL of the site where the deal is made.
    pub url: String,
    /// When the deal is made.
    pub date: Time,
    /// Who gets the money.
    pub seller: Address,
    /// Who pays, and gets refunds.
    pub customer: Address,
    /// Until when the deal has to be paid.
    pub until: Time,
    /// What is to be paid.
    pub sum: Sum,
    /// Until when feedback decides about the money.
    pub leave_before: Time,
}

impl Terms {
    /// From the date of a deal to the end of the time to pay it, if the terms do not say: one hour.
    pub const UNTIL_DEFAULT_SECONDS: u64 = 3600;
    /// From the date of a deal to the end of the time for feedback, if the terms do not say: a day.
    pub const LEAVE_BEFORE_DEFAULT_SECONDS: u64 = 86_400;

    /// Returns the text that is hashed.
    pub fn data_string(&self) -> String {
        format!(
            "Type: {};URL: {};Date: {};Seller: {};Customer: {};Until: {};Sum: {};LeaveBefore: {}",
            self.kind as u8,
            self.url,
            self.date,
            self.seller,
            self.customer,
            self.until,
            self.sum.text(self.network),
            self.leave_before,
        )
    }

    /// Returns the SHA-256 hash of the data string.
    pub fn hash(&self) -> [u8; 32] {
        sha256::Hash::hash(self.data_string().as_bytes()).to_byte_array()
    }

    /// Returns the name of the deal.
    pub fn code(&self) -> DealCode {
        DealCode(hash160::Hash::hash(self.data_string().as_bytes()).to_byte_array())
    }

    /// Returns the private key that belongs to the terms (key3): the master key of BIP32 made of
    /// the [`hash`](Self::hash).
    ///
    /// Everybody who knows the terms can make it. It binds the address to the terms; it does not
    /// guard the money.
    ///
    /// # Panics
    ///
    /// For one hash in 2^127, which gives no key. Nobody can look for one.
    pub fn key3(&self) -> PrivateKey {
        PrivateKey::of_deal(&self.hash()).expect("one hash in 2^127 gives no key; nobody finds one")
    }
}

/// The name of a deal within a server: the RIPEMD-160 hash of the SHA-256 hash of its terms.
///
/// Written as 40 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DealCode([u8; 20]);

/// A text is no code of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 40 hexadecimal digits")]
pub struct DealCodeParseError;

impl DealCode {
    /// Makes a code of its bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for DealCode {
    type Err = DealCodeParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DealCodeParseError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for DealCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for DealCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DealCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for DealCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
