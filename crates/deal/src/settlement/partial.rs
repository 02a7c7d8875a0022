use super::{
    PSBT_TEXT_LENGTH_MAX, PsbtError, SignedSettlement,
    script::{KEYS, Lock, SIGNATURES},
};
use crate::{PaymentAddress, PrivateKey, PublicKey, curve::CURVE};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{
    Amount, EcdsaSighashType, Psbt, ScriptBuf, Transaction, TxOut, Witness, consensus, ecdsa,
    hashes::Hash as _, psbt, secp256k1::Message, sighash::SighashCache,
};
use tally_primitives::{Satoshi, Txid};

/// The signatures of one input, by the position of their key in the script.
type Signatures = [Option<ecdsa::Signature>; KEYS];

/// A settlement on its way from hand to hand: the transaction and the signatures there are so far.
///
/// Its text is a PSBT (BIP-174) that wallets can sign. What comes back is looked at for signatures
/// only: the transaction, the amounts and the scripts are always one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialSettlement {
    psbt: Psbt,
    lock: Lock,
}

impl PartialSettlement {
    /// Starts with a transaction that spends outputs of `values`, in its order, locked by `lock`.
    pub(super) fn new(unsigned: Transaction, lock: Lock, values: &[Satoshi]) -> Self {
        let mut psbt =
            Psbt::from_unsigned_tx(unsigned).expect("a new transaction has no signatures");
        for (input, value) in psbt.inputs.iter_mut().zip(values) {
            let value = Amount::from_sat(value.0);
            input.witness_utxo = Some(TxOut { value, script_pubkey: lock.locking.clone() });
            input.witness_script = Some(lock.witness.clone());
            input.redeem_script.clone_from(&lock.redeem);
            input.sighash_type = Some(EcdsaSighashType::All.into());
        }
        Self { psbt, lock }
    }

    /// Reads what [`to_text`](Self::to_text) wrote of a settlement of this payment address, and
    /// checks it again.
    ///
    /// For texts that were kept, not for texts that were sent: it believes what is paid to whom.
    ///
    /// # Errors
    ///
    /// [`PsbtError`].
    pub fn stored(text: &str, payment: &PaymentAddress) -> Result<Self, PsbtError> {
        let lock = Lock::of(payment).map_err(|_| PsbtError::Script)?;
        let psbt = read(text)?;
        if psbt.inputs.is_empty() {
            return Err(PsbtError::AnotherPayment { input: 0 });
        }
        let mut values = Vec::with_capacity(psbt.inputs.len());
        for (index, input) in psbt.inputs.iter().enumerate() {
            let spent = input.witness_utxo.as_ref();
            let spent = spent.filter(|spent| spent.script_pubkey == lock.locking);
            let spent = spent.ok_or(PsbtError::AnotherPayment { input: index })?;
            values.push(Satoshi(spent.value.to_sat()));
        }
        let paid = psbt.unsigned_tx.output.iter().map(|output| Satoshi(output.value.to_sat()));
        let rest = sum(values.iter().copied()).zip(sum(paid));
        rest.and_then(|(spent, paid)| spent.checked_sub(paid)).ok_or(PsbtError::Overspent)?;
        let mut partial = Self::new(psbt.unsigned_tx.clone(), lock, &values);
        partial.merge(&psbt)?;
        Ok(partial)
    }

    /// Returns the PSBT as Base64, with the signatures so far.
    pub fn to_text(&self) -> String {
        BASE64_STANDARD.encode(self.psbt.serialize())
    }

    /// Returns the id that the signed transaction will have.
    pub fn txid(&self) -> Txid {
        shown(&self.with_script_sigs())
    }

    /// Returns what the miner gets.
    pub fn fee(&self) -> Satoshi {
        let paid: u64 = self.psbt.unsigned_tx.output.iter().map(|out| out.value.to_sat()).sum();
        let spent: u64 = (0..self.psbt.inputs.len()).map(|index| self.value(index).to_sat()).sum();
        Satoshi(spent - paid)
    }

    /// Returns who signed, in the order of the script.
    pub fn signers(&self) -> Vec<PublicKey> {
        let has_signed = |key: &&bitcoin::PublicKey| {
            self.psbt.inputs.iter().all(|input| input.partial_sigs.contains_key(*key))
        };
        let signers = self.lock.keys.iter().filter(has_signed);
        signers.map(|key| PublicKey::from_point(&key.inner)).collect()
    }

