use super::{
    der::{self, SEQUENCE, constructed, primitive},
    encode,
};
use crate::{
    Encoding, Kind, PolicyError, base64url,
    error::{ConditionError, Fault, Place},
    fulfillment::{Entry, Node},
    reader::Reader,
    shape::{Family, Shape, check_modulus, check_threshold},
};
use tally_crypto::sha256;

/// A condition in ASN.1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What it asks for.
    pub kind: Kind,
    /// SHA-256 of what the kind says.
    pub fingerprint: [u8; 32],
    /// The effort of verifying it, in the draft's unit: 131072 for an Ed25519 signature.
    pub cost: u32,
    /// The kinds of everything inside.
    pub subtypes: Kinds,
}

/// A set of kinds, without the kind of the condition it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Kinds(u8);

/// How much each level of a compound condition costs for itself.
const LEVEL_COST: u64 = 1024;

/// What an Ed25519 signature costs.
const ED25519_COST: u64 = 131_072;

/// The kinds of this encoding by name, as addresses list them.
const BY_NAME: [Kind; 5] =
    [Kind::Ed25519, Kind::Prefix, Kind::Preimage, Kind::Rsa, Kind::Threshold];

impl Kinds {
    /// The kinds of this encoding, from the first bit to the last.
    const BITS: u16 = 5;

    /// Returns a set of kinds. Kinds that ASN.1 does not know are left out.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | Self::bit(kind)))
    }

    /// Whether a kind is in the set.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first kind is the highest bit, as in a bit string.
    fn bit(kind: Kind) -> u8 {
        if kind.id() < Self::BITS { 0x80 >> kind.id() } else { 0 }
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, kind: Kind) -> Self {
        Self(self.0 & !Self::bit(kind))
    }

    /// Returns the bit string: how many bits of the last byte are unused, and the byte if any bit
    /// is set.
    fn to_bit_string(self) -> Vec<u8> {
        if self.is_empty() { vec![0] } else { vec![self.0.trailing_zeros() as u8, self.0] }
    }

    fn from_bit_string(bytes: &[u8]) -> Option<Self> {
        let kinds = match bytes {
            [_] => Self(0),
            [_, bits] => Self(*bits),
            _ => return None,
        };
        let is_known = kinds.0 & (0xff >> Self::BITS) == 0;
        (is_known && kinds.to_bit_string() == bytes).then_some(kinds)
    }
}

impl Condition {
    /// Reads `ni:///sha-256;<fingerprint>?fpt=<kind>&cost=<cost>[&subtypes=<kinds>]`, with the
    /// parameters in this order and the kinds sorted by name.
    ///
    /// # Errors
    ///
    /// [`ConditionError`].
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let at = |place: usize, fault| ConditionError { place: Place::Text(place), fault };
        const SCHEME: &str = "ni:///sha-256;";
        let rest = text.strip_prefix(SCHEME).ok_or(at(0, Fault::Scheme))?;
        let (fingerprint, query) = rest.split_once('?').ok_or(at(SCHEME.len(), Fault::Parts))?;
        let query_at = SCHEME.len() + fingerprint.len() + 1;
        let fingerprint = base64url::decode_fingerprint(fingerprint, SCHEME.len())?;
        let (kind, query) = query
            .strip_prefix("fpt=")
            .and_then(|query| query.split_once("&cost="))
            .ok_or(at(query_at, Fault::Parts))?;
        let kind = kind_of_name(kind).ok_or(at(query_at, Fault::Type))?;
        let (cost, subtypes) = match query.split_once("&subtypes=") {
            Some((cost, subtypes)) => (cost, Some(subtypes)),
            None => (query, None),
        };
        let cost = cost.parse().map_err(|_| at(query_at, Fault::Number))?;
        let mut condition = Self { kind, fingerprint, cost, subtypes: Kinds::default() };
        for name in subtypes.into_iter().flat_map(|subtypes| subtypes.split(',')) {
            let subtype = kind_of_name(name).ok_or(at(query_at, Fault::Type))?;
            condition.subtypes = condition.subtypes.with(Kinds::new([subtype]));
        }
        condition.check().map_err(|error| at(query_at, error.into()))?;
        // Order, repetitions, signs and leading zeros: there is one text for each condition.
        if condition.uri() == text { Ok(condition) } else { Err(at(query_at, Fault::Parts)) }
    }

    /// Returns the text.
    pub fn uri(&self) -> String {
        let mut uri = format!(
            "ni:///sha-256;{}?fpt={}&cost={}",
            base64url::encode(&self.fingerprint),
            self.kind.name(),
            self.cost,
        );
        let mut separator = "&subtypes=";
        for kind in BY_NAME.into_iter().filter(|kind| self.subtypes.contains(*kind)) {
            uri.push_str(separator);
            uri.push_str(kind.name());
            separator = ",";
        }
        uri
    }

    /// Returns the DER.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut parts = Vec::with_capacity(46);
        der::write(&mut parts, primitive(0), &self.fingerprint);
        der::write_number(&mut parts, primitive(1), self.cost);
        if self.kind.is_compound() {
            der::write(&mut parts, primitive(2), &self.subtypes.to_bit_string());
        }
        let mut out = Vec::with_capacity(48);
        der::write(&mut out, tag(self.kind), &parts);
        out
    }

    /// Reads the DER.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ConditionError> {
        let start = *reader;
        let kind = read_kind(reader)?;
        let mut parts = der::read(reader, tag(kind))?;
        let fingerprint = der::read(&mut parts, primitive(0))?.whole()?;
        let cost = der::read_number(&mut parts, primitive(1))?;
        let mut subtypes = Kinds::default();
        if kind.is_compound() {
            let bits = der::read(&mut parts, primitive(2))?.rest();
            subtypes = Kinds::from_bit_string(bits).ok_or(start.error(Fault::NotCanonical))?;
        }
        parts.finish()?;
        let condition = Self { kind, fingerprint, cost, subtypes };
        condition.check().map_err(|error| start.error(error))?;
        Ok(condition)
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Features`] if there are kinds inside one that has nothing inside, or its own.
    pub fn check(&self) -> Result<(), PolicyError> {
        let fits = if self.kind.is_compound() {
            !self.subtypes.contains(self.kind)
        } else {
            self.subtypes.is_empty()
        };
        if fits { Ok(()) } else { Err(PolicyError::Features) }
    }
}

/// Returns the tag of a kind, as a fulfilment and as a condition.
pub(super) const fn tag(kind: Kind) -> u8 {
    constructed(kind.id() as u8)
}

/// Returns the kind of the next part without reading it.
pub(super) fn read_kind(reader: &Reader<'_>) -> Result<Kind, ConditionError> {
    let found = reader.peek()?;
    Kind::ALL
        .into_iter()
        .find(|kind| kind.exists_in(Encoding::Asn1) && tag(*kind) == found)
        .ok_or(reader.error(Fault::Type))
}

fn kind_of_name(name: &str) -> Option<Kind> {
    BY_NAME.into_iter().find(|kind| kind.name() == name)
}

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

impl Condition {
    /// Returns the kinds of everything inside and its own.
    fn all_kinds(&self) -> Kinds {
        self.subtypes.with(Kinds::new([self.kind]))
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
