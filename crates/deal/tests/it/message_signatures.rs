//! Message signatures in every form, against those that other programs made.

use tally_deal::{
    Address, Network, PrivateKey,
    message_signature::{Header, SignatureError, sign, sign_bip322, verify},
};

/// The private key 1 and its addresses.
const P2PKH: &str = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH";
const P2PKH_UNCOMPRESSED: &str = "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm";
const P2SH_P2WPKH: &str = "3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN";
const P2WPKH: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

/// The key of the vectors of BIP-322.
const WIF: &str = "L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k";
const BIP322_P2WPKH: &str = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
const BIP322_P2TR: &str = "bc1ppv609nr0vr25u07u95waq5lucwfm6tde4nydujnu8npg4q75mr5sxq8lt3";

fn one() -> PrivateKey {
    let mut bytes = [0; 32];
    bytes[31] = 1;
    PrivateKey::from_bytes(&bytes).unwrap()
}

fn check(address: &str, message: &str, signature: &str) -> Result<(), SignatureError> {
    let address = Address::parse(address, Network::Main).unwrap();
    verify(&address, message.as_bytes(), signature)
}

/// Signatures of an account's and a deal's texts by key 1, made and verified for the addresses of
/// both networks.
#[test]
fn messages_of_deals_have_their_signatures() {
    let vectors = [
        (
            "2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu",
            "ILMB4dpDo3KG2y+tP9KipJeVGirkHjImqJiAFroX6aqOEOUyNyPV4ygeprkP1OQAX47UFRMSMvlBfjzmJsXofq0=",
        ),
        (
            "2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu\nout of stock",
            "ILMdx8I78AOnL2eu8uMRGgtc/plF3UcruYpBmvXkDWgNFIVyby30WZyVQUD+gTc7xaV0mOjN9F6QOfnRQyagmeA=",
        ),
        (
            "2024-08-25\nmrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r\nhttp://placard.zr-code.com",
            "H0KYWzGOOfapA+X8bLaAJcporbVEZRnrKoa5SnbO2F3Sb5O8u6tOiUB50ZRrbjvvEXVZjZ+kubD/Yd8E4cs29k8=",
        ),
        (
            "2024-08-25\n-account",
            "IOiIq2r23lcj2dkjw4If5OKyFr3XfDMf+POUCkfM/CZXK/yKpfTgL1t+pjxDQlMzmEoEmw+IzSvSSHELm7tZRt0=",
        ),
        (
            "nonce-42",
            "IO02obQOnLXFoPsKKEzrB84N/O6cxMhm+3S1WPsO1HYZf2YHnCiJr/ZOM8WzYWM7Ifms2/RbJwnensRLqlK70MI=",
        ),
    ];
    let testnet = Address::parse("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", Network::Test).unwrap();
    for (message, signature) in vectors {
        assert_eq!(sign(&one(), message.as_bytes(), Header::Compressed), signature);
        assert_eq!(verify(&testnet, message.as_bytes(), signature), Ok(()));
        assert_eq!(check(P2PKH, message, signature), Ok(()));
        let changed = format!("{message}\n");
        assert_eq!(check(P2PKH, &changed, signature), Err(SignatureError::Mismatch));
    }
}

/// The vectors of bitcoinjs-message, one for each header. The header says for which kinds of
/// addresses a signature is good, and Electrum's reading of 31 to 34 is taken.
#[test]
fn a_header_is_good_for_its_kinds_of_addresses_only() {
    use SignatureError::AddressKind as Kind;
    let message = "vires is numeris";
    let rest =
        "F8nHqFr3K2UKYahhX3soVeoW8W1ECNbr0wfck7lzyXjCS5Q16Ek45zyBuy1Fiy9sTPKVgsqqOuPvbycuVSSVl8=";
    let mismatch = SignatureError::Mismatch;
    for (header, first, good) in [
        (Header::Uncompressed, "H", [Err(mismatch), Ok(()), Err(Kind), Err(Kind)]),
        (Header::Compressed, "I", [Ok(()), Err(mismatch), Ok(()), Ok(())]),
        (Header::NestedSegwit, "J", [Err(Kind), Err(Kind), Ok(()), Err(Kind)]),
        (Header::Segwit, "K", [Err(Kind), Err(Kind), Err(Kind), Ok(())]),
    ] {
        let signature = format!("{first}{rest}");
        assert_eq!(sign(&one(), message.as_bytes(), header), signature);
        for (address, good) in
            [P2PKH, P2PKH_UNCOMPRESSED, P2SH_P2WPKH, P2WPKH].into_iter().zip(good)
        {
            assert_eq!(check(address, message, &signature), good, "{header:?} by {address}");
        }
    }
    assert_eq!(check(BIP322_P2TR, message, &format!("I{rest}")), Err(Kind));
}

