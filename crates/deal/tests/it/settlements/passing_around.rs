//! Settlements that are signed in different places: what is taken of a PSBT, and what is not.

use super::fixture::{both, build, decode, escrow, is_valid, key, plan, service};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{
    Amount, EcdsaSighashType, Psbt, Sequence, Witness,
    bip32::{DerivationPath, Fingerprint},
    ecdsa,
    key::Secp256k1,
    psbt::PsbtSighashType,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tally_deal::{
    Plan, PrivateKey, Recipient,
    settlement::{PSBT_TEXT_LENGTH_MAX, PartialSettlement, PsbtError},
};

fn payout() -> Plan {
    plan(&[60_000, 40_000], &[(Recipient::Seller, 99_000), (Recipient::Service, 1_000)])
}

fn started() -> PartialSettlement {
    build(&escrow(), &payout()).unwrap().to_partial()
}

fn read(text: &str) -> Psbt {
    Psbt::deserialize(&BASE64_STANDARD.decode(text).unwrap()).unwrap()
}

fn write(psbt: &Psbt) -> String {
    BASE64_STANDARD.encode(psbt.serialize())
}

/// Signs as a wallet that knows nothing of this crate: by the library, after the paths of the
/// wallet's keys were filled in.
fn signed_elsewhere(text: &str, signer: &PrivateKey) -> Psbt {
    let curve = Secp256k1::new();
    let mut psbt = read(text);
    let secret = bitcoin::PrivateKey::from_slice(&signer.expose()[..], bitcoin::Network::Testnet);
    let secret = secret.unwrap();
    let public = secret.public_key(&curve);
    for input in &mut psbt.inputs {
        let path = (Fingerprint::default(), DerivationPath::master());
        input.bip32_derivation.insert(public.inner, path);
    }
    psbt.sign(&BTreeMap::from([(public, secret)]), &curve).unwrap();
    psbt
}

/// Two wallets sign the same text, each by itself; both come back, and the network takes the
/// result.
#[test]
fn two_wallets_sign_and_the_settlement_is_complete() {
    for locked in both() {
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let mut partial = build(&locked, &payout()).unwrap().to_partial();
            let sent = partial.to_text();
            for index in [second, first] {
                let signer = &locked.keys[index];
                let came_back = write(&signed_elsewhere(&sent, signer));
                assert_eq!(partial.import(&came_back), Ok(vec![signer.public_key()]));
                assert_eq!(partial.import(&came_back), Ok(vec![signer.public_key()]));
            }
            let signers = [first, second].map(|index| locked.keys[index].public_key());
            assert_eq!(partial.signers(), signers);
            let signed = partial.finalise().unwrap();
            assert!(is_valid(&decode(&signed), &locked, &payout()));
            assert_eq!(signed.txid, partial.txid());
            assert_eq!(signed.fee, partial.fee());
        }
    }
}

/// A wallet that has both signatures may finish the inputs; they are taken out again.
#[test]
fn a_finished_psbt_is_taken() {
    let locked = escrow();
    let mut partial = started();
    partial.sign(&locked.keys[2]).unwrap();
    partial.sign(&locked.keys[0]).unwrap();
    let signed = partial.finalise().unwrap();
    let mut psbt = read(&started().to_text());
    for (input, finished) in psbt.inputs.iter_mut().zip(decode(&signed).input) {
        input.final_script_witness = Some(finished.witness);
    }
    let mut fresh = started();
    let signers = [0, 2].map(|index| locked.keys[index].public_key());
    assert_eq!(fresh.import(&write(&psbt)), Ok(signers.to_vec()));
    assert_eq!(fresh.finalise(), Ok(signed));
}

#[test]
fn what_is_stored_is_read_back_and_checked() {
    for locked in both() {
        let mut partial = build(&locked, &payout()).unwrap().to_partial();
        assert_eq!(
            PartialSettlement::stored(&partial.to_text(), &locked.payment),
            Ok(partial.clone())
        );
        partial.sign(&locked.keys[1]).unwrap();
        let text = partial.to_text();
        assert_eq!(PartialSettlement::stored(&text, &locked.payment), Ok(partial));
        let mut psbt = read(&text);
        psbt.inputs[1].witness_utxo = None;
        let lost = PsbtError::AnotherPayment { input: 1 };
        assert_eq!(PartialSettlement::stored(&write(&psbt), &locked.payment), Err(lost));
        let mut psbt = read(&text);
        psbt.unsigned_tx.output[0].value = Amount::from_sat(u64::MAX);
        let stored = PartialSettlement::stored(&write(&psbt), &locked.payment);
        assert_eq!(stored, Err(PsbtError::Overspent));
    }
    let text = started().to_text();
    let other = PsbtError::AnotherPayment { input: 0 };
    assert_eq!(PartialSettlement::stored(&text, &service().payment), Err(other));
}

