use crate::{base58::Base58Error, *};
use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use proptest::prelude::*;
use tally_primitives::{ChainId, NodeAddress, Secret, Signature};

const KEY: [u8; 32] = hex!("4359f525e2b373089be5fe8f9a4e8ffb6d30e2960918be426217921e1b2547f7");
/// The order of the curve.
const ORDER: [u8; 32] = hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

fn key() -> SecretKey {
    SecretKey::from_bytes(&KEY).unwrap()
}

fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect())
}

/// Returns the vectors of the directory's keys, signatures and ciphers.
pub(crate) fn apip_vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../vectors/apip.json")).unwrap()
}

fn hash(digits: &str) -> B256 {
    digits.parse().unwrap()
}

#[test]
fn address_is_the_one_of_the_vector() {
    assert_eq!(key().address().to_string(), "0x05e9918f4bCBf3C8307887d421Eb02B5e26b6F45");
    assert_eq!(*key().expose(), KEY);
}

#[test]
fn hashes_are_those_of_the_vectors() {
    let mut checked = 0;
    for row in rows(include_str!("../vectors/hashes.txt")) {
        assert_eq!(keccak256(row[0]), hash(row[1]), "{}", row[0]);
        checked += 1;
    }
    assert_eq!(checked, 11);
}

/// Goal: the two hashes that differ in a padding byte are not mixed up.
#[test]
fn fips_hashes_are_those_of_the_standard() {
    let empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
    assert_eq!(hex::encode(sha3_256("")), empty);
    let abc = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";
    assert_eq!(hex::encode(sha3_256("abc")), abc);
    assert_eq!(sha3_256_parts(&[b"a", b"", b"bc"]), sha3_256("abc"));
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(sha256("abc")), abc);
}

/// Goal: Base58 has one text for each byte string and refuses everything else, saying where.
#[test]
fn base58_is_that_of_bitcoin() {
    for (bytes, text) in
        [(&b""[..], ""), (&[0, 0, 1], "112"), (b"Hello World!", "2NEpo7TZRRrLZSi2U")]
    {
        assert_eq!(base58::encode(bytes), text);
        assert_eq!(base58::decode(text).as_deref(), Ok(bytes));
    }
    for (text, position) in
        [("0", 0), ("abO", 2), ("1I", 1), ("zl", 1), ("a ", 1), ("a+z", 1), ("ä", 0)]
    {
        assert_eq!(base58::decode(text), Err(Base58Error::Character(position)), "{text}");
    }
    let long = "1".repeat(base58::DECODE_LENGTH_MAX + 1);
    assert_eq!(base58::decode(&long), Err(Base58Error::TooLong(129)));
    assert_eq!(base58::decode(&long[1..]), Ok(vec![0; 128]));
    let short = base58::decode_array::<32>("112");
    assert_eq!(short, Err(Base58Error::Length { expected: 32, found: 3 }));
}

/// Goal: a typing error in an address or key is noticed; what is too short for a checksum too.
#[test]
fn the_checksum_of_base58_is_the_start_of_a_double_hash() {
    // The payload of an address and its text, from the genesis block of Bitcoin.
    let payload = hex!("0062e907b15cbf27d5425399ebf6f0fb50ebb88f18");
    let text = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    assert_eq!(base58::encode_check(&payload), text);
    assert_eq!(**base58::decode_check(text).unwrap(), payload);
    let typo = text.replace("DMPT", "DMPt");
    assert_eq!(base58::decode_check(&typo), Err(Base58Error::Checksum));
    for short in ["", "1", "1111"] {
        assert_eq!(base58::decode_check(short), Err(Base58Error::Checksum), "{short}");
    }
    assert_eq!(**base58::decode_check("3QJmnh").unwrap(), [0u8; 0], "nothing with its checksum");
    assert_eq!(base58::decode_check("1l"), Err(Base58Error::Character(1)));
}

#[test]
fn hashes_of_hashes_are_those_of_the_chain() {
    let twice = "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50";
    assert_eq!(hex::encode(sha256x2("hello")), twice);
    assert_eq!(hex::encode(sha256x2_parts(&[b"he", b"", b"llo"])), twice);
    assert_eq!(hex::encode(hash160("hello")), "b6a9c8c230722b7c748331a8b450f05566dc7d0f");
}

/// Goal: signatures are byte-exact (RFC 6979) and recover to the signer.
#[test]
fn signatures_are_those_of_the_vectors() {
    let mut checked = 0;
    for row in rows(include_str!("../vectors/signatures.txt")) {
        let digest = keccak256(hex::decode(row[1]).unwrap());
        if row[2] != "-" {
            assert_eq!(digest, hash(row[2]), "{}", row[0]);
        }
        let signature = Signature(hex::decode(row[3]).unwrap().try_into().unwrap());
        assert_eq!(key().sign_digest(&digest), signature, "{}", row[0]);
        assert_eq!(recover(&digest, &signature), Ok(key().address()), "{}", row[0]);
        checked += 1;
    }
    assert_eq!(checked, 10);
}

#[test]
fn a_hashlock_is_the_hash_of_the_secret() {
    let secret = Secret::new(keccak256("xxx").0);
    let expected = hash("a9fd3179c8dcc3f79bbef11540837d12a123da2f6e9764d9c0a31cb05a802da9");
    assert_eq!(hashlock(&secret).0, expected);
}

#[test]
fn refuses_what_is_not_a_secret_key() {
    let mut above = ORDER;
    above[31] += 1;
    for bytes in [[0; 32], ORDER, above, [0xff; 32]] {
        assert_eq!(SecretKey::from_bytes(&bytes).err(), Some(KeyError));
    }
    let mut largest = ORDER;
    largest[31] -= 1;
    assert!(SecretKey::from_bytes(&largest).is_ok());
}

