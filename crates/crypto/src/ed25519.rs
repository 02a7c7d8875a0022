//! Ed25519 keys and signatures, one at a time and in batches.
//!
//! Nodes of a federation must agree on every signature, whether they meet it alone or among
//! others. So there is one rule for both, written down here:
//!
//! 1. `A` (the public key) and `R` (the first half of the signature) are canonical encodings: the
//!    `y` coordinate is below `p = 2^255 − 19`, and the sign bit is not set where `x` is zero.
//! 2. Neither is one of the eight points of small order.
//! 3. `S` (the second half, little-endian) is below the order `L` of the base point.
//! 4. `A` and `R` are points of the curve and `[8][S]B = [8]R + [8][k]A` holds, where
//!    `k = SHA-512(R ‖ A ‖ message)`: the equation with the cofactor.
//!
//! 4 is the equation of ZIP 215. Only with the cofactor does a random combination of equations say
//! the same as each of them: without it a component of small order can cancel in a batch. 1 to 3
//! are checked before, on bytes alone, so they cannot differ between a batch and a single
//! signature. They are what libsodium demands; its equation has no cofactor, so it refuses
//! signatures made on purpose with a component of small order, which this rule accepts. Those can
//! be made only by the owner of the key.
//!
//! *Source:* RFC 8032 §5.1; ZIP 215; Chalkias, Garillot, Nikolaenko, *Taming the many EdDSAs*
//! (2020).

mod batch;
mod key;
mod signature;
mod verify;

pub use batch::{Check, verify_batch};
pub use key::{PublicKey, SigningKey};
pub use signature::Signature;
pub use verify::{SignatureError, verify};

#[cfg(test)]
mod tests;
