use super::{encode, oer};
use crate::{
    Encoding, Kind, PolicyError, base64url,
    error::{ConditionError, Fault, Place},
    fulfillment::{Entry, Node},
    knapsack,
    limits::LENGTH_BOUND_MAX,
    reader::Reader,
    shape::{Family, Shape, check_modulus, check_threshold, parse_timeout},
};
use tally_crypto::sha256;

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
    fn max_binary_length(&self) -> u64 {
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

/// The rules of draft-00.
#[derive(Debug)]
pub(crate) struct Draft00;

impl Family for Draft00 {
    type Condition = Condition;

    /// *Source:* draft-thomas-crypto-conditions-00 §4.
    fn condition(shape: Shape<'_, Condition>) -> Result<Condition, PolicyError> {
        let (kind, inner, fingerprint, length) = match shape {
            Shape::Preimage(preimage) => {
                (Kind::Preimage, 0, sha256(preimage), preimage.len() as u64)
            }
            Shape::Prefix { prefix, max_message_length, sub } => {
                if max_message_length.is_some() {
                    return Err(PolicyError::MessageLength);
                }
                let mut contents = Vec::with_capacity(prefix.len() + 48);
                oer::write_octets(&mut contents, prefix);
                // As the reference implementation counts: without the type and length of what is
                // inside.
                let length = contents.len() as u64 + sub.max_fulfillment_length;
                contents.extend(sub.to_bytes());
                (Kind::Prefix, sub.features, sha256(contents), length)
            }
            Shape::Threshold { inverted, threshold, subs } => {
                let kind = if inverted { Kind::InvertedThreshold } else { Kind::Threshold };
                check_threshold(threshold, subs.iter().map(|(weight, _)| *weight))?;
                let features = subs.iter().fold(0, |features, (_, sub)| features | sub.features);
                let fingerprint = threshold_fingerprint(threshold, &subs);
                (kind, features, fingerprint, threshold_length(threshold, &subs)?)
            }
            Shape::Rsa { modulus } => {
                check_modulus(modulus)?;
                let mut contents = Vec::with_capacity(modulus.len() + 3);
                oer::write_octets(&mut contents, modulus);
                // The payload is the modulus and a signature of the same length.
                (Kind::Rsa, 0, sha256(&contents), 2 * contents.len() as u64)
            }
            Shape::Ed25519(key) => (Kind::Ed25519, 0, *key.as_bytes(), 96),
            Shape::Timeout(text) => {
                parse_timeout(text)?;
                (Kind::Timeout, 0, sha256(text), text.len() as u64)
            }
        };
        if length > LENGTH_BOUND_MAX {
            return Err(PolicyError::TooLarge);
        }
        let features = kind.features() | inner;
        Ok(Condition { kind, features, fingerprint, max_fulfillment_length: length })
    }

    fn given(condition: &crate::Condition) -> Result<Condition, PolicyError> {
        match condition {
            crate::Condition::Draft00(condition) => condition.check().map(|()| condition.clone()),
            crate::Condition::Asn1(_) => Err(PolicyError::ForeignCondition(Encoding::Draft00)),
        }
    }

    fn wrap(condition: Condition) -> crate::Condition {
        crate::Condition::Draft00(condition)
    }

    fn encode(node: &Node) -> Vec<u8> {
        encode::fulfillment(node)
    }

    fn encode_condition(condition: &Condition) -> Vec<u8> {
        condition.to_bytes()
    }

    fn sort(entries: &mut Vec<Entry>) {
        entries.sort_by_cached_key(|entry| by_length(encode::entry(entry)));
    }
}

/// Returns the key by which entries are sorted: shorter first, then by bytes.
fn by_length(bytes: Vec<u8>) -> (usize, Vec<u8>) {
    (bytes.len(), bytes)
}

/// `SHA-256(uint32 threshold ‖ VARUINT(count) ‖ sorted entries [VARUINT(weight) ‖ condition])`.
fn threshold_fingerprint(threshold: u32, subs: &[(u32, Condition)]) -> [u8; 32] {
    let mut entries: Vec<Vec<u8>> = subs
        .iter()
        .map(|(weight, condition)| {
            let mut entry = Vec::with_capacity(48);
            oer::write_number(&mut entry, (*weight).into());
            entry.extend(condition.to_bytes());
            entry
        })
        .collect();
    entries.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut contents = threshold.to_be_bytes().to_vec();
    oer::write_number(&mut contents, entries.len() as u64);
    contents.extend(entries.concat());
    sha256(contents)
}

/// The largest payload: all entries as conditions, and the most that fulfilments add to that.
fn threshold_length(threshold: u32, subs: &[(u32, Condition)]) -> Result<u64, PolicyError> {
    // The sums cannot overflow: a few hundred numbers of 18 digits.
    let mut length = 4 + oer::length_of_number(subs.len() as u64);
    let mut extras = Vec::with_capacity(subs.len());
    for (weight, sub) in subs {
        let as_condition = sub.to_bytes().len() as u64;
        length += 1 + as_condition;
        if *weight != 1 {
            length += oer::length_of_number((*weight).into());
        }
        extras.push((*weight, sub.max_binary_length().cast_signed() - as_condition.cast_signed()));
    }
    let extra = knapsack::largest_extra(extras, threshold)?;
    length.checked_add_signed(extra).ok_or(PolicyError::TooLarge)
}
