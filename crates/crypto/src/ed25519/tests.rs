use super::*;
use crate::base58::Base58Error;
use alloy_primitives::hex;
use curve25519_dalek::{
    EdwardsPoint, Scalar, constants::EIGHT_TORSION, edwards::CompressedEdwardsY,
    traits::IsIdentity as _,
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// The canonical encodings of the eight points of small order.
const SMALL_ORDER: [[u8; 32]; 8] = [
    hex!("0100000000000000000000000000000000000000000000000000000000000000"),
    hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex!("0000000000000000000000000000000000000000000000000000000000000000"),
    hex!("0000000000000000000000000000000000000000000000000000000000000080"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
];

/// The other encodings of the same points, which libraries without strictness accept.
const SMALL_ORDER_NOT_CANONICAL: [[u8; 32]; 6] = [
    hex!("0100000000000000000000000000000000000000000000000000000000000080"),
    hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    hex!("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex!("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    hex!("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex!("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
];

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn check(key: [u8; 32], r: [u8; 32], s: [u8; 32], message: &[u8]) -> Check<'_> {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    Check {
        key: PublicKey::from_bytes(key),
        signature: Signature::from_bytes(signature),
        message: message.into(),
    }
}

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn valid(seed: u8, message: &[u8]) -> Check<'_> {
    let key = key(seed);
    Check { key: key.public_key(), signature: key.sign(message), message: message.into() }
}

/// Signs with a point of small order added to the key and to `R`.
fn mixed(seed: u8, key_torsion: usize, r_torsion: usize, message: &[u8]) -> Check<'_> {
    let secret = Scalar::from_bytes_mod_order([seed | 1; 32]);
    let nonce = Scalar::from_bytes_mod_order([seed ^ 0x55; 32]);
    let key = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[key_torsion];
    let r = EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[r_torsion];
    let (key, r) = (key.compress().to_bytes(), r.compress().to_bytes());
    let s = nonce + challenge(&r, &key, message) * secret;
    check(key, r, s.to_bytes(), message)
}

/// Returns the check with `S + L` for `S`, which verifies without the bound.
fn with_order_added(mut check: Check<'_>) -> Check<'_> {
    let mut bytes = check.signature.to_bytes();
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    check.signature = Signature::from_bytes(bytes);
    check
}

/// Returns a check of every sort that is not a plain valid signature.
fn odd_checks(message: &[u8]) -> Vec<Check<'_>> {
    let good = valid(1, message);
    let mut odd = vec![with_order_added(good.clone())];
    for weak in SMALL_ORDER.into_iter().chain(SMALL_ORDER_NOT_CANONICAL) {
        // Holds in the equation with the cofactor for every message.
        odd.push(check(weak, weak, [0; 32], message));
        odd.push(check(*good.key.as_bytes(), weak, *good.signature.s(), message));
        odd.push(check(weak, *good.signature.r(), *good.signature.s(), message));
    }
    for index in 0..8 {
        odd.push(mixed(2, index, 0, message));
        odd.push(mixed(3, 0, index, message));
        odd.push(mixed(4, index, 7 - index, message));
    }
    // A signature over another message, by another key, with a changed R, with a changed S.
    odd.push(Check { signature: valid(1, b"other").signature, ..good.clone() });
    odd.push(Check { key: key(9).public_key(), ..good.clone() });
    for position in [0, 31, 32, 62] {
        let mut bytes = good.signature.to_bytes();
        bytes[position] ^= 1;
        odd.push(Check { signature: Signature::from_bytes(bytes), ..good.clone() });
    }
    // A key and an R that are no points (y = 2), and a canonical one above p.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    odd.push(check(no_point, *good.signature.r(), *good.signature.s(), message));
    odd.push(check(*good.key.as_bytes(), no_point, *good.signature.s(), message));
    odd.push(check([0xff; 32], *good.signature.r(), *good.signature.s(), message));
    odd
}

