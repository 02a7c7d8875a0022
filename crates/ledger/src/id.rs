use std::{fmt, str::FromStr};

/// A text is not the id that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct IdParseError {
    /// What would have been right, in words.
    pub expected: &'static str,
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 32 bytes; written as 64 lower-case hexadecimal digits, and read from nothing else.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Makes an id of its 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                lower_hex(text)
                    .map(Self)
                    .ok_or(IdParseError { expected: "64 lower-case hexadecimal digits" })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 64];
                f.pad(encode_hex(&self.0, &mut digits))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

hash_id! {
    /// The id of a transaction: a hash of its canonical text.
    TransactionId
}
hash_id! {
    /// The id of a block: the hash of its canonical body.
    BlockId
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 16 bytes: a version 4 UUID, chosen by the client; written in lower-case groups of 8, 4,
        /// 4, 4 and 12 hexadecimal digits, and read from nothing else.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an id of 16 random bytes by setting the bits that say "version 4".
            pub const fn from_random(mut bytes: [u8; 16]) -> Self {
                bytes[6] = bytes[6] & 0x0f | 0x40;
                bytes[8] = bytes[8] & 0x3f | 0x80;
                Self(bytes)
            }

            /// Returns the 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid4(text).map(Self).ok_or(IdParseError { expected: "a lower-case version 4 UUID" })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 32];
                let digits = encode_hex(&self.0, &mut digits);
                for (at, group) in UUID_GROUPS.into_iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { "-" }, &digits[group])?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

uuid_id! {
    /// The id of an asset in the nested format.
    AssetUuid
}
uuid_id! {
    /// The id of a transaction's metadata in the nested format.
    MetadataId
}

/// What names an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetId {
    /// The UUID that the CREATE transaction gave it (nested format).
    Uuid(AssetUuid),
    /// The id of the CREATE transaction (flat formats).
    Transaction(TransactionId),
}

impl FromStr for AssetId {
    type Err = IdParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = text.parse().map(Self::Uuid);
        uuid.or_else(|_| text.parse().map(Self::Transaction)).map_err(|_| IdParseError {
            expected: "a lower-case version 4 UUID or 64 lower-case hexadecimal digits",
        })
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(id) => id.fmt(f),
            Self::Transaction(id) => id.fmt(f),
        }
    }
}

/// One output of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputRef {
    /// The transaction.
    pub transaction: TransactionId,
    /// The output's position in it, from 0.
    pub index: u32,
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transaction, self.index)
    }
}

/// Where the digits of a UUID's groups are among its 32 digits.
const UUID_GROUPS: [std::ops::Range<usize>; 5] = [0..8, 8..12, 12..16, 16..20, 20..32];

fn uuid4(text: &str) -> Option<[u8; 16]> {
    let mut digits = [0; 32];
    let mut rest = text;
    for (at, group) in UUID_GROUPS.into_iter().enumerate() {
        rest = if at == 0 { rest } else { rest.strip_prefix('-')? };
        let (own, after) = rest.split_at_checked(group.len())?;
        digits[group].copy_from_slice(own.as_bytes());
        rest = after;
    }
    let bytes: [u8; 16] = lower_hex(std::str::from_utf8(&digits).ok()?)?;
    let is_version_4 = bytes[6] >> 4 == 4 && bytes[8] >> 6 == 0b10;
    (rest.is_empty() && is_version_4).then_some(bytes)
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_upper = |byte: u8| byte.is_ascii_uppercase();
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (!text.bytes().any(is_upper)).then_some(bytes)
}

fn encode_hex<'d>(bytes: &[u8], digits: &'d mut [u8]) -> &'d str {
    hex::encode_to_slice(bytes, digits).expect("two digits for each byte");
    std::str::from_utf8(digits).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_ids_are_64_lower_case_digits_and_nothing_else() {
        let text = "2d431073e1477f3073a4693ac7ff9be5634751de1b8abaa1f4e19548ef0b4b0e";
        assert_eq!(text.parse::<TransactionId>().unwrap().to_string(), text);
        for wrong in [&text[1..], &text.to_uppercase(), "", &format!("{text}0"), &"g".repeat(64)] {
            assert!(wrong.parse::<TransactionId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn uuids_are_version_4_in_lower_case_and_nothing_else() {
        let text = "aebeab22-e672-4d3b-a187-bde5fda6533d";
        let id: AssetUuid = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(AssetUuid::from_random(*id.as_bytes()), id);
        for wrong in [
            "AEBEAB22-e672-4d3b-a187-bde5fda6533d",
            "aebeab22-e672-5d3b-a187-bde5fda6533d",
            "aebeab22-e672-4d3b-c187-bde5fda6533d",
            "aebeab22e6724d3ba187bde5fda6533d",
            "aebeab22-e672-4d3b-a187-bde5fda6533d0",
            "aebeab2-2e672-4d3b-a187-bde5fda6533d",
            "äebeab2-e672-4d3b-a187-bde5fda6533d",
            "not-a-uuid",
            "",
        ] {
            assert!(wrong.parse::<AssetUuid>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_asset_id_is_either() {
        for text in ["aebeab22-e672-4d3b-a187-bde5fda6533d", &"0f".repeat(32)] {
            assert_eq!(text.parse::<AssetId>().unwrap().to_string(), text);
        }
        assert!("0f".parse::<AssetId>().is_err());
    }
}
