use pgp::{crypto::hash::HashAlgorithm, packet::Packet, packet::PacketParser};

use super::*;

/// A reply of a real service of 2022, as its interface shows it.
const REPLY: &str = include_str!("../../tests/it/deal-reply.asc");

/// Goal: the text that is hashed is the one that others hash. Method: the signature of a real reply
/// carries the first two bytes of its digest; its key is not public, its digest can be computed.
#[test]
fn the_digest_of_a_real_reply() {
    let parts = read(REPLY).unwrap();
    assert_eq!(parts.hashes, ["SHA512"]);
    assert!(parts.text.starts_with("deal:\n  order: Created\n"));
    let mut hashed = canonical(&parts.text);
    // The frame of the signature: version 4, a text, RSA, SHA-512, made 2022-04-11 11:15:08 UTC.
    hashed.extend_from_slice(&[4, 1, 1, 10, 0, 6, 5, 2, 0x62, 0x54, 0x0d, 0xbc]);
    hashed.extend_from_slice(&[4, 0xff, 0, 0, 0, 12]);
    let digest = HashAlgorithm::Sha512.digest(&hashed).unwrap();
    assert_eq!(digest[..2], [0x81, 0xac]);

    let mut packets = PacketParser::new(parts.packets.as_slice());
    let Some(Ok(Packet::Signature(signature))) = packets.next() else { panic!("no signature") };
    assert!(packets.next().is_none());
    assert_eq!(signature.signed_hash_value(), Some([0x81, 0xac]));
    assert_eq!(signature.created().unwrap().as_secs(), 1_649_675_708);
    let issuers: Vec<String> =
        signature.issuer_key_id().iter().map(|id| id.to_string().to_uppercase()).collect();
    assert_eq!(issuers, ["EC88D1DB42418B37"]);
}

/// Goal: the layout is that of the real reply to the byte.
#[test]
fn the_layout_of_a_real_reply() {
    let parts = read(REPLY).unwrap();
    assert_eq!(write(&parts.text, "SHA512", Some("cc"), &parts.packets), REPLY);
    let plain = REPLY.replace("Version: cc\n", "");
    assert_eq!(write(&parts.text, "SHA512", None, &parts.packets), plain);
    let windows = REPLY.replace('\n', "\r\n");
    assert_eq!(read(&windows).unwrap().text, parts.text);
}

#[test]
fn lines_that_begin_with_a_dash_are_escaped_and_blanks_at_ends_are_not_hashed() {
    let text = "-account\n- item\n\n a \t\n-----BEGIN PGP SIGNATURE-----\n";
    let message = write(text, "SHA512", None, b"x");
    assert!(
        message.contains("\n- -account\n- - item\n\n a \t\n- -----BEGIN PGP SIGNATURE-----\n\n-")
    );
    assert_eq!(read(&message).unwrap().text, text);
    assert_eq!(
        canonical(text),
        b"-account\r\n- item\r\n\r\n a\r\n-----BEGIN PGP SIGNATURE-----\r\n"
    );
}

/// Goal: whatever could be shown and not be signed, or read in two ways, is refused.
#[test]
fn what_is_no_signed_message_is_refused() {
    let good = write("text", "SHA512", None, b"x");
    assert!(read(&good).is_ok());
    let (head, tail) = good.split_once("text").unwrap();
    let (body, end) = good.split_once("-----END").unwrap();
    for bad in [
        String::new(),
        "text".to_owned(),
        format!("before\n{good}"),
        format!("{good}\nafter"),
        format!("{good}\n{good}"),
        format!("{good}{good}"),
        good.replacen("Hash:", "Comment:", 1),
        good.replacen("Hash: SHA512", "Hash: SHA512\nShown: not signed", 1),
        good.replacen("Hash: SHA512\n\n", "Hash: SHA512\n", 1),
        format!("{head}-text{tail}"),
        format!("{head}te\rxt{tail}"),
        format!("{head}text"),
        format!("{body}=AAAA\n-----END{end}"),
        body.to_owned(),
        good.replace("END PGP SIGNATURE", "END PGP MESSAGE"),
        good.replace("eA==", "eA=="[..3].trim_end()),
        good.replace("eA==", "e!=="),
        good.replace("-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE----"),
    ] {
        assert!(matches!(read(&bad), Err(VerifyError::NotCleartext)), "{bad}");
    }
    let long = write(&"x".repeat(TEXT_BYTES_MAX), "SHA512", None, b"x");
    assert!(matches!(read(&long), Err(VerifyError::TooLong)));
    assert!(read(&format!("\n \n{good}\n\n")).is_ok(), "blank lines around it change nothing");
}
