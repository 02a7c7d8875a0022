use super::SettlementError;
use crate::{PaymentAddress, Scheme};
use bitcoin::{
    Amount, OutPoint, PublicKey, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness,
    absolute::LockTime,
    hashes::Hash as _,
    opcodes::all::{OP_CHECKMULTISIG, OP_PUSHNUM_2, OP_PUSHNUM_3},
    script::{Builder, PushBytesBuf},
    transaction::Version,
};
use tally_chain::utxo;

/// How many keys can spend.
pub(super) const KEYS: usize = 3;
/// How many of them have to sign.
pub(super) const SIGNATURES: usize = 2;

/// What locks a deal's money: two of three keys, in P2WSH, in P2SH or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock {
    /// The script of the output.
    pub(super) locking: ScriptBuf,
    /// The P2WSH program, if the output is P2SH of it.
    pub(super) redeem: Option<ScriptBuf>,
    /// The script of the keys.
    pub(super) witness: ScriptBuf,
    /// The keys, in the order of the script.
    pub(super) keys: [PublicKey; KEYS],
    /// The length of a signature that is counted on, with its hash type.
    signature_length: usize,
}

impl Lock {
    pub(super) fn of(payment: &PaymentAddress) -> Result<Self, SettlementError> {
        let witness = ScriptBuf::from_bytes(payment.witness_script.clone());
        let keys = keys_of(&witness).ok_or(SettlementError::Script)?;
        let locking = ScriptBuf::from_bytes(payment.address.script());
        let program = witness.to_p2wsh();
        let (redeem, signature_length) = match payment.scheme {
            // Signed here, with low `r`: 70 bytes at most and the hash type.
            Scheme::Service(_) => (Some(program.clone()), 71),
            // Signed by any wallet: `r` may take another byte.
            Scheme::Escrow { .. } => (None, 72),
        };
        let expected = redeem.as_ref().map_or(program, |redeem| redeem.to_p2sh());
        if locking != expected {
            return Err(SettlementError::Script);
        }
        Ok(Self { locking, redeem, witness, keys, signature_length })
    }

    /// Returns what stands in the input itself.
    pub(super) fn script_sig(&self) -> ScriptBuf {
        let Some(redeem) = &self.redeem else { return ScriptBuf::new() };
        let push = PushBytesBuf::try_from(redeem.to_bytes()).expect("34 bytes can be pushed");
        Builder::new().push_slice(push).into_script()
    }

    /// Returns the witness of two signatures, which are in the order of their keys.
    pub(super) fn witness_of(&self, signatures: [&[u8]; SIGNATURES]) -> Witness {
        // The operation pops one item more than it uses.
        let [first, second] = signatures;
        Witness::from_slice(&[&[], first, second, self.witness.as_bytes()])
    }

    /// Returns the virtual size of the transaction once it is signed, at most.
    pub(super) fn signed_vsize(&self, unsigned: &Transaction) -> u64 {
        let signature = vec![0; self.signature_length];
        let witness = self.witness_of([&signature, &signature]);
        let script_sig = self.script_sig();
        let mut signed = unsigned.clone();
        for input in &mut signed.input {
            input.script_sig.clone_from(&script_sig);
            input.witness.clone_from(&witness);
        }
        signed.vsize() as u64
    }
}

/// Reads the keys out of `2 <key> <key> <key> 3 OP_CHECKMULTISIG`.
fn keys_of(script: &Script) -> Option<[PublicKey; KEYS]> {
    let mut keys = Vec::with_capacity(KEYS);
    for push in script.as_bytes().get(1..103)?.chunks(34) {
        let (length, key) = push.split_first()?;
        (*length == 33).then_some(())?;
        keys.push(PublicKey::from_slice(key).ok()?);
    }
    let mut same = Builder::new().push_opcode(OP_PUSHNUM_2);
    for key in &keys {
        same = same.push_key(key);
    }
    let same = same.push_opcode(OP_PUSHNUM_3).push_opcode(OP_CHECKMULTISIG).into_script();
    if same.as_script() != script {
        return None;
    }
    keys.try_into().ok()
}

/// Makes the transaction without signatures: version 2, lock time 0, replaceable.
pub(super) fn transaction(inputs: &[utxo::OutPoint], outputs: Vec<TxOut>) -> Transaction {
    let input = |outpoint: &utxo::OutPoint| TxIn {
        previous_output: OutPoint {
            txid: bitcoin::Txid::from_byte_array(outpoint.txid.to_hash()),
            vout: outpoint.vout,
        },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: inputs.iter().map(input).collect(),
        output: outputs,
    }
}

/// Makes an output.
pub(super) fn output(satoshi: u64, script: ScriptBuf) -> TxOut {
    TxOut { value: Amount::from_sat(satoshi), script_pubkey: script }
}
