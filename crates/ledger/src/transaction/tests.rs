use super::*;
use crate::{AssetUuid, build::Draft};
use proptest::{prelude::*, sample::Index};
use tally_crypto::ed25519::SigningKey;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Any CREATE of any version, signed by one or two keys.
fn any_transaction() -> impl Strategy<Value = Transaction> {
    let outputs =
        prop::collection::vec((2..1000_u64, prop::sample::subsequence(vec![3, 4, 5], 1..=3)), 1..4);
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:?}")),
    ];
    let data = prop::collection::vec(("[a-zé\"]{0,5}", number), 0..4);
    (prop::sample::select(Version::ALL.to_vec()), 1..=2_u8, outputs, data).prop_map(
        |(version, creators, outputs, data)| {
            let keys: Vec<_> = (1..=creators).map(key).collect();
            let creators: Vec<_> = keys.iter().map(SigningKey::public_key).collect();
            let draft = Draft::create(version, &creators).divisible();
            let draft = draft.asset_uuid(AssetUuid::from_random([9; 16]));
            let members = data.iter().map(|(name, number)| {
                let mut text = String::new();
                crate::json::write_string(name, &mut text);
                format!("{text}:{number}")
            });
            let data = members.collect::<Vec<_>>().join(",");
            let draft = outputs.iter().fold(draft, |draft, (amount, owners)| {
                let owners: Vec<_> = owners.iter().map(|seed| key(*seed).public_key()).collect();
                draft.output(*amount, &owners)
            });
            let draft = draft.asset_data(format!("{{{data}}}"));
            draft.sign(&keys.iter().collect::<Vec<_>>()).unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What was built is read, says the same when it is read again, and is signed.
    #[test]
    fn a_transaction_is_what_its_text_says(tx in any_transaction()) {
        let again = Transaction::parse(tx.to_json().as_bytes()).unwrap();
        prop_assert_eq!(format!("{again:?}"), format!("{tx:?}"));
        let stored = Transaction::from_trusted(tx.to_json().as_bytes()).unwrap();
        prop_assert_eq!(format!("{stored:?}"), format!("{tx:?}"));
        for (index, input) in tx.inputs().iter().enumerate() {
            prop_assert!(input.fulfillment.verify(&tx.message(index), 0));
        }
    }

    /// The text of numbers may change where it says the same. A signature may change where the id
    /// does not cover it, but then it is wrong. Nothing else may change.
    #[test]
    fn a_damaged_transaction_is_refused(
        tx in any_transaction(), at in any::<Index>(), byte in any::<u8>(),
    ) {
        let mut text = tx.to_json().as_bytes().to_vec();
        let at = at.index(text.len());
        prop_assume!(text[at] != byte);
        text[at] = byte;
        if let Ok(other) = Transaction::parse(&text) {
            prop_assert_eq!(other.id(), tx.id());
            prop_assert_eq!(other.id_preimage(), tx.id_preimage());
            let (own, message) = (&other.inputs[0], other.message(0));
            let is_same = other.inputs == tx.inputs;
            prop_assert!(is_same || !own.fulfillment.verify(&message, 0));
        }
    }

    /// Pieces of transactions in any order never make the reader panic.
    #[test]
    fn any_pieces_are_judged(
        tx in any_transaction(), cuts in prop::collection::vec((any::<Index>(), any::<Index>()), 1..6),
    ) {
        let text = tx.to_json().as_bytes();
        let mut pieces = Vec::new();
        for (from, to) in cuts {
            let (from, to) = (from.index(text.len()), to.index(text.len()));
            pieces.extend(&text[from.min(to)..from.max(to)]);
        }
        let _ = Transaction::parse(&pieces);
        let _ = Transaction::from_trusted(&pieces);
    }
}

#[test]
fn a_refusal_names_the_place() {
    let text = r#"{"id":"","version":1,"transaction":{}}"#;
    let rejection = Transaction::parse(text.as_bytes()).unwrap_err();
    assert_eq!(rejection.message, "transaction: 'operation' is a required property");
    let text = r#"{"version":1,"x":[{"y":[1,2}]}"#;
    let rejection = Transaction::parse(text.as_bytes()).unwrap_err();
    assert!(rejection.message.ends_with("at byte 27 in x[0].y"), "{rejection}");
}
