use super::*;
use crate::{aes, sha256, sha256x2, tests::apip_vectors};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

const FORMATS: [Format; 3] = [Format::Fipa9, Format::Bitcore, Format::Ftsp17];

fn key(last: u8) -> PrivateKey {
    let mut bytes = [0; 32];
    bytes[31] = last;
    PrivateKey::from_bytes(&bytes).unwrap()
}

fn entropy(byte: u8) -> [u8; ENTROPY_LENGTH] {
    [byte; ENTROPY_LENGTH]
}

/// Decodes a text of the formats that are Base64, changes the bytes and encodes them again.
fn edited(text: &str, edit: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = BASE64_STANDARD.decode(text).unwrap();
    edit(&mut bytes);
    BASE64_STANDARD.encode(bytes)
}

#[test]
fn the_texts_of_the_vectors_are_read() {
    let vectors = apip_vectors();
    for (format, row) in [(Format::Fipa9, 0), (Format::Bitcore, 1)] {
        let row = &vectors["ecies"][row];
        let bytes = hex::decode(row["privHex"].as_str().unwrap()).unwrap();
        let key = PrivateKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
        let plaintext = decrypt(format, &key, row["cipherBase64"].as_str().unwrap()).unwrap();
        assert_eq!(std::str::from_utf8(&plaintext), Ok(row["plain"].as_str().unwrap()));
    }
}

/// Goal: the vector of FTSP17 is met in both directions.
#[test]
fn the_container_of_the_vector_is_made_and_read() {
    let row = &apip_vectors()["ecies"][2];
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&row["privB_int"].as_u64().unwrap().to_be_bytes());
    let recipient = PrivateKey::from_bytes(&bytes).unwrap();
    let plaintext = row["plain"].as_str().unwrap();
    let mut random = [0; ENTROPY_LENGTH];
    hex::decode_to_slice(row["privA_hex"].as_str().unwrap(), &mut random[..32]).unwrap();
    hex::decode_to_slice(row["ivHex"].as_str().unwrap(), &mut random[32..]).unwrap();
    let text = encrypt(Format::Ftsp17, &recipient.public_key(), plaintext.as_bytes(), random);
    let container: Value = serde_json::from_str(&text).unwrap();
    let cipher = hex::decode(row["cipherHex"].as_str().unwrap()).unwrap();
    let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let expected = json!({
        "type": "AsyOneWay",
        "alg": "EccAes256K1P7@No1_NrC7",
        "cipher": BASE64_STANDARD.encode(cipher),
        "pubKeyA": generator,
        "pubKeyB": recipient.public_key().to_string(),
        "iv": row["ivHex"],
        "sum": row["sumHex"],
    });
    assert_eq!(container, expected);
    let read = decrypt(Format::Ftsp17, &recipient, &text).unwrap();
    assert_eq!(**read, *plaintext.as_bytes());
    let pretty = serde_json::to_string_pretty(&container).unwrap();
    assert_eq!(decrypt(Format::Ftsp17, &recipient, &pretty), Ok(read));
}

#[test]
fn a_message_is_read_by_its_recipient_only() {
    for format in FORMATS {
        let text = encrypt(format, &key(7).public_key(), b"secret", entropy(9));
        assert_eq!(**decrypt(format, &key(7), &text).unwrap(), *b"secret");
        let expected =
            if format == Format::Ftsp17 { EciesError::OtherKey } else { EciesError::Tag };
        assert_eq!(decrypt(format, &key(8), &text), Err(expected), "{format:?}");
        for other in FORMATS.into_iter().filter(|other| *other != format) {
            assert!(decrypt(other, &key(7), &text).is_err(), "{format:?} as {other:?}");
        }
    }
}

/// Goal: an encrypted text of another recipient is noticed by the tag too.
#[test]
fn a_container_need_not_name_its_recipient() {
    let text = encrypt(Format::Ftsp17, &key(7).public_key(), b"secret", entropy(9));
    let mut container: Value = serde_json::from_str(&text).unwrap();
    container.as_object_mut().unwrap().remove("pubKeyB");
    let text = container.to_string();
    assert_eq!(**decrypt(Format::Ftsp17, &key(7), &text).unwrap(), *b"secret");
    assert_eq!(decrypt(Format::Ftsp17, &key(8), &text), Err(EciesError::Tag));
}

