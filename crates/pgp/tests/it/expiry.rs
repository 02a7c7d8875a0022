//! Keys and signatures out of their time.

use tally_pgp::{CLOCK_SKEW_SECONDS, PublicKey, SecretKey, VerifyError, verify_clear};

use crate::gpg::{Gpg, now};

const DAY: u64 = 86_400;

#[test]
fn expired_keys_verify_nothing() {
    let gpg = Gpg::new();
    gpg.generate("short@example.com", "ed25519", "1d");
    let message = gpg.sign("short@example.com", "text");
    let key = PublicKey::from_armored(&gpg.public("short@example.com")).unwrap();
    let end = key.expires().unwrap();
    assert!(end.abs_diff(now() + DAY) < 60);
    let key = [key];
    assert!(verify_clear(&message, &key, end - 1).is_ok());
    let refused = verify_clear(&message, &key, end).unwrap_err();
    assert_eq!(refused, VerifyError::Expired);
    assert_eq!(refused.reason(), "PGP public key is not meaningful.");

    // Its owner may lengthen its life: the newest word counts.
    let fingerprint = key[0].fingerprint().to_string();
    let later = format!("--faked-system-time={}", now() + 60);
    gpg.run(&[&later, "--passphrase", "", "--quick-set-expire", &fingerprint, "2y"], "");
    let longer = PublicKey::from_armored(&gpg.public("short@example.com")).unwrap();
    assert!(longer.expires().unwrap() > end + 300 * DAY);
    assert!(verify_clear(&message, &[longer], end).is_ok());
}

#[test]
fn revoked_keys_verify_nothing() {
    let gpg = Gpg::new();
    gpg.generate("gone@example.com", "ed25519", "never");
    let message = gpg.sign("gone@example.com", "text");
    let before = PublicKey::from_armored(&gpg.public("gone@example.com")).unwrap();
    assert!(!before.is_revoked());
    let name = format!("openpgp-revocs.d/{}.rev", before.fingerprint());
    // The file is made harmless with a colon.
    let certificate = gpg.file(&name).replace(":-----BEGIN", "-----BEGIN");
    let start = certificate.find("-----BEGIN").unwrap();
    gpg.run(&["--import"], &certificate[start..]);
    let after = PublicKey::from_armored(&gpg.public("gone@example.com")).unwrap();
    assert!(after.is_revoked());
    assert!(verify_clear(&message, &[before], now()).is_ok());
    assert_eq!(verify_clear(&message, &[after], now()), Err(VerifyError::Revoked));
}

#[test]
fn signatures_out_of_time_are_refused() {
    let created = 1_700_000_000;
    let key = SecretKey::generate(&["a".to_owned()], &[1; 32], created).unwrap();
    let keys = [key.public().clone()];
    let signed_at = |time| key.sign_clear("text", time).unwrap();
    assert_eq!(
        verify_clear(&signed_at(created - 1), &keys, created + 9),
        Err(VerifyError::Time),
        "before the key was made"
    );
    let future = created + CLOCK_SKEW_SECONDS;
    assert!(verify_clear(&signed_at(future), &keys, created).is_ok());
    assert_eq!(verify_clear(&signed_at(future + 1), &keys, created), Err(VerifyError::Time));

    let gpg = Gpg::new();
    gpg.generate("a@example.com", "ed25519", "never");
    let key = [PublicKey::from_armored(&gpg.public("a@example.com")).unwrap()];
    let message = gpg.run(&["--default-sig-expire", "1d", "--clear-sign"], "text");
    assert!(verify_clear(&message, &key, now()).is_ok());
    assert_eq!(verify_clear(&message, &key, now() + 2 * DAY), Err(VerifyError::Time));
}
