//! Encryption to a public key, in the three formats by which directories deliver session keys.
//!
//! All draw a key for one message, agree on a secret with the recipient's key, and encrypt with
//! AES-256-CBC under keys made of that secret, with a tag of the ciphertext. They differ in every
//! detail, so a text of one is never one of another. The bytes are written down in
//! `docs/formats.md`.
//!
//! Decryption checks the tag before it decrypts, in constant time.

mod bitcore;
mod fipa9;
mod ftsp17;

use crate::{
    aes,
    fch::{PrivateKey, PublicKey},
};
use secp256k1::ecdh;
use zeroize::Zeroizing;

/// The longest text that is decrypted, in bytes. A session key needs some hundred.
pub const TEXT_LENGTH_MAX: usize = 64 * 1024;

/// Random bytes that [`encrypt`] needs: 32 for the key of the message, 16 for the initialisation
/// vector.
pub const ENTROPY_LENGTH: usize = 48;

/// How a text is encrypted and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// FIPA9, the format of the first servers: Base64 of point, ciphertext and tag, with a fixed
    /// initialisation vector.
    Fipa9,
    /// Bitcore's ECIES (FTSP16), the format of the first documents: Base64 of point,
    /// initialisation vector, ciphertext and HMAC.
    Bitcore,
    /// `EccAes256K1P7@No1_NrC7` (FTSP17), the format of `signInEcc`: a JSON object. Its tag has
    /// only four bytes.
    Ftsp17,
}

/// A text cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EciesError {
    /// The text is longer than [`TEXT_LENGTH_MAX`].
    #[error("the encrypted text has {0} bytes, more than {TEXT_LENGTH_MAX}")]
    TooLong(usize),
    /// Not Base64, or no JSON object with the members of the format.
    #[error("the encrypted text is not in the expected format")]
    Malformed,
    /// Too few bytes for a point, a block and a tag.
    #[error("the encrypted text is cut off")]
    Truncated,
    /// The message's key is no point of the curve.
    #[error("the encrypted text has no point of the curve")]
    Point,
    /// The text names another recipient.
    #[error("the text is encrypted to another key")]
    OtherKey,
    /// The text was changed, or encrypted to another key.
    #[error("the encrypted text was changed, or is encrypted to another key")]
    Tag,
    /// The tag is right, but the plaintext has no padding.
    #[error("the encrypted text was made wrongly")]
    Padding,
}

/// Encrypts `plaintext` so that only the owner of `to` can read it.
///
/// `entropy` comes from the caller's secure source and is used once.
pub fn encrypt(
    format: Format,
    to: &PublicKey,
    plaintext: &[u8],
    entropy: [u8; ENTROPY_LENGTH],
) -> String {
    let entropy = Zeroizing::new(entropy);
    let (mut key, mut iv) = (Zeroizing::new([0; 32]), [0; aes::IV_LENGTH]);
    key.copy_from_slice(&entropy[..32]);
    iv.copy_from_slice(&entropy[32..]);
    let key = ephemeral(&key);
    match format {
        Format::Fipa9 => fipa9::encrypt(to, plaintext, &key),
        Format::Bitcore => bitcore::encrypt(to, plaintext, &key, &iv),
        Format::Ftsp17 => ftsp17::encrypt(to, plaintext, &key, &iv),
    }
}

/// Decrypts a text that [`encrypt`] made for the owner of `key`.
///
/// # Errors
///
/// [`EciesError`].
pub fn decrypt(
    format: Format,
    key: &PrivateKey,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, EciesError> {
    if text.len() > TEXT_LENGTH_MAX {
        return Err(EciesError::TooLong(text.len()));
    }
    match format {
        Format::Fipa9 => fipa9::decrypt(key, text),
        Format::Bitcore => bitcore::decrypt(key, text),
        Format::Ftsp17 => ftsp17::decrypt(key, text),
    }
}

/// Makes the key of one message. One in 2^127 draws is no key and is hashed until it is one.
fn ephemeral(random: &[u8; 32]) -> PrivateKey {
    let mut bytes = Zeroizing::new(*random);
    loop {
        if let Ok(key) = PrivateKey::from_bytes(&bytes) {
            return key;
        }
        *bytes = crate::sha256(*bytes);
    }
}

/// Returns the secret that two parties share: the `x` coordinate of the product of one's private
/// and the other's public key.
fn shared_x(own: &PrivateKey, other: &PublicKey) -> Zeroizing<[u8; 32]> {
    let point = Zeroizing::new(ecdh::shared_secret_point(&other.0, own.inner()));
    Zeroizing::new(*point.first_chunk().expect("a point has 64 bytes"))
}

#[cfg(test)]
mod tests;
