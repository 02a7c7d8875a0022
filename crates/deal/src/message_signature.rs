//! Signatures of messages by the key of a Bitcoin address: how sellers and customers sign.
//!
//! [`verify`] takes every form that wallets make:
//!
//! | form | text | addresses |
//! |---|---|---|
//! | compact, first byte 27–30 | Base64 of 65 bytes | P2PKH of an uncompressed key |
//! | compact, 31–34 | | P2PKH; by Electrum also P2SH-P2WPKH and P2WPKH |
//! | compact, 35–38 (BIP-137) | | P2SH-P2WPKH |
//! | compact, 39–42 (BIP-137) | | P2WPKH |
//! | BIP-322 simple | Base64 of a witness, after `smp` or nothing | P2WPKH, P2SH-P2WPKH, P2TR by its key |
//!
//! An address is of one network, so a signature by the address of another network has no address to
//! be checked against: [`Address::parse`] refuses it.

mod bip322;
mod compact;

use crate::Address;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{Script, ScriptBuf};

pub use bip322::sign as sign_bip322;
pub use compact::{Header, sign};

/// The longest text that is looked at, in bytes. The longest good one is a BIP-322 witness of a
/// signature and a key: 148 characters.
pub const TEXT_LENGTH_MAX: usize = 512;

/// A text is not the signature of this message by this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not Base64, or longer than [`TEXT_LENGTH_MAX`].
    #[error("a signature is a Base64 text of at most {TEXT_LENGTH_MAX} characters")]
    Text,
    /// Neither 65 bytes beginning with 27 to 42 nor a witness.
    #[error("the text is neither a compact signature nor a BIP-322 witness")]
    Form,
    /// BIP-322 in its full form or with a proof of funds; only the simple form is read.
    #[error("of BIP-322 only the simple form is taken")]
    NotSimple,
    /// `r` and `s` are no signature, or no key could have made them.
    #[error("r and s are no signature")]
    Malformed,
    /// The form does not go with the kind of the address.
    #[error("this form of signature is not of this kind of address")]
    AddressKind,
    /// The signature does not commit to all of the message.
    #[error("the signature is of another hash type than SIGHASH_ALL")]
    HashType,
    /// A good signature by someone else, or of another message.
    #[error("the signature is not of this message by this address")]
    Mismatch,
}

/// Checks that `signature` is of `message` by the key of `address`.
///
/// `signature` may have white space around it.
///
/// # Errors
///
/// [`SignatureError`].
pub fn verify(address: &Address, message: &[u8], signature: &str) -> Result<(), SignatureError> {
    let text = signature.trim_ascii();
    if text.len() > TEXT_LENGTH_MAX {
        return Err(SignatureError::Text);
    }
    if text.starts_with("ful") || text.starts_with("pof") {
        return Err(SignatureError::NotSimple);
    }
    // No signature of another form begins with these letters: as Base64 they are the byte 178.
    let text = text.strip_prefix(bip322::PREFIX).unwrap_or(text);
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| SignatureError::Text)?;
    let script = locking_script(address);
    match compact::read(&bytes) {
        Some((header, rest)) => compact::verify(&script, message, header, rest),
        None => bip322::verify(&script, message, &bytes),
    }
}

fn locking_script(address: &Address) -> ScriptBuf {
    ScriptBuf::from_bytes(address.script())
}

/// Returns the script that a P2SH address of a witness program with this public key hash locks with.
fn nested(hash: &bitcoin::WPubkeyHash) -> ScriptBuf {
    ScriptBuf::new_p2sh(&ScriptBuf::new_p2wpkh(hash).script_hash())
}

/// Says whether `script` locks with the P2WPKH program of `hash`, in P2SH or not.
fn is_witness_of(script: &Script, hash: &bitcoin::WPubkeyHash) -> bool {
    script == ScriptBuf::new_p2wpkh(hash).as_script() || script == nested(hash).as_script()
}
