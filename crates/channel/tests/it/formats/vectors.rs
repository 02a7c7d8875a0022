use super::file::{Field, PATH, TypedData, Vectors, to_hex, unhex};
use super::{fixture, hash};
use std::{env, fs};
use tally_channel::{BalanceProof, Lock, LockTree, Message, SignedProof, spent_marker};
use tally_crypto::{Domain, keccak256, recover, struct_hash, type_hash, typed_data_digest};
use tally_primitives::{
    B256, BlockNumber, ChainId, ChannelAddress, LocksRoot, MessageHash, NodeAddress, Nonce, Secret,
    Signature, TokenAmount,
};

/// Goal: the committed vectors are what the code makes. A difference is a change of format: see
/// docs/formats.md, "Versions", before running with `UPDATE_VECTORS=1`.
#[test]
#[expect(clippy::disallowed_methods, reason = "a developer's switch, not configuration")]
fn the_committed_file_is_current() {
    let made = fixture::vectors();
    if env::var("UPDATE_VECTORS").is_ok_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        fs::write(PATH, text).unwrap();
    } else {
        assert_eq!(made, Vectors::committed());
    }
}

fn signature(digits: &str) -> Signature {
    Signature(unhex(digits).try_into().unwrap())
}

fn hashes(digits: &[String]) -> Vec<B256> {
    digits.iter().map(|digits| hash(digits)).collect()
}

#[test]
fn keys() {
    let vectors = Vectors::committed();
    for key in &vectors.keys {
        assert_eq!(vectors.key(&key.name).address().to_string(), key.address);
    }
}

#[test]
fn locks() {
    for vector in Vectors::committed().locks {
        let hashlock = vector.hashlock.parse().unwrap();
        let secret = Secret::new(hash(&vector.secret).0);
        assert_eq!(tally_crypto::hashlock(&secret), hashlock);
        let lock = Lock {
            expiration: BlockNumber(vector.expiration.parse().unwrap()),
            amount: vector.amount.parse().unwrap(),
            hashlock,
        };
        assert_eq!(to_hex(lock.encode()), vector.encoded);
        assert_eq!(keccak256(unhex(&vector.encoded)), hash(&vector.leaf));
        assert_eq!(lock.leaf(), hash(&vector.leaf));
    }
}

#[test]
fn trees() {
    for vector in Vectors::committed().trees {
        let mut tree = LockTree::new(hashes(&vector.leaves));
        let root = vector.root.parse().unwrap();
        assert_eq!(tree.root(), root);
        assert_eq!(vector.proofs.len(), vector.leaves.len());
        for row in &vector.proofs {
            let (leaf, proof) = (hash(&row.leaf), hashes(&row.proof));
            assert_eq!(tree.proof(leaf).as_ref(), Some(&proof));
            assert!(LockTree::verify_proof(leaf, &proof, root));
        }
        for row in &vector.spent {
            let (leaf, marker) = (hash(&row.leaf), hash(&row.marker));
            let root: LocksRoot = row.root.parse().unwrap();
            let proof = tree.proof(leaf).unwrap();
            assert_eq!(proof, hashes(&row.proof));
            assert_eq!(keccak256([&b"spent"[..], leaf.as_slice()].concat()), marker);
            assert_eq!(spent_marker(leaf), marker);
            assert!(tree.replace(leaf, marker));
            assert_eq!(tree.root(), root);
            assert!(LockTree::verify_proof(marker, &proof, root));
        }
    }
}

