//! Input made to cost much or to mean two things.

use crate::draft00::text_of;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tally_conditions::{
    Condition,
    Encoding::{Asn1, Draft00},
    Fault, FulfillError, Fulfillment, Kind, Place, Policy, PolicyError, Weighted, draft00, limits,
};
use tally_crypto::ed25519::SigningKey;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn owner(seed: u8) -> Policy {
    Policy::ed25519(key(seed).public_key())
}

fn fault(text: &str) -> Fault {
    Fulfillment::parse(Draft00, text).unwrap_err().fault
}

fn der_fault(bytes: &[u8]) -> Fault {
    Fulfillment::parse(Asn1, &URL_SAFE_NO_PAD.encode(bytes)).unwrap_err().fault
}

/// A length as both encodings write it.
fn length(length: usize) -> Vec<u8> {
    match length {
        0..0x80 => vec![length as u8],
        0x80..0x100 => vec![0x81, length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    }
}

fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag], length(bytes.len()).as_slice(), bytes].concat()
}

/// Goal: thresholds in thresholds parse up to the bound and are refused beyond, without a deep
/// stack.
#[test]
fn deep_nesting_is_refused() {
    for (levels, is_accepted) in [(99, true), (100, false), (3000, false)] {
        // An empty preimage, in thresholds of 1 with one entry of weight 1.
        let (mut kind, mut payload, mut der) = (0_u8, Vec::new(), vec![0xa0, 2, 0x80, 0]);
        for _ in 0..levels {
            let sub = [&[0, kind], length(payload.len()).as_slice(), &payload].concat();
            payload = [&[1, 1, 1, 1, 1, 1], length(sub.len()).as_slice(), &sub, &[0]].concat();
            kind = 2;
            der = tagged(0xa2, &[tagged(0xa0, &der).as_slice(), &[0xa1, 0]].concat());
        }
        let read = Fulfillment::parse(Draft00, &text_of(2, &payload));
        let der = Fulfillment::parse(Asn1, &URL_SAFE_NO_PAD.encode(der));
        for read in [read, der] {
            assert_eq!(read.is_ok(), is_accepted, "{levels}");
            if let Err(error) = read {
                assert_eq!(error.fault, Fault::Policy(PolicyError::TooDeep));
                assert!(matches!(error.place, Place::Payload(600..1500)), "{error}");
            }
        }
    }
}

/// Goal: descriptions are bounded like texts.
#[test]
fn deep_descriptions_are_refused() {
    for (levels, expected) in [(98, true), (99, true), (100, false)] {
        let mut policy = owner(1);
        for _ in 0..levels {
            policy = Policy::threshold(1, [policy]);
        }
        for encoding in [Draft00, Asn1] {
            let condition = policy.condition(encoding);
            assert_eq!(condition.is_ok(), expected, "{levels}");
            let made = policy.fulfill(encoding, b"message", &[&key(1)]);
            assert_eq!(made.is_ok_and(|made| made.verify(b"message", 0)), expected);
        }
    }
}

/// Goal: the shape that costs 2^n by the definition, at the largest size.
#[test]
fn the_largest_threshold_is_quick() {
    let keys: Vec<SigningKey> = (0..=255).map(key).collect();
    let subs: Vec<Weighted> = (0..limits::ENTRIES_MAX)
        .map(|index| Weighted { weight: 1 + index as u32 % 7, policy: owner(index as u8) })
        .collect();
    let threshold = limits::WEIGHTED_THRESHOLD_MAX;
    let policy = Policy::Threshold { threshold, subs: subs.clone() };
    let signers: Vec<&SigningKey> = keys.iter().collect();
    let made = policy.fulfill(Draft00, b"message", &signers).unwrap();
    let read = Fulfillment::parse(Draft00, &made.to_uri()).unwrap();
    assert_eq!(read, made);
    // 73 of weight 7, 73 of weight 6 and 15 of weight 5 make 1024.
    assert_eq!(read.leaves().count(), 161);

    let above = Policy::Threshold { threshold: threshold + 1, subs };
    let refused = PolicyError::WeightedThreshold(threshold + 1);
    assert_eq!(above.condition(Draft00), Err(refused));
}

/// Goal: as many owners as there may be can really sign, and no more are taken.
#[test]
fn the_most_owners_can_sign() {
    let keys: Vec<SigningKey> = (0..=255).map(key).collect();
    let public: Vec<_> = keys.iter().cycle().take(513).map(SigningKey::public_key).collect();
    let signers: Vec<&SigningKey> = keys.iter().collect();
    assert_eq!(Policy::n_of_n(&public), Err(PolicyError::TooManyEntries));
    assert_eq!(Policy::n_of_n(&[]), Err(PolicyError::NoKeys));
    let policy = Policy::n_of_n(&public[..limits::ENTRIES_MAX]).unwrap();
    for encoding in [Draft00, Asn1] {
        let made = policy.fulfill(encoding, b"message", &signers).unwrap();
        assert_eq!(Fulfillment::parse(encoding, &made.to_uri()), Ok(made));
    }
}

