use crate::{Address, PublicKey, ServiceKeys, Terms};
use bitcoin::{opcodes::all::OP_CHECKMULTISIG, script::Builder};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a way to guard the money of a deal: the optional member `payment.scheme` of a
/// message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SchemeName {
    /// The service guards it.
    #[default]
    Service,
    /// Seller, customer and arbiter guard it.
    Escrow,
}

/// A text is no name of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid payment scheme value: \"{0}\".")]
pub struct SchemeNameParseError(pub(crate) String);

impl FromStr for SchemeName {
    type Err = SchemeNameParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "service" => Ok(Self::Service),
            "escrow" => Ok(Self::Escrow),
            _ => Err(SchemeNameParseError(crate::text::excerpt(text))),
        }
    }
}

impl fmt::Display for SchemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "service",
            Self::Escrow => "escrow",
        })
    }
}

/// Whose keys guard the money of a deal; two of three spend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// The two keys of the service and the one made of the terms, as P2SH-P2WSH: the protocol's
    /// own. Whoever has one of the service's private keys and knows the terms can spend; it is
    /// custody by the service, bound to the terms.
    Service(ServiceKeys),
    /// Keys of the parties and of an arbiter, as P2WSH: nobody spends alone. This scheme is an
    /// addition of this project to the protocol.
    Escrow {
        /// The seller's key.
        seller: PublicKey,
        /// The customer's key.
        customer: PublicKey,
        /// The arbiter's key for this deal, [`Terms::arbiter_key`].
        arbiter: PublicKey,
    },
}

impl Scheme {
    /// Returns the name.
    pub const fn name(&self) -> SchemeName {
        match self {
            Self::Service(_) => SchemeName::Service,
            Self::Escrow { .. } => SchemeName::Escrow,
        }
    }
}

/// Where a deal is paid, and what is needed to spend what was paid there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaymentAddress {
    /// The address.
    pub address: Address,
    /// The script `2 <key> <key> <key> 3 OP_CHECKMULTISIG`, 105 bytes, with the keys in the order of
    /// the scheme.
    pub witness_script: Vec<u8>,
    /// The scheme.
    pub scheme: Scheme,
}

impl PaymentAddress {
    /// Returns the three keys in the order of the script, which is the order of signatures.
    ///
    /// # Panics
    ///
    /// If the script is not one that [`Terms::payment_address`] made.
    pub fn keys(&self) -> [PublicKey; 3] {
        // The script is `52 21 <33> 21 <33> 21 <33> 53 ae`.
        [2, 36, 70].map(|start| {
            PublicKey::from_bytes(&self.witness_script[start..start + 33])
                .expect("the script was made of three keys")
        })
    }
}

impl Terms {
    /// Computes where a deal of these terms is paid.
    ///
    /// Costs one multiplication on the curve and a few hashes; anybody who knows the terms and the
    /// keys of the scheme gets the same.
    pub fn payment_address(&self, scheme: &Scheme) -> PaymentAddress {
        let keys = match *scheme {
            Scheme::Service(ServiceKeys { key1, key2 }) => [key1, key2, self.key3().public_key()],
            Scheme::Escrow { seller, customer, arbiter } => [seller, customer, arbiter],
        };
        let script = multisig(&keys);
        let address = match scheme {
            Scheme::Service(_) => bitcoin::Address::p2shwsh(&script, self.network.bitcoin()),
            Scheme::Escrow { .. } => bitcoin::Address::p2wsh(&script, self.network.bitcoin()),
        };
        PaymentAddress {
            address: Address::new(&address),
            witness_script: script.into_bytes(),
            scheme: *scheme,
        }
    }
}

fn multisig(keys: &[PublicKey; 3]) -> bitcoin::ScriptBuf {
    let start = Builder::new().push_int(2);
    let keys = keys.iter().fold(start, |script, key| script.push_slice(key.as_bytes()));
    keys.push_int(3).push_opcode(OP_CHECKMULTISIG).into_script()
}
