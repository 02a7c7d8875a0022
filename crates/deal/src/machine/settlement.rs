use super::Plan;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use tally_primitives::{Satoshi, Txid};

/// A settlement of a deal: planned, or signed in one or more versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealSettlement {
    /// Who gets what of which outputs.
    pub plan: Plan,
    /// The transactions that were signed, each with a higher fee than the one before it; all spend
    /// the same. Empty while it is only planned.
    pub versions: Vec<Version>,
    /// The newest of them.
    pub raw: Option<RawTransaction>,
    /// The network has it.
    pub is_accepted: bool,
    /// Why it cannot be built, or why the network refuses it.
    pub rejected: Option<String>,
    /// It was given up after the network had refused it. Should a block have it nevertheless, it
    /// counts.
    pub is_given_up: bool,
}

/// One signed transaction of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub txid: Txid,
    /// What the miner gets.
    pub fee: Satoshi,
}

impl DealSettlement {
    pub(super) const fn new(plan: Plan) -> Self {
        Self {
            plan,
            versions: Vec::new(),
            raw: None,
            is_accepted: false,
            rejected: None,
            is_given_up: false,
        }
    }

    /// Returns whether a transaction of it was signed.
    pub fn is_signed(&self) -> bool {
        !self.versions.is_empty()
    }

    /// Returns the newest transaction, if one was signed.
    pub fn newest(&self) -> Option<Version> {
        self.versions.last().copied()
    }

    /// Returns whether one of its transactions is `txid`.
    pub fn is_made_by(&self, txid: Txid) -> bool {
        self.versions.iter().any(|version| version.txid == txid)
    }

    /// Returns whether both spend the same output.
    pub(super) fn conflicts_with(&self, other: &Self) -> bool {
        self.plan.inputs.iter().any(|(outpoint, _)| other.spends(*outpoint))
    }

    /// Returns whether `outpoint` is one of its inputs.
    pub(super) fn spends(&self, outpoint: tally_chain::utxo::OutPoint) -> bool {
        self.plan.inputs.iter().any(|(input, _)| *input == outpoint)
    }
}

/// A transaction as it goes to the network; stored and shown as hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct RawTransaction(pub Vec<u8>);

impl fmt::Display for RawTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for RawTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RawTransaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for RawTransaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        hex::decode(text.as_ref()).map(Self).map_err(de::Error::custom)
    }
}
