use super::{
    Asn1, Condition,
    condition::{read_kind, tag},
    der::{self, constructed, primitive},
};
use crate::{
    Fulfillment, Kind, PolicyError, base64url,
    budget::Budget,
    error::{ConditionError, Fault, Place},
    fulfillment::{Content, Entry, Node},
    limits::FULFILLMENT_LENGTH_MAX,
    reader::Reader,
    shape::{Family as _, check_modulus},
};
use tally_crypto::ed25519::{PublicKey, Signature};

/// The longest text: Base64url of the largest fulfilment.
const TEXT_LENGTH_MAX: usize = FULFILLMENT_LENGTH_MAX.div_ceil(3) * 4;

/// Reads a fulfilment: DER in Base64url.
pub(crate) fn parse_fulfillment(text: &str) -> Result<Fulfillment, ConditionError> {
    if text.len() > TEXT_LENGTH_MAX {
        let place = Place::Text(TEXT_LENGTH_MAX);
        return Err(ConditionError { place, fault: Fault::TooLong(text.len()) });
    }
    let bytes = base64url::decode(text, 0)?;
    let mut reader = Reader::new(&bytes);
    let start = reader;
    let root = read_fulfillment(&mut reader, &mut Budget::default())?;
    reader.finish()?;
    let condition = root.condition_in::<Asn1>().map_err(|error| start.error(error))?;
    Ok(Fulfillment { root, condition: Asn1::wrap(condition) })
}

fn read_fulfillment(reader: &mut Reader<'_>, budget: &mut Budget) -> Result<Node, ConditionError> {
    let start = *reader;
    budget.enter().map_err(|error| start.error(error))?;
    let kind = read_kind(reader)?;
    let mut parts = der::read(reader, tag(kind))?;
    let node = match kind {
        Kind::Preimage => Node::Preimage(der::read(&mut parts, primitive(0))?.rest().to_vec()),
        Kind::Prefix => {
            let prefix = der::read(&mut parts, primitive(0))?.rest().to_vec();
            let max_message_length = Some(der::read_number(&mut parts, primitive(1))?);
            // The part is a choice, so its own tag stays inside.
            let mut sub = der::read(&mut parts, constructed(2))?;
            budget.enter_prefix().map_err(|fault| start.error(fault))?;
            let node = Box::new(read_fulfillment(&mut sub, budget)?);
            budget.leave_prefix();
            sub.finish()?;
            Node::Prefix { prefix, max_message_length, sub: node }
        }
        Kind::Threshold => read_threshold(&mut parts, budget)?,
        Kind::Rsa => {
            let modulus = der::read(&mut parts, primitive(0))?.rest().to_vec();
            let signature = der::read(&mut parts, primitive(1))?.rest().to_vec();
            check_modulus(&modulus).map_err(|error| start.error(error))?;
            if signature.len() != modulus.len() || signature >= modulus {
                return Err(start.error(Fault::RsaSignature));
            }
            budget.add_rsa().map_err(|fault| start.error(fault))?;
            Node::Rsa { modulus, signature }
        }
        Kind::Ed25519 => {
            budget.add_ed25519().map_err(|fault| start.error(fault))?;
            let key = PublicKey::from_bytes(der::read(&mut parts, primitive(0))?.whole()?);
            let signature = der::read(&mut parts, primitive(1))?.whole()?;
            Node::Ed25519 { key, signature: Signature::from_bytes(signature) }
        }
        Kind::InvertedThreshold | Kind::Timeout => return Err(start.error(Fault::Type)),
    };
    parts.finish()?;
    budget.leave();
    Ok(node)
}

fn read_threshold(parts: &mut Reader<'_>, budget: &mut Budget) -> Result<Node, ConditionError> {
    let start = *parts;
    let mut entries = Vec::new();
    let mut fulfillments = der::read(parts, constructed(0))?;
    let mut set = SetOrder::default();
    while !fulfillments.is_empty() {
        let entry = fulfillments;
        budget.add_entry().map_err(|error| entry.error(error))?;
        let content = Content::Fulfilled(read_fulfillment(&mut fulfillments, budget)?);
        set.check(entry, &fulfillments)?;
        entries.push(Entry { weight: 1, content });
    }
    let threshold =
        u32::try_from(entries.len()).map_err(|_| start.error(PolicyError::TooManyEntries))?;
    let mut conditions = der::read(parts, constructed(1))?;
    let mut set = SetOrder::default();
    while !conditions.is_empty() {
        let entry = conditions;
        budget.add_entry().map_err(|error| entry.error(error))?;
        let content = Content::Condition(Asn1::wrap(Condition::read(&mut conditions)?));
        set.check(entry, &conditions)?;
        entries.push(Entry { weight: 1, content });
    }
    Ok(Node::Threshold { inverted: false, threshold, entries })
}

/// Checks that the elements of a `SET OF` are in the order of DER (X.690 §11.6).
#[derive(Default)]
struct SetOrder<'a> {
    previous: &'a [u8],
}

impl<'a> SetOrder<'a> {
    fn check(&mut self, before: Reader<'a>, after: &Reader<'a>) -> Result<(), ConditionError> {
        let element = after.since(before.position());
        if self.previous > element {
            return Err(before.error(Fault::Unsorted));
        }
        self.previous = element;
        Ok(())
    }
}
