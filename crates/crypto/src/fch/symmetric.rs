use crate::sha256x2_parts;
use subtle::ConstantTimeEq;

/// Signs a body with the session key that both sides share (FTSP23, `symSign`).
///
/// Returns 64 lower-case hexadecimal digits: the double SHA-256 hash of the body with the 32 bytes
/// of the key behind it.
pub fn sym_sign(body: &[u8], session_key: &[u8; 32]) -> String {
    hex::encode(sha256x2_parts(&[body, session_key]))
}

/// Says whether `sign` is [`sym_sign`] of `body`, in a time that does not tell how much of it is
/// right.
pub fn sym_verify(body: &[u8], session_key: &[u8; 32], sign: &str) -> bool {
    sym_sign(body, session_key).as_bytes().ct_eq(sign.as_bytes()).into()
}
