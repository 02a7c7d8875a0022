use super::{Condition, encode, oer};
use crate::{
    Encoding, Kind, PolicyError,
    fulfillment::{Entry, Node},
    knapsack,
    limits::LENGTH_BOUND_MAX,
    shape::{Family, Shape, check_modulus, check_threshold, parse_timeout},
};
use tally_crypto::sha256;

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