/// Vectors of Electrum, Trezor and bitcoinjs-message by other keys: compressed, uncompressed, of
/// witness programs with the headers of either, and with `s` in the upper half, which wallets have
/// always taken.
#[test]
fn signatures_of_other_programs_are_verified() {
    let chancellor = "Chancellor on brink of second bailout for banks";
    let electrum = "15hETetDmcXm1mM4sEf7U2KXC9hDHFMSzz";
    let trezor = "This is an example of a signed message.";
    let vires = "vires is numeris";
    for (address, message, signature) in [
        (
            electrum,
            chancellor,
            "Hzsu0U/THAsPz/MSuXGBKSULz2dTfmrg1NsAhFp+wH5aKfmX4Db7ExLGa7FGn0m6Mf43KsbEOWpvUUUBTM3Uusw=",
        ),
        (
            electrum,
            chancellor,
            "IDsu0U/THAsPz/MSuXGBKSULz2dTfmrg1NsAhFp+wH5a1gZoH8kE7O05lE65YLZFzLx3sh/rDzXMbo1dQAJhhnU=",
        ),
        (
            "1GPHVTY8UD9my6jyP4tb2TYJwUbDetyNC6",
            "Electrum",
            "HBQdYfv7kOrxmRewLJnG7sV6KlU71O04hUnE4tai97p7Pg+D+yKaWXsdGgHTrKw90caQMo/D6b//qX50ge9P9iI=",
        ),
        (
            "3DYoBqQ5N6dADzyQjy9FT1Ls4amiYVaqTG",
            "Electrum",
            "HyFaND+87TtVbRhkTfT3mPNBCQcJ32XXtNZGW8sFldJsNpOPCegEmdcCf5Thy18hdMH88GLxZLkOby/EwVUuSeA=",
        ),
        (
            "bc1qq2tmmcngng78nllq2pvrkchcdukemtj56uyue0",
            "Electrum",
            "HyFaND+87TtVbRhkTfT3mPNBCQcJ32XXtNZGW8sFldJsNpOPCegEmdcCf5Thy18hdMH88GLxZLkOby/EwVUuSeA=",
        ),
        (
            "3L6TyTisPBmrDAj6RoKmDzNnj4eQi54gD2",
            trezor,
            "I3RN5FFvrFwUCAgBVmRRajL+rZTeiXdc7H4k28JP4TMHWsCTAcTMjhl76ktkgWYdW46b8Z2Le4o4Ls21PC7gdQ0=",
        ),
        (
            "bc1qannfxke2tfd4l7vhepehpvt05y83v3qsf6nfkk",
            trezor,
            "KLVddgDZ6afipJFV3fPP2455bCB/qrgzAQ+kH7eCiIm8R89iNIp6qgkjwIMqWJ+rVB6PEutU+3EckOIwfw9msZQ=",
        ),
        (
            "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM",
            vires,
            "G8JawPtQOrybrSP1WHQnQPr67B9S3qrxBrl1mlzoTJOSHEpmnF7D3+t+LX0Xei9J20B5AIdPbeL3AaTBZ4N3bY0=",
        ),
        (
            "1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs",
            vires,
            "H8JawPtQOrybrSP1WHQnQPr67B9S3qrxBrl1mlzoTJOSHEpmnF7D3+t+LX0Xei9J20B5AIdPbeL3AaTBZ4N3bY0=",
        ),
    ] {
        assert_eq!(check(address, message, signature), Ok(()), "{signature}");
        assert!(check(address, "foobar", signature).is_err(), "{signature}");
        assert!(check(P2PKH, message, signature).is_err(), "{signature}");
    }
    // Electrum tries nonces until `r` is low; without that the signature is bitcoinlib's.
    let key = PrivateKey::from_wif("L1TnU2zbNaAqMoVh65Cyvmcjzbrj41Gs9iTLcWbpJCMynXuap6UN").unwrap();
    assert_eq!(
        sign(&key, chancellor.as_bytes(), Header::Compressed),
        "H/9jMOnj4MFbH3d7t4yCQ9i7DgZU/VZ278w3+ySv2F4yIsdqjsc5ng3kmN8OZAThgyfCZOQxZCWza9V5XzlVY0Y=",
    );
}

