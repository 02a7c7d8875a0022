use clap::ValueEnum;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
};
use std::{fmt, net::SocketAddr, str::FromStr};
use tally_bigchain_api::{ApiEra, ApiEraParseError};
use tally_crypto::ed25519::PublicKey;
use tally_ledger_node::PeerAddress;

/// What stands for a secret wherever settings are shown. As long as a key, like the original's.
const HIDDEN: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged, by the original's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogLevel {
    /// Every request and message.
    Debug,
    /// Events.
    Info,
    /// What to look at tomorrow.
    #[value(alias = "warn")]
    Warning,
    /// What to look at now.
    Error,
    /// The same as error; the original tells them apart.
    Critical,
}

/// How clients open a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StreamScheme {
    /// Plain.
    Ws,
    /// With TLS.
    Wss,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct HiddenText(pub(crate) String);

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for HiddenText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// Public keys, separated by colons in a text; in a file also a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "Vec<String>")]
pub(crate) struct KeyList(pub(crate) Vec<PublicKey>);

impl<'de> Deserialize<'de> for KeyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyListVisitor)
    }
}

struct KeyListVisitor;

impl<'de> Visitor<'de> for KeyListVisitor {
    type Value = KeyList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of public keys, or a text with colons between them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyList, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<KeyList, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            texts.push(text);
        }
        KeyList::try_from(texts).map_err(de::Error::custom)
    }
}

impl FromStr for KeyList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys = text.split([':', ',']).map(str::trim).filter(|key| !key.is_empty());
        Self::try_from(keys.map(str::to_owned).collect::<Vec<_>>())
    }
}

impl TryFrom<Vec<String>> for KeyList {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        texts.iter().map(|text| public_key(text)).collect::<Result<_, _>>().map(Self)
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for PeerArgument {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
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

/// An address to listen on: `IP:PORT`, `localhost:PORT`, or `:PORT` for all interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numeric = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}"),
            Some(("", port)) => format!("0.0.0.0:{port}"),
            Some(_) | None => text.to_owned(),
        };
        numeric.parse().map(Self).map_err(|_| format!("{text} is not IP:PORT or localhost:PORT"))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.0.to_string()
    }
}

/// Which release's API a request speaks that does not say itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct EraName(pub(crate) ApiEra);

impl FromStr for EraName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: ApiEraParseError| error.to_string())
    }
}

impl TryFrom<String> for EraName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<EraName> for String {
    fn from(era: EraName) -> Self {
        era.0.to_string()
    }
}
