use crate::{SignatureError, keccak256};
use alloy_primitives::B256;
use secp256k1::{
    Message, PublicKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use tally_primitives::{NodeAddress, Signature};

/// Half the order of the curve, big-endian: the largest `s` of an accepted signature.
const S_MAX: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Returns the address of the key that made `signature` over `digest`.
///
/// # Errors
///
/// [`SignatureError`], never [`SignatureError::WrongSigner`]: a well-formed signature always has
/// some signer.
pub fn recover(digest: &B256, signature: &Signature) -> Result<NodeAddress, SignatureError> {
    let key = parse(signature)?.recover_ecdsa(Message::from_digest(digest.0));
    key.map(|key| address(&key)).map_err(|_| SignatureError::Malformed)
}

/// Checks that the key of `signer` made `signature` over `digest`.
///
/// This recovers the signer, although verifying against a known public key is a sixth faster:
/// plain verification does not see the recovery byte, so it accepts a signature with the wrong
/// one, which a contract would later refuse.
///
/// # Errors
///
/// [`SignatureError`]; [`SignatureError::WrongSigner`] if the signature is well formed.
pub fn verify(
    digest: &B256,
    signature: &Signature,
    signer: NodeAddress,
) -> Result<(), SignatureError> {
    if recover(digest, signature)? == signer { Ok(()) } else { Err(SignatureError::WrongSigner) }
}

/// Returns a key's address: the last 20 bytes of the hash of the uncompressed point.
pub(crate) fn address(key: &PublicKey) -> NodeAddress {
    let hash = keccak256(&key.serialize_uncompressed()[1..]);
    NodeAddress::new(hash[12..].try_into().expect("a hash has 32 bytes"))
}

fn parse(signature: &Signature) -> Result<RecoverableSignature, SignatureError> {
    let id = match signature.0[64] {
        27 => RecoveryId::Zero,
        28 => RecoveryId::One,
        other => return Err(SignatureError::RecoveryByte(other)),
    };
    if signature.0[32..64] > S_MAX[..] {
        return Err(SignatureError::HighS);
    }
    RecoverableSignature::from_compact(&signature.0[..64], id)
        .map_err(|_| SignatureError::Malformed)
}
