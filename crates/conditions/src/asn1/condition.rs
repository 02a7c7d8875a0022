use super::{
    der::{self, constructed, primitive},
    kinds::{BY_NAME, Kinds, kind_of_name},
};
use crate::{
    Encoding, Kind, PolicyError, base64url,
    error::{ConditionError, Fault, Place},
    reader::Reader,
};

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
    /// [`PolicyError::Kind`]; [`PolicyError::Features`] if there are kinds inside one that has
    /// nothing inside, or its own.
    pub fn check(&self) -> Result<(), PolicyError> {
        if !self.kind.exists_in(Encoding::Asn1) {
            return Err(PolicyError::Kind { kind: self.kind, encoding: Encoding::Asn1 });
        }
        let fits = if self.kind.is_compound() {
            !self.subtypes.contains(self.kind)
        } else {
            self.subtypes.is_empty()
        };
        if fits { Ok(()) } else { Err(PolicyError::Features) }
    }

    /// Returns the kinds of everything inside and its own.
    pub(super) fn all_kinds(&self) -> Kinds {
        self.subtypes.with(Kinds::new([self.kind]))
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
