use super::{PrivateKey, PublicKey};
use crate::sha256x2_parts;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};

/// The prefix keeps a signed message from being a signed payment. Freecash has kept Bitcoin's.
const PREFIX: &[u8] = b"\x18Bitcoin Signed Message:\n";

/// Bytes of a signature before it is written in Base64.
const LENGTH: usize = 65;

/// The first byte of a signature by a key whose address is made of the compressed public key; the
/// recovery id is added to it.
const HEADER: u8 = 31;

/// How some clients write `=`: their JSON library escapes it, also where it is no JSON.
const ESCAPED_EQUALS: &str = "\\u003d";

/// A text is not a message signature of anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageSignatureError {
    /// Not Base64, or not of 65 bytes.
    #[error("a signature is the Base64 text of 65 bytes")]
    Text,
    /// The first byte is not of 31 to 34. 27 to 30 stand for uncompressed keys, which no address of
    /// a Freecash user is made of.
    #[error("the first byte of the signature is {0} instead of 31 to 34")]
    Header(u8),
    /// `r` or `s` is zero or not below the order of the curve, or no point has this `r`.
    #[error("r and s are no signature")]
    Malformed,
}

impl PrivateKey {
    /// Signs a message as Bitcoin wallets do, and returns the Base64 text of the 65 bytes.
    ///
    /// The same message always gives the same signature (RFC 6979), with `s` in the lower half.
    pub fn sign_message(&self, message: &[u8]) -> String {
        let digest = Message::from_digest(digest(message));
        let signature = RecoverableSignature::sign_ecdsa_recoverable(digest, self.inner());
        let (id, rs) = signature.serialize_compact();
        let mut bytes = [HEADER + id.to_u8(); LENGTH];
        bytes[1..].copy_from_slice(&rs);
        BASE64_STANDARD.encode(bytes)
    }
}

/// Returns the key that made `signature` over `message`.
///
/// Also reads `\u003d` for `=`, which some clients send.
///
/// # Errors
///
/// [`MessageSignatureError`]. A well-formed signature always has some signer: compare the key with
/// the expected one.
pub fn recover_message(
    message: &[u8],
    signature: &str,
) -> Result<PublicKey, MessageSignatureError> {
    // Bounds what is replaced and decoded; the longest good text has two escaped `=`.
    const TEXT_LENGTH_MAX: usize = LENGTH.div_ceil(3) * 4 + 2 * ESCAPED_EQUALS.len();
    if signature.len() > TEXT_LENGTH_MAX {
        return Err(MessageSignatureError::Text);
    }
    let bytes = BASE64_STANDARD.decode(signature.replace(ESCAPED_EQUALS, "="));
    let bytes = bytes.map_err(|_| MessageSignatureError::Text)?;
    let [header, rs @ ..]: [u8; LENGTH] =
        bytes.try_into().map_err(|_| MessageSignatureError::Text)?;
    let id = match header.checked_sub(HEADER) {
        Some(0) => RecoveryId::Zero,
        Some(1) => RecoveryId::One,
        Some(2) => RecoveryId::Two,
        Some(3) => RecoveryId::Three,
        _ => return Err(MessageSignatureError::Header(header)),
    };
    let signature = RecoverableSignature::from_compact(&rs, id);
    let signature = signature.map_err(|_| MessageSignatureError::Malformed)?;
    let key = signature.recover_ecdsa(Message::from_digest(digest(message)));
    key.map(PublicKey).map_err(|_| MessageSignatureError::Malformed)
}

/// Returns the hash that is signed: of the prefix, the message's length and the message.
fn digest(message: &[u8]) -> [u8; 32] {
    let mut length = [0; 9];
    let length = compact_size(message.len() as u64, &mut length);
    sha256x2_parts(&[PREFIX, length, message])
}

/// Writes a length as Bitcoin does: one byte, or a mark and 2, 4 or 8 bytes, little-endian.
fn compact_size(length: u64, buffer: &mut [u8; 9]) -> &[u8] {
    let bytes = length.to_le_bytes();
    let (mark, width) = match length {
        0..=0xfc => (bytes[0], 0),
        0xfd..=0xffff => (0xfd, 2),
        0x1_0000..=0xffff_ffff => (0xfe, 4),
        _ => (0xff, 8),
    };
    buffer[0] = mark;
    buffer[1..=width].copy_from_slice(&bytes[..width]);
    &buffer[..=width]
}
