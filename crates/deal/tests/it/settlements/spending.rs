//! Every pair of the three keys spends, in the network's own judgement, and no key alone does.

use super::{
    fixture::{Locked, both, build, decode, escrow, is_valid, key, plan, service},
    vectors::{ESCROW, SERVICE},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bitcoin::{Psbt, ScriptBuf, Transaction, Witness, consensus};
use tally_deal::{
    Plan, Recipient,
    settlement::{PsbtError, UnsignedSettlement},
};

const PAIRS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

fn refund() -> Plan {
    plan(&[60_000, 40_000], &[(Recipient::Seller, 70_000), (Recipient::Customer, 30_000)])
}

fn built(locked: &Locked) -> UnsignedSettlement {
    build(locked, &refund()).unwrap()
}

/// The transactions of the three pairs, whole. They were checked by the network's code when they
/// were written down, and are again.
#[test]
fn each_pair_of_keys_spends_by_a_known_transaction() {
    for (locked, vectors) in [(service(), SERVICE), (escrow(), ESCROW)] {
        for (pair, vector) in PAIRS.into_iter().zip(vectors) {
            let [first, second] = pair.map(|index| locked.keys[index].clone());
            let signed = built(&locked).sign(&[first.clone(), second.clone()]).unwrap();
            assert_eq!(hex::encode(&signed.raw), vector, "{pair:?}");
            assert!(is_valid(&decode(&signed), &locked, &refund()), "{pair:?}");
            assert_eq!(built(&locked).sign(&[second, first]).unwrap(), signed);
        }
    }
}

#[test]
fn of_three_keys_the_first_two_sign() {
    for locked in both() {
        let [first, second, third] = locked.keys.clone();
        let signed = built(&locked).sign(&[third, second.clone(), first.clone()]).unwrap();
        assert_eq!(signed, built(&locked).sign(&[first, second]).unwrap());
    }
}

#[test]
fn too_few_too_many_and_other_keys_do_not_sign() {
    let locked = service();
    let [first, second, third] = locked.keys.clone();
    let sign = |keys: &[_]| built(&locked).sign(keys);
    assert_eq!(sign(&[]), Err(PsbtError::KeyCount));
    assert_eq!(sign(std::slice::from_ref(&first)), Err(PsbtError::KeyCount));
    let four = [first.clone(), second, third, first.clone()];
    assert_eq!(sign(&four), Err(PsbtError::KeyCount));
    let once = PsbtError::Incomplete { input: 0, signatures: 1 };
    assert_eq!(sign(&[first.clone(), first.clone()]), Err(once));
    let foreign = PsbtError::ForeignKey { input: 0, key: key(9).public_key().to_string() };
    assert_eq!(sign(&[first, key(9)]), Err(foreign));
    assert_eq!(PsbtError::KeyCount.to_string(), "Invalid count of secret keys (2 or 3 expected).");
}

/// Whatever a witness makes of one key's signature, the network refuses it.
#[test]
fn no_key_spends_alone() {
    for locked in both() {
        for signer in &locked.keys {
            let mut partial = built(&locked).to_partial();
            partial.sign(signer).unwrap();
            let incomplete = PsbtError::Incomplete { input: 0, signatures: 1 };
            assert_eq!(partial.finalise(), Err(incomplete));
            let bytes = BASE64_STANDARD.decode(partial.to_text()).unwrap();
            let psbt = Psbt::deserialize(&bytes).unwrap();
            for copies in [[true, true], [true, false], [false, true]] {
                let transaction = with_one_signature(&psbt, copies);
                assert!(!is_valid(&transaction, &locked, &refund()), "{copies:?}");
            }
        }
    }
}

/// Finishes inputs with the only signature there is, at the places that are wanted.
fn with_one_signature(psbt: &Psbt, at: [bool; 2]) -> Transaction {
    let mut transaction = psbt.unsigned_tx.clone();
    for (input, parts) in transaction.input.iter_mut().zip(&psbt.inputs) {
        let signature = parts.partial_sigs.values().next().unwrap().to_vec();
        let script = parts.witness_script.as_ref().unwrap().to_bytes();
        let [first, second] = at.map(|is_there| if is_there { &signature[..] } else { &[] });
        input.witness = Witness::from_slice(&[&[][..], first, second, &script]);
        if let Some(redeem) = &parts.redeem_script {
            let push = bitcoin::script::PushBytesBuf::try_from(redeem.to_bytes()).unwrap();
            input.script_sig = bitcoin::script::Builder::new().push_slice(push).into_script();
        }
    }
    transaction
}

/// The parts of a transaction of the service scheme are where the protocol has them.
#[test]
fn the_service_scheme_is_p2sh_of_p2wsh_with_signatures_in_key_order() {
    let locked = service();
    let [first, second, _] = locked.keys.clone();
    let transaction = decode(&built(&locked).sign(&[second, first]).unwrap());
    let embedded = "0020800bd8fbfef9246217df7a6801593b3a7d0e204e30e992afadc6e10ca1427c6c";
    for input in &transaction.input {
        assert_eq!(hex::encode(input.script_sig.as_bytes()), format!("22{embedded}"));
        assert_eq!(input.witness.len(), 4);
        assert_eq!(input.witness.nth(0), Some(&[][..]));
        assert_eq!(input.witness.nth(3), Some(&locked.payment.witness_script[..]));
        assert!(input.witness.nth(1).is_some_and(|signature| signature.len() <= 71));
    }
    // An escrow's inputs have the witness only.
    let locked = escrow();
    let [first, second, _] = locked.keys.clone();
    let transaction = decode(&built(&locked).sign(&[second, first]).unwrap());
    assert!(transaction.input.iter().all(|input| input.script_sig == ScriptBuf::new()));
    assert_eq!(transaction.input[0].witness.len(), 4);
    assert_eq!(consensus::serialize(&transaction).len(), transaction.total_size());
}
