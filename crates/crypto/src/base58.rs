//! Base58 with Bitcoin's alphabet, without a checksum and with one.
//!
//! Each byte string has exactly one text and each text over the alphabet exactly one byte string,
//! so two different texts never name the same key.

use crate::sha256x2;
use zeroize::Zeroizing;

/// The longest text that is decoded.
///
/// Decoding takes time quadratic in the length; the longest text in use, an Ed25519 signature, has
/// 88 characters.
pub const DECODE_LENGTH_MAX: usize = 128;

const CHECKSUM_LENGTH: usize = 4;

/// A text is not Base58.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base58Error {
    /// The text has more than [`DECODE_LENGTH_MAX`] bytes.
    #[error("the text has {0} characters, more than {DECODE_LENGTH_MAX}")]
    TooLong(usize),
    /// The character at this position is not of the alphabet.
    #[error("the character at position {0} is not of the Base58 alphabet")]
    Character(usize),
    /// The text stands for a number of bytes other than the expected one.
    #[error("the text stands for {found} bytes instead of {expected}")]
    Length {
        /// How many bytes there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The last four bytes are not the checksum of the others: a typing error.
    #[error("the checksum is wrong")]
    Checksum,
}

/// Returns the text of `bytes`. Takes time quadratic in the length: meant for keys and signatures.
pub fn encode(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

/// Returns the bytes that `text` stands for.
///
/// # Errors
///
/// [`Base58Error::TooLong`], [`Base58Error::Character`].
pub fn decode(text: &str) -> Result<Vec<u8>, Base58Error> {
    if text.len() > DECODE_LENGTH_MAX {
        return Err(Base58Error::TooLong(text.len()));
    }
    bs58::decode(text).into_vec().map_err(|_| {
        // Only a foreign character can be wrong: there is no checksum and the room is not fixed.
        let position = text.bytes().position(|byte| !is_of_alphabet(byte));
        Base58Error::Character(position.unwrap_or(text.len()))
    })
}

/// Returns the `N` bytes that `text` stands for.
///
/// # Errors
///
/// [`Base58Error`].
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Base58Error> {
    let bytes = decode(text)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| Base58Error::Length { expected: N, found })
}

/// Returns the text of `payload` with its checksum behind it, as in addresses (Base58Check).
///
/// The checksum is the first four bytes of the payload's [`sha256x2`].
pub fn encode_check(payload: &[u8]) -> String {
    let checksum = checksum(payload);
    bs58::encode(Zeroizing::new([payload, &checksum].concat()).as_slice()).into_string()
}

/// Returns the payload of a text with a checksum. It is overwritten when dropped: it may be a key.
///
/// # Errors
///
/// [`Base58Error`]; [`Base58Error::Checksum`] also for a text too short to have one.
pub fn decode_check(text: &str) -> Result<Zeroizing<Vec<u8>>, Base58Error> {
    let mut bytes = Zeroizing::new(decode(text)?);
    let (payload, found) =
        bytes.split_last_chunk::<CHECKSUM_LENGTH>().ok_or(Base58Error::Checksum)?;
    if *found != checksum(payload) {
        return Err(Base58Error::Checksum);
    }
    let length = payload.len();
    bytes.truncate(length);
    Ok(bytes)
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let [a, b, c, d, ..] = sha256x2(payload);
    [a, b, c, d]
}

fn is_of_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte)
}
