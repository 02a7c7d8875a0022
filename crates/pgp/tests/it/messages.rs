//! Signed texts, between this crate and GnuPG.

use tally_pgp::{PublicKey, SecretKey, TEXT_BYTES_MAX, VerifyError, verify_clear};

use crate::gpg::{Gpg, now};

const TEXTS: &[&str] = &[
    "deal:\n  order: create\n  at: http://example.com",
    "2024-08-25\n-account\n- list\n-----BEGIN PGP SIGNATURE-----",
    "From here on\n\n\nthree lines later",
    "trailing blanks  \t\nhere \n\t\nand not here",
    "ключ: значение\n日本語 — “…”",
    "one line",
    "",
    "\n",
    "\n\nbegins and ends with nothing\n\n",
];

fn key() -> SecretKey {
    SecretKey::generate(&["server (http://localhost:4988)".to_owned()], &[7; 32], now()).unwrap()
}

/// The text as it comes back: without the blanks at the ends of its lines and its last line end.
fn read_back(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<&str> =
        text.split('\n').map(|line| line.trim_end_matches([' ', '\t'])).collect();
    lines.join("\n")
}

/// Goal: GnuPG imports a key of this crate and verifies what it signs, long texts too.
#[test]
fn gpg_verifies_what_is_signed_here() {
    let (gpg, key) = (Gpg::new(), key());
    let long = "- a line of a long text, with a trailing blank \n".repeat(5_000);
    for text in TEXTS.iter().copied().chain([long.as_str()]) {
        let message = key.sign_clear(text, now()).unwrap();
        let (is_good, read) = gpg.verify(key.public(), &message);
        assert!(is_good, "{text:?}");
        let lines = |text: &str| read_back(text).trim_end_matches('\n').to_owned();
        assert_eq!(lines(&read), lines(text));
        let versioned = key.sign_clear_as(text, now(), Some("cc")).unwrap();
        assert!(gpg.verify(key.public(), &versioned).0, "{text:?}");
        let windows = message.replace('\n', "\r\n");
        assert!(gpg.verify(key.public(), &windows).0, "{text:?}");
    }
}

/// Goal: what GnuPG signs is verified, and what it says is read exactly.
#[test]
fn what_gpg_signs_is_verified() {
    let gpg = Gpg::new();
    for (user_id, algorithm) in [
        ("ed@example.com", "ed25519"),
        ("nist@example.com", "nistp256"),
        ("rsa@example.com", "rsa2048"),
    ] {
        gpg.generate(user_id, algorithm, "never");
        let key = PublicKey::from_armored(&gpg.public(user_id)).unwrap();
        for text in TEXTS {
            let message = gpg.sign(user_id, text);
            let verified = verify_clear(&message, std::slice::from_ref(&key), now());
            let verified = verified.unwrap_or_else(|error| panic!("{algorithm} {text:?}: {error}"));
            assert_eq!(verified.fingerprint, key.fingerprint());
            assert!(now().abs_diff(verified.created) < 60);
            assert_eq!(verified.text, read_back(text), "{algorithm}");
            let windows = message.replace('\n', "\r\n");
            assert!(verify_clear(&windows, std::slice::from_ref(&key), now()).is_ok());
        }
    }
}

/// Goal: every change of a message is noticed. Method: each line of the text is changed, and each
/// byte of the signature block.
#[test]
fn changed_messages_are_refused() {
    let key = key();
    let keys = [key.public().clone()];
    let text = "a\n-b\nc ";
    let message = key.sign_clear(text, now()).unwrap();
    assert_eq!(verify_clear(&message, &keys, now()).unwrap().text, "a\n-b\nc");
    for (old, new) in [("\na\n", "\nA\n"), ("- -b", "- b"), ("\nc \n", "\nc\n\n"), ("\na\n", "\n")]
    {
        assert!(message.contains(old));
        let changed = message.replacen(old, new, 1);
        assert_eq!(verify_clear(&changed, &keys, now()), Err(VerifyError::NotValid), "{changed}");
    }
    // Blanks at the end of a line are not signed.
    assert!(verify_clear(&message.replacen("\na\n", "\na  \n", 1), &keys, now()).is_ok());
    let start = message.find("-----BEGIN PGP SIGNATURE").unwrap();
    for at in start..message.len() {
        let mut changed = message.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify_clear(&changed, &keys, now()).is_err(), "{changed}");
    }
}

