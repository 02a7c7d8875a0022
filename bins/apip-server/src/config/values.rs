use clap::ValueEnum;
use serde::{Serialize, Serializer};
use std::str::FromStr;
use tally_apip_api::{ChargeRule, KeyFormat};
use tally_chain_utxo::Network;
use tally_primitives::Txid;

/// A network, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkName(pub(crate) Network);

impl FromStr for NetworkName {
    type Err = tally_chain_utxo::UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for NetworkName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

/// The id of a service, as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServiceId(pub(crate) Txid);

impl FromStr for ServiceId {
    type Err = <Txid as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for ServiceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// How session keys are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyFormatName {
    /// The format of the servers of 2023.
    Fipa9,
    /// The format of the document's sample.
    Bitcore,
}

impl From<KeyFormatName> for KeyFormat {
    fn from(name: KeyFormatName) -> Self {
        match name {
            KeyFormatName::Fipa9 => Self::Fipa9,
            KeyFormatName::Bitcore => Self::Bitcore,
        }
    }
}

/// Which answers cost something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChargeMode {
    /// Success, and no data.
    Answered,
    /// All, refusals too.
    All,
}

impl From<ChargeMode> for ChargeRule {
    fn from(mode: ChargeMode) -> Self {
        match mode {
            ChargeMode::Answered => Self::Answered,
            ChargeMode::All => Self::All,
        }
    }
}

/// An interface and by what its price is multiplied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PriceFactor {
    pub(crate) interface: String,
    pub(crate) factor: u64,
}

impl FromStr for PriceFactor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').filter(|(interface, _)| !interface.is_empty());
        let factor = parts.and_then(|(interface, factor)| Some((interface, factor.parse().ok()?)));
        let (interface, factor) =
            factor.ok_or_else(|| format!("{text} is not NAME=NUMBER, such as general=10"))?;
        Ok(Self { interface: interface.to_owned(), factor })
    }
}

impl Serialize for PriceFactor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}={}", self.interface, self.factor))
    }
}
