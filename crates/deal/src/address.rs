use crate::Network;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A Bitcoin address of any network: P2PKH, P2SH, native segwit of version 0 or taproot.
///
/// Written as its canonical text (base58 as it is, bech32 in lower case). Versions of segwit that
/// nobody can sign for yet are refused: whoever paid to them would give the money away.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: Box<str>,
    script: Box<[u8]>,
}

/// A text is no address that money can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text is no address.
    #[error("not a Bitcoin address")]
    NotAnAddress,
    /// The address is of a version of segwit that is not in use.
    #[error("an address of an unknown version")]
    UnknownVersion,
    /// The address is of another network.
    #[error("not an address of the network {0}")]
    OtherNetwork(Network),
}

impl Address {
    /// The longest text of an address: bech32 with a program of 32 bytes on a regtest network.
    pub const LENGTH_MAX: usize = 64;

    /// Reads an address of `network`.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if the text is no address, or one of another network.
    pub fn parse(text: &str, network: Network) -> Result<Self, AddressError> {
        let address = Self::parse_any(text)?;
        if address.is_for(network) { Ok(address) } else { Err(AddressError::OtherNetwork(network)) }
    }

    /// Reads an address of any network.
    ///
    /// # Errors
    ///
    /// [`AddressError::NotAnAddress`] and [`AddressError::UnknownVersion`].
    pub fn parse_any(text: &str) -> Result<Self, AddressError> {
        if text.len() > Self::LENGTH_MAX || !text.is_ascii() {
            return Err(AddressError::NotAnAddress);
        }
        let address: bitcoin::Address<bitcoin::address::NetworkUnchecked> =
            text.parse().map_err(|_| AddressError::NotAnAddress)?;
        let address = address.assume_checked();
        let is_known = address.witness_program().is_none_or(|program| {
            let (version, length) = (program.version().to_num(), program.program().len());
            version == 0 || (version == 1 && length == 32)
        });
        if is_known { Ok(Self::new(&address)) } else { Err(AddressError::UnknownVersion) }
    }

    pub(crate) fn new(address: &bitcoin::Address) -> Self {
        let script = address.script_pubkey().into_bytes().into_boxed_slice();
        Self { text: address.to_string().into(), script }
    }

    /// Returns the address that a locking script is of, or `None` if it is of none.
    pub fn from_script(script: &[u8], network: Network) -> Option<Self> {
        let address =
            bitcoin::Address::from_script(bitcoin::Script::from_bytes(script), network.bitcoin());
        Self::parse(&address.ok()?.to_string(), network).ok()
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the locking script of outputs that pay to the address.
    pub fn script(&self) -> Vec<u8> {
        self.script.to_vec()
    }

    /// Says whether the address is one of `network`. Test, signet and regtest share their base58
    /// addresses, test and signet the others as well.
    pub fn is_for(&self, network: Network) -> bool {
        let text = self.text.as_bytes();
        match network {
            Network::Main => matches!(text, [b'1' | b'3', ..] | [b'b', b'c', b'1', ..]),
            Network::Test | Network::Signet => {
                matches!(text, [b'm' | b'n' | b'2', ..] | [b't', b'b', b'1', ..])
            }
            Network::Regtest => {
                matches!(text, [b'm' | b'n' | b'2', ..] | [b'b', b'c', b'r', b't', b'1', ..])
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse_any(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
