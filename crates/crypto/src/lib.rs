//! Hashes, secp256k1 keys and signatures.
//!
//! What a payment node hashes and signs: Keccak-256 ([`keccak256`]), recoverable ECDSA signatures
//! over 32-byte digests ([`SecretKey::sign_digest`], [`recover`], [`verify`]) and the
//! digests of EIP-712 typed data ([`Domain`], [`typed_data_digest`]). Everything is a function of
//! its arguments: there is no I/O and no randomness, a new key is made of bytes the caller drew.
//!
//! Start with [`SecretKey`].

mod eip712;
mod error;
mod keccak;
mod recover;
mod secret;

pub use eip712::{Domain, struct_hash, type_hash, typed_data_digest, word_address, word_u64};
pub use error::{KeyError, SignatureError};
pub use keccak::{hashlock, keccak256, keccak256_parts};
pub use recover::{recover, verify};
pub use secret::SecretKey;
pub use zeroize::Zeroizing;

#[cfg(test)]
mod tests;