/// Goal: signing and verifying are those of RFC 8032 §7.1.
#[test]
fn signatures_are_those_of_the_standard() {
    let vectors = [
        (
            hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
            &b""[..],
            hex!(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            hex!("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
            hex!("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
            &[0x72],
            hex!(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            hex!("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
            hex!("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
            &[0xaf, 0x82],
            hex!(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ];
    for (seed, public, message, signature) in vectors {
        let key = SigningKey::from_seed(&seed);
        assert_eq!(key.public_key().as_bytes(), &public);
        assert_eq!(key.sign(message).to_bytes(), signature);
        let signature = Signature::from_bytes(signature);
        assert_eq!(verify(&key.public_key(), message, &signature), Ok(()));
    }
}

/// Goal: the constants of the strictness are those of the curve library.
#[test]
fn small_order_list_is_complete() {
    let mut points: Vec<[u8; 32]> =
        EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    let mut listed = SMALL_ORDER.to_vec();
    points.sort_unstable();
    listed.sort_unstable();
    assert_eq!(points, listed);
    for encoding in SMALL_ORDER_NOT_CANONICAL {
        let point = CompressedEdwardsY(encoding).decompress().unwrap();
        assert!(point.mul_by_cofactor().is_identity());
        assert_ne!(point.compress().to_bytes(), encoding);
    }
}

/// Goal: what the equation accepts for every message is refused, alone and in a batch.
#[test]
fn weak_keys_and_weak_r_are_refused() {
    let good = valid(1, b"message");
    for weak in SMALL_ORDER.into_iter().chain(SMALL_ORDER_NOT_CANONICAL) {
        let forged = check(weak, weak, [0; 32], b"message");
        let key = ed25519_zebra::VerificationKey::try_from(weak).unwrap();
        key.verify(&forged.signature.to_bytes().into(), b"message").unwrap();
        assert_eq!(forged.verify(), Err(SignatureError::WeakKey));
        let forged_r = check(*good.key.as_bytes(), weak, *good.signature.s(), b"message");
        assert_eq!(forged_r.verify(), Err(SignatureError::WeakR));
        let verdicts = verify_batch(&[good.clone(), forged, good.clone(), forged_r], [1; 32]);
        assert_eq!(verdicts, [true, false, true, false]);
    }
    for low in 0..=18 {
        // Coordinates from p to 2^255 − 1.
        let mut above = [0xff; 32];
        above[0] = 0xed + low;
        for sign in [0x7f, 0xff] {
            above[31] = sign;
            let refused = check(above, *good.signature.r(), *good.signature.s(), b"message");
            assert_eq!(refused.verify(), Err(SignatureError::WeakKey));
        }
    }
}

#[test]
fn a_signature_with_the_order_added_is_refused() {
    let good = valid(1, b"message");
    let malleated = with_order_added(good.clone());
    assert_eq!(malleated.verify(), Err(SignatureError::HighS));
    assert_eq!(verify_batch(&[malleated, good.clone()], [2; 32]), [false, true]);
    for s in [ORDER, [0xff; 32]] {
        let refused = check(*good.key.as_bytes(), *good.signature.r(), s, b"message");
        assert_eq!(refused.verify(), Err(SignatureError::HighS));
    }
    let mut largest = ORDER;
    largest[0] -= 1;
    let refused = check(*good.key.as_bytes(), *good.signature.r(), largest, b"message");
    assert_eq!(refused.verify(), Err(SignatureError::Mismatch));
}

/// Goal: a component of small order in the key or in `R` is judged the same alone and in every
/// batch, also where two of them cancel. That is why the equation has the cofactor.
#[test]
fn mixed_order_is_accepted_alone_and_together() {
    let mut checks = Vec::new();
    for key_torsion in 0..8 {
        for r_torsion in 0..8 {
            checks.push(mixed(7, key_torsion, r_torsion, b"message"));
        }
    }
    assert!(checks.iter().all(|check| check.verify() == Ok(())));
    for random in 0..4 {
        assert_eq!(verify_batch(&checks, [random; 32]), vec![true; 64]);
        assert_eq!(verify_batch(&checks[random.into()..][..3], [random; 32]), [true; 3]);
    }
}

#[test]
fn a_key_that_is_no_point_is_told_apart() {
    let mut no_point = [0; 32];
    no_point[0] = 2;
    let good = valid(1, b"message");
    let refused = check(no_point, *good.signature.r(), *good.signature.s(), b"message");
    assert_eq!(refused.verify(), Err(SignatureError::NotAKey));
    let refused = Check { key: key(2).public_key(), ..good };
    assert_eq!(refused.verify(), Err(SignatureError::Mismatch));
}

/// Goal: each odd check among valid ones, at every place of a batch that has to be split.
#[test]
fn a_batch_finds_each_odd_signature() {
    let odd = odd_checks(b"message");
    for (index, odd) in odd.iter().enumerate() {
        let mut checks: Vec<Check<'_>> = (0..11).map(|seed| valid(seed, b"message")).collect();
        checks[index % 11] = odd.clone();
        let single: Vec<bool> = checks.iter().map(|check| check.verify().is_ok()).collect();
        assert_eq!(verify_batch(&checks, [index as u8; 32]), single, "odd check {index}");
    }
    assert!(verify_batch(&[], [0; 32]).is_empty());
}

/// Goal: more signatures than share an equation, with none, one, a few and many of them invalid.
#[test]
fn large_batches_find_exactly_the_invalid() {
    let good: Vec<Check<'_>> = (0..600).map(|seed| valid(seed as u8, b"message")).collect();
    for every in [1, 2, 9, 40, 300, 599, 1000] {
        let mut checks = good.clone();
        for check in checks.iter_mut().skip(7).step_by(every) {
            check.message = b"another".into();
        }
        let expected: Vec<bool> =
            (0..600).map(|index| index < 7 || (index - 7) % every != 0).collect();
        assert_eq!(verify_batch(&checks, [every as u8; 32]), expected, "every {every}");
    }
}

#[test]
fn texts_are_base58_of_the_exact_length() {
    let private = "CfdqtD7sS7FgkMoGPXw55MVGGFwQLAoHYTcBhZDtF99Z";
    let public = "4K9sWUMFwTgaDGPfdynrbxWqWS6sWmKbZoTjxLtVUibD";
    let key: SigningKey = private.parse().unwrap();
    assert_eq!(key.public_key().to_string(), public);
    assert_eq!(public.parse(), Ok(key.public_key()));
    let signature = key.sign(b"message");
    assert_eq!(signature.to_string().parse(), Ok(signature));

    let wrong = |found| Base58Error::Length { expected: 32, found };
    assert_eq!(public[2..].parse::<PublicKey>(), Err(wrong(31)));
    assert_eq!(format!("1{public}").parse::<PublicKey>(), Err(wrong(33)));
    assert_eq!("".parse::<SigningKey>().err(), Some(wrong(0)));
    assert!(public.parse::<Signature>().is_err());
    assert_eq!("l".parse::<PublicKey>(), Err(Base58Error::Character(0)));
}

#[test]
fn debug_does_not_show_the_seed() {
    let key: SigningKey = "CfdqtD7sS7FgkMoGPXw55MVGGFwQLAoHYTcBhZDtF99Z".parse().unwrap();
    let shown = format!("{key:?}");
    assert_eq!(shown, "SigningKey(of 4K9sWUMFwTgaDGPfdynrbxWqWS6sWmKbZoTjxLtVUibD)");
    assert_eq!(SigningKey::from_seed(&key.seed()).public_key(), key.public_key());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Goal: a batch says of each signature what single verification says, for all mixtures.
    #[test]
    fn a_batch_agrees_with_single_verification(
        choice in prop::collection::vec(prop_oneof![3 => 0_usize..8, 1 => 8_usize..1000], 0..60),
        entropy: [u8; 32],
    ) {
        let odd = odd_checks(b"message");
        let checks: Vec<Check<'_>> = choice
            .into_iter()
            .map(|choice| match choice {
                0..8 => valid(choice as u8, b"message"),
                other => odd[other % odd.len()].clone(),
            })
            .collect();
        let single: Vec<bool> = checks.iter().map(|check| check.verify().is_ok()).collect();
        prop_assert_eq!(verify_batch(&checks, entropy), single);
    }

    #[test]
    fn any_bytes_are_judged_alike(
        bytes in prop::collection::vec(any::<([u8; 32], [u8; 32], [u8; 32])>(), 1..8),
        entropy: [u8; 32],
    ) {
        let checks: Vec<Check<'_>> =
            bytes.into_iter().map(|(key, r, s)| check(key, r, s, b"message")).collect();
        let single: Vec<bool> = checks.iter().map(|check| check.verify().is_ok()).collect();
        prop_assert!(!single.contains(&true));
        prop_assert_eq!(verify_batch(&checks, entropy), single);
    }

    #[test]
    fn what_was_signed_verifies_and_nothing_else(seed: [u8; 32], message: Vec<u8>, flip: u16) {
        let key = SigningKey::from_seed(&seed);
        let signature = key.sign(&message);
        prop_assert_eq!(verify(&key.public_key(), &message, &signature), Ok(()));
        let mut bytes = signature.to_bytes();
        bytes[usize::from(flip) % 64] ^= 1 << (flip >> 13);
        let changed = Signature::from_bytes(bytes);
        prop_assert!(verify(&key.public_key(), &message, &changed).is_err());
    }
}
