//! Keys, addresses and signatures of Freecash users.
//!
//! A user is a secp256k1 key; the directory knows it by its address ([`Fid`](tally_primitives::Fid)), the Base58Check text
//! of a version byte and the [`hash160`](crate::hash160) of the compressed public key. A user proves
//! itself by a *message signature*, which recovers to the public key ([`PrivateKey::sign_message`],
//! [`recover_message`]). Once both sides share a session key they sign with a hash alone
//! ([`sym_sign`], [`sym_verify`]).

mod address;
mod key;
mod message;
mod symmetric;

pub use address::{AddressError, AddressVersion, decode_fid, fid_of_hash};
pub use key::{PrivateKey, PublicKey, PublicKeyError, WifError};
pub use message::{MessageSignatureError, recover_message};
pub use symmetric::{sym_sign, sym_verify};

#[cfg(test)]
mod tests;