    /// Signs all inputs with one of the three keys; does nothing if that was done.
    ///
    /// # Errors
    ///
    /// [`PsbtError::ForeignKey`].
    pub fn sign(&mut self, key: &PrivateKey) -> Result<(), PsbtError> {
        let public = bitcoin::PublicKey::new(*key.point());
        if !self.lock.keys.contains(&public) {
            return Err(PsbtError::ForeignKey { input: 0, key: public.to_string() });
        }
        let hashes = self.hashes();
        for (input, hash) in self.psbt.inputs.iter_mut().zip(hashes) {
            input.partial_sigs.entry(public).or_insert_with(|| ecdsa::Signature {
                signature: CURVE.sign_ecdsa_low_r(&hash, key.inner()),
                sighash_type: EcdsaSighashType::All,
            });
        }
        Ok(())
    }

    /// Takes the signatures out of a PSBT that someone sent: returns whose they are, in the order
    /// of the script.
    ///
    /// Inputs that a wallet has finished are taken as well. Nothing is taken if anything is wrong,
    /// and taking the same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`PsbtError`], which says what is wrong with which input.
    pub fn import(&mut self, text: &str) -> Result<Vec<PublicKey>, PsbtError> {
        let signers = self.merge(&read(text)?)?;
        if signers.is_empty() { Err(PsbtError::NotSigned) } else { Ok(signers) }
    }

    /// Makes the transaction of the signatures there are.
    ///
    /// If an input has three, those of the first two keys of the script are used.
    ///
    /// # Errors
    ///
    /// [`PsbtError::Incomplete`] if an input has less than two.
    pub fn finalise(&self) -> Result<SignedSettlement, PsbtError> {
        let mut transaction = self.with_script_sigs();
        for (index, input) in transaction.input.iter_mut().enumerate() {
            input.witness = self.witness(index)?;
        }
        Ok(SignedSettlement {
            txid: shown(&transaction),
            raw: consensus::serialize(&transaction),
            fee: self.fee(),
            vsize: transaction.vsize() as u64,
        })
    }

    /// Adds the signatures of another PSBT of the same transaction, all or none, and returns whose
    /// they are.
    fn merge(&mut self, other: &Psbt) -> Result<Vec<PublicKey>, PsbtError> {
        if other.unsigned_tx != self.psbt.unsigned_tx {
            return Err(PsbtError::AnotherTransaction {
                expected: shown(&self.psbt.unsigned_tx),
                found: shown(&other.unsigned_tx),
            });
        }
        let hashes = self.hashes();
        let inputs = other.inputs.iter().zip(&hashes).enumerate();
        let read = inputs.map(|(index, (input, hash))| self.signatures_of(index, input, hash));
        let read: Vec<Signatures> = read.collect::<Result<_, _>>()?;
        let signers = self.signers_of(&read)?;
        for (input, signatures) in self.psbt.inputs.iter_mut().zip(&read) {
            for (key, signature) in self.lock.keys.iter().zip(signatures) {
                if let Some(signature) = signature {
                    input.partial_sigs.entry(*key).or_insert(*signature);
                }
            }
        }
        Ok(signers)
    }

    /// Returns the keys that signed, each of which has to have signed all inputs.
    fn signers_of(&self, read: &[Signatures]) -> Result<Vec<PublicKey>, PsbtError> {
        let mut signers = Vec::with_capacity(KEYS);
        for (position, key) in self.lock.keys.iter().enumerate() {
            let key = PublicKey::from_point(&key.inner);
            let without = read.iter().position(|signatures| signatures[position].is_none());
            match without {
                None => signers.push(key),
                Some(input) if read.iter().any(|signatures| signatures[position].is_some()) => {
                    return Err(PsbtError::PartlySigned { input, key });
                }
                Some(_) => {}
            }
        }
        Ok(signers)
    }

