use super::{EciesError, shared_x};
use crate::{
    aes,
    fch::{PrivateKey, PublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

const TAG_LENGTH: usize = 32;

/// `point ‖ initialisation vector ‖ ciphertext ‖ HMAC`, in Base64.
pub(super) fn encrypt(
    to: &PublicKey,
    plaintext: &[u8],
    ephemeral: &PrivateKey,
    iv: &[u8; aes::IV_LENGTH],
) -> String {
    let (cipher_key, tag_key) = keys(&shared_x(ephemeral, to));
    let ciphertext = aes::encrypt(&cipher_key, iv, plaintext);
    let point = ephemeral.public_key().to_bytes();
    let tag = hmac(&tag_key, iv, &ciphertext).finalize().into_bytes();
    BASE64_STANDARD.encode([&point[..], iv, &ciphertext, &tag].concat())
}

pub(super) fn decrypt(key: &PrivateKey, text: &str) -> Result<Zeroizing<Vec<u8>>, EciesError> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| EciesError::Malformed)?;
    let (point, rest) =
        bytes.split_first_chunk::<{ PublicKey::LENGTH }>().ok_or(EciesError::Truncated)?;
    let (iv, rest) = rest.split_first_chunk::<{ aes::IV_LENGTH }>().ok_or(EciesError::Truncated)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LENGTH>().ok_or(EciesError::Truncated)?;
    let point = PublicKey::from_bytes(point).map_err(|_| EciesError::Point)?;
    let (cipher_key, tag_key) = keys(&shared_x(key, &point));
    hmac(&tag_key, iv, ciphertext).verify_slice(tag).map_err(|_| EciesError::Tag)?;
    aes::decrypt(&cipher_key, iv, ciphertext).map_err(|_| EciesError::Padding)
}

/// Derives the keys of the cipher and of the tag.
fn keys(secret: &[u8; 32]) -> (Zeroizing<[u8; aes::KEY_LENGTH]>, Zeroizing<[u8; 32]>) {
    let derived = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(secret)));
    let (mut cipher, mut tag) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    cipher.copy_from_slice(&derived[..32]);
    tag.copy_from_slice(&derived[32..]);
    (cipher, tag)
}

fn hmac(key: &[u8; 32], iv: &[u8], ciphertext: &[u8]) -> Hmac<Sha256> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key is taken");
    hmac.update(iv);
    hmac.update(ciphertext);
    hmac
}
