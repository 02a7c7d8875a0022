use crate::{ConditionError, Encoding, Kind, asn1, draft00};
use std::fmt;

/// The hash of what has to be fulfilled, with what is known of its cost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// In draft-00.
    Draft00(draft00::Condition),
    /// In ASN.1.
    Asn1(asn1::Condition),
}

impl Condition {
    /// Reads the text of a condition, in the one form in which [`uri`](Self::uri) writes it.
    ///
    /// # Errors
    ///
    /// [`ConditionError`].
    pub fn parse(encoding: Encoding, text: &str) -> Result<Self, ConditionError> {
        match encoding {
            Encoding::Draft00 => draft00::Condition::parse(text).map(Self::Draft00),
            Encoding::Asn1 => asn1::Condition::parse(text).map(Self::Asn1),
        }
    }

    /// Returns the text: `cc:…` or `ni:…`.
    pub fn uri(&self) -> String {
        match self {
            Self::Draft00(condition) => condition.uri(),
            Self::Asn1(condition) => condition.uri(),
        }
    }

    /// Returns the binary form, as it is inside other conditions.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Draft00(condition) => condition.to_bytes(),
            Self::Asn1(condition) => condition.to_bytes(),
        }
    }

    /// Returns what the condition asks for.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Draft00(condition) => condition.kind,
            Self::Asn1(condition) => condition.kind,
        }
    }

    /// Returns the encoding.
    pub const fn encoding(&self) -> Encoding {
        match self {
            Self::Draft00(_) => Encoding::Draft00,
            Self::Asn1(_) => Encoding::Asn1,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri())
    }
}
