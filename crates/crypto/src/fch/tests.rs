use super::*;
use crate::{KeyError, base58::Base58Error, tests::apip_vectors};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::Value;
use tally_primitives::Fid;

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

fn sample() -> PrivateKey {
    PrivateKey::from_wif(text(&apip_vectors()["identity"], "wif")).unwrap()
}

/// Goal: every form of the sample user's identity is the published one.
#[test]
fn the_identity_of_the_vectors_is_met() {
    let identity = apip_vectors()["identity"].clone();
    let key = sample();
    assert_eq!(hex::encode(*key.expose()), text(&identity, "privHex"));
    assert_eq!(key.to_wif().as_str(), text(&identity, "wif"));
    let public = key.public_key();
    assert_eq!(public.to_string(), text(&identity, "pubKeyCompressed"));
    assert_eq!(public.to_string().parse(), Ok(public));
    for (version, member) in [
        (AddressVersion::MAIN_P2PKH, "fid"),
        (AddressVersion::TEST_P2PKH, "testnetOrRegtest"),
        (AddressVersion(0), "btcAddress"),
    ] {
        let fid = public.fid(version);
        assert_eq!(fid.as_str(), text(&identity, member));
        let (found, hash) = decode_fid(&fid).unwrap();
        assert_eq!((found, hex::encode(hash).as_str()), (version, text(&identity, "hash160")));
    }
}

#[test]
fn other_published_keys_have_their_addresses() {
    for (wif, fid) in [
        (
            "L5DDxf3PkFwi1jArqYokpTsntthLvhDYg44FXyTSgdTx3XEFR1iB",
            "F86zoAvNaQxEuYyvQssV5WxEzapNaiDtTW",
        ),
        (
            "Kybd6FqL2xBEknFV2rcxvYsTZwqAbk99FyN3EBnWdi2M5UxiJL8A",
            "F9pcRpps3T2iHuNGzU3k5b2kWKMRukZP1U",
        ),
    ] {
        let key = PrivateKey::from_wif(wif).unwrap();
        assert_eq!(key.public_key().fid(AddressVersion::MAIN_P2PKH).as_str(), fid);
    }
    let script = "3MRS39FX8bpV9CCjJHavw586q6a9Rogpw2".parse().unwrap();
    assert_eq!(decode_fid(&script).unwrap().0, AddressVersion::MAIN_P2SH);
}

#[test]
fn texts_that_are_no_private_key_are_refused() {
    let bytes = [1; 32];
    let wif = |parts: &[&[u8]]| crate::base58::encode_check(&parts.concat());
    assert!(PrivateKey::from_wif(&wif(&[&[239], &bytes, &[1]])).is_ok(), "test networks");
    for (name, text) in [
        ("uncompressed", wif(&[&[128], &bytes])),
        ("another network", wif(&[&[35], &bytes, &[1]])),
        ("another suffix", wif(&[&[128], &bytes, &[2]])),
        ("too long", wif(&[&[128], &bytes, &[9], &[1]])),
        ("too short", wif(&[&[128], &bytes[1..], &[1]])),
        ("nothing", wif(&[])),
        ("an address", "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK".to_owned()),
    ] {
        assert_eq!(PrivateKey::from_wif(&text).unwrap_err(), WifError::Format, "{name}");
    }
    let zero = PrivateKey::from_wif(&wif(&[&[128], &[0; 32], &[1]])).unwrap_err();
    assert_eq!(zero, WifError::Key(KeyError));
    let typo = text(&apip_vectors()["identity"], "wif").replace('R', "S");
    let error = PrivateKey::from_wif(&typo).unwrap_err();
    assert_eq!(error, WifError::Base58(Base58Error::Checksum));
}

#[test]
fn texts_that_are_no_public_key_are_refused() {
    let good = sample().public_key().to_string();
    for bad in [
        "",
        &good[2..],
        &format!("04{}", &good[2..]),
        &format!("{good}00"),
        &good.replace('0', "g"),
        // No point has this x.
        &format!("02{}5", "0".repeat(63)),
        &format!("02{}", "f".repeat(64)),
    ] {
        assert_eq!(bad.parse::<PublicKey>(), Err(PublicKeyError), "{bad}");
    }
}

#[test]
fn addresses_of_another_length_or_with_typing_errors_are_refused() {
    let fid = |payload: &[u8]| crate::base58::encode_check(payload).parse::<Fid>().unwrap();
    assert_eq!(decode_fid(&fid(&[35; 20])), Err(AddressError::Length(20)));
    assert_eq!(decode_fid(&fid(&[35; 22])), Err(AddressError::Length(22)));
    assert_eq!(decode_fid(&fid(&[])), Err(AddressError::Length(0)));
    let typo = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWJ".parse().unwrap();
    assert_eq!(decode_fid(&typo), Err(AddressError::Base58(Base58Error::Checksum)));
}

#[test]
fn a_private_key_does_not_show() {
    let shown = format!("{:?}", sample());
    assert!(shown.contains("030be1d7"), "{shown}");
    assert!(!shown.contains("a048f6"), "{shown}");
}