/// Offers a changed PSBT, and checks that a refusal leaves no trace.
fn refused(change: impl FnOnce(&mut Psbt)) -> PsbtError {
    let mut partial = started();
    let mut psbt = signed_elsewhere(&partial.to_text(), &escrow().keys[0]);
    change(&mut psbt);
    let error = partial.import(&write(&psbt)).expect_err("the change is refused");
    assert_eq!(partial, started());
    error
}

#[test]
fn another_transaction_is_refused() {
    let expected = read(&started().to_text()).unsigned_tx.compute_txid();
    let changes: [fn(&mut Psbt); 4] = [
        |psbt| psbt.unsigned_tx.output[0].value -= Amount::ONE_SAT,
        |psbt| psbt.unsigned_tx.input[1].sequence = Sequence::MAX,
        |psbt| psbt.unsigned_tx.input[0].previous_output.vout += 1,
        |psbt| {
            psbt.unsigned_tx.output.swap(0, 1);
        },
    ];
    for change in changes {
        let error = refused(change);
        let PsbtError::AnotherTransaction { expected: named, found } = error else {
            panic!("{error}")
        };
        assert_eq!(named.to_string(), expected.to_string());
        assert_ne!(found, named);
    }
}

#[test]
fn signatures_that_do_not_commit_to_everything_are_refused() {
    let error = refused(|psbt| {
        let signature = psbt.inputs[1].partial_sigs.values_mut().next().unwrap();
        signature.sighash_type = EcdsaSighashType::SinglePlusAnyoneCanPay;
    });
    assert_eq!(error, PsbtError::HashType { input: 1 });
    let error = refused(|psbt| {
        psbt.inputs[0].sighash_type = Some(PsbtSighashType::from(EcdsaSighashType::None));
    });
    assert_eq!(error, PsbtError::HashType { input: 0 });
}

#[test]
fn signatures_by_strangers_are_refused_by_their_key() {
    let error = refused(|psbt| {
        let signature = *psbt.inputs[1].partial_sigs.values().next().unwrap();
        let stranger = bitcoin::PublicKey::from_slice(key(9).public_key().as_bytes()).unwrap();
        psbt.inputs[1].partial_sigs.insert(stranger, signature);
    });
    let key = key(9).public_key().to_string();
    assert_eq!(error, PsbtError::ForeignKey { input: 1, key: key.clone() });
    assert_eq!(
        error.to_string(),
        format!("input 1 is signed by key {key}, which is none of the deal's")
    );
}

#[test]
fn bad_signatures_are_refused_by_input_and_key() {
    let [seller, customer, _] = escrow().keys;
    // The signature of the other input.
    let error = refused(|psbt| {
        let signature = psbt.inputs[0].partial_sigs.clone();
        psbt.inputs[1].partial_sigs = signature;
    });
    assert_eq!(error, PsbtError::BadSignature { input: 1, key: seller.public_key() });
    // The seller's signature under the customer's name.
    let error = refused(|psbt| {
        let signature = *psbt.inputs[0].partial_sigs.values().next().unwrap();
        let customer = bitcoin::PublicKey::from_slice(customer.public_key().as_bytes()).unwrap();
        psbt.inputs[0].partial_sigs = BTreeMap::from([(customer, signature)]);
    });
    assert_eq!(error, PsbtError::BadSignature { input: 0, key: customer.public_key() });
    // The same signature with `s` in the upper half, which nodes do not relay.
    let error = refused(|psbt| {
        for signature in psbt.inputs[0].partial_sigs.values_mut() {
            let mut compact = signature.signature.serialize_compact();
            let order_less_s = minus_from_order(&compact[32..]);
            compact[32..].copy_from_slice(&order_less_s);
            let high = bitcoin::secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
            *signature = ecdsa::Signature::sighash_all(high);
        }
    });
    assert_eq!(error, PsbtError::BadSignature { input: 0, key: seller.public_key() });
}

