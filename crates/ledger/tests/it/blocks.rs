//! Blocks and votes of genuine releases: read, verified, made again, encoded.

use std::sync::Arc;

use serde_json::Value;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{
    Block, BlockBody, BlockError, BlockFrame, Decision, IdHash, Timestamp, Transaction, Vote,
};

use crate::vectors;

/// The files that hold blocks and votes, and the hash function of their ids.
const FILES: [(&str, IdHash); 6] = [
    ("nested-v1-0.7-keccak.json", IdHash::Keccak),
    ("nested-v1-0.8-keccak.json", IdHash::Keccak),
    ("nested-v1-0.8-fips.json", IdHash::Sha3),
    ("flat-0.9.json", IdHash::Sha3),
    ("flat-0.10.json", IdHash::Sha3),
    ("flat-1.0.json", IdHash::Sha3),
];

fn list(file: &str, member: &str) -> Vec<Value> {
    vectors::load(file)[member].as_array().unwrap().clone()
}

fn read(block: &Value) -> Block {
    Block::parse_json(block.to_string().as_bytes()).unwrap()
}

/// All blocks of a file.
fn blocks(file: &str) -> Vec<Block> {
    list(file, "blocks").iter().map(|case| read(&case["block"])).collect()
}

/// The node whose public key it is.
fn node(public_key: &PublicKey) -> tally_crypto::ed25519::SigningKey {
    let nodes = (1..=4).map(|n| vectors::key(&format!("node{n}")));
    nodes.into_iter().find(|key| key.public_key() == *public_key).unwrap()
}

