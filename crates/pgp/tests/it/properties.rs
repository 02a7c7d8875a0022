//! What holds for all texts.

use proptest::prelude::*;
use std::sync::LazyLock;
use tally_pgp::{PublicKey, SecretKey, ServiceRecord, verify_clear};

const NOW: u64 = 1_700_000_000;

static KEY: LazyLock<SecretKey> =
    LazyLock::new(|| SecretKey::generate(&["a".to_owned()], &[9; 32], NOW).unwrap());

fn trimmed(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let lines: Vec<&str> =
        text.split('\n').map(|line| line.trim_end_matches([' ', '\t'])).collect();
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_is_read(text in "(?s)[-a \t\nж]{0,80}|[^\r]{0,200}") {
        let message = KEY.sign_clear(&text, NOW).unwrap();
        let keys = [KEY.public().clone()];
        let verified = verify_clear(&message, &keys, NOW).unwrap();
        prop_assert_eq!(verified.text, trimmed(&text));
        prop_assert!(!message.ends_with('\n'));
    }

    #[test]
    fn no_text_is_too_much(text in "(?s).{0,300}") {
        let keys = [KEY.public().clone()];
        prop_assert!(verify_clear(&text, &keys, NOW).is_err());
        prop_assert!(PublicKey::from_armored(&text).is_err());
        prop_assert!(SecretKey::from_armored(&text, "").is_err());
        let _ = ServiceRecord::parse(&[text]);
    }

    /// Random packets in an armor of the right kind.
    #[test]
    fn no_packet_is_too_much(mut bytes in prop::collection::vec(any::<u8>(), 1..200), tag in 0..64_u8) {
        use base64::{Engine, prelude::BASE64_STANDARD};
        bytes[0] = 0xC0 | tag;
        let encoded = BASE64_STANDARD.encode(&bytes);
        let block = |kind: &str| {
            format!("-----BEGIN PGP {kind}-----\n\n{encoded}\n-----END PGP {kind}-----")
        };
        let message = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ntext\n{}", block("SIGNATURE")
        );
        let keys = [KEY.public().clone()];
        prop_assert!(verify_clear(&message, &keys, NOW).is_err());
        prop_assert!(PublicKey::from_armored(&block("PUBLIC KEY BLOCK")).is_err());
        prop_assert!(SecretKey::from_armored(&block("PRIVATE KEY BLOCK"), "").is_err());
    }

    /// A key with one byte changed is refused, or is the same key with less to say.
    #[test]
    fn changed_keys_say_nothing_new(at in 0..10_000_usize, bit in 0..8_u8) {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let armored = KEY.public().to_armored();
        let body: String = armored.lines().filter(|line| {
            !line.is_empty() && !line.starts_with(['-', '='])
        }).collect();
        let mut packets = BASE64_STANDARD.decode(body).unwrap();
        let at = at % packets.len();
        packets[at] ^= 1 << bit;
        let encoded = BASE64_STANDARD.encode(&packets);
        let changed = format!(
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{encoded}\n-----END PGP PUBLIC KEY BLOCK-----"
        );
        if let Ok(key) = PublicKey::from_armored(&changed) {
            prop_assert_eq!(key.fingerprint(), KEY.fingerprint());
            prop_assert_eq!(key.user_ids(), KEY.public().user_ids());
        }
    }
}
