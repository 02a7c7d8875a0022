//! Keys: made here and there, opened, shown and refused.

use base64::{Engine, prelude::BASE64_STANDARD};
use tally_pgp::{KEY_BYTES_MAX, KeyError, PublicKey, SecretKey, USER_IDS_MAX, verify_clear};

use crate::gpg::{Gpg, PASSPHRASE, now};

fn user_ids(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Goal: a key is made of its arguments alone, and survives being written.
#[test]
fn keys_are_made_of_their_seed() {
    let names = user_ids(&["first", "second (with a word) <and@mail.example>"]);
    let key = SecretKey::generate(&names, &[1; 32], 1_700_000_000).unwrap();
    let again = SecretKey::generate(&names, &[1; 32], 1_700_000_000).unwrap();
    assert_eq!(*key.to_armored(), *again.to_armored());
    assert_eq!(key.public().user_ids(), names);
    assert_eq!(PublicKey::from_armored(&key.public().to_armored()).as_ref(), Ok(key.public()));
    let read = SecretKey::from_armored(&key.to_armored(), "").unwrap();
    assert_eq!(read.public(), key.public());
    assert_eq!(read.sign_clear("text", 1_700_000_001), key.sign_clear("text", 1_700_000_001));
    let other = SecretKey::generate(&names, &[2; 32], 1_700_000_000).unwrap();
    assert_ne!(other.fingerprint(), key.fingerprint());
    let later = SecretKey::generate(&names, &[1; 32], 1_700_000_001).unwrap();
    assert_ne!(later.fingerprint(), key.fingerprint());
}

/// Goal: GnuPG takes a secret key of this crate, with and without a passphrase, and signs with it.
#[test]
fn gpg_signs_with_keys_made_here() {
    for passphrase in ["", PASSPHRASE] {
        let gpg = Gpg::new();
        let key = SecretKey::generate(&user_ids(&["here@example.com"]), &[3; 32], now()).unwrap();
        let armored = match passphrase {
            "" => key.to_armored(),
            _ => key.to_armored_protected(passphrase, &[5; 24]).unwrap(),
        };
        gpg.run(&["--passphrase", passphrase, "--import"], &armored);
        let sign = ["--passphrase", passphrase, "-u", "here@example.com", "--clear-sign"];
        let message = gpg.run(&sign, "signed there");
        let verified = verify_clear(&message, &[key.public().clone()], now()).unwrap();
        assert_eq!(verified.text, "signed there");
    }
}

#[test]
fn protected_keys_are_opened_by_their_passphrase_only() {
    let key = SecretKey::generate(&user_ids(&["a"]), &[3; 32], 0).unwrap();
    let closed = key.to_armored_protected(PASSPHRASE, &[5; 24]).unwrap();
    assert!(!closed.contains(&key.to_armored()[200..]), "nothing of the open key is in it");
    let open = SecretKey::from_armored(&closed, PASSPHRASE).unwrap();
    assert_eq!(open.sign_clear("text", 9), key.sign_clear("text", 9));
    for wrong in ["", "correct horse ", "Correct horse"] {
        assert_eq!(SecretKey::from_armored(&closed, wrong).unwrap_err(), KeyError::Passphrase);
    }
    assert_eq!(key.to_armored_protected("", &[5; 24]).unwrap_err(), KeyError::Passphrase);
}

/// Goal: keys of GnuPG with a passphrase sign here, RSA too, and GnuPG verifies it.
#[test]
fn keys_of_gpg_are_opened_and_sign() {
    let gpg = Gpg::new();
    for (user_id, algorithm) in [("rsa@example.com", "rsa2048"), ("ed@example.com", "ed25519")] {
        let quick = ["--passphrase", PASSPHRASE, "--quick-generate-key", user_id, algorithm];
        gpg.run(&[&quick[..], &["sign", "never"]].concat(), "");
        let armored = gpg.secret(user_id, PASSPHRASE);
        assert_eq!(SecretKey::from_armored(&armored, "wrong").unwrap_err(), KeyError::Passphrase);
        let windows = armored.replace('\n', "\r\n");
        for armored in [armored, windows] {
            let key = SecretKey::from_armored(&armored, PASSPHRASE).unwrap();
            assert_eq!(key.public().user_ids(), [user_id]);
            let message = key.sign_clear("signed here", now()).unwrap();
            assert!(gpg.verify(key.public(), &message).0, "{algorithm}");
            assert!(verify_clear(&message, &[key.public().clone()], now()).is_ok());
        }
    }
}

/// Goal: a key whose primary part only certifies signs with its subkey, also if the primary part is
/// not there.
#[test]
fn subkeys_sign() {
    let gpg = Gpg::new();
    let quick = ["--passphrase", "", "--quick-generate-key", "sub@example.com", "ed25519", "cert"];
    gpg.run(&[&quick[..], &["never"]].concat(), "");
    let listed = gpg.run(&["--with-colons", "--list-keys", "sub@example.com"], "");
    let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap();
    let fingerprint = fingerprint.trim_end_matches(':');
    let public = PublicKey::from_armored(&gpg.public(fingerprint)).unwrap();
    assert_eq!(
        SecretKey::from_armored(&gpg.secret(fingerprint, ""), "").unwrap_err(),
        KeyError::CannotSign
    );
    let add = ["--passphrase", "", "--quick-add-key", fingerprint];
    gpg.run(&[&add[..], &["cv25519", "encr", "never"]].concat(), "");
    gpg.run(&[&add[..], &["ed25519", "sign", "never"]].concat(), "");
    let message = gpg.sign(fingerprint, "by a subkey");
    assert!(verify_clear(&message, &[public], now()).is_err(), "the subkey is not known yet");
    let public = PublicKey::from_armored(&gpg.public(fingerprint)).unwrap();
    let verified = verify_clear(&message, std::slice::from_ref(&public), now()).unwrap();
    assert_eq!(verified.fingerprint, public.fingerprint());
    assert_eq!(public.fingerprint().to_string(), fingerprint);

    let whole = gpg.secret(fingerprint, "");
    let without = gpg.run(&["--passphrase", "", "--export-secret-subkeys", fingerprint], "");
    for armored in [whole, without] {
        let key = SecretKey::from_armored(&armored, "").unwrap();
        let message = key.sign_clear("by a subkey", now()).unwrap();
        assert!(gpg.verify(key.public(), &message).0);
        assert!(verify_clear(&message, std::slice::from_ref(&public), now()).is_ok());
    }
}

/// Goal: user ids that the key did not sign, or took back, are not believed: they carry the Bitcoin
/// keys of a service.
#[test]
fn only_user_ids_that_hold_are_told() {
    let gpg = Gpg::new();
    gpg.generate("one@example.com", "ed25519", "never");
    gpg.run(&["--passphrase", "", "--quick-add-uid", "one@example.com", "two (keys)"], "");
    gpg.run(&["--passphrase", "", "--quick-add-uid", "one@example.com", "three@example.com"], "");
    let read = || PublicKey::from_armored(&gpg.public("one@example.com")).unwrap();
    let mut told = read().user_ids().to_vec();
    told.sort();
    assert_eq!(told, ["one@example.com", "three@example.com", "two (keys)"]);
    gpg.run(&["--passphrase", "", "--quick-revoke-uid", "one@example.com", "two (keys)"], "");
    let mut told = read().user_ids().to_vec();
    told.sort();
    assert_eq!(told, ["one@example.com", "three@example.com"]);

    // Another key's user id with its signature, put behind this key.
    gpg.generate("mallory (bitcoin_key1)", "ed25519", "never");
    let [mut own, other] =
        ["one@example.com", "mallory"].map(|user_id| packets(&gpg.public(user_id)));
    // One byte of tag, one of length, the key.
    own.extend_from_slice(&other[2 + usize::from(other[1])..]);
    let encoded = BASE64_STANDARD.encode(own);
    let key = PublicKey::from_armored(&format!(
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{encoded}\n-----END PGP PUBLIC KEY BLOCK-----"
    ));
    let mut told = key.unwrap().user_ids().to_vec();
    told.sort();
    assert_eq!(told, ["one@example.com", "three@example.com"]);
}

fn packets(armored: &str) -> Vec<u8> {
    let is_body = |line: &&str| !line.is_empty() && !line.starts_with(['-', '=']);
    BASE64_STANDARD.decode(armored.lines().filter(is_body).collect::<String>()).unwrap()
}

#[test]
fn user_ids_are_replaced() {
    let key = SecretKey::generate(&user_ids(&["old"]), &[3; 32], 100).unwrap();
    let names = user_ids(&["technical_data (0.1%;30;2)", "bitcoin_key1 (02)"]);
    let renamed = key.with_user_ids(&names, 200).unwrap();
    assert_eq!(renamed.public().user_ids(), names);
    assert_eq!(renamed.fingerprint(), key.fingerprint());
    let message = renamed.sign_clear("text", 300).unwrap();
    assert!(verify_clear(&message, &[key.public().clone()], 300).is_ok());
    for bad in [user_ids(&[]), vec!["x".to_owned(); USER_IDS_MAX + 1]] {
        assert_eq!(key.with_user_ids(&bad, 1).unwrap_err(), KeyError::UserIds);
    }
    for bad in ["", "a\nb", &"x".repeat(2049)] {
        assert_eq!(key.with_user_ids(&user_ids(&[bad]), 1).unwrap_err(), KeyError::UserId);
    }
    assert_eq!(key.with_user_ids(&names, 1 << 32).unwrap_err(), KeyError::Time);
}

#[test]
fn what_is_no_key_is_refused() {
    let key = SecretKey::generate(&user_ids(&["a"]), &[3; 32], 0).unwrap();
    let (public, secret) = (key.public().to_armored(), key.to_armored());
    let read = |text: &str| PublicKey::from_armored(text).unwrap_err();
    assert_eq!(read(""), KeyError::NotArmored);
    assert_eq!(read(&secret), KeyError::NotArmored);
    assert_eq!(SecretKey::from_armored(&public, "").unwrap_err(), KeyError::NotArmored);
    assert_eq!(read(&format!("{public}more")), KeyError::NotArmored);
    assert_eq!(read(&format!("{public}{public}")), KeyError::NotArmored);
    assert_eq!(read(&format!("more\n{public}")), KeyError::NotArmored);
    assert_eq!(read(&public.replace("=", "-")), KeyError::NotArmored);
    assert_eq!(read(&"x".repeat(KEY_BYTES_MAX + 1)), KeyError::TooLong);
    let empty = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----";
    assert_eq!(read(empty), KeyError::Damaged);

    let gpg = Gpg::new();
    gpg.generate("a@example.com", "ed25519", "never");
    gpg.generate("b@example.com", "ed25519", "never");
    assert_eq!(read(&gpg.public("example.com")), KeyError::Several);
    gpg.generate("short@example.com", "rsa1024", "never");
    let short = SecretKey::from_armored(&gpg.secret("short@example.com", ""), "");
    assert_eq!(short.unwrap_err(), KeyError::CannotSign);
    let message = gpg.sign("short@example.com", "text");
    let short = PublicKey::from_armored(&gpg.public("short@example.com")).unwrap();
    assert!(verify_clear(&message, &[short], now()).is_err());
}

/// Goal: secrets do not get into logs.
#[test]
fn debug_texts_have_no_secrets() {
    let key = SecretKey::generate(&user_ids(&["a"]), &[0xAB; 32], 0).unwrap();
    let shown = format!("{key:?}");
    assert_eq!(
        shown,
        format!("SecretKey {{ fingerprint: Fingerprint({}), .. }}", key.fingerprint())
    );
}