#[test]
fn too_many_entries_are_refused() {
    // A count of 2^32 with nothing behind it costs nothing.
    let count = [1, 1, 5, 1, 0, 0, 0, 0];
    assert_eq!(fault(&text_of(2, &count)), Fault::Truncated);
    let condition = owner(1).condition(Draft00).unwrap().to_bytes();
    let entry = [&[1, 1, 0, condition.len() as u8], condition.as_slice()].concat();
    let payload = [&[1, 1, 2, 2, 1], entry.repeat(513).as_slice()].concat();
    assert_eq!(fault(&text_of(2, &payload)), PolicyError::TooManyEntries.into());
    let condition = owner(1).condition(Asn1).unwrap().to_bytes();
    let sets = [&[0xa0, 0], tagged(0xa1, &condition.repeat(513)).as_slice()].concat();
    assert_eq!(der_fault(&tagged(0xa2, &sets)), PolicyError::TooManyEntries.into());
}

#[test]
fn texts_that_are_too_long_are_refused_unread() {
    let long = format!("cf:0:{}", "A".repeat(200_000));
    assert_eq!(fault(&long), Fault::TooLong(200_005));
    let der = Fulfillment::parse(Asn1, &"A".repeat(200_000)).unwrap_err();
    assert_eq!(der.fault, Fault::TooLong(200_000));
}

