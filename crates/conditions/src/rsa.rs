use rsa::{
    BigUint, Pss, RsaPublicKey, sha2::Digest as _, sha2::Sha256, traits::SignatureScheme as _,
};

/// The only public exponent.
const EXPONENT: u32 = 65_537;

/// The bytes of a salt: as many as the hash has.
const SALT_LENGTH: usize = 32;

/// Whether an RSA-PSS signature with SHA-256 over the parts of a message is valid.
///
/// *Source:* draft-thomas-crypto-conditions-00 §4.4; RFC 8017 §8.1.2. The parser has checked the
/// length of the modulus, and that the signature is as long and below it.
pub(crate) fn is_valid(modulus: &[u8], signature: &[u8], message: &[&[u8]]) -> bool {
    let Ok(key) = RsaPublicKey::new(BigUint::from_bytes_be(modulus), EXPONENT.into()) else {
        return false;
    };
    let mut hasher = Sha256::new();
    for part in message {
        hasher.update(part);
    }
    Pss::new_with_salt::<Sha256>(SALT_LENGTH).verify(&key, &hasher.finalize(), signature).is_ok()
}
