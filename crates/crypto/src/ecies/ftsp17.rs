use super::{EciesError, shared_x};
use crate::{
    aes,
    fch::{PrivateKey, PublicKey},
    sha::sha256_parts,
    sha256x2_parts,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use std::borrow::Cow;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const TYPE: &str = "AsyOneWay";
const ALGORITHM: &str = "EccAes256K1P7@No1_NrC7";

/// The members of the JSON object; others are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    cipher: Cow<'a, str>,
    #[serde(borrow)]
    pub_key_a: Cow<'a, str>,
    #[serde(borrow)]
    pub_key_b: Option<Cow<'a, str>>,
    #[serde(borrow)]
    iv: Cow<'a, str>,
    #[serde(borrow)]
    sum: Cow<'a, str>,
}

pub(super) fn encrypt(
    to: &PublicKey,
    plaintext: &[u8],
    ephemeral: &PrivateKey,
    iv: &[u8; aes::IV_LENGTH],
) -> String {
    let key = symmetric_key(&shared_x(ephemeral, to), iv);
    let ciphertext = aes::encrypt(&key, iv, plaintext);
    let sum = hex::encode(sum(&key, iv, &ciphertext));
    // No value needs escapes: all are digits and Base64.
    format!(
        r#"{{"type":"{TYPE}","alg":"{ALGORITHM}","cipher":"{}","pubKeyA":"{}","pubKeyB":"{to}","iv":"{}","sum":"{sum}"}}"#,
        BASE64_STANDARD.encode(&ciphertext),
        ephemeral.public_key(),
        hex::encode(iv),
    )
}

pub(super) fn decrypt(key: &PrivateKey, text: &str) -> Result<Zeroizing<Vec<u8>>, EciesError> {
    let container: Container<'_> = serde_json::from_str(text).map_err(|_| EciesError::Malformed)?;
    if container.r#type != TYPE || container.alg != ALGORITHM {
        return Err(EciesError::Malformed);
    }
    if let Some(recipient) = &container.pub_key_b {
        let recipient: PublicKey = recipient.parse().map_err(|_| EciesError::Point)?;
        if recipient != key.public_key() {
            return Err(EciesError::OtherKey);
        }
    }
    let ciphertext =
        BASE64_STANDARD.decode(&*container.cipher).map_err(|_| EciesError::Malformed)?;
    let iv: [u8; aes::IV_LENGTH] = digits(&container.iv)?;
    let expected: [u8; 4] = digits(&container.sum)?;
    let point: PublicKey = container.pub_key_a.parse().map_err(|_| EciesError::Point)?;
    let key = symmetric_key(&shared_x(key, &point), &iv);
    if !bool::from(sum(&key, &iv, &ciphertext).ct_eq(&expected)) {
        return Err(EciesError::Tag);
    }
    aes::decrypt(&key, &iv, &ciphertext).map_err(|_| EciesError::Padding)
}

/// Derives the cipher's key. The format takes the secret as a *signed* number of as few bytes as
/// it needs: leading zeros are left out, and one stands before a first bit that is set.
fn symmetric_key(secret: &[u8; 32], iv: &[u8]) -> Zeroizing<[u8; aes::KEY_LENGTH]> {
    let start = secret.iter().position(|byte| *byte != 0).unwrap_or(secret.len() - 1);
    let magnitude = &secret[start..];
    let sign: &[u8] = if magnitude[0] >= 0x80 { &[0] } else { &[] };
    let hashed = Zeroizing::new(sha256_parts(&[sign, magnitude]));
    Zeroizing::new(sha256x2_parts(&[&*hashed, iv]))
}

/// Returns the tag: the first four bytes of a hash.
fn sum(key: &[u8; aes::KEY_LENGTH], iv: &[u8], ciphertext: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256_parts(&[key, iv, ciphertext]);
    [a, b, c, d]
}

fn digits<const N: usize>(text: &str) -> Result<[u8; N], EciesError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| EciesError::Malformed)?;
    Ok(bytes)
}
