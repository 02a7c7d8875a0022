use clap::ValueEnum;
use serde::{Serialize, Serializer};
use std::{convert::Infallible, fmt, net::SocketAddr, str::FromStr};

/// What stands for a secret wherever settings are shown.
pub const HIDDEN: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(pub String);

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

impl FromStr for HiddenText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Every request and message.
    Debug,
    /// Events.
    Info,
    /// What to look at tomorrow.
    #[value(alias = "warn")]
    Warning,
    /// What to look at now.
    #[value(alias = "critical")]
    Error,
}

impl LogLevel {
    /// Returns its name in a filter.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warn",
            Self::Error => "error",
        }
    }
}

/// An address to listen on: `IP:PORT`, `localhost:PORT`, or `:PORT` for all interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct ListenAddress(pub SocketAddr);

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

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on_have_short_forms() {
        for (text, address) in [
            ("127.0.0.1:5", "127.0.0.1:5"),
            ("localhost:5", "127.0.0.1:5"),
            (":5", "0.0.0.0:5"),
            ("[::1]:5", "[::1]:5"),
        ] {
            assert_eq!(String::from(text.parse::<ListenAddress>().unwrap()), address);
        }
        for bad in ["", "5", "host:5", "localhost:65536", "localhost"] {
            assert!(bad.parse::<ListenAddress>().unwrap_err().contains("IP:PORT"), "{bad}");
        }
    }

    #[test]
    fn a_hidden_text_is_not_shown() {
        let hidden = HiddenText("a secret".to_owned());
        assert_eq!(format!("{hidden:?}"), HIDDEN);
        assert_eq!(serde_json::to_string(&hidden).unwrap(), format!("\"{HIDDEN}\""));
    }
}