/// Goal: published signatures are reproduced bit for bit, and recover to their signer.
#[test]
fn message_signatures_are_those_of_the_vectors() {
    let vectors = apip_vectors();
    let rows = vectors["messageSign"].as_array().unwrap();
    let sign_in = &vectors["signInBodyHash"];
    let rows = rows.iter().map(|row| (text(row, "message"), text(row, "sign")));
    let rows = rows.chain([(text(sign_in, "body"), text(sign_in, "sign"))]);
    let key = sample();
    let mut checked = 0;
    for (message, sign) in rows {
        assert_eq!(key.sign_message(message.as_bytes()), sign, "{message}");
        assert_eq!(recover_message(message.as_bytes(), sign), Ok(key.public_key()), "{message}");
        let escaped = sign.replace('=', "\\u003d");
        assert_eq!(recover_message(message.as_bytes(), &escaped), Ok(key.public_key()));
        assert_ne!(recover_message(b"another", sign), Ok(key.public_key()));
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// Goal: a message's length is written as Bitcoin does on both sides of each bound. Method: the
/// signature recovers to the signer only if the signed bytes, made here by hand, are the same.
#[test]
fn long_messages_have_longer_lengths() {
    let key = sample();
    for (length, prefix) in [
        (0xfc, &[0xfc][..]),
        (0xfd, &[0xfd, 0xfd, 0]),
        (0xffff, &[0xfd, 0xff, 0xff]),
        (0x1_0000, &[0xfe, 0, 0, 1, 0]),
    ] {
        let message = vec![b'x'; length];
        let signed = [b"\x18Bitcoin Signed Message:\n", prefix, &message].concat();
        let digest = secp256k1::Message::from_digest(crate::sha256x2(signed));
        let sign = BASE64_STANDARD.decode(key.sign_message(&message)).unwrap();
        let plain = secp256k1::ecdsa::Signature::from_compact(&sign[1..]).unwrap();
        assert_eq!(key.public_key().0.verify(digest, &plain), Ok(()), "{length}");
        let text = BASE64_STANDARD.encode(sign);
        assert_eq!(recover_message(&message, &text), Ok(key.public_key()), "{length}");
    }
}

#[test]
fn texts_that_are_no_message_signature_are_refused() {
    use MessageSignatureError::{Header, Malformed, Text};
    let sign = BASE64_STANDARD.decode(sample().sign_message(b"test")).unwrap();
    let with_header = |header| {
        let mut bytes = sign.clone();
        bytes[0] = header;
        BASE64_STANDARD.encode(bytes)
    };
    let mut with_zero_r = sign.clone();
    with_zero_r[1..33].fill(0);
    let mut with_large_s = sign.clone();
    with_large_s[33..].fill(0xff);
    for (text, error) in [
        (String::new(), Text),
        ("*".repeat(88), Text),
        ("=".repeat(200), Text),
        ("\\u003d".repeat(16), Text),
        (BASE64_STANDARD.encode(&sign[1..]), Text),
        (BASE64_STANDARD.encode([&sign[..], &[0]].concat()), Text),
        (with_header(0), Header(0)),
        (with_header(27), Header(27)),
        (with_header(30), Header(30)),
        (with_header(35), Header(35)),
        (with_header(255), Header(255)),
        (BASE64_STANDARD.encode(with_zero_r), Malformed),
        (BASE64_STANDARD.encode(with_large_s), Malformed),
    ] {
        assert_eq!(recover_message(b"test", &text), Err(error), "{text}");
    }
    let other = recover_message(b"test", &with_header(sign[0] ^ 3));
    assert_ne!(other, Ok(sample().public_key()));
}

#[test]
fn symmetric_signatures_are_those_of_the_vectors() {
    let vectors = apip_vectors();
    let rows = vectors["symSign"].as_array().unwrap();
    for row in rows {
        let (body, sign) = (text(row, "body").as_bytes(), text(row, "sign"));
        let key = hex::decode(text(row, "keyHex")).unwrap().try_into().unwrap();
        assert_eq!(sym_sign(body, &key), sign);
        assert!(sym_verify(body, &key, sign));
        for bad in [&sign.to_uppercase(), "", &sign[1..], &format!("{sign}0")] {
            assert!(!sym_verify(body, &key, bad), "{bad}");
        }
        assert!(!sym_verify(&body[1..], &key, sign));
        assert!(!sym_verify(body, &[0; 32], sign));
    }
    assert_eq!(rows.len(), 4);
}

fn any_key() -> impl Strategy<Value = PrivateKey> {
    any::<[u8; 32]>().prop_filter_map("no key", |bytes| PrivateKey::from_bytes(&bytes).ok())
}

proptest! {
    #[test]
    fn keys_are_read_back_as_written(key in any_key()) {
        let again = PrivateKey::from_wif(&key.to_wif()).unwrap();
        prop_assert_eq!(&*again.expose(), &*key.expose());
        let public = key.public_key();
        prop_assert_eq!(PublicKey::from_bytes(&public.to_bytes()), Ok(public));
    }

    #[test]
    fn addresses_are_read_back_as_written(version: u8, hash: [u8; 20]) {
        let fid = fid_of_hash(AddressVersion(version), &hash);
        prop_assert_eq!(decode_fid(&fid), Ok((AddressVersion(version), hash)));
    }

    #[test]
    fn signatures_recover_to_the_signer_only(key in any_key(), message: Vec<u8>, bit in 0..520u32) {
        let sign = key.sign_message(&message);
        prop_assert_eq!(recover_message(&message, &sign), Ok(key.public_key()));
        let mut bytes = BASE64_STANDARD.decode(sign).unwrap();
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        let changed = recover_message(&message, &BASE64_STANDARD.encode(bytes));
        prop_assert_ne!(changed, Ok(key.public_key()));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,120}", bytes: Vec<u8>) {
        let _ = PrivateKey::from_wif(&text);
        let _ = text.parse::<PublicKey>();
        let _ = text.parse::<Fid>().map(|fid| decode_fid(&fid));
        prop_assert!(recover_message(&bytes, &text).is_err());
        let well_formed = BASE64_STANDARD.encode(&bytes);
        prop_assert!(recover_message(&bytes, &well_formed).is_err() || bytes.len() == 65);
    }
}
