use super::{SignatureError, is_witness_of, nested};
use crate::{PrivateKey, curve::CURVE};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{
    PubkeyHash, Script, ScriptBuf, VarInt, WPubkeyHash,
    consensus::Encodable as _,
    hashes::{Hash as _, HashEngine as _, hash160, sha256d},
    secp256k1::{
        Message, PublicKey,
        ecdsa::{RecoverableSignature, RecoveryId},
    },
    sign_message::BITCOIN_SIGNED_MSG_PREFIX,
};

/// Bytes of a compact signature: the header, `r` and `s`.
const LENGTH: usize = 65;

/// What the first byte of a compact signature says about the address of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// 27–30: P2PKH of the uncompressed key.
    Uncompressed,
    /// 31–34: P2PKH of the compressed key; also what Electrum writes for all its addresses.
    Compressed,
    /// 35–38: P2WPKH in P2SH.
    NestedSegwit,
    /// 39–42: P2WPKH.
    Segwit,
}

impl Header {
    /// Returns the first byte of signatures whose recovery id is 0.
    const fn first(self) -> u8 {
        match self {
            Self::Uncompressed => 27,
            Self::Compressed => 31,
            Self::NestedSegwit => 35,
            Self::Segwit => 39,
        }
    }

    /// Returns the first byte of a signature.
    fn write(self, id: RecoveryId) -> u8 {
        self.first() + u8::try_from(id.to_i32()).expect("a recovery id is 0 to 3")
    }

    /// Splits a first byte into what it says and the recovery id.
    fn read(byte: u8) -> Option<(Self, RecoveryId)> {
        let header = match byte {
            27..=30 => Self::Uncompressed,
            31..=34 => Self::Compressed,
            35..=38 => Self::NestedSegwit,
            39..=42 => Self::Segwit,
            _ => return None,
        };
        let id = RecoveryId::from_i32(i32::from(byte - header.first())).ok()?;
        Some((header, id))
    }
}

/// A first byte that was read, and the rest.
pub(super) type Parts<'a> = ((Header, RecoveryId), &'a [u8]);

/// Signs a message as wallets do: returns the Base64 text of 65 bytes.
///
/// The same message always gives the same signature (RFC 6979), with `s` in the lower half.
pub fn sign(key: &PrivateKey, message: &[u8], header: Header) -> String {
    let signature = CURVE.sign_ecdsa_recoverable(&digest(message), key.inner());
    let (id, rs) = signature.serialize_compact();
    let mut bytes = [header.write(id); LENGTH];
    bytes[1..].copy_from_slice(&rs);
    BASE64_STANDARD.encode(bytes)
}

/// Returns the parts of a compact signature, `None` if `bytes` is none.
pub(super) fn read(bytes: &[u8]) -> Option<Parts<'_>> {
    let (first, rest) = bytes.split_first()?;
    let header = Header::read(*first)?;
    (bytes.len() == LENGTH).then_some((header, rest))
}

/// Checks a compact signature against the locking script of an address.
pub(super) fn verify(
    script: &Script,
    message: &[u8],
    (header, id): (Header, RecoveryId),
    rs: &[u8],
) -> Result<(), SignatureError> {
    let is_of_kind = match header {
        Header::Uncompressed => script.is_p2pkh(),
        Header::Compressed => script.is_p2pkh() || script.is_p2sh() || script.is_p2wpkh(),
        Header::NestedSegwit => script.is_p2sh(),
        Header::Segwit => script.is_p2wpkh(),
    };
    if !is_of_kind {
        return Err(SignatureError::AddressKind);
    }
    let signature = RecoverableSignature::from_compact(rs, id);
    let key = signature.and_then(|signature| CURVE.recover_ecdsa(&digest(message), &signature));
    let key = key.map_err(|_| SignatureError::Malformed)?;
    is_of(script, header, &key).then_some(()).ok_or(SignatureError::Mismatch)
}

/// Says whether `script` is the one of the key's address that the header stands for.
fn is_of(script: &Script, header: Header, key: &PublicKey) -> bool {
    let legacy =
        |hash| script == ScriptBuf::new_p2pkh(&PubkeyHash::from_raw_hash(hash)).as_script();
    let hash = hash160::Hash::hash(&key.serialize());
    let witness = WPubkeyHash::from_raw_hash(hash);
    match header {
        Header::Uncompressed => legacy(hash160::Hash::hash(&key.serialize_uncompressed())),
        Header::Compressed => legacy(hash) || is_witness_of(script, &witness),
        Header::NestedSegwit => script == nested(&witness).as_script(),
        Header::Segwit => script == ScriptBuf::new_p2wpkh(&witness).as_script(),
    }
}

/// Returns what is signed: the double SHA-256 hash of the prefix, the length and the message.
fn digest(message: &[u8]) -> Message {
    let mut engine = sha256d::Hash::engine();
    engine.input(BITCOIN_SIGNED_MSG_PREFIX);
    VarInt::from(message.len()).consensus_encode(&mut engine).expect("a hash takes all bytes");
    engine.input(message);
    Message::from_digest(sha256d::Hash::from_engine(engine).to_byte_array())
}
