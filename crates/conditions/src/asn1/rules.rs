use super::{
    Condition,
    der::{self, SEQUENCE, constructed, primitive},
    encode,
    kinds::Kinds,
};
use crate::{
    Encoding, Kind, PolicyError,
    fulfillment::{Entry, Node},
    shape::{Family, Shape, check_modulus, check_threshold},
};
use tally_crypto::sha256;

/// How much each level of a compound condition costs for itself.
const LEVEL_COST: u64 = 1024;

/// What an Ed25519 signature costs.
const ED25519_COST: u64 = 131_072;

/// The rules of the ASN.1 encoding.
#[derive(Debug)]
pub(crate) struct Asn1;

impl Family for Asn1 {
    type Condition = Condition;

    /// *Source:* draft-thomas-crypto-conditions-02 §§7.2–8.
    fn condition(shape: Shape<'_, Condition>) -> Result<Condition, PolicyError> {
        let unknown = |kind| PolicyError::Kind { kind, encoding: Encoding::Asn1 };
        let (kind, contents, cost, inner) = match shape {
            Shape::Preimage(preimage) => {
                (Kind::Preimage, preimage.to_vec(), preimage.len() as u64, Kinds::default())
            }
            Shape::Prefix { prefix, max_message_length, sub } => {
                let max = max_message_length.ok_or(PolicyError::MessageLength)?;
                let contents = prefix_contents(prefix, max, &sub);
                let cost = prefix.len() as u64 + u64::from(max) + u64::from(sub.cost) + LEVEL_COST;
                (Kind::Prefix, contents, cost, sub.all_kinds())
            }
            Shape::Threshold { inverted: true, .. } => {
                return Err(unknown(Kind::InvertedThreshold));
            }
            Shape::Threshold { inverted: false, threshold, subs } => {
                check_threshold(threshold, subs.iter().map(|(weight, _)| *weight))?;
                if let Some((weight, _)) = subs.iter().find(|(weight, _)| *weight != 1) {
                    return Err(PolicyError::Weight(*weight));
                }
                let subs: Vec<Condition> = subs.into_iter().map(|(_, sub)| sub).collect();
                let kinds =
                    subs.iter().fold(Kinds::default(), |all, sub| all.with(sub.all_kinds()));
                let cost = threshold_cost(threshold, &subs);
                (Kind::Threshold, threshold_contents(threshold, &subs), cost, kinds)
            }
            Shape::Rsa { modulus } => {
                check_modulus(modulus)?;
                let bits = 8 * modulus.len() as u64 - u64::from(modulus[0].leading_zeros());
                (Kind::Rsa, sequence_of(0, modulus), (bits * bits) >> 6, Kinds::default())
            }
            Shape::Ed25519(key) => {
                (Kind::Ed25519, sequence_of(0, key.as_bytes()), ED25519_COST, Kinds::default())
            }
            Shape::Timeout(_) => return Err(unknown(Kind::Timeout)),
        };
        Ok(Condition {
            kind,
            fingerprint: sha256(contents),
            cost: u32::try_from(cost).map_err(|_| PolicyError::TooLarge)?,
            subtypes: inner.without(kind),
        })
    }

    fn given(condition: &crate::Condition) -> Result<Condition, PolicyError> {
        match condition {
            crate::Condition::Asn1(condition) => condition.check().map(|()| condition.clone()),
            crate::Condition::Draft00(_) => Err(PolicyError::ForeignCondition(Encoding::Asn1)),
        }
    }

    fn wrap(condition: Condition) -> crate::Condition {
        crate::Condition::Asn1(condition)
    }

    fn encode(node: &Node) -> Vec<u8> {
        encode::fulfillment(node)
    }

    fn encode_condition(condition: &Condition) -> Vec<u8> {
        condition.to_bytes()
    }

    fn sort(entries: &mut Vec<Entry>) {
        encode::sort(entries);
    }
}

/// A sequence of a single part.
fn sequence_of(position: u8, bytes: &[u8]) -> Vec<u8> {
    let mut part = Vec::with_capacity(bytes.len() + 4);
    der::write(&mut part, primitive(position), bytes);
    sequence(&part)
}

fn sequence(parts: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.len() + 4);
    der::write(&mut out, SEQUENCE, parts);
    out
}

fn prefix_contents(prefix: &[u8], max_message_length: u32, sub: &Condition) -> Vec<u8> {
    let mut parts = Vec::with_capacity(prefix.len() + 64);
    der::write(&mut parts, primitive(0), prefix);
    der::write_number(&mut parts, primitive(1), max_message_length);
    der::write(&mut parts, constructed(2), &sub.to_bytes());
    sequence(&parts)
}

fn threshold_contents(threshold: u32, subs: &[Condition]) -> Vec<u8> {
    let mut conditions: Vec<Vec<u8>> = subs.iter().map(Condition::to_bytes).collect();
    conditions.sort_unstable();
    let mut parts = Vec::with_capacity(48 * subs.len() + 12);
    der::write_number(&mut parts, primitive(0), threshold);
    der::write(&mut parts, constructed(1), &conditions.concat());
    sequence(&parts)
}

/// The dearest way to reach the threshold, and a constant for each entry.
fn threshold_cost(threshold: u32, subs: &[Condition]) -> u64 {
    let mut costs: Vec<u64> = subs.iter().map(|sub| sub.cost.into()).collect();
    costs.sort_unstable_by(|a, b| b.cmp(a));
    let dearest: u64 = costs.iter().take(threshold as usize).sum();
    dearest + LEVEL_COST * subs.len() as u64
}
