use clap::ValueEnum;
use serde::{Serialize, Serializer};
use std::{fmt::Display, str::FromStr};
use tally_daemon::HIDDEN;
use tally_deal::{Address, AddressError, PrivateKey, PublicKey};
use tally_deal_node::Trust;

/// A value that is written as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting<T>(pub(crate) T);

impl<T: FromStr> FromStr for Setting<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl<T: Display> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An address of any network: which one it must be of is known when all settings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnyAddress(pub(crate) Address);

impl FromStr for AnyAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Address::parse_any(text).map(Self)
    }
}

impl Serialize for AnyAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A key of the service: one that money can be paid out with, or only its public half.
#[derive(Debug, Clone)]
pub(crate) enum ServiceKey {
    /// Shown to nobody.
    Private(PrivateKey),
    /// Enough in front of a server.
    Public(PublicKey),
}

impl ServiceKey {
    /// Returns its public half.
    pub(crate) fn public(&self) -> PublicKey {
        match self {
            Self::Private(key) => key.public_key(),
            Self::Public(key) => *key,
        }
    }
}

impl PartialEq for ServiceKey {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Private(_)) == matches!(other, Self::Private(_))
            && self.public() == other.public()
    }
}

impl FromStr for ServiceKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(key) = text.parse() {
            return Ok(Self::Public(key));
        }
        let private = match private_bytes(text) {
            Some(bytes) => PrivateKey::from_bytes(&bytes),
            None => PrivateKey::from_wif(text),
        };
        // What was given is not repeated: it may be a key with a slip.
        private.map(Self::Private).map_err(
            |_| "expected a public key (66 hexadecimal digits) or a private one (64, or WIF)",
        )
    }
}

fn private_bytes(text: &str) -> Option<[u8; 32]> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes: Option<Vec<u8>> = is_hex.then(|| (0..32).map(|byte| digit(byte * 2)).collect())?;
    bytes?.try_into().ok()
}

impl Serialize for ServiceKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Private(_) => serializer.serialize_str(HIDDEN),
            Self::Public(key) => serializer.collect_str(key),
        }
    }
}

/// Whose deals are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrustName {
    /// Everybody's.
    Anyone,
    /// Of those whose accounts do not name other sites.
    Listed,
    /// Of parties who both name the site.
    Registered,
}

impl From<TrustName> for Trust {
    fn from(name: TrustName) -> Self {
        match name {
            TrustName::Anyone => Self::Anyone,
            TrustName::Listed => Self::Listed,
            TrustName::Registered => Self::Registered,
        }
    }
}
