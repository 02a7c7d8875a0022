use super::{
    condition::tag,
    der::{self, constructed, primitive},
};
use crate::{
    Kind, base64url,
    fulfillment::{Content, Entry, Node},
};

/// Returns the DER in Base64url.
pub(crate) fn fulfillment_uri(node: &Node) -> String {
    base64url::encode(&fulfillment(node))
}

/// Returns the DER.
pub(super) fn fulfillment(node: &Node) -> Vec<u8> {
    let mut parts = Vec::new();
    let kind = match node {
        Node::Preimage(preimage) => {
            der::write(&mut parts, primitive(0), preimage);
            Kind::Preimage
        }
        Node::Prefix { prefix, max_message_length, sub } => {
            der::write(&mut parts, primitive(0), prefix);
            let max = max_message_length.expect("a prefix of ASN.1 has a largest message");
            der::write_number(&mut parts, primitive(1), max);
            der::write(&mut parts, constructed(2), &fulfillment(sub));
            Kind::Prefix
        }
        Node::Threshold { entries, .. } => {
            let (mut fulfillments, mut conditions) = (Vec::new(), Vec::new());
            for entry in entries {
                match &entry.content {
                    Content::Fulfilled(node) => fulfillments.extend(fulfillment(node)),
                    Content::Condition(condition) => conditions.extend(condition.to_bytes()),
                }
            }
            der::write(&mut parts, constructed(0), &fulfillments);
            der::write(&mut parts, constructed(1), &conditions);
            Kind::Threshold
        }
        Node::Rsa { modulus, signature } => {
            der::write(&mut parts, primitive(0), modulus);
            der::write(&mut parts, primitive(1), signature);
            Kind::Rsa
        }
        Node::Ed25519 { key, signature } => {
            der::write(&mut parts, primitive(0), key.as_bytes());
            der::write(&mut parts, primitive(1), signature.as_bytes());
            Kind::Ed25519
        }
        Node::Timeout { .. } => unreachable!("a fulfilment in ASN.1 has no timeout"),
    };
    let mut out = Vec::with_capacity(parts.len() + 4);
    der::write(&mut out, tag(kind), &parts);
    out
}

/// Sorts the entries of a threshold: the fulfilments, then the conditions, each by their DER.
pub(super) fn sort(entries: &mut [Entry]) {
    entries.sort_by_cached_key(|entry| match &entry.content {
        Content::Fulfilled(node) => (0, fulfillment(node)),
        Content::Condition(condition) => (1, condition.to_bytes()),
    });
}