/// Goal: random bytes that are no key still make a message.
#[test]
fn any_entropy_will_do() {
    for format in FORMATS {
        for byte in [0, 0xff] {
            let text = encrypt(format, &key(7).public_key(), b"", entropy(byte));
            assert_eq!(**decrypt(format, &key(7), &text).unwrap(), *b"");
        }
    }
}

/// Goal: every byte is under the tag. The first one of a compressed point does not count: the
/// negative point has the same `x`, so it gives the same secret and the same text.
#[test]
fn each_changed_byte_is_noticed() {
    for format in [Format::Fipa9, Format::Bitcore] {
        let text = encrypt(format, &key(7).public_key(), b"secret", entropy(9));
        let length = BASE64_STANDARD.decode(&text).unwrap().len();
        let first = if format == Format::Bitcore { 1 } else { 0 };
        for position in first..length {
            let changed = edited(&text, |bytes| bytes[position] ^= 1);
            let error = decrypt(format, &key(7), &changed).unwrap_err();
            assert!(matches!(error, EciesError::Tag | EciesError::Point), "{position}: {error}");
        }
        for length in 0..length {
            let cut = edited(&text, |bytes| bytes.truncate(length));
            assert!(decrypt(format, &key(7), &cut).is_err(), "{format:?} {length}");
        }
        let cut = edited(&text, |bytes| bytes.truncate(64));
        assert_eq!(decrypt(format, &key(7), &cut), Err(EciesError::Truncated));
        assert_eq!(decrypt(format, &key(7), ""), Err(EciesError::Truncated));
        assert_eq!(decrypt(format, &key(7), "a*"), Err(EciesError::Malformed));
    }
}

#[test]
fn containers_with_wrong_members_are_refused() {
    let text = encrypt(Format::Ftsp17, &key(7).public_key(), b"secret", entropy(9));
    let good: Value = serde_json::from_str(&text).unwrap();
    let off_curve = format!("02{}5", "0".repeat(63));
    let other = key(8).public_key().to_string();
    for (member, value, error) in [
        ("type", json!("AsyTwoWay"), EciesError::Malformed),
        ("alg", json!("another"), EciesError::Malformed),
        ("cipher", json!("*"), EciesError::Malformed),
        ("cipher", json!(""), EciesError::Tag),
        ("cipher", json!(7), EciesError::Malformed),
        ("pubKeyA", json!(off_curve), EciesError::Point),
        ("pubKeyA", json!(other), EciesError::Tag),
        ("pubKeyA", Value::Null, EciesError::Malformed),
        ("pubKeyB", json!(other), EciesError::OtherKey),
        ("pubKeyB", json!(""), EciesError::Point),
        ("iv", json!("00".repeat(16)), EciesError::Tag),
        ("iv", json!("00"), EciesError::Malformed),
        ("sum", json!("00000000"), EciesError::Tag),
        ("sum", json!("0000000g"), EciesError::Malformed),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        let found = decrypt(Format::Ftsp17, &key(7), &bad.to_string());
        assert_eq!(found, Err(error), "{member}: {}", bad[member]);
    }
    assert_eq!(decrypt(Format::Ftsp17, &key(7), "[]"), Err(EciesError::Malformed));
    let long = " ".repeat(TEXT_LENGTH_MAX + 1);
    assert_eq!(
        decrypt(Format::Ftsp17, &key(7), &long),
        Err(EciesError::TooLong(TEXT_LENGTH_MAX + 1))
    );
}