/// What BIP-322, its implementations and Bitcoin Core sign; Core makes `r` low as we do, others
/// do not. With the prefix and without it.
#[test]
fn simple_signatures_of_bip_322_are_verified() {
    for (address, message, signature) in [
        (
            BIP322_P2WPKH,
            "",
            "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
        ),
        (
            BIP322_P2WPKH,
            "",
            "AkgwRQIhAPkJ1Q4oYS0htvyuSFHLxRQpFAY56b70UvE7Dxazen0ZAiAtZfFz1S6T6I23MWI2lK/pcNTWncuyL8UL+oMdydVgzAEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy",
        ),
        (
            BIP322_P2WPKH,
            "Hello World",
            "AkgwRQIhAOzyynlqt93lOKJr+wmmxIens//zPzl9tqIOua93wO6MAiBi5n5EyAcPScOjf1lAqIUIQtr3zKNeavYabHyR8eGhowEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy",
        ),
        (
            "bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler",
            "No prefix fallback",
            "AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R",
        ),
        (
            "3HSVzEhCFuH9Z3wvoWTexy7BMVVp3PjS6f",
            "Hello World",
            "AkgwRQIhAMd2wZSY3x0V9Kr/NClochoTXcgDaGl3OObOR17yx3QQAiBVWxqNSS+CKen7bmJTG6YfJjsggQ4Fa2RHKgBKrdQQ+gEhAxa5UDdQCHSQHfKQv14ybcYm1C9y6b12xAuukWzSnS+w",
        ),
    ] {
        assert_eq!(check(address, message, signature), Ok(()), "{signature}");
        assert_eq!(check(address, message, &format!(" smp{signature}\n")), Ok(()));
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(check(address, "Another message", signature), mismatch, "{signature}");
        let other = if address.starts_with("bc1p") { BIP322_P2TR } else { P2WPKH };
        assert_eq!(check(other, message, signature), mismatch, "{signature}");
    }
}

/// The published signatures are made byte for byte.
#[test]
fn simple_signatures_of_bip_322_are_made() {
    let key = PrivateKey::from_wif(WIF).unwrap();
    for (address, message, signature) in [
        (
            BIP322_P2WPKH,
            "",
            "smpAkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
        ),
        (
            BIP322_P2WPKH,
            "Hello World",
            "smpAkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
        ),
        (
            BIP322_P2TR,
            "Hello World",
            "smpAUHd69PrJQEv+oKTfZ8l+WROBHuy9HKrbFCJu7U1iK2iiEy1vMU5EfMtjc+VSHM7aU0SDbak5IUZRVno2P5mjSafAQ==",
        ),
    ] {
        let parsed = Address::parse(address, Network::Main).unwrap();
        assert_eq!(sign_bip322(&key, &parsed, message.as_bytes()), Ok(signature.to_owned()));
        assert_eq!(check(address, message, signature), Ok(()));
    }
    let nested = Address::parse(P2SH_P2WPKH, Network::Main).unwrap();
    let signature = sign_bip322(&one(), &nested, b"text").unwrap();
    assert_eq!(verify(&nested, b"text", &signature), Ok(()));
    assert_eq!(sign_bip322(&key, &nested, b"text"), Err(SignatureError::Mismatch));
    let legacy = Address::parse(P2PKH, Network::Main).unwrap();
    assert_eq!(sign_bip322(&one(), &legacy, b"text"), Err(SignatureError::AddressKind));
}

/// What is no signature is refused by what is wrong with it, whatever the address.
#[test]
fn what_is_no_signature_is_refused() {
    use SignatureError::{AddressKind, Form, HashType, Malformed, NotSimple, Text};
    let all_zero = "H".to_owned() + &"A".repeat(86) + "=";
    for (address, signature, error) in [
        (P2PKH, "not-valid-base64!!!", Text),
        (P2PKH, "", Form),
        (P2PKH, &"A".repeat(513), Text),
        (P2PKH, &all_zero, Malformed),
        // 43 is no header, and 64 bytes are too few.
        (
            P2PKH,
            "K5h86t5qME/Fgjqzj5n8PF93Ki0+ieoFkx4nJhBfxTueYB/DIx81lixxT8vOXJW0J0lu3Hros9Euk3kddil5W2I=",
            Form,
        ),
        (P2PKH, &"A".repeat(84), Form),
        (BIP322_P2WPKH, "smpAA==", Form),
        (BIP322_P2WPKH, "fooAA==", Text),
        (
            BIP322_P2TR,
            "fulAUDZwFXUp+adN+/UZj5dVrGAbB3zKs1Vcalz5fCF9srxS63eSWNGvH1NYbrBkPt1BJDUyWUz9zgUxfc63/QheT6M",
            NotSimple,
        ),
        // The witness of P2WPKH for an address that has none, and of P2TR for P2WPKH.
        (
            P2PKH,
            "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
            AddressKind,
        ),
        (
            BIP322_P2WPKH,
            "AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R",
            AddressKind,
        ),
        // SIGHASH_NONE instead of SIGHASH_ALL.
        (
            BIP322_P2WPKH,
            "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40AiECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
            HashType,
        ),
    ] {
        assert_eq!(check(address, "", signature), Err(error), "{signature}");
    }
}