    /// Returns the signatures of an input, each of them checked.
    fn signatures_of(
        &self,
        index: usize,
        input: &psbt::Input,
        hash: &Message,
    ) -> Result<Signatures, PsbtError> {
        let all = EcdsaSighashType::All.into();
        if input.sighash_type.is_some_and(|hash_type| hash_type != all) {
            return Err(PsbtError::HashType { input: index });
        }
        let mut signatures = match &input.final_script_witness {
            Some(witness) => self.finished(index, witness, hash)?,
            None => [None; KEYS],
        };
        for (key, signature) in &input.partial_sigs {
            let position = self.lock.keys.iter().position(|own| own == key);
            let position = position
                .ok_or_else(|| PsbtError::ForeignKey { input: index, key: key.to_string() })?;
            if signature.sighash_type != EcdsaSighashType::All {
                return Err(PsbtError::HashType { input: index });
            }
            if !is_good(key, signature, hash) {
                let key = PublicKey::from_point(&key.inner);
                return Err(PsbtError::BadSignature { input: index, key });
            }
            signatures[position] = Some(*signature);
        }
        Ok(signatures)
    }

    /// Returns the signatures of an input that a wallet has finished.
    fn finished(
        &self,
        index: usize,
        witness: &Witness,
        hash: &Message,
    ) -> Result<Signatures, PsbtError> {
        let bad = PsbtError::BadWitness { input: index };
        let items: Vec<&[u8]> = witness.iter().collect();
        let [[], first, second, script] = items[..] else { return Err(bad) };
        if script != self.lock.witness.as_bytes() {
            return Err(bad);
        }
        let mut signatures = [None; KEYS];
        for signature in [first, second] {
            let Ok(signature) = ecdsa::Signature::from_slice(signature) else { return Err(bad) };
            if signature.sighash_type != EcdsaSighashType::All {
                return Err(PsbtError::HashType { input: index });
            }
            let signer = self.lock.keys.iter().position(|key| is_good(key, &signature, hash));
            let Some(signer) = signer else { return Err(bad) };
            signatures[signer] = Some(signature);
        }
        Ok(signatures)
    }

    /// Returns what is signed for each input (BIP-143).
    fn hashes(&self) -> Vec<Message> {
        let mut cache = SighashCache::new(&self.psbt.unsigned_tx);
        let hash = |index| {
            let value = self.value(index);
            let hash = cache
                .p2wsh_signature_hash(index, &self.lock.witness, value, EcdsaSighashType::All)
                .expect("the transaction has this input");
            Message::from_digest(hash.to_byte_array())
        };
        (0..self.psbt.inputs.len()).map(hash).collect()
    }

    fn witness(&self, index: usize) -> Result<Witness, PsbtError> {
        let signatures = &self.psbt.inputs[index].partial_sigs;
        let in_order = self.lock.keys.iter().filter_map(|key| signatures.get(key));
        let in_order: Vec<_> = in_order.take(SIGNATURES).map(ecdsa::Signature::serialize).collect();
        let [first, second] = &in_order[..] else {
            return Err(PsbtError::Incomplete { input: index, signatures: in_order.len() });
        };
        Ok(self.lock.witness_of([first, second]))
    }

    /// Returns the transaction with what stands in the inputs themselves, which its id depends on.
    fn with_script_sigs(&self) -> Transaction {
        let script_sig: ScriptBuf = self.lock.script_sig();
        let mut transaction = self.psbt.unsigned_tx.clone();
        for input in &mut transaction.input {
            input.script_sig.clone_from(&script_sig);
        }
        transaction
    }

    fn value(&self, index: usize) -> Amount {
        let spent = self.psbt.inputs[index].witness_utxo.as_ref();
        spent.expect("every input was made with what it spends").value
    }
}

fn sum(mut amounts: impl Iterator<Item = Satoshi>) -> Option<Satoshi> {
    amounts.try_fold(Satoshi(0), Satoshi::checked_add)
}

fn read(text: &str) -> Result<Psbt, PsbtError> {
    let text = text.trim_ascii();
    if text.len() > PSBT_TEXT_LENGTH_MAX {
        return Err(PsbtError::TooLong(text.len()));
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| PsbtError::Text)?;
    Psbt::deserialize(&bytes).map_err(|error| PsbtError::NotPsbt(error.to_string()))
}

/// Says whether the signature is the key's, with `s` in the lower half as nodes want it.
fn is_good(key: &bitcoin::PublicKey, signature: &ecdsa::Signature, hash: &Message) -> bool {
    CURVE.verify_ecdsa(hash, &signature.signature, &key.inner).is_ok()
}

fn shown(transaction: &Transaction) -> Txid {
    Txid::from_hash(transaction.compute_txid().to_byte_array())
}