/// Goal: what is dear to verify is bounded: messages to copy, and RSA.
#[test]
fn dear_signatures_are_bounded() {
    let prefixed = |sub, max_message_length| Policy::Prefix {
        prefix: b"pre".into(),
        max_message_length,
        sub: Box::new(sub),
    };
    for (count, is_accepted) in [(limits::PREFIXED_MAX, true), (limits::PREFIXED_MAX + 1, false)] {
        let owners = || Policy::threshold(count as u32, vec![owner(1); count]);
        for (encoding, max) in [(Draft00, None), (Asn1, Some(100))] {
            let below_one = prefixed(owners(), max);
            let nested = (0..count).fold(owner(1), |sub, _| prefixed(sub, max));
            for policy in [below_one, nested] {
                match policy.fulfill(encoding, b"message", &[&key(1)]) {
                    Ok(made) => assert!(is_accepted && made.verify(b"message", 0)),
                    Err(FulfillError::Refused(error)) => {
                        assert_eq!((error.fault, is_accepted), (Fault::TooDear, false));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    let (modulus, signature) = ([0xff; 128], [0x11; 128]);
    for (count, is_accepted) in [(limits::RSA_MAX, true), (limits::RSA_MAX + 1, false)] {
        let parts = [tagged(0x80, &modulus), tagged(0x81, &signature)].concat();
        let sets = [tagged(0xa0, &tagged(0xa3, &parts).repeat(count)), vec![0xa1, 0]].concat();
        let text = URL_SAFE_NO_PAD.encode(tagged(0xa2, &sets));
        assert_eq!(Fulfillment::parse(Asn1, &text).is_ok(), is_accepted);
    }
}

/// Goal: each way to write the same entry or number differently is refused by name.
#[test]
fn other_forms_of_the_same_are_refused() {
    let policy = Policy::threshold(1, [owner(1), owner(2)]);
    let made = policy.fulfill(Draft00, b"message", &[&key(1)]).unwrap();
    let payload = made.to_bytes()[4..].to_vec();
    assert_eq!(Fulfillment::parse(Draft00, &text_of(2, &payload)), Ok(made));

    let swap = |from: std::ops::Range<usize>, to: &[u8]| {
        fault(&text_of(2, &[&payload[..from.start], to, &payload[from.end..]].concat()))
    };
    // A threshold in two bytes, and a length in two.
    assert_eq!(swap(0..2, &[2, 0, 1]), Fault::NotCanonical);
    assert_eq!(swap(0..2, &[0x81, 1, 1]), Fault::NotCanonical);
    assert_eq!(swap(0..2, &[0]), Fault::NotCanonical);
    assert_eq!(swap(0..2, &[1, 0]), PolicyError::ZeroThreshold.into());
    let unreachable = PolicyError::Unreachable { threshold: 3, total: 2 };
    assert_eq!(swap(0..2, &[1, 3]), unreachable.into());
    assert_eq!(swap(4..6, &[1, 0]), PolicyError::ZeroWeight.into());
    let end = payload.len();
    assert_eq!(swap(end..end, &[0]), Fault::Trailing);
    assert_eq!(swap(end - 1..end, &[]), Fault::Truncated);
    // The entries the other way round: that with the condition is the shorter one.
    let first = 4..4 + 4 + usize::from(payload[7]);
    let turned = [&payload[first.end..], &payload[first.clone()]].concat();
    assert_eq!(swap(4..end, &turned), Fault::Unsorted);
    // Neither fulfilment nor condition; both.
    assert_eq!(swap(first.clone(), &[1, 1, 0, 0]), Fault::Entry);
    let both = [&[1, 1, 1, 0], &payload[first.start + 3..first.end]].concat();
    assert_eq!(swap(first, &both), Fault::Entry);
}

/// Goal: nobody can replace a signature that is not needed by its condition: there is none.
#[test]
fn more_signatures_than_needed_are_refused() {
    let two = Policy::threshold(2, [owner(1), owner(2)]);
    let made = two.fulfill(Draft00, b"message", &[&key(1), &key(2)]).unwrap();
    let mut payload = made.to_bytes()[4..].to_vec();
    assert_eq!(payload[..4], [1, 2, 1, 2]);
    payload[1] = 1;
    assert_eq!(fault(&text_of(2, &payload)), Fault::NotMinimal);
}

#[test]
fn other_forms_in_der_are_refused() {
    let made = owner(1).fulfill(Asn1, b"message", &[&key(1)]).unwrap().to_bytes();
    let long_form = [&[0xa4, 0x81, 0x64], &made[2..]].concat();
    assert_eq!(der_fault(&long_form), Fault::NotCanonical);
    let indefinite = [&[0xa4, 0x80], &made[2..], &[0, 0]].concat();
    assert_eq!(der_fault(&indefinite), Fault::NotCanonical);
    assert_eq!(der_fault(&[made.as_slice(), &[0]].concat()), Fault::Trailing);
    assert_eq!(der_fault(&made[..made.len() - 1]), Fault::Truncated);
    assert_eq!(der_fault(&[&[0xa5], &made[1..]].concat()), Fault::Type);
    assert_eq!(der_fault(&[&[0x84], &made[1..]].concat()), Fault::Type);
    let tag = Fault::Tag { expected: 0x80, found: 0x81 };
    assert_eq!(der_fault(&[&[0xa4, 0x64, 0x81], &made[3..]].concat()), tag);

    let policy = Policy::threshold(2, [owner(1), owner(2)]);
    let made = policy.fulfill(Asn1, b"message", &[&key(1), &key(2)]).unwrap().to_bytes();
    let (first, second) = (&made[6..6 + 102], &made[6 + 102..6 + 204]);
    let turned = [&made[..6], second, first, &made[210..]].concat();
    assert_eq!(der_fault(&turned), Fault::Unsorted);
    // A threshold that nothing is shown for.
    assert_eq!(der_fault(&[0xa2, 4, 0xa0, 0, 0xa1, 0]), PolicyError::ZeroThreshold.into());
    // A largest message length with a needless zero, or below zero.
    for number in [&[0x81, 2, 0, 9][..], &[0x81, 1, 0x89], &[0x81, 0], &[0x81, 5, 1, 0, 0, 0, 0]] {
        let parts = [&[0x80, 0], number, &[0xa2, 4, 0xa0, 2, 0x80, 0]].concat();
        assert_eq!(der_fault(&tagged(0xa1, &parts)), Fault::NotCanonical);
    }
}

/// Goal: the kinds inside a hashed condition are one bit string.
#[test]
fn bit_strings_have_one_form() {
    let inner = Policy::threshold(1, [owner(1), owner(2)]).condition(Asn1).unwrap();
    let policy = Policy::threshold(1, [owner(3), Policy::Condition(inner)]);
    let made = policy.fulfill(Asn1, b"message", &[&key(3)]).unwrap().to_bytes();
    assert!(made.ends_with(&[0x82, 2, 3, 8]));
    let kept = made.len() - 4;
    for bits in [
        // Bits said to be unused, or not, that are; a byte of them; a kind that does not exist.
        &[0x82, 2, 2, 8][..],
        &[0x82, 2, 4, 8],
        &[0x82, 2, 0x83, 8],
        &[0x82, 3, 3, 8, 0],
        &[0x82, 2, 7, 0],
        &[0x82, 1, 3],
        &[0x82, 0],
        &[0x82, 2, 2, 0x0c],
    ] {
        // The lengths around it: of the fulfilment, of the set, of the condition.
        let mut changed = [&made[..kept], bits].concat();
        let more = bits.len() as u8;
        assert_eq!([changed[0], changed[1]], [0xa2, 0x81]);
        changed[2] = changed[2] - 4 + more;
        let set = 3 + 2 + 102;
        assert_eq!([changed[set], changed[set + 2]], [0xa1, 0xa2]);
        changed[set + 1] = changed[set + 1] - 4 + more;
        changed[set + 3] = changed[set + 3] - 4 + more;
        assert_eq!(der_fault(&changed), Fault::NotCanonical, "{bits:x?}");
    }
    // Its own kind is not among them.
    let own = [&made[..kept], &[0x82, 2, 3, 0x28]].concat();
    assert_eq!(der_fault(&own), PolicyError::Features.into());
    // None at all is a bit string too.
    let empty = [&made[..kept], &[0x82, 1, 0]].concat();
    assert_eq!(der_fault(&empty), Fault::Truncated);
    let nested = Policy::threshold(1, [Policy::threshold(1, [Policy::threshold(1, [owner(1)])])]);
    let uri = nested.condition_uri(Asn1).unwrap();
    assert!(uri.ends_with("&subtypes=ed25519-sha-256"), "{uri}");
}

#[test]
fn rsa_keys_and_signatures_have_one_form() {
    let rsa = |modulus: &[u8], signature: &[u8]| {
        let parts = [tagged(0x80, modulus), tagged(0x81, signature)].concat();
        let der = Fulfillment::parse(Asn1, &URL_SAFE_NO_PAD.encode(tagged(0xa3, &parts)));
        let payload = [length(modulus.len()).as_slice(), modulus].concat();
        let payload = [&payload, length(signature.len()).as_slice(), signature].concat();
        let oer = Fulfillment::parse(Draft00, &text_of(3, &payload));
        let fault = oer.map(|_| ()).map_err(|error| error.fault);
        assert_eq!(der.map(|_| ()).map_err(|error| error.fault), fault);
        fault
    };
    let modulus = [0xf1; 128];
    assert_eq!(rsa(&modulus, &[1; 128]), Ok(()));
    assert_eq!(rsa(&modulus, &[1; 127]), Err(Fault::RsaSignature));
    assert_eq!(rsa(&modulus, &modulus), Err(Fault::RsaSignature));
    assert_eq!(rsa(&[0xf1; 127], &[1; 127]), Err(PolicyError::Modulus.into()));
    assert_eq!(rsa(&[0xf1; 513], &[1; 513]), Err(PolicyError::Modulus.into()));
    let mut zero = modulus;
    zero[0] = 0;
    assert_eq!(rsa(&zero, &[0; 128]), Err(PolicyError::Modulus.into()));
    // A modulus that is even, and a signature of nothing: no panic, no validity.
    let parts = [tagged(0x80, &[0xf2; 128]), tagged(0x81, &[0; 128])].concat();
    let text = URL_SAFE_NO_PAD.encode(tagged(0xa3, &parts));
    assert!(!Fulfillment::parse(Asn1, &text).unwrap().verify(b"message", 0));
}

/// Goal: the bits of a condition belong to its type.
#[test]
fn features_that_do_not_fit_are_refused() {
    let good = owner(1).condition_uri(Draft00).unwrap();
    let fault = |text: &str| Condition::parse(Draft00, text).unwrap_err().fault;
    assert_eq!(fault(&good.replacen(":20:", ":21:", 1)), Fault::Policy(PolicyError::Features));
    assert_eq!(fault(&good.replacen(":20:", ":3:", 1)), Fault::Policy(PolicyError::Features));
    assert_eq!(fault(&good.replacen(":20:", ":0:", 1)), Fault::Number);
    assert_eq!(
        fault(&good.replacen("cc:4:20:", "cc:2:29:", 1).replacen("29", "69", 1)),
        Fault::Policy(PolicyError::Features)
    );
    assert_eq!(fault(&good.replacen(":96", ":1000000000000000000", 1)), Fault::Number);
    assert_eq!(fault(&format!("{good}:")), Fault::Parts);
    let made_up = draft00::Condition {
        kind: Kind::Ed25519,
        features: 0x29,
        fingerprint: [0; 32],
        max_fulfillment_length: 96,
    };
    let policy = Policy::threshold(1, [Policy::Condition(Condition::Draft00(made_up))]);
    assert_eq!(policy.condition(Draft00), Err(PolicyError::Features));
    let error = Condition::parse(Draft00, &good.replacen(":20:", ":2F:", 1)).unwrap_err();
    assert_eq!(error.to_string(), "at character 5: this is not a number in its shortest form");
}
