//! Crypto-conditions in ASN.1: `ni:` and DER.
//!
//! All tags are context-specific and implicit. With `n` the number of the kind:
//!
//! ```text
//! Fulfillment = A<n> { preimage:  80 preimage
//!                      prefix:    80 prefix  81 largest message length  A2 { Fulfillment }
//!                      threshold: A0 { SET OF Fulfillment }  A1 { SET OF Condition }
//!                      rsa:       80 modulus  81 signature
//!                      ed25519:   80 key  81 signature }
//! Condition   = A<n> { 80 fingerprint  81 cost  82 types inside, compound kinds only }
//! ```
//!
//! Numbers are at most 32 bits. A threshold is as large as the number of its fulfilments, so it
//! never has one too many.
//!
//! *Source:* draft-thomas-crypto-conditions-02 §§5–8.

mod condition;
mod decode;
mod der;
mod encode;
mod kinds;
mod rules;

pub use condition::Condition;
pub(crate) use decode::parse_fulfillment;
pub(crate) use encode::fulfillment_uri;
pub use kinds::Kinds;
pub(crate) use rules::Asn1;
