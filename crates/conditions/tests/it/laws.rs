//! What holds for every condition.

use proptest::{collection::vec, prelude::*};
use tally_conditions::{
    Encoding::{self, Asn1, Draft00},
    Fault, FulfillError, Fulfillment, Policy, Weighted, limits,
};
use tally_crypto::ed25519::{SigningKey, verify_batch};

const MESSAGE: &[u8] = b"message";

fn keys() -> Vec<SigningKey> {
    (0..6).map(|seed| SigningKey::from_seed(&[seed; 32])).collect()
}

fn all(keys: &[SigningKey]) -> Vec<&SigningKey> {
    keys.iter().collect()
}

fn leaf(encoding: Encoding) -> impl Strategy<Value = Policy> {
    let signed =
        (0_u8..6).prop_map(|seed| Policy::ed25519(SigningKey::from_seed(&[seed; 32]).public_key()));
    let preimage =
        vec(any::<u8>(), 0..300).prop_map(|preimage| Policy::Preimage { preimage }).boxed();
    let other = match encoding {
        Draft00 => "[1-9][0-9]{9}(\\.[0-9]{1,9})?"
            .prop_map(|expire_time| Policy::Timeout { expire_time })
            .boxed(),
        Asn1 => preimage.clone(),
    };
    let hidden = vec(any::<u8>(), 0..9).prop_map(move |preimage| {
        Policy::Condition(Policy::Preimage { preimage }.condition(encoding).unwrap())
    });
    prop_oneof![4 => signed, 1 => preimage, 1 => other, 1 => hidden]
}

/// Descriptions that make sense in an encoding; not all of them can be fulfilled.
fn policy(encoding: Encoding) -> impl Strategy<Value = Policy> {
    leaf(encoding).prop_recursive(4, 24, 4, move |inner| {
        let weight = match encoding {
            Draft00 => prop_oneof![3 => 1_u32..4, 1 => 250_u32..300].boxed(),
            Asn1 => Just(1).boxed(),
        };
        let subs = vec((weight, inner.clone()), 1..5).prop_map(|subs| {
            let weighted = |(weight, policy)| Weighted { weight, policy };
            subs.into_iter().map(weighted).collect::<Vec<_>>()
        });
        let threshold =
            (subs, any::<u32>(), any::<bool>()).prop_map(move |(subs, any, inverted)| {
                let total: u32 = subs.iter().map(|sub| sub.weight).sum();
                let threshold = 1 + any % total.min(limits::WEIGHTED_THRESHOLD_MAX);
                match encoding {
                    Draft00 if inverted => Policy::InvertedThreshold { threshold, subs },
                    Draft00 | Asn1 => Policy::Threshold { threshold, subs },
                }
            });
        let prefix = (vec(any::<u8>(), 0..200), inner).prop_map(move |(prefix, sub)| {
            let max_message_length = match encoding {
                Draft00 => None,
                Asn1 => Some(10_000),
            };
            Policy::Prefix { prefix, max_message_length, sub: Box::new(sub) }
        });
        prop_oneof![3 => threshold, 1 => prefix]
    })
}

fn any_policy() -> impl Strategy<Value = (Encoding, Policy)> {
    prop_oneof![
        policy(Draft00).prop_map(|policy| (Draft00, policy)),
        policy(Asn1).prop_map(|policy| (Asn1, policy)),
    ]
}

/// Whether a description has a part whose truth does not follow from the signatures alone.
fn depends_on_time(policy: &Policy) -> bool {
    match policy {
        Policy::Timeout { .. } | Policy::InvertedThreshold { .. } => true,
        Policy::Threshold { subs, .. } => subs.iter().any(|sub| depends_on_time(&sub.policy)),
        Policy::Prefix { sub, .. } => depends_on_time(sub),
        Policy::Ed25519 { .. }
        | Policy::Preimage { .. }
        | Policy::Rsa { .. }
        | Policy::Condition(_) => false,
    }
}

