//! Crypto-conditions as in `draft-thomas-crypto-conditions-00`: `cc:` and `cf:`.
//!
//! Everything is written with two primitives, big-endian: `OCTETS(b)`, a length and the bytes
//! (below 128 the length is one byte, else `0x80 | k` and the `k` bytes of it), and `VARUINT(n)`,
//! the `OCTETS` of the shortest form of a number. A condition is `uint16 type ‖ VARUINT(features)
//! ‖ OCTETS(fingerprint) ‖ VARUINT(largest payload)`, a fulfilment `uint16 type ‖
//! OCTETS(payload)`.
//!
//! Where the draft leaves a choice this reads as BigchainDB 0.x wrote. It has none of the limits
//! of that implementation, whose lengths end at 255 inside a threshold.

mod condition;
mod decode;
mod encode;
mod oer;
mod rules;

pub use condition::Condition;
pub(crate) use decode::parse_fulfillment;
pub(crate) use encode::fulfillment_uri;
pub(crate) use rules::Draft00;
