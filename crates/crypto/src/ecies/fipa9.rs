use super::{EciesError, shared_x};
use crate::{
    aes,
    fch::{PrivateKey, PublicKey},
    sha256,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const POINT_LENGTH: usize = 64;
const TAG_LENGTH: usize = 32;

/// What both sides derive from the shared secret.
struct Keys {
    cipher: Zeroizing<[u8; aes::KEY_LENGTH]>,
    tag: Zeroizing<[u8; 16]>,
}

/// `point ‖ ciphertext ‖ tag`, in Base64.
pub(super) fn encrypt(to: &PublicKey, plaintext: &[u8], ephemeral: &PrivateKey) -> String {
    let keys = Keys::of(&shared_x(ephemeral, to));
    let ciphertext = aes::fipa8_encrypt(&keys.cipher, plaintext);
    let point = ephemeral.public_key().0.serialize_uncompressed();
    let tag = keys.tag_of(&ciphertext);
    // The uncompressed key's first byte says only that it is one.
    BASE64_STANDARD.encode([&point[1..], &ciphertext, &tag].concat())
}

pub(super) fn decrypt(key: &PrivateKey, text: &str) -> Result<Zeroizing<Vec<u8>>, EciesError> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| EciesError::Malformed)?;
    let (point, rest) = bytes.split_first_chunk::<POINT_LENGTH>().ok_or(EciesError::Truncated)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LENGTH>().ok_or(EciesError::Truncated)?;
    let mut uncompressed = [4; 1 + POINT_LENGTH];
    uncompressed[1..].copy_from_slice(point);
    let point = secp256k1::PublicKey::from_byte_array_uncompressed(uncompressed);
    let point = PublicKey(point.map_err(|_| EciesError::Point)?);
    let keys = Keys::of(&shared_x(key, &point));
    if !bool::from(keys.tag_of(ciphertext).ct_eq(tag)) {
        return Err(EciesError::Tag);
    }
    aes::fipa8_decrypt(&keys.cipher, ciphertext).map_err(|_| EciesError::Padding)
}

impl Keys {
    /// Derives the keys. The format hashes hexadecimal texts where others hash bytes: the secret
    /// and the tag's input in lower case, while the upper-case text of 16 bytes is the cipher's key.
    fn of(secret: &[u8; 32]) -> Self {
        let derived = Zeroizing::new(sha256(Zeroizing::new(hex::encode(secret)).as_bytes()));
        let mut cipher = Zeroizing::new([0; aes::KEY_LENGTH]);
        hex::encode_to_slice(&derived[..16], &mut *cipher).expect("16 bytes have 32 digits");
        cipher.make_ascii_uppercase();
        let mut tag = Zeroizing::new([0; 16]);
        tag.copy_from_slice(&derived[16..]);
        Self { cipher, tag }
    }

    fn tag_of(&self, ciphertext: &[u8]) -> [u8; TAG_LENGTH] {
        let digits = Zeroizing::new(hex::encode([&self.tag[..], ciphertext].concat()));
        sha256(digits.as_bytes())
    }
}
