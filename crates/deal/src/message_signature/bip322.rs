//! Signatures in the simple form of BIP-322: the witness that would spend an output of the address
//! in a transaction that commits to the message and can never be valid.
//!
//! Written on the transactions and hashes of the `bitcoin` crate: the crates for BIP-322 also carry
//! the full form and the proof of funds, which nobody needs here.

use super::{SignatureError, locking_script, nested};
use crate::{Address, PrivateKey, curve::CURVE};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, Script, ScriptBuf, Sequence, TapSighashType, Transaction,
    TxIn, TxOut, Witness,
    absolute::LockTime,
    consensus, ecdsa,
    hashes::{Hash as _, HashEngine as _, sha256},
    key::TapTweak as _,
    opcodes::{OP_0, all::OP_RETURN},
    script::Builder,
    secp256k1::{Message, PublicKey, XOnlyPublicKey},
    sighash::{Prevouts, SighashCache},
    taproot,
    transaction::Version,
};

/// What the text of a signature in the simple form begins with. Verifiers also take it without,
/// as it was made before version 1 of BIP-322.
pub(super) const PREFIX: &str = "smp";

/// The tag of the hash of messages.
const TAG: &[u8] = b"BIP0322-signed-message";

/// Signs a message in the simple form of BIP-322: returns `smp` and the Base64 text of a witness.
///
/// For the P2WPKH, P2SH-P2WPKH or P2TR address of `key`; a P2TR address is that of the key alone,
/// without scripts (BIP-86). The same message always gives the same signature.
///
/// # Errors
///
/// [`SignatureError::AddressKind`] or [`SignatureError::Mismatch`] if the address is of another
/// kind or of another key.
pub fn sign(key: &PrivateKey, address: &Address, message: &[u8]) -> Result<String, SignatureError> {
    let script = locking_script(address);
    let witness = if script.is_p2tr() {
        sign_taproot(key, &script, message)
    } else {
        sign_segwit(key, &script, message)
    };
    let witness = consensus::serialize(&witness?);
    Ok(format!("{PREFIX}{}", BASE64_STANDARD.encode(witness)))
}

/// Checks a witness, as its bytes, against the locking script of an address.
pub(super) fn verify(
    script: &Script,
    message: &[u8],
    witness: &[u8],
) -> Result<(), SignatureError> {
    let witness: Witness = consensus::deserialize(witness).map_err(|_| SignatureError::Form)?;
    let items: Vec<&[u8]> = witness.iter().collect();
    match items[..] {
        [signature] if script.is_p2tr() => verify_taproot(script, message, signature),
        [signature, key] if script.is_p2wpkh() || script.is_p2sh() => {
            verify_segwit(script, message, signature, key)
        }
        [_] | [_, _] => Err(SignatureError::AddressKind),
        _ => Err(SignatureError::Form),
    }
}

fn sign_segwit(
    key: &PrivateKey,
    script: &Script,
    message: &[u8],
) -> Result<Witness, SignatureError> {
    if !script.is_p2wpkh() && !script.is_p2sh() {
        return Err(SignatureError::AddressKind);
    }
    let program = program_of(script, key.point())?;
    let signature = CURVE.sign_ecdsa_low_r(&segwit_hash(script, &program, message), key.inner());
    Ok(Witness::p2wpkh(&ecdsa::Signature::sighash_all(signature), key.point()))
}

fn verify_segwit(
    script: &Script,
    message: &[u8],
    signature: &[u8],
    key: &[u8],
) -> Result<(), SignatureError> {
    // Witness programs take compressed keys only.
    let key: &[u8; 33] = key.try_into().map_err(|_| SignatureError::Malformed)?;
    let key = PublicKey::from_slice(key).map_err(|_| SignatureError::Malformed)?;
    let program = program_of(script, &key)?;
    let signature =
        ecdsa::Signature::from_slice(signature).map_err(|_| SignatureError::Malformed)?;
    if signature.sighash_type != EcdsaSighashType::All {
        return Err(SignatureError::HashType);
    }
    // The library refuses an `s` in the upper half.
    let hash = segwit_hash(script, &program, message);
    CURVE.verify_ecdsa(&hash, &signature.signature, &key).map_err(|_| SignatureError::Mismatch)
}

fn sign_taproot(
    key: &PrivateKey,
    script: &Script,
    message: &[u8],
) -> Result<Witness, SignatureError> {
    let mut pair = key.pair();
    let tweaked = pair.tap_tweak(&CURVE, None);
    pair.non_secure_erase();
    let mut pair = tweaked.to_keypair();
    if output_key(script)? != pair.x_only_public_key().0 {
        pair.non_secure_erase();
        return Err(SignatureError::Mismatch);
    }
    let hash = taproot_hash(script, message, TapSighashType::All);
    let signature = CURVE.sign_schnorr_no_aux_rand(&hash, &pair);
    pair.non_secure_erase();
    let signature = taproot::Signature { signature, sighash_type: TapSighashType::All };
    Ok(Witness::p2tr_key_spend(&signature))
}

