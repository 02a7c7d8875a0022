//! The bounds of what is accepted. All of them hold for both encodings.
//!
//! Together they bound the work that a stranger can ask for: a fulfilment within them takes at
//! most [`ENTRIES_MAX`] Ed25519 verifications, [`RSA_MAX`] RSA verifications, [`PREFIXED_MAX`]
//! copies of the message and a fraction of a millisecond to parse.

/// How deep conditions may be nested; a single one has depth 1. BigchainDB 1.0 has the same bound.
pub const DEPTH_MAX: usize = 100;

/// How many entries all the thresholds of one condition may have together.
///
/// A condition that needs every one of them to be signed fits in [`FULFILLMENT_LENGTH_MAX`].
pub const ENTRIES_MAX: usize = 512;

/// The bytes of a fulfilment in binary.
pub const FULFILLMENT_LENGTH_MAX: usize = 1 << 16;

/// The largest threshold whose entries differ in weight.
///
/// The worst-case length of such a threshold is a knapsack problem, solved in steps of threshold
/// times entries: at most half a million.
pub const WEIGHTED_THRESHOLD_MAX: u32 = 1024;

/// How many RSA signatures a fulfilment may hold: each takes up to a millisecond.
pub const RSA_MAX: usize = 8;

/// How many prefixes a fulfilment may have: each needs a copy of those around it.
pub const PREFIXES_MAX: usize = 16;

/// How many Ed25519 signatures of a fulfilment may be below a prefix: each needs a copy of the
/// message.
pub const PREFIXED_MAX: usize = 16;

/// The bytes of an RSA modulus, from least to most (draft-00 §4.4: 1017 to 4096 bits).
pub const RSA_MODULUS_LENGTH: std::ops::RangeInclusive<usize> = 128..=512;

/// The characters of a timeout: ten digits, and a fraction that is never looked at.
pub const TIMEOUT_LENGTH_MAX: usize = 32;

/// The largest maximum fulfilment length of a draft-00 condition: 18 decimal digits.
pub const LENGTH_BOUND_MAX: u64 = 999_999_999_999_999_999;