/// Goal: ids, signed bytes and signatures are those of genuine servers.
#[test]
fn blocks_of_genuine_servers_are_read_and_verified() {
    let mut count = 0;
    for (file, id_hash) in FILES {
        for case in list(file, "blocks") {
            let name = format!("{file} {}", case["name"]);
            let block = read(&case["block"]);
            assert_eq!(block.id().to_string(), case["id"], "{name}");
            assert_eq!(block.id_hash(), id_hash, "{name}");
            assert_eq!(block.body().to_json(), case["signed_message"], "{name}");
            assert_eq!(block.verify_signature(), Ok(()), "{name}");
            if let Some(canonical) = case.get("block_canonical") {
                assert_eq!(block.to_json(), *canonical, "{name}");
            }
            assert_eq!(read(&serde_json::from_str(&block.to_json()).unwrap()), block, "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 15);
}

/// Goal: the same keys make the same blocks, byte for byte.
#[test]
fn blocks_of_genuine_servers_are_made_again() {
    for (file, id_hash) in FILES {
        for block in blocks(file) {
            let key = node(block.node_pubkey());
            let transactions = block.transactions().to_vec();
            let voters = block.voters().to_vec();
            let made = Block::make(&key, block.timestamp(), transactions, voters);
            assert_eq!(made.signature(), block.signature(), "{file}");
            assert_eq!(made.body(), block.body(), "{file}");
            match id_hash {
                IdHash::Sha3 => assert_eq!(made.to_json(), block.to_json(), "{file}"),
                // Blocks are made with SHA3-256 only.
                IdHash::Keccak => assert_ne!(made.id(), block.id(), "{file}"),
            }
        }
    }
}

/// Goal: the compact encoding loses nothing, and its frame alone says what is in it.
#[test]
fn blocks_of_genuine_servers_survive_their_encoding() {
    for (file, _) in FILES {
        for block in blocks(file) {
            let bytes = block.encode();
            assert_eq!(bytes.len(), block.encoded_length(), "{file}");
            assert_eq!(Block::decode(&bytes).unwrap(), block, "{file}");

            let frame = BlockFrame::parse(&bytes).unwrap();
            let pairs = frame.transactions().iter().zip(block.transactions());
            assert!(pairs.into_iter().all(|(framed, known)| framed.is(known)), "{file}");
            assert_eq!(frame.assemble(block.transactions().to_vec()).unwrap(), block, "{file}");
        }
    }
}

/// Goal: signed bytes, signatures and texts of votes are those of genuine servers, and the same
/// keys make the same votes.
#[test]
fn votes_of_genuine_servers_are_read_verified_and_made_again() {
    let mut count = 0;
    for (file, _) in FILES {
        for case in list(file, "votes") {
            let text = case["vote"].to_string();
            let vote = Vote::parse(text.as_bytes()).unwrap();
            assert_eq!(vote.body.to_json(), case["signed_message"], "{file}");
            assert_eq!(vote.verify(), Ok(()), "{file}");
            let key = vectors::key(case["node"].as_str().unwrap());
            assert_eq!(Vote::make(&key, vote.body.clone()), vote, "{file}");
            assert_eq!(Vote::parse(vote.to_json().as_bytes()).unwrap(), vote, "{file}");
            let is_valid = case["vote"]["vote"]["is_block_valid"].as_bool().unwrap();
            assert_eq!(vote.body.decision.is_valid(), is_valid, "{file}");
            if !is_valid {
                assert_eq!(vote.body.decision, Decision::Invalid(None), "{file}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 21);
}

/// Goal: an id is either of the two hashes of the body, and nothing else.
#[test]
fn a_block_with_another_id_is_refused() {
    let mut value = list("flat-1.0.json", "blocks")[1]["block"].clone();
    let original = read(&value);
    let by_keccak =
        Block::from_parts(original.body().clone(), IdHash::Keccak, *original.signature());
    assert_eq!(read(&serde_json::from_str(&by_keccak.to_json()).unwrap()), by_keccak);

    value["id"] = "00".repeat(32).into();
    let error = Block::parse_json(value.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error, BlockError::Id { expected, .. } if expected == original.id()));

    value["id"] = original.id().to_string().into();
    value["block"]["timestamp"] = "1477578981".into();
    let error = Block::parse_json(value.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error, BlockError::Id { .. }));
}

/// Goal: what is no block is refused at the place that is wrong.
#[test]
fn a_malformed_block_is_refused() {
    let block = list("flat-1.0.json", "blocks")[1]["block"].clone();
    let change = |change: fn(&mut Value)| {
        let mut value = block.clone();
        change(&mut value);
        let error = Block::parse_json(value.to_string().as_bytes()).unwrap_err();
        match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    };
    let starts = |text: String, expected: &str| assert!(text.contains(expected), "{text}");
    starts(change(|block| block["extra"] = 1.into()), ".: a member does not belong there");
    starts(change(|block| block["block"]["extra"] = 1.into()), "block: a member does not");
    starts(change(|block| block["signature"] = 1.into()), "signature: expected a signature");
    starts(change(|block| block["block"]["voters"] = "x".into()), "block.voters: expected a list");
    starts(change(|block| block["block"]["voters"][0] = "x".into()), "block.voters: expected a p");
    let transaction = |block: &mut Value| block["block"]["transactions"][2]["metadata"] = 1.into();
    starts(change(transaction), "block.transactions[2]");
    let many = |block: &mut Value| block["block"]["voters"] = vec!["x"; 257].into();
    starts(change(many), "block.voters: expected at most 256");
    let many = |block: &mut Value| block["block"]["transactions"] = vec![0; 1001].into();
    starts(change(many), "block.transactions: expected at most 1000");
}

fn sample() -> Block {
    blocks("flat-0.10.json").remove(1)
}

/// Goal: bytes that end early, go on, or lie about their parts are refused, wherever they are cut
/// or changed: no other bytes decode to the same block.
#[test]
fn an_encoding_with_other_bytes_is_another_block_or_none() {
    let whole = sample();
    let two = whole.transactions()[..2].to_vec();
    let block = Block::make(&vectors::key("node1"), whole.timestamp(), two, vec![]);
    let bytes = block.encode();
    for length in 0..bytes.len() {
        assert!(Block::decode(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(Block::decode(&longer).is_err());
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        if let Ok(other) = Block::decode(&changed) {
            assert_ne!(other, block, "{position}");
            assert_eq!(other.encode(), changed, "{position}");
        }
    }
}

/// Goal: a transaction that is not in its canonical text is refused, though it reads the same.
#[test]
fn an_encoding_holds_canonical_texts_only() {
    let block = sample();
    let text = block.transactions()[0].to_json();
    let loose = text.replacen(':', ": ", 1);
    assert_eq!(Transaction::parse(loose.as_bytes()).unwrap(), *block.transactions()[0]);
    let bytes = block.encode();
    let start = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    let length = u32::try_from(loose.len()).unwrap().to_be_bytes();
    let changed =
        [&bytes[..start - 4], &length, loose.as_bytes(), &bytes[start + text.len()..]].concat();
    let error = Block::decode(&changed).unwrap_err();
    assert_eq!(error, tally_ledger::DecodeError::Mismatch { index: 0 });
}

/// Goal: a frame takes exactly its own transactions, down to the signatures.
#[test]
fn a_frame_takes_only_its_own_transactions() {
    let block = sample();
    let bytes = block.encode();
    let frame = BlockFrame::parse(&bytes).unwrap();
    let own = block.transactions().to_vec();
    let mut swapped = own.clone();
    swapped.swap(0, 1);
    assert!(frame.clone().assemble(swapped).is_err());
    assert!(frame.clone().assemble(own[1..].to_vec()).is_err());
    assert!(frame.clone().assemble([own.clone(), own.clone()].concat()).is_err());

    // The id of 0.10 does not cover the fulfilment: the same id, signed by another.
    let mut value: Value = serde_json::from_str(own[0].to_json()).unwrap();
    let mut fulfillment = value["inputs"][0]["fulfillment"].as_str().unwrap().to_owned();
    let last = if fulfillment.ends_with('A') { "E" } else { "A" };
    let end = fulfillment.len() - 4;
    fulfillment.replace_range(end..=end, last);
    value["inputs"][0]["fulfillment"] = fulfillment.into();
    let forged = Arc::new(Transaction::parse(value.to_string().as_bytes()).unwrap());
    assert_eq!(forged.id(), own[0].id());
    let mut with_forged = own;
    with_forged[0] = forged;
    assert!(frame.assemble(with_forged).is_err());
}

/// Goal: a body is the sum of its parts. Method: the smallest one, written by hand.
#[test]
fn a_body_is_written_with_sorted_members() {
    let key = vectors::key("node1").public_key();
    let body = BlockBody {
        timestamp: Timestamp::MIN,
        transactions: Vec::new(),
        node_pubkey: key,
        voters: vec![key, key],
    };
    let expected = format!(
        r#"{{"node_pubkey":"{key}","timestamp":"1000000000","transactions":[],"voters":["{key}","{key}"]}}"#
    );
    assert_eq!(body.to_json(), expected);
}