/// Wallets sign all inputs or none; who signed some only is told which is missing.
#[test]
fn a_key_signs_all_inputs_or_none() {
    let error = refused(|psbt| psbt.inputs[0].partial_sigs.clear());
    let key = escrow().keys[0].public_key();
    assert_eq!(error, PsbtError::PartlySigned { input: 0, key });
}

/// Returns the order of the curve less `s`, both big-endian.
fn minus_from_order(s: &[u8]) -> [u8; 32] {
    let mut difference = bitcoin::secp256k1::constants::CURVE_ORDER;
    let mut borrow = 0;
    for (digit, less) in difference.iter_mut().zip(s).rev() {
        let value = i16::from(*digit) - i16::from(*less) - borrow;
        borrow = i16::from(value < 0);
        *digit = u8::try_from(value.rem_euclid(256)).unwrap();
    }
    difference
}

#[test]
fn inputs_that_are_finished_badly_are_refused() {
    let bad: [fn(&Witness, &[u8]) -> Witness; 4] = [
        |_, _| Witness::new(),
        |_, script| Witness::from_slice(&[&[], &[][..], &[], script]),
        |good, script| Witness::from_slice(&[&[1][..], &good[1], &good[2], script]),
        |good, script| Witness::from_slice(&[&[][..], &good[1], &good[2], &script[1..]]),
    ];
    let locked = escrow();
    let [first, second, _] = locked.keys.clone();
    let good = decode(&build(&locked, &payout()).unwrap().sign(&[first, second]).unwrap());
    for bad in bad {
        let error = refused(|psbt| {
            let witness = bad(&good.input[1].witness, &locked.payment.witness_script);
            psbt.inputs[1].final_script_witness = Some(witness);
        });
        assert_eq!(error, PsbtError::BadWitness { input: 1 });
    }
}

#[test]
fn what_is_no_signed_psbt_is_refused() {
    let mut partial = started();
    let unsigned = partial.to_text();
    assert_eq!(partial.import(&unsigned), Err(PsbtError::NotSigned));
    assert_eq!(partial.import("psbt?"), Err(PsbtError::Text));
    assert!(matches!(partial.import(""), Err(PsbtError::NotPsbt(_))));
    assert!(matches!(partial.import(&unsigned[..80]), Err(PsbtError::NotPsbt(_))));
    let long = "A".repeat(PSBT_TEXT_LENGTH_MAX + 1);
    assert_eq!(partial.import(&long), Err(PsbtError::TooLong(PSBT_TEXT_LENGTH_MAX + 1)));
    assert_eq!(partial, started());
    assert_eq!(partial.finalise(), Err(PsbtError::Incomplete { input: 0, signatures: 0 }));
}

/// The largest settlement, signed by all, is a text that is read.
#[test]
fn the_largest_psbt_is_read() {
    let locked = escrow();
    let count = tally_deal::settlement::INPUTS_MAX;
    let mut large = plan(&[1_000], &[(Recipient::Seller, 1_000 * count as u64)]);
    let outpoint = large.inputs[0].0;
    large.inputs = (0..u32::try_from(count).unwrap())
        .map(|vout| (tally_chain::utxo::OutPoint { vout, ..outpoint }, large.inputs[0].1))
        .collect();
    let mut partial = build(&locked, &large).unwrap().to_partial();
    for key in &locked.keys {
        partial.sign(key).unwrap();
    }
    let text = partial.to_text();
    assert!(text.len() < PSBT_TEXT_LENGTH_MAX / 2, "{}", text.len());
    let mut fresh = build(&locked, &large).unwrap().to_partial();
    assert_eq!(fresh.import(&text).map(|signers| signers.len()), Ok(3));
    assert_eq!(fresh, partial);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A good PSBT with a few bytes changed is taken for what it says or leaves no trace.
    #[test]
    fn a_damaged_psbt_is_taken_as_it_is_or_leaves_no_trace(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let locked = escrow();
        let mut signed = started();
        signed.sign(&locked.keys[1]).unwrap();
        let mut bytes = BASE64_STANDARD.decode(signed.to_text()).unwrap();
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        let mut partial = started();
        match partial.import(&BASE64_STANDARD.encode(&bytes)) {
            Ok(signers) => {
                prop_assert_eq!(signers, vec![locked.keys[1].public_key()]);
                prop_assert_eq!(partial, signed);
            }
            Err(_) => prop_assert_eq!(partial, started()),
        }
    }
}
