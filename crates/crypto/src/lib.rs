//! Hashes, secp256k1 and Ed25519 keys and signatures.
//!
//! What a payment node hashes and signs: Keccak-256 ([`keccak256`]), recoverable ECDSA signatures
//! over 32-byte digests ([`SecretKey::sign_digest`], [`recover`], [`verify`]) and the
//! digests of EIP-712 typed data ([`Domain`], [`typed_data_digest`]). What a ledger does:
//! SHA3-256 and SHA-256, Ed25519 ([`ed25519`]) alone and in batches, and [`base58`]. What a
//! directory and its users do: Freecash keys, addresses and signatures ([`fch`]), and the ciphers
//! that deliver session keys ([`ecies`], [`aes`]). Everything is a function of its arguments: there
//! is no I/O and no randomness, a new key is made of bytes the caller drew.
//!
//! Start with [`SecretKey`], [`ed25519::SigningKey`] and [`fch::PrivateKey`].

pub mod aes;
pub mod base58;
pub mod ecies;
pub mod ed25519;
pub mod fch;

mod eip712;
mod error;
mod keccak;
mod recover;
mod secret;
mod sha;

pub use eip712::{Domain, struct_hash, type_hash, typed_data_digest, word_address, word_u64};
pub use error::{KeyError, SignatureError};
pub use keccak::{hashlock, keccak256, keccak256_parts};
pub use recover::{recover, verify};
pub use secret::SecretKey;
pub use sha::{hash160, sha3_256, sha3_256_parts, sha256, sha256x2, sha256x2_parts};
pub use zeroize::Zeroizing;

#[cfg(test)]
mod tests;
