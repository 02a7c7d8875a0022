//! AES-256-CBC with PKCS #7 padding.
//!
//! The cipher keeps a secret but does not notice changes: who needs that puts a tag on the
//! ciphertext and checks it first, as [`ecies`](crate::ecies) does.

use aes::Aes256;
use cbc::cipher::{
    BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7, common::array::Array,
};
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_LENGTH: usize = 32;

/// Bytes of an initialisation vector.
pub const IV_LENGTH: usize = 16;

/// The vector of FIPA8, the same for every text: equal texts have equal ciphertexts. For
/// compatibility only.
pub const FIPA8_IV: [u8; IV_LENGTH] = *b"0123456789ABCDEF";

/// A ciphertext does not end in a padding: it was cut or changed, or the key is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext is damaged or made with another key")]
pub struct CipherError;

/// Encrypts; the ciphertext has 1 to 16 bytes more than the text.
pub fn encrypt(key: &[u8; KEY_LENGTH], iv: &[u8; IV_LENGTH], plaintext: &[u8]) -> Vec<u8> {
    let cipher = cbc::Encryptor::<Aes256>::new(&Array(*key), &Array(*iv));
    cipher.encrypt_padded_vec::<Pkcs7>(plaintext)
}

/// Decrypts what [`encrypt`] made.
///
/// # Errors
///
/// [`CipherError`]. One in 256 damaged ciphertexts is not noticed.
pub fn decrypt(
    key: &[u8; KEY_LENGTH],
    iv: &[u8; IV_LENGTH],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut bytes = Zeroizing::new(ciphertext.to_vec());
    let cipher = cbc::Decryptor::<Aes256>::new(&Array(*key), &Array(*iv));
    let plaintext = cipher.decrypt_padded::<Pkcs7>(&mut bytes);
    let length = plaintext.map_err(|_| CipherError)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Encrypts as FIPA8 says: [`encrypt`] with [`FIPA8_IV`].
pub fn fipa8_encrypt(key: &[u8; KEY_LENGTH], plaintext: &[u8]) -> Vec<u8> {
    encrypt(key, &FIPA8_IV, plaintext)
}

/// Decrypts what [`fipa8_encrypt`] made.
///
/// # Errors
///
/// As [`decrypt`].
pub fn fipa8_decrypt(
    key: &[u8; KEY_LENGTH],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    decrypt(key, &FIPA8_IV, ciphertext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::apip_vectors;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use proptest::prelude::*;

    #[test]
    fn fipa8_is_that_of_the_vector() {
        let vector = &apip_vectors()["aes256cbc_fixedIv"];
        let text = |name: &str| vector[name].as_str().unwrap();
        let key = hex::decode(text("keyHex")).unwrap().try_into().unwrap();
        let ciphertext = fipa8_encrypt(&key, text("plain").as_bytes());
        assert_eq!(BASE64_STANDARD.encode(&ciphertext), text("cipherBase64"));
        assert_eq!(**fipa8_decrypt(&key, &ciphertext).unwrap(), *text("plain").as_bytes());
    }

    #[test]
    fn what_is_not_whole_blocks_with_a_padding_is_refused() {
        let key = [7; KEY_LENGTH];
        let ciphertext = fipa8_encrypt(&key, b"fifteen letters");
        assert_eq!(ciphertext.len(), 16);
        for length in 0..16 {
            assert_eq!(fipa8_decrypt(&key, &ciphertext[..length]), Err(CipherError), "{length}");
        }
        // The first block's last byte becomes the padding: 0x01 would be one, zero is none.
        let two = fipa8_encrypt(&key, &[0; 16]);
        assert_eq!(fipa8_decrypt(&key, &two[..16]), Err(CipherError));
        assert_eq!(fipa8_decrypt(&[8; KEY_LENGTH], &ciphertext), Err(CipherError));
    }

    proptest! {
        #[test]
        fn decryption_undoes_encryption(
            key: [u8; KEY_LENGTH], iv: [u8; IV_LENGTH], text: Vec<u8>,
        ) {
            let ciphertext = encrypt(&key, &iv, &text);
            prop_assert_eq!(ciphertext.len(), (text.len() / 16 + 1) * 16);
            prop_assert_eq!(&**decrypt(&key, &iv, &ciphertext).unwrap(), &*text);
        }

        #[test]
        fn any_bytes_are_decrypted_or_refused(key: [u8; KEY_LENGTH], bytes: Vec<u8>) {
            if let Ok(plaintext) = fipa8_decrypt(&key, &bytes) {
                prop_assert_eq!(bytes.len() % 16, 0);
                prop_assert!(plaintext.len() < bytes.len());
            }
        }
    }
}