/// Whether a description has a part that nobody knows how to fulfil.
fn has_hidden(policy: &Policy) -> bool {
    match policy {
        Policy::Condition(_) => true,
        Policy::Threshold { subs, .. } | Policy::InvertedThreshold { subs, .. } => {
            subs.iter().any(|sub| has_hidden(&sub.policy))
        }
        Policy::Prefix { sub, .. } => has_hidden(sub),
        Policy::Ed25519 { .. }
        | Policy::Preimage { .. }
        | Policy::Rsa { .. }
        | Policy::Timeout { .. } => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Goal: what is made parses to itself, names the condition asked for, and is valid over the
    /// message that was signed and no other.
    #[test]
    fn what_is_made_is_read_and_valid((encoding, policy) in any_policy()) {
        let keys = keys();
        let condition = policy.condition(encoding).unwrap();
        let made = policy.fulfill(encoding, MESSAGE, &all(&keys));
        if let Err(error) = &made {
            let is_expected = match error {
                FulfillError::MissingKeys => has_hidden(&policy),
                FulfillError::Refused(error) => error.fault == Fault::TooDear,
                FulfillError::Policy(_) => false,
            };
            prop_assert!(is_expected, "{error}");
        }
        if let Ok(made) = made {
            let uri = made.to_uri();
            let read = Fulfillment::parse(encoding, &uri).unwrap();
            prop_assert_eq!(&read, &made);
            prop_assert_eq!(read.to_uri(), uri);
            prop_assert_eq!(read.condition(), &condition);

            let checks = read.checks(MESSAGE);
            let verdicts = verify_batch(&checks, [1; 32]);
            prop_assert!(verdicts.iter().all(|is_valid| *is_valid));
            if !depends_on_time(&policy) {
                prop_assert!(read.is_satisfied(&verdicts, MESSAGE, 0));
            }
            // Another number of verdicts than leaves is never enough.
            let more = [verdicts.as_slice(), &[true]].concat();
            prop_assert!(!read.is_satisfied(&more, MESSAGE, 0));
            if let Some((_, fewer)) = verdicts.split_last() {
                prop_assert!(!read.is_satisfied(fewer, MESSAGE, 0));
            }
        }
    }

    /// Goal: every signature that is there is needed.
    #[test]
    fn each_signature_is_needed((encoding, policy) in any_policy()) {
        let keys = keys();
        let made = policy.fulfill(encoding, MESSAGE, &all(&keys));
        if let (Ok(made), false) = (made, depends_on_time(&policy)) {
            let count = made.leaves().count();
            for bad in 0..count {
                let verdicts: Vec<bool> = (0..count).map(|index| index != bad).collect();
                prop_assert!(!made.is_satisfied(&verdicts, MESSAGE, 0));
            }
        }
    }

    /// Goal: the order in which entries are described does not matter.
    #[test]
    fn the_order_of_entries_does_not_matter((encoding, policy) in any_policy(), by in 0_usize..5) {
        if let Policy::Threshold { threshold, mut subs } = policy.clone() {
            let by = by % subs.len();
            subs.rotate_left(by);
            let turned = Policy::Threshold { threshold, subs };
            prop_assert_eq!(turned.condition(encoding), policy.condition(encoding));
        }
    }

    #[test]
    fn conditions_are_read_back((encoding, policy) in any_policy()) {
        let condition = policy.condition(encoding).unwrap();
        let read = tally_conditions::Condition::parse(encoding, &condition.uri());
        prop_assert_eq!(read, Ok(condition));
    }

    /// Goal: no second text for any fulfilment: a changed text is refused or means something else.
    #[test]
    fn changed_texts_are_refused_or_mean_something_else(
        (encoding, policy) in any_policy(), place: usize, with in "[A-Za-z0-9_:=-]{0,3}",
        removed in 0_usize..3,
    ) {
        let keys = keys();
        if let Ok(made) = policy.fulfill(encoding, MESSAGE, &all(&keys)) {
            let uri = made.to_uri();
            let start = place % (uri.len() + 1);
            let end = (start + removed).min(uri.len());
            let changed = [&uri[..start], &with, &uri[end..]].concat();
            match Fulfillment::parse(encoding, &changed) {
                Ok(read) => {
                    prop_assert_eq!(read.to_uri(), changed.clone());
                    prop_assert_eq!(read == made, changed == uri);
                }
                Err(_) => prop_assert_ne!(changed, uri),
            }
        }
    }

    /// Goal: the same below the Base64url, where one bit of the binary changes.
    #[test]
    fn changed_bytes_are_refused_or_mean_something_else(
        (encoding, policy) in any_policy(), place: usize, bit in 0_u8..8,
    ) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let keys = keys();
        if let Ok(made) = policy.fulfill(encoding, MESSAGE, &all(&keys)) {
            let uri = made.to_uri();
            let start = uri.rfind(':').map_or(0, |colon| colon + 1);
            let mut payload = URL_SAFE_NO_PAD.decode(&uri[start..]).unwrap();
            if !payload.is_empty() {
                let place = place % payload.len();
                payload[place] ^= 1 << bit;
                let changed = format!("{}{}", &uri[..start], URL_SAFE_NO_PAD.encode(payload));
                if let Ok(read) = Fulfillment::parse(encoding, &changed) {
                    prop_assert_ne!(&read, &made);
                    prop_assert_eq!(read.to_uri(), changed);
                }
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_written_back(
        payload in vec(any::<u8>(), 0..200), kind in prop_oneof![0_u16..6, 96_u16..101],
        text in "\\PC{0,60}",
    ) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let der = URL_SAFE_NO_PAD.encode(&payload);
        for (encoding, text) in [
            (Draft00, crate::draft00::text_of(kind, &payload)),
            (Asn1, der),
            (Draft00, text.clone()),
            (Asn1, text),
        ] {
            if let Ok(read) = Fulfillment::parse(encoding, &text) {
                prop_assert_eq!(read.to_uri(), text.clone());
                prop_assert!(!read.verify(MESSAGE, u64::MAX) || read.leaves().count() == 0);
            }
            if let Ok(read) = tally_conditions::Condition::parse(encoding, &text) {
                prop_assert_eq!(read.uri(), text);
            }
        }
    }
}
