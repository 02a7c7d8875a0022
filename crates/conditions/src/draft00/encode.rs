use super::oer;
use crate::{
    Kind, base64url,
    fulfillment::{Content, Entry, Node},
};

/// Returns `cf:<type>:<payload>`.
pub(crate) fn fulfillment_uri(node: &Node) -> String {
    format!("cf:{:x}:{}", kind(node).id(), base64url::encode(&payload(node)))
}

/// Returns the fulfilment with its type.
pub(super) fn fulfillment(node: &Node) -> Vec<u8> {
    let mut out = kind(node).id().to_be_bytes().to_vec();
    oer::write_octets(&mut out, &payload(node));
    out
}

/// Returns an entry of a threshold: its weight, and its fulfilment or its condition.
pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(112);
    oer::write_number(&mut out, entry.weight.into());
    match &entry.content {
        Content::Fulfilled(node) => {
            oer::write_octets(&mut out, &fulfillment(node));
            oer::write_octets(&mut out, &[]);
        }
        Content::Condition(condition) => {
            oer::write_octets(&mut out, &[]);
            oer::write_octets(&mut out, &condition.to_bytes());
        }
    }
    out
}

fn kind(node: &Node) -> Kind {
    match node {
        Node::Preimage(_) => Kind::Preimage,
        Node::Prefix { .. } => Kind::Prefix,
        Node::Threshold { inverted: false, .. } => Kind::Threshold,
        Node::Threshold { inverted: true, .. } => Kind::InvertedThreshold,
        Node::Rsa { .. } => Kind::Rsa,
        Node::Ed25519 { .. } => Kind::Ed25519,
        Node::Timeout { .. } => Kind::Timeout,
    }
}

fn payload(node: &Node) -> Vec<u8> {
    match node {
        Node::Preimage(preimage) => preimage.clone(),
        Node::Prefix { prefix, sub, .. } => {
            let mut out = Vec::new();
            oer::write_octets(&mut out, prefix);
            out.extend(fulfillment(sub));
            out
        }
        Node::Threshold { threshold, entries, .. } => {
            let mut out = Vec::new();
            oer::write_number(&mut out, (*threshold).into());
            oer::write_number(&mut out, entries.len() as u64);
            for sub in entries {
                out.extend(entry(sub));
            }
            out
        }
        Node::Rsa { modulus, signature } => {
            let mut out = Vec::with_capacity(2 * (modulus.len() + 3));
            oer::write_octets(&mut out, modulus);
            oer::write_octets(&mut out, signature);
            out
        }
        Node::Ed25519 { key, signature } => [&key.as_bytes()[..], signature.as_bytes()].concat(),
        Node::Timeout { text, .. } => text.clone().into_bytes(),
    }
}
