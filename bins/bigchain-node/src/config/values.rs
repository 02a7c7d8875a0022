use clap::ValueEnum;
use serde::Serialize;
use std::{fmt, str::FromStr};
use tally_bigchain_api::{ApiEra, ApiEraParseError};
use tally_crypto::ed25519::PublicKey;
use tally_ledger_node::PeerAddress;

/// How clients open a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StreamScheme {
    /// Plain.
    Ws,
    /// With TLS.
    Wss,
}

/// Public keys, separated by colons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "Vec<String>")]
pub(crate) struct KeyList(pub(crate) Vec<PublicKey>);

impl FromStr for KeyList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys = text.split([':', ',']).map(str::trim).filter(|key| !key.is_empty());
        keys.map(public_key).collect::<Result<_, _>>().map(Self)
    }
}

impl From<KeyList> for Vec<String> {
    fn from(keys: KeyList) -> Self {
        keys.0.iter().map(PublicKey::to_string).collect()
    }
}

/// Reads a public key; says what one looks like if the text is none.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, String> {
    text.parse().map_err(|_| format!("{text} is not a public key: 32 bytes in Base58"))
}

/// A member of the federation and where it can be reached: `KEY@HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub(crate) struct PeerArgument {
    pub(crate) key: PublicKey,
    /// Host and port.
    pub(crate) endpoint: String,
}

impl FromStr for PeerArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text} is not KEY@HOST:PORT");
        let (key, endpoint) = text.split_once('@').ok_or_else(form)?;
        let (host, port) = endpoint.rsplit_once(':').ok_or_else(form)?;
        if host.is_empty() || port.parse::<u16>().ok().is_none_or(|port| port == 0) {
            return Err(form());
        }
        // Said now, and not when the node already starts.
        endpoint.parse::<PeerAddress>().map_err(|_| form())?;
        Ok(Self { key: public_key(key)?, endpoint: endpoint.to_owned() })
    }
}

impl From<PeerArgument> for String {
    fn from(peer: PeerArgument) -> Self {
        peer.to_string()
    }
}

impl fmt::Display for PeerArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.key, self.endpoint)
    }
}

/// Which release's API a request speaks that does not say itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub(crate) struct EraName(pub(crate) ApiEra);

impl FromStr for EraName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: ApiEraParseError| error.to_string())
    }
}

impl From<EraName> for String {
    fn from(era: EraName) -> Self {
        era.0.to_string()
    }
}
