use super::oer;
use crate::{
    Encoding, Kind, PolicyError, base64url,
    error::{ConditionError, Fault, Place},
    limits::LENGTH_BOUND_MAX,
    reader::Reader,
};

/// A condition of draft-00.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What it asks for.
    pub kind: Kind,
    /// The features needed to verify it and everything inside: the bits of
    /// [`Kind::features`].
    pub features: u32,
    /// SHA-256 of what the kind says, or the Ed25519 key itself.
    pub fingerprint: [u8; 32],
    /// The bytes of the largest payload that fulfils it; at most [`LENGTH_BOUND_MAX`].
    pub max_fulfillment_length: u64,
}

/// All feature bits.
const FEATURES_ALL: u32 = 0x3f;

impl Condition {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Features`] if a bit is unknown, one of the kind's own is missing, or one too
    /// many is set for a kind that has nothing inside. [`PolicyError::TooLarge`].
    pub fn check(&self) -> Result<(), PolicyError> {
        let own = self.kind.features();
        let may_have_more = self.kind.is_compound();
        let fits = self.features & own == own
            && self.features & !FEATURES_ALL == 0
            && (self.features == own || may_have_more);
        if !fits {
            return Err(PolicyError::Features);
        }
        if self.max_fulfillment_length > LENGTH_BOUND_MAX {
            return Err(PolicyError::TooLarge);
        }
        Ok(())
    }

    /// Reads `cc:<type>:<features>:<fingerprint>:<length>`: hexadecimal in lower case, Base64url
    /// without padding, decimal, all in their shortest form.
    ///
    /// # Errors
    ///
    /// [`ConditionError`]; also for types that are not known, which nobody could fulfil.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let at = |place: usize, fault| ConditionError { place: Place::Text(place), fault };
        let rest = text.strip_prefix("cc:").ok_or(at(0, Fault::Scheme))?;
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let &[kind, features, fingerprint, length] = parts.as_slice() else {
            return Err(at(3, Fault::Parts));
        };
        let start = |index: usize| parts[..index].iter().fold(3, |sum, part| sum + part.len() + 1);
        let condition = Self {
            kind: parse_kind(kind).map_err(|fault| at(start(0), fault))?,
            features: parse_shortest(features, 16, 8)
                .and_then(|features| u32::try_from(features).ok())
                .filter(|features| *features != 0)
                .ok_or(at(start(1), Fault::Number))?,
            fingerprint: base64url::decode_fingerprint(fingerprint, start(2))?,
            max_fulfillment_length: parse_shortest(length, 10, 18)
                .ok_or(at(start(3), Fault::Number))?,
        };
        condition.check().map_err(|error| at(start(1), error.into()))?;
        Ok(condition)
    }

    /// Returns the text.
    pub fn uri(&self) -> String {
        format!(
            "cc:{:x}:{:x}:{}:{}",
            self.kind.id(),
            self.features,
            base64url::encode(&self.fingerprint),
            self.max_fulfillment_length,
        )
    }

    /// Returns the binary form, at least 39 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        out.extend(self.kind.id().to_be_bytes());
        oer::write_number(&mut out, self.features.into());
        oer::write_octets(&mut out, &self.fingerprint);
        oer::write_number(&mut out, self.max_fulfillment_length);
        out
    }

    /// Reads the binary form.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ConditionError> {
        let start = *reader;
        let kind = Kind::from_id(Encoding::Draft00, reader.u16()?);
        let condition = Self {
            kind: kind.ok_or(start.error(Fault::Type))?,
            features: oer::read_u32(reader)?,
            fingerprint: oer::read_octets(reader)?.whole()?,
            max_fulfillment_length: oer::read_number(reader)?,
        };
        condition.check().map_err(|error| start.error(error))?;
        Ok(condition)
    }

    /// Returns the bytes of the largest fulfilment: type, length and payload.
    pub(super) fn max_binary_length(&self) -> u64 {
        2 + oer::length_of_length(self.max_fulfillment_length) + self.max_fulfillment_length
    }
}

/// Reads a type in hexadecimal.
pub(super) fn parse_kind(text: &str) -> Result<Kind, Fault> {
    let id = parse_shortest(text, 16, 4).ok_or(Fault::Number)?;
    let id = u16::try_from(id).map_err(|_| Fault::Number)?;
    Kind::from_id(Encoding::Draft00, id).ok_or(Fault::Type)
}

/// Reads a number without leading zeros, hexadecimal in lower case.
fn parse_shortest(text: &str, radix: u32, digits_max: usize) -> Option<u64> {
    let is_digit = |byte: u8| match radix {
        10 => byte.is_ascii_digit(),
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let is_shortest = text == "0" || !text.starts_with('0');
    if text.len() > digits_max || !is_shortest || !text.bytes().all(is_digit) {
        return None;
    }
    u64::from_str_radix(text, radix).ok()
}
