use super::*;
use std::io::Cursor;
use tally_crypto::ed25519::SigningKey;
use tally_ledger::{Decision, Transaction, Version, VoteBody, build::Draft};
use tally_ledger_node::{TABLES, make_genesis};
use tally_storage::MemoryDisk;

const TIME: u64 = 1_700_000_000;

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// The lines of a chain of two blocks, with these decisions about the second.
fn lines(decisions: &[Decision]) -> String {
    let members = [key().public_key()];
    let genesis = make_genesis(&key(), &members, TIME).unwrap();
    let create: Transaction =
        Draft::create(Version::Flat2_0, &members).output(1, &members).sign(&[&key()]).unwrap();
    let timestamp = Timestamp::from_seconds(TIME + 1).unwrap();
    let block = Block::make(&key(), timestamp, vec![Arc::new(create)], members.to_vec());
    let votes: Vec<String> = decisions
        .iter()
        .map(|decision| VoteBody {
            voting_for_block: block.id(),
            previous_block: genesis.id(),
            decision: decision.clone(),
            timestamp,
        })
        .map(|body| Vote::make(&key(), body).to_json())
        .collect();
    let line = |height: u64, block: &Block, votes: &str| {
        format!("{{\"height\":{height},\"block\":{},\"votes\":[{votes}]}}\n", block.to_json())
    };
    line(0, &genesis, "") + &line(1, &block, &votes.join(","))
}

fn read(text: &str) -> anyhow::Result<u64> {
    let ledger = LedgerStore::open(Arc::new(MemoryDisk::default().open(TABLES))).unwrap();
    read_all(&ledger, &mut Cursor::new(text), &[key().public_key()])
}

/// Goal: a block counts as valid after an import only if its votes say so. Method: a chain with its
/// vote, with none, and with one against it.
#[test]
fn a_block_needs_the_vote_that_elects_it() {
    assert_eq!(read(&lines(&[Decision::Valid])).unwrap(), 2);
    for wrong in [vec![], vec![Decision::Invalid(None)]] {
        let error = format!("{:#}", read(&lines(&wrong)).unwrap_err());
        assert!(error.contains("line 2") && error.contains("do not say"), "{error}");
    }
}

/// Goal: blocks without the proofs that they are final get into no federation. Method: one member,
/// and two.
#[test]
fn only_who_is_alone_may_import() {
    let other = SigningKey::from_seed(&[2; 32]).public_key();
    assert!(refuse_together(&[key().public_key()]).is_ok());
    let error = refuse_together(&[key().public_key(), other]).unwrap_err();
    assert!(format!("{:#}", error.into_error()).contains("init --genesis"));
}
