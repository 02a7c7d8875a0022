use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An address was not written as `0x` and 40 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an address is 0x and 40 hexadecimal digits")]
pub struct AddressParseError;

/// Parses `0x` and 40 hexadecimal digits of any case; a checksum is not required.
fn parse(text: &str) -> Result<Address, AddressParseError> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = digits.filter(|digits| digits.len() == 40).ok_or(AddressParseError)?;
    digits.parse().map_err(|_| AddressParseError)
}

macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 20 bytes. Written with its EIP-55 checksum; read in any case.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Address);

        impl $name {
            /// Makes an address of its 20 bytes.
            pub const fn new(bytes: [u8; 20]) -> Self {
                Self(Address::new(bytes))
            }

            /// Returns the 20 bytes.
            pub fn as_bytes(&self) -> &[u8; 20] {
                &self.0.0.0
            }

            /// Says whether all bytes are zero, which names nobody.
            pub fn is_zero(&self) -> bool {
                self.0.is_zero()
            }
        }

        impl FromStr for $name {
            type Err = AddressParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

address! {
    /// A node of the network: the account whose key signs its transfers.
    NodeAddress
}
address! {
    /// An ERC-20 token contract.
    TokenAddress
}
address! {
    /// A netting-channel contract: one channel between two nodes in one token.
    ChannelAddress
}
address! {
    /// A channel-manager contract: all channels of one token.
    ManagerAddress
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_case_and_writes_the_checksum() {
        let checksummed = "0x1a9eC3b0b807464e6D3398a59d6b0a369Bf422fA";
        for text in [checksummed.to_owned(), checksummed.to_lowercase()] {
            assert_eq!(text.parse::<NodeAddress>().unwrap().to_string(), checksummed);
        }
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        for text in ["", "0x", "1a9ec3b0b807464e6d3398a59d6b0a369bf422fa", "0xFFFFFFF"] {
            assert_eq!(text.parse::<TokenAddress>(), Err(AddressParseError), "{text}");
        }
        let odd = format!("0x{}", "g".repeat(40));
        assert_eq!(odd.parse::<ChannelAddress>(), Err(AddressParseError));
    }
}
