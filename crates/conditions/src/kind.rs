use crate::Encoding;
use std::fmt;

/// What a condition asks for.
///
/// *Source:* draft-thomas-crypto-conditions-00 §4 (0 to 4); types 98 and 99 are experiments of
/// BigchainDB 0.x, which exist in draft-00 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A preimage of a hash.
    Preimage,
    /// Another condition, over a message with something before it.
    Prefix,
    /// Some of several conditions.
    Threshold,
    /// An RSA-PSS signature.
    Rsa,
    /// An Ed25519 signature.
    Ed25519,
    /// That the threshold is *not* reached.
    InvertedThreshold,
    /// That a time has not passed.
    Timeout,
}

impl Kind {
    /// Every kind, by id.
    pub const ALL: [Self; 7] = [
        Self::Preimage,
        Self::Prefix,
        Self::Threshold,
        Self::Rsa,
        Self::Ed25519,
        Self::InvertedThreshold,
        Self::Timeout,
    ];

    /// Returns the number that stands for the kind.
    pub const fn id(self) -> u16 {
        match self {
            Self::Preimage => 0,
            Self::Prefix => 1,
            Self::Threshold => 2,
            Self::Rsa => 3,
            Self::Ed25519 => 4,
            Self::InvertedThreshold => 98,
            Self::Timeout => 99,
        }
    }

    /// Returns the kind that a number stands for in an encoding.
    pub fn from_id(encoding: Encoding, id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id && kind.exists_in(encoding))
    }

    /// Whether an encoding can express the kind.
    pub const fn exists_in(self, encoding: Encoding) -> bool {
        match self {
            Self::Preimage | Self::Prefix | Self::Threshold | Self::Rsa | Self::Ed25519 => true,
            Self::InvertedThreshold | Self::Timeout => matches!(encoding, Encoding::Draft00),
        }
    }

    /// Whether conditions of this kind have others inside.
    pub const fn is_compound(self) -> bool {
        match self {
            Self::Prefix | Self::Threshold | Self::InvertedThreshold => true,
            Self::Preimage | Self::Rsa | Self::Ed25519 | Self::Timeout => false,
        }
    }

    /// Returns the draft-00 feature bits that the kind itself needs: SHA-256 1, PREIMAGE 2,
    /// PREFIX 4, THRESHOLD 8, RSA-PSS 16, ED25519 32.
    pub const fn features(self) -> u32 {
        match self {
            Self::Preimage => 0x03,
            Self::Prefix => 0x05,
            Self::Threshold | Self::InvertedThreshold | Self::Timeout => 0x09,
            Self::Rsa => 0x11,
            Self::Ed25519 => 0x20,
        }
    }

    /// Returns the name, as in `ni:` addresses and details.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preimage => "preimage-sha-256",
            Self::Prefix => "prefix-sha-256",
            Self::Threshold => "threshold-sha-256",
            Self::Rsa => "rsa-sha-256",
            Self::Ed25519 => "ed25519-sha-256",
            Self::InvertedThreshold => "inverted-threshold-sha-256",
            Self::Timeout => "timeout-sha-256",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