/// Goal: typed data hashes and signs as listed, by the rules of EIP-712 applied to the listed
/// fields and, where the crate has the type, by the crate.
#[test]
fn typed_data() {
    let vectors = Vectors::committed();
    let mut names: Vec<_> = vectors.typed_data.iter().map(|vector| vector.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let expected = [
        "BalanceProof",
        "CooperativeSettlement",
        "ProofAcknowledgement",
        "UpdateDelegation",
        "Withdrawal",
    ];
    assert_eq!(names, expected);

    for vector in &vectors.typed_data {
        let domain = Domain {
            name: "Tallystick",
            version: "1",
            chain_id: ChainId(vector.chain_id.parse().unwrap()),
            verifying_contract: vector.channel.parse().unwrap(),
        };
        assert_eq!(domain.separator(), hash(&vector.domain_separator));
        let words: Vec<_> = vector.fields.iter().map(Field::word).collect();
        let data = struct_hash(&type_hash(&vector.encoded_type()), &words);
        assert_eq!(data, hash(&vector.struct_hash));
        let digest = typed_data_digest(&domain.separator(), &data);
        assert_eq!(digest, hash(&vector.digest));

        let key = vectors.key(&vector.signer);
        assert_eq!(to_hex(key.sign_digest(&digest).0), vector.signature);
        assert_eq!(recover(&digest, &signature(&vector.signature)), Ok(key.address()));
        crate_agrees(vector, key.address());
    }
}

/// Checks the types that the crate has.
fn crate_agrees(vector: &TypedData, signer: NodeAddress) {
    let field = |name: &str| {
        let field = vector.fields.iter().find(|field| field.name == name).unwrap();
        field.value.as_str()
    };
    let chain = ChainId(vector.chain_id.parse().unwrap());
    let signed = || SignedProof {
        proof: BalanceProof {
            channel: vector.channel.parse().unwrap(),
            nonce: Nonce(field("nonce").parse().unwrap()),
            transferred: field("transferredAmount").parse().unwrap(),
            locksroot: field("locksroot").parse().unwrap(),
            message_hash: field("messageHash").parse().unwrap(),
        },
        signature: signature(&vector.signature),
    };
    match vector.name.as_str() {
        "BalanceProof" => {
            assert_eq!(signed().proof.digest(chain), hash(&vector.digest));
            assert_eq!(signed().verify(chain, signer), Ok(()));
        }
        "ProofAcknowledgement" => {
            let payer = field("payer").parse().unwrap();
            let digest = signed().proof.acknowledgement_digest(chain, payer);
            assert_eq!(digest, hash(&vector.digest));
            assert_eq!(signed().verify_acknowledgement(chain, payer, signer), Ok(()));
        }
        _ => {}
    }
}

/// Goal: the bytes of a message are its fields one after the other, and both say the same.
#[test]
fn messages() {
    let vectors = Vectors::committed();
    let mut kinds = vec![];
    for vector in &vectors.messages {
        let bytes = unhex(&vector.encoded);
        let packed: Vec<u8> = vector.fields.iter().flat_map(Field::packed).collect();
        assert_eq!(packed, bytes, "{}", vector.name);
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.encode(), bytes, "{}", vector.name);
        assert_eq!(fixture::fields(&message), vector.fields, "{}", vector.name);
        kinds.push(bytes[1]);

        let signer = vector.signed.as_ref().map(|signed| (signed, vectors.key(&signed.signer)));
        let expected_hash = vector.message_hash.as_deref();
        match (&message, &signer) {
            (Message::Envelope(envelope, signature), Some((signed, key))) => {
                let unsigned = &bytes[..bytes.len() - Signature::LENGTH];
                assert_eq!(MessageHash(keccak256(unsigned)), envelope.message_hash());
                assert_eq!(Some(envelope.message_hash().to_string().as_str()), expected_hash);
                let chain = ChainId(signed.chain_id.parse().unwrap());
                let digest = envelope.proof().digest(chain);
                assert_eq!(digest, hash(&signed.digest));
                assert_eq!(key.sign_digest(&digest), *signature);
            }
            (Message::CancellationAcknowledged(acknowledged), Some((signed, key))) => {
                let payer = vectors.key("payer").address();
                let chain = ChainId(signed.chain_id.parse().unwrap());
                let digest = acknowledged.proof.acknowledgement_digest(chain, payer);
                assert_eq!(digest, hash(&signed.digest));
                assert_eq!(key.sign_digest(&digest), acknowledged.signature);
                assert_eq!(expected_hash, None);
            }
            (_, None) => assert_eq!(expected_hash, None),
            (other, Some(_)) => panic!("{other:?} has no signature"),
        }
        if let Some((signed, key)) = signer {
            let receiver = vectors.key("payer").address();
            let chain = ChainId(signed.chain_id.parse().unwrap());
            assert!(message.verify(chain, key.address(), receiver).is_ok(), "{}", vector.name);
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, [1, 2, 3, 4, 5, 16, 17, 18, 19, 20]);
}

#[test]
fn refused() {
    for vector in Vectors::committed().refused {
        let error = Message::decode(&unhex(&vector.bytes)).unwrap_err();
        assert_eq!(error.to_string(), vector.error);
    }
}

/// Goal: the messages of the vectors tell a story that adds up: the nonces follow each other and
/// the last envelope of the story leaves no lock.
#[test]
fn the_messages_follow_each_other() {
    let story: Vec<_> = Vectors::committed()
        .messages
        .iter()
        .filter_map(|vector| {
            let message = Message::decode(&unhex(&vector.encoded)).unwrap();
            let Message::Envelope(envelope, _) = message else { return None };
            (envelope.nonce.0 < u64::MAX).then_some(envelope)
        })
        .collect();
    let nonces: Vec<_> = story.iter().map(|envelope| envelope.nonce.0).collect();
    assert_eq!(nonces, [1, 2, 3, 4, 5, 6, 7]);
    let last = story.last().unwrap();
    assert_eq!(last.locksroot, LocksRoot::default());
    assert_eq!(last.transferred, TokenAmount::from_units(17));
    assert_eq!(last.channel, ChannelAddress::new([0xc4; 20]));
}
