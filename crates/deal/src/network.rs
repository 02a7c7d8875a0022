use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use tally_primitives::Satoshi;

/// The Bitcoin network that a server's deals are paid on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The network whose coins have a price.
    #[default]
    Main,
    /// The public test network.
    Test,
    /// The public test network whose blocks are signed.
    Signet,
    /// A network of one's own, for tests.
    Regtest,
}

/// A text names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected main, test, signet or regtest")]
pub struct NetworkParseError;

impl Network {
    /// All networks.
    pub const ALL: [Self; 4] = [Self::Main, Self::Test, Self::Signet, Self::Regtest];

    /// Returns the symbol of the network's coin as it stands behind sums: `BTC` or `tBTC`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Main => "BTC",
            Self::Test | Self::Signet | Self::Regtest => "tBTC",
        }
    }

    /// Returns the smallest sum of a deal.
    ///
    /// Below 540 satoshi no node relays a payment to an address of a script (the dust limit); test
    /// networks have had a limit of 1000 in this protocol since its beginning.
    pub const fn sum_min(self) -> Satoshi {
        match self {
            Self::Main => Satoshi(540),
            Self::Test | Self::Signet | Self::Regtest => Satoshi(1000),
        }
    }

    /// Returns what the library calls the network.
    pub(crate) const fn bitcoin(self) -> bitcoin::Network {
        match self {
            Self::Main => bitcoin::Network::Bitcoin,
            Self::Test => bitcoin::Network::Testnet,
            Self::Signet => bitcoin::Network::Signet,
            Self::Regtest => bitcoin::Network::Regtest,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|network| network.to_string() == text).ok_or(NetworkParseError)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "main",
            Self::Test => "test",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for network in Network::ALL {
            assert_eq!(network.to_string().parse(), Ok(network));
        }
        assert_eq!("mainnet".parse::<Network>(), Err(NetworkParseError));
    }
}