#[test]
fn signatures_of_others_and_of_several_are_refused() {
    let gpg = Gpg::new();
    gpg.generate("one@example.com", "ed25519", "never");
    gpg.generate("two@example.com", "ed25519", "never");
    let [one, two] = ["one@example.com", "two@example.com"]
        .map(|user_id| PublicKey::from_armored(&gpg.public(user_id)).unwrap());
    let message = gpg.sign("one@example.com", "text");
    assert!(verify_clear(&message, &[two.clone(), one.clone()], now()).is_ok());
    let refused = verify_clear(&message, std::slice::from_ref(&two), now()).unwrap_err();
    assert_eq!(refused, VerifyError::UnknownKey);
    assert_eq!(refused.reason(), "PGP signature status: Unknown.");
    assert_eq!(verify_clear(&message, &[], now()), Err(VerifyError::UnknownKey));

    let users = ["--passphrase", "", "-u", "one@example.com", "-u", "two@example.com"];
    let both = gpg.run(&[&users[..], &["--clear-sign"]].concat(), "text");
    assert_eq!(verify_clear(&both, &[one, two], now()), Err(VerifyError::SeveralSignatures));
}

/// Goal: hashes that can be forged are refused, even from a key that is known.
#[test]
fn weak_hashes_are_refused() {
    let gpg = Gpg::new();
    gpg.generate("rsa@example.com", "rsa2048", "never");
    let key = PublicKey::from_armored(&gpg.public("rsa@example.com")).unwrap();
    for (hash, verdict) in [
        ("SHA1", Err(VerifyError::WeakHash)),
        ("RIPEMD160", Err(VerifyError::WeakHash)),
        ("SHA224", Err(VerifyError::WeakHash)),
        ("SHA256", Ok(())),
        ("SHA384", Ok(())),
    ] {
        let signed =
            gpg.run(&["-u", "rsa@example.com", "--digest-algo", hash, "--clear-sign"], "t");
        assert!(signed.contains(&format!("Hash: {hash}\n")));
        let verified = verify_clear(&signed, std::slice::from_ref(&key), now());
        assert_eq!(verified.map(|_| ()), verdict, "{hash}");
        let announced = signed.replacen(&format!("Hash: {hash}"), "Hash: SHA512", 1);
        let verified = verify_clear(&announced, std::slice::from_ref(&key), now());
        assert_eq!(verified.unwrap_err(), VerifyError::WeakHash, "{hash} announced as another");
    }
}

/// Goal: only signatures over texts count. Method: a detached binary signature by the same key over
/// the same bytes is put under the text.
#[test]
fn signatures_over_something_else_are_refused() {
    let gpg = Gpg::new();
    gpg.generate("ed@example.com", "ed25519", "never");
    let key = [PublicKey::from_armored(&gpg.public("ed@example.com")).unwrap()];
    let detached = gpg.run(&["--detach-sign"], "text");
    let under =
        |block: &str| format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ntext\n{block}");
    assert_eq!(verify_clear(&under(&detached), &key, now()), Err(VerifyError::UnknownKind));
    let other = gpg.public("ed@example.com").replace("PUBLIC KEY BLOCK", "SIGNATURE");
    let refused = verify_clear(&under(&other), &key, now()).unwrap_err();
    assert_eq!(refused, VerifyError::NoSignature);
    assert_eq!(refused.reason(), "PGP signature not found.");
}

#[test]
fn texts_that_cannot_be_signed_are_refused() {
    use tally_pgp::SignError;
    let key = key();
    assert_eq!(key.sign_clear("a\rb", 0), Err(SignError::CarriageReturn));
    assert_eq!(key.sign_clear(&"x".repeat(TEXT_BYTES_MAX + 1), 0), Err(SignError::TooLong));
    assert_eq!(key.sign_clear("a", 1 << 32), Err(SignError::Time));
    assert_eq!(key.sign_clear("a\r\nb\r\n", 9).unwrap(), key.sign_clear("a\nb", 9).unwrap());
}

/// Goal: the reply of a real service is a signature by a key that is not known, not a malformed one.
#[test]
fn a_real_reply_is_by_an_unknown_key() {
    let reply = include_str!("deal-reply.asc");
    let refused = verify_clear(reply, &[key().public().clone()], now());
    assert_eq!(refused, Err(VerifyError::UnknownKey));
}
