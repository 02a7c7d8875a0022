use super::{PublicKey, Signature};
use ed25519_zebra::{VerificationKey, VerificationKeyBytes};

/// A signature does not follow the rule of [this module](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The public key is not the canonical encoding of anything, or is a point of small order.
    #[error("the public key is of small order or not canonical")]
    WeakKey,
    /// `R` is not the canonical encoding of anything, or is a point of small order.
    #[error("R is of small order or not canonical")]
    WeakR,
    /// `S` is not below the order of the base point.
    #[error("S is not below the order of the base point")]
    HighS,
    /// The public key is not a point of the curve.
    #[error("the public key is not a point of the curve")]
    NotAKey,
    /// The equation does not hold: another key, another message, or no signature at all.
    #[error("the signature is not by this key over this message")]
    Mismatch,
}

/// Checks that `key` made `signature` over `message`, by the rule of [this module](super).
///
/// # Errors
///
/// [`SignatureError`].
pub fn verify(
    key: &PublicKey,
    message: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    check_encodings(key, signature)?;
    VerificationKey::try_from(VerificationKeyBytes::from(*key.as_bytes()))
        .map_err(|_| SignatureError::NotAKey)?
        .verify(&(*signature.as_bytes()).into(), message)
        .map_err(|_| SignatureError::Mismatch)
}

/// Checks what the bytes alone tell: points 1 to 3 of the rule.
pub(super) fn check_encodings(
    key: &PublicKey,
    signature: &Signature,
) -> Result<(), SignatureError> {
    if is_weak(key.as_bytes()) {
        return Err(SignatureError::WeakKey);
    }
    if is_weak(signature.r()) {
        return Err(SignatureError::WeakR);
    }
    if is_below(signature.s(), &ORDER) { Ok(()) } else { Err(SignatureError::HighS) }
}

/// `p = 2^255 − 19`, the order of the field, little-endian.
const FIELD: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

/// `L = 2^252 + 27742317777372353535851937790883648493`, the order of the base point,
/// little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The `y` coordinates below `p` of the eight points whose order divides 8, little-endian: of
/// order 4, 1, 2, and two each of order 8.
///
/// Negating a point changes the sign of `x` alone, so five coordinates stand for eight points.
/// Where `x` is zero (orders 1 and 2) a set sign bit is not canonical: that is refused with them.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = FIELD;
        minus_one[0] -= 1;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Whether the encoding of a point is not canonical or is that of a point of small order.
fn is_weak(encoding: &[u8; 32]) -> bool {
    let mut y = *encoding;
    y[31] &= 0x7f;
    !is_below(&y, &FIELD) || SMALL_ORDER_Y.contains(&y)
}

/// Whether one little-endian number is below another. All of them are public.
fn is_below(number: &[u8; 32], bound: &[u8; 32]) -> bool {
    number.iter().rev().lt(bound.iter().rev())
}