/// Goal: a point off the curve is refused before anything is computed with it.
#[test]
fn points_off_the_curve_are_refused() {
    for (format, length) in [(Format::Fipa9, 64), (Format::Bitcore, 33)] {
        let text = encrypt(format, &key(7).public_key(), b"secret", entropy(9));
        for fill in [0, 5, 0xff] {
            let bad = edited(&text, |bytes| bytes[..length].fill(fill));
            let found = decrypt(format, &key(7), &bad);
            assert_eq!(found, Err(EciesError::Point), "{format:?} {fill}");
        }
    }
}

/// Goal: a ciphertext with the right tag but without a padding is refused. Method: derives the
/// keys again, in the words of docs/formats.md, and puts a tag on a bad ciphertext.
#[test]
fn a_right_tag_does_not_excuse_a_wrong_padding() {
    let (own, other) = (key(7), key(9));
    let x = shared_x(&own, &other.public_key());
    let iv = [3; 16];
    for ciphertext in [&[5; 15][..], &[], &[5; 16]] {
        let k = sha256(hex::encode(*x));
        let tag = sha256(hex::encode([&k[16..], ciphertext].concat()));
        let point = other.public_key().0.serialize_uncompressed();
        let fipa9 = BASE64_STANDARD.encode([&point[1..], ciphertext, &tag].concat());
        assert_eq!(decrypt(Format::Fipa9, &own, &fipa9), Err(EciesError::Padding));

        let k: [u8; 64] = Sha512::digest(*x).into();
        let mut hmac = Hmac::<Sha256>::new_from_slice(&k[32..]).unwrap();
        hmac.update(&[&iv, ciphertext].concat());
        let tag = hmac.finalize().into_bytes();
        let point = other.public_key().to_bytes();
        let bitcore = BASE64_STANDARD.encode([&point[..], &iv, ciphertext, &tag].concat());
        assert_eq!(decrypt(Format::Bitcore, &own, &bitcore), Err(EciesError::Padding));

        let sign: &[u8] = if x[0] < 0x80 { &[] } else { &[0] };
        let symmetric = sha256x2([&sha256([sign, &x[..]].concat())[..], &iv].concat());
        let sum = sha256([&symmetric[..], &iv, ciphertext].concat());
        let ftsp17 = json!({
            "type": "AsyOneWay",
            "alg": "EccAes256K1P7@No1_NrC7",
            "cipher": BASE64_STANDARD.encode(ciphertext),
            "pubKeyA": other.public_key().to_string(),
            "iv": hex::encode(iv),
            "sum": hex::encode(&sum[..4]),
        });
        let found = decrypt(Format::Ftsp17, &own, &ftsp17.to_string());
        assert_eq!(found, Err(EciesError::Padding));
    }
}

/// Goal: FIPA9's vector of initialisation is fixed, the others' is the caller's. Method: two
/// messages under one key of the message differ exactly if the vector counts.
#[test]
fn the_vector_of_initialisation_is_taken_from_the_entropy() {
    let mut other = entropy(9);
    other[47] ^= 1;
    for format in FORMATS {
        let to = key(7).public_key();
        let same = encrypt(format, &to, b"x", entropy(9)) == encrypt(format, &to, b"x", other);
        assert_eq!(same, format == Format::Fipa9, "{format:?}");
    }
    assert_eq!(aes::IV_LENGTH + 32, ENTROPY_LENGTH);
}

proptest! {
    #[test]
    fn decryption_undoes_encryption(
        text: Vec<u8>, start: [u8; 32], end: [u8; 16], recipient in 1..255u8,
    ) {
        let mut random = [0; ENTROPY_LENGTH];
        random[..32].copy_from_slice(&start);
        random[32..].copy_from_slice(&end);
        for format in FORMATS {
            let encrypted = encrypt(format, &key(recipient).public_key(), &text, random);
            let read = decrypt(format, &key(recipient), &encrypted).unwrap();
            prop_assert_eq!(&**read, &*text);
        }
    }

    #[test]
    fn any_text_is_refused(bytes: Vec<u8>, text in ".{0,300}") {
        for format in FORMATS {
            prop_assert!(decrypt(format, &key(7), &BASE64_STANDARD.encode(&bytes)).is_err());
            prop_assert!(decrypt(format, &key(7), &text).is_err());
        }
    }
}