fn verify_taproot(script: &Script, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    let key = output_key(script)?;
    let signature =
        taproot::Signature::from_slice(signature).map_err(|_| SignatureError::Malformed)?;
    // The default commits to the same as SIGHASH_ALL.
    if !matches!(signature.sighash_type, TapSighashType::Default | TapSighashType::All) {
        return Err(SignatureError::HashType);
    }
    let hash = taproot_hash(script, message, signature.sighash_type);
    CURVE.verify_schnorr(&signature.signature, &hash, &key).map_err(|_| SignatureError::Mismatch)
}

/// Returns the witness program of `key` if `script` is that program or a P2SH of it.
fn program_of(script: &Script, key: &PublicKey) -> Result<ScriptBuf, SignatureError> {
    let hash = bitcoin::CompressedPublicKey(*key).wpubkey_hash();
    let program = ScriptBuf::new_p2wpkh(&hash);
    let is_of_key = script == program.as_script() || script == nested(&hash).as_script();
    is_of_key.then_some(program).ok_or(SignatureError::Mismatch)
}

/// Returns the key that a P2TR script locks with.
fn output_key(script: &Script) -> Result<XOnlyPublicKey, SignatureError> {
    let key = script.as_bytes().get(2..).unwrap_or_default();
    XOnlyPublicKey::from_slice(key).map_err(|_| SignatureError::Mismatch)
}

fn segwit_hash(script: &Script, program: &Script, message: &[u8]) -> Message {
    let transaction = to_sign(&to_spend(script, message));
    let hash = SighashCache::new(&transaction)
        .p2wpkh_signature_hash(0, program, Amount::ZERO, EcdsaSighashType::All)
        .expect("the transaction has an input, and the program is P2WPKH");
    Message::from_digest(hash.to_byte_array())
}

fn taproot_hash(script: &Script, message: &[u8], hash_type: TapSighashType) -> Message {
    let spent = to_spend(script, message);
    let transaction = to_sign(&spent);
    let hash = SighashCache::new(&transaction)
        .taproot_key_spend_signature_hash(0, &Prevouts::All(&spent.output), hash_type)
        .expect("the transaction has one input, and its output is given");
    Message::from_digest(hash.to_byte_array())
}

/// Returns the virtual transaction whose output the address's key is to spend.
fn to_spend(script: &Script, message: &[u8]) -> Transaction {
    let challenge = Builder::new().push_opcode(OP_0).push_slice(tagged_hash(message));
    let output = TxOut { value: Amount::ZERO, script_pubkey: script.to_owned() };
    virtual_transaction(OutPoint::null(), challenge.into_script(), output)
}

/// Returns the virtual transaction whose witness is the signature.
fn to_sign(spent: &Transaction) -> Transaction {
    let nothing = Builder::new().push_opcode(OP_RETURN).into_script();
    let output = TxOut { value: Amount::ZERO, script_pubkey: nothing };
    virtual_transaction(OutPoint::new(spent.compute_txid(), 0), ScriptBuf::new(), output)
}

fn virtual_transaction(
    previous_output: OutPoint,
    script_sig: ScriptBuf,
    output: TxOut,
) -> Transaction {
    let sequence = Sequence::ZERO;
    let input = TxIn { previous_output, script_sig, sequence, witness: Witness::new() };
    Transaction {
        version: Version(0),
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

fn tagged_hash(message: &[u8]) -> [u8; 32] {
    let tag = sha256::Hash::hash(TAG);
    let mut engine = sha256::Hash::engine();
    engine.input(tag.as_byte_array());
    engine.input(tag.as_byte_array());
    engine.input(message);
    sha256::Hash::from_engine(engine).to_byte_array()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    /// Hashes and transaction ids that BIP-322 gives for two messages.
    #[test]
    fn the_virtual_transactions_are_those_of_the_proposal() {
        let address = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
        let script = locking_script(&Address::parse(address, Network::Main).unwrap());
        for (message, hash, spent, signed) in [
            (
                "",
                "c90c269c4f8fcbe6880f72a721ddfbf1914268a794cbb21cfafee13770ae19f1",
                "c5680aa69bb8d860bf82d4e9cd3504b55dde018de765a91bb566283c545a99a7",
                "1e9654e951a5ba44c8604c4de6c67fd78a27e81dcadcfe1edf638ba3aaebaed6",
            ),
            (
                "Hello World",
                "f0eb03b1a75ac6d9847f55c624a99169b5dccba2a31f5b23bea77ba270de0a7a",
                "b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b",
                "88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf",
            ),
        ] {
            assert_eq!(hex::encode(tagged_hash(message.as_bytes())), hash);
            let to_spend = to_spend(&script, message.as_bytes());
            assert_eq!(to_spend.compute_txid().to_string(), spent);
            assert_eq!(to_sign(&to_spend).compute_txid().to_string(), signed);
        }
    }
}