#[test]
fn generates_the_key_of_the_bytes_and_never_fails() {
    assert_eq!(SecretKey::generate(KEY).address(), key().address());
    let unlikely = SecretKey::generate([0; 32]);
    assert_eq!(*unlikely.expose(), keccak256([0; 32]).0);
}

#[test]
fn debug_does_not_show_the_key() {
    let shown = format!("{:?}", key());
    assert_eq!(shown, "SecretKey(of 0x05e9918f4bCBf3C8307887d421Eb02B5e26b6F45)");
}

/// Returns the other signature that plain ECDSA accepts: `s` mirrored, parity flipped.
fn mirrored(signature: &Signature) -> Signature {
    let s = U256::from_be_slice(&signature.0[32..64]);
    let mut bytes = signature.0;
    bytes[32..64].copy_from_slice(&(U256::from_be_bytes(ORDER) - s).to_be_bytes::<32>());
    bytes[64] = 55 - bytes[64];
    Signature(bytes)
}

#[test]
fn refuses_malformed_signatures() {
    let digest = keccak256("abd");
    let good = key().sign_digest(&digest);
    for byte in (0..=255).filter(|byte| ![27, 28].contains(byte)) {
        let mut bad = good;
        bad.0[64] = byte;
        assert_eq!(recover(&digest, &bad), Err(SignatureError::RecoveryByte(byte)));
    }
    assert_eq!(recover(&digest, &mirrored(&good)), Err(SignatureError::HighS));
    let halves: [(usize, [u8; 32]); 3] = [(0, [0; 32]), (0, ORDER), (32, [0; 32])];
    for (start, value) in halves {
        let mut bad = good;
        bad.0[start..start + 32].copy_from_slice(&value);
        assert_eq!(recover(&digest, &bad), Err(SignatureError::Malformed));
    }
    // No point of the curve has x = 5.
    let mut bad = good;
    bad.0[..32].copy_from_slice(&word_u64(5));
    assert_eq!(recover(&digest, &bad), Err(SignatureError::Malformed));
}

/// Goal: a signature whose recovery byte was flipped is refused, because a contract would not
/// accept it.
#[test]
fn verification_sees_the_recovery_byte() {
    let digest = keccak256("abd");
    let mut signature = key().sign_digest(&digest);
    assert_eq!(verify(&digest, &signature, key().address()), Ok(()));
    signature.0[64] = 55 - signature.0[64];
    let flipped = verify(&digest, &signature, key().address());
    assert_eq!(flipped, Err(SignatureError::WrongSigner));
}

sol! {
    struct BalanceProof {
        uint64 nonce;
        uint256 transferredAmount;
        bytes32 locksroot;
        bytes32 messageHash;
        address delegate;
    }
}

proptest! {
    #[test]
    fn a_signature_recovers_to_its_signer(secret: [u8; 32], digest: [u8; 32]) {
        let (key, digest) = (SecretKey::generate(secret), B256::new(digest));
        let signature = key.sign_digest(&digest);
        prop_assert_eq!(verify(&digest, &signature, key.address()), Ok(()));
        prop_assert_eq!(recover(&digest, &mirrored(&signature)), Err(SignatureError::HighS));
    }

    #[test]
    fn any_bytes_are_refused_or_have_another_signer(
        bytes in prop::array::uniform32(any::<u8>()), s: [u8; 32], v in 26_u8..30,
    ) {
        let mut signature = Signature([0; 65]);
        signature.0[..32].copy_from_slice(&bytes);
        signature.0[32..64].copy_from_slice(&s);
        signature.0[64] = v;
        prop_assert!(verify(&B256::ZERO, &signature, NodeAddress::new([1; 20])).is_err());
    }

    #[test]
    fn base58_reads_what_it_wrote(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
        let text = base58::encode(&bytes);
        prop_assert_eq!(base58::decode(&text), Ok(bytes));
    }

    #[test]
    fn base58_text_is_unique(text in "[1-9A-HJ-NP-Za-km-z]{0,60}") {
        prop_assert_eq!(base58::encode(&base58::decode(&text).unwrap()), text);
    }

    #[test]
    fn parts_hash_like_the_whole(parts: Vec<Vec<u8>>) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(keccak256_parts(&slices), keccak256(parts.concat()));
    }

    /// Goal: typed-data digests agree with an independent implementation.
    #[test]
    fn typed_data_is_hashed_like_alloy_does(
        name: String, version: String, chain_id: u64, contract: [u8; 20], nonce: u64,
        amount: [u8; 32], locksroot: [u8; 32], message: [u8; 32], delegate: [u8; 20],
    ) {
        let (contract, delegate) = (Address::new(contract), Address::new(delegate));
        let domain = Domain {
            name: &name, version: &version, chain_id: ChainId(chain_id),
            verifying_contract: contract,
        };
        let type_hash = type_hash("BalanceProof(uint64 nonce,uint256 transferredAmount,\
            bytes32 locksroot,bytes32 messageHash,address delegate)");
        let fields = [word_u64(nonce), amount, locksroot, message, word_address(&delegate)];
        let digest = typed_data_digest(&domain.separator(), &struct_hash(&type_hash, &fields));

        let expected_domain = eip712_domain! {
            name: name.clone(), version: version.clone(), chain_id: chain_id,
            verifying_contract: contract,
        };
        let expected = BalanceProof {
            nonce, transferredAmount: U256::from_be_bytes(amount), locksroot: locksroot.into(),
            messageHash: message.into(), delegate,
        };
        prop_assert_eq!(domain.separator(), expected_domain.separator());
        prop_assert_eq!(digest, expected.eip712_signing_hash(&expected_domain));
    }
}
