use super::{
    Condition, Draft00,
    condition::parse_kind,
    oer::{read_number, read_octets, read_u32},
};
use crate::{
    Encoding, Fulfillment, Kind, base64url,
    budget::Budget,
    error::{ConditionError, Fault, Place},
    fulfillment::{Content, Entry, Node},
    limits::FULFILLMENT_LENGTH_MAX,
    reader::Reader,
    shape::{Family as _, check_modulus, check_threshold, parse_timeout},
};
use tally_crypto::ed25519::{PublicKey, Signature};

/// The longest text: scheme, type and Base64url of the largest payload.
const TEXT_LENGTH_MAX: usize = 8 + FULFILLMENT_LENGTH_MAX.div_ceil(3) * 4;

/// Reads `cf:<type>:<payload>`.
pub(crate) fn parse_fulfillment(text: &str) -> Result<Fulfillment, ConditionError> {
    let at = |place, fault| ConditionError { place: Place::Text(place), fault };
    if text.len() > TEXT_LENGTH_MAX {
        return Err(at(TEXT_LENGTH_MAX, Fault::TooLong(text.len())));
    }
    let rest = text.strip_prefix("cf:").ok_or(at(0, Fault::Scheme))?;
    let (kind, payload) = rest.split_once(':').ok_or(at(3, Fault::Parts))?;
    let payload_start = 3 + kind.len() + 1;
    let kind = parse_kind(kind).map_err(|fault| at(3, fault))?;
    let payload = base64url::decode(payload, payload_start)?;
    let reader = Reader::new(&payload);
    let root = read_payload(reader, kind, &mut Budget::default())?;
    let condition = root.condition_in::<Draft00>().map_err(|error| reader.error(error))?;
    Ok(Fulfillment { root, condition: Draft00::wrap(condition) })
}

/// Reads a fulfilment with its type.
fn read_fulfillment(reader: &mut Reader<'_>, budget: &mut Budget) -> Result<Node, ConditionError> {
    let start = *reader;
    let kind = Kind::from_id(Encoding::Draft00, reader.u16()?);
    let kind = kind.ok_or(start.error(Fault::Type))?;
    read_payload(read_octets(reader)?, kind, budget)
}

/// Reads a payload: everything that the reader has.
fn read_payload(
    mut reader: Reader<'_>,
    kind: Kind,
    budget: &mut Budget,
) -> Result<Node, ConditionError> {
    let start = reader;
    budget.enter().map_err(|error| start.error(error))?;
    let node = match kind {
        Kind::Preimage => Node::Preimage(reader.rest().to_vec()),
        Kind::Prefix => {
            let prefix = read_octets(&mut reader)?.rest().to_vec();
            budget.enter_prefix().map_err(|fault| start.error(fault))?;
            let sub = Box::new(read_fulfillment(&mut reader, budget)?);
            budget.leave_prefix();
            Node::Prefix { prefix, max_message_length: None, sub }
        }
        Kind::Threshold => read_threshold(&mut reader, false, budget)?,
        Kind::InvertedThreshold => read_threshold(&mut reader, true, budget)?,
        Kind::Rsa => {
            let modulus = read_octets(&mut reader)?.rest().to_vec();
            let signature = read_octets(&mut reader)?.rest().to_vec();
            check_modulus(&modulus).map_err(|error| start.error(error))?;
            if signature.len() != modulus.len() || signature >= modulus {
                return Err(start.error(Fault::RsaSignature));
            }
            budget.add_rsa().map_err(|fault| start.error(fault))?;
            Node::Rsa { modulus, signature }
        }
        Kind::Ed25519 => {
            budget.add_ed25519().map_err(|fault| start.error(fault))?;
            let key = PublicKey::from_bytes(reader.array()?);
            Node::Ed25519 { key, signature: Signature::from_bytes(reader.array()?) }
        }
        Kind::Timeout => {
            let text = std::str::from_utf8(reader.rest())
                .map_err(|_| start.error(crate::PolicyError::Timeout))?;
            let last = parse_timeout(text).map_err(|error| start.error(error))?;
            Node::Timeout { text: text.to_owned(), last }
        }
    };
    reader.finish()?;
    budget.leave();
    Ok(node)
}

fn read_threshold(
    reader: &mut Reader<'_>,
    inverted: bool,
    budget: &mut Budget,
) -> Result<Node, ConditionError> {
    let start = *reader;
    let threshold = read_u32(reader)?;
    let count = read_number(reader)?;
    let mut entries = Vec::new();
    let mut previous: &[u8] = &[];
    for _ in 0..count {
        // Checked one by one: a false count costs nothing.
        let entry_start = *reader;
        budget.add_entry().map_err(|error| entry_start.error(error))?;
        entries.push(read_entry(reader, budget)?);
        let bytes = reader.since(entry_start.position());
        if (previous.len(), previous) > (bytes.len(), bytes) {
            return Err(entry_start.error(Fault::Unsorted));
        }
        previous = bytes;
    }
    check_threshold(threshold, entries.iter().map(|entry| entry.weight))
        .map_err(|error| start.error(error))?;
    if !inverted && !is_minimal(threshold, &entries) {
        return Err(start.error(Fault::NotMinimal));
    }
    Ok(Node::Threshold { inverted, threshold, entries })
}

fn read_entry(reader: &mut Reader<'_>, budget: &mut Budget) -> Result<Entry, ConditionError> {
    let weight = read_u32(reader)?;
    let start = *reader;
    let mut fulfillment = read_octets(reader)?;
    let mut condition = read_octets(reader)?;
    let content = match (fulfillment.is_empty(), condition.is_empty()) {
        (false, true) => {
            let node = read_fulfillment(&mut fulfillment, budget)?;
            fulfillment.finish()?;
            Content::Fulfilled(node)
        }
        (true, false) => {
            let given = Condition::read(&mut condition)?;
            condition.finish()?;
            Content::Condition(Draft00::wrap(given))
        }
        (true, true) | (false, false) => return Err(start.error(Fault::Entry)),
    };
    Ok(Entry { weight, content })
}

/// Whether each fulfilment is needed.
///
/// Otherwise anybody could replace one by its condition, and the same transaction would have
/// several valid texts.
fn is_minimal(threshold: u32, entries: &[Entry]) -> bool {
    let fulfilled = || {
        entries
            .iter()
            .filter(|entry| matches!(entry.content, Content::Fulfilled(_)))
            .map(|entry| u64::from(entry.weight))
    };
    let total: u64 = fulfilled().sum();
    fulfilled().min().is_none_or(|lightest| total - lightest < u64::from(threshold))
}
