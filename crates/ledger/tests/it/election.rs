//! Elections that genuine releases decided.

use serde_json::Value;
use tally_ledger::{BlockId, DuplicateVote, Status, Vote, elect};

use crate::vectors;

/// What a release said: a status, or the name of the error that it raised.
fn outcome(case: &Value) -> &str {
    let text = case["status"].as_str().unwrap();
    let error = text.strip_prefix("EXC ").and_then(|text| text.split(':').next());
    error.unwrap_or(text)
}

/// What the same error or status is called here.
fn decide(case: &Value) -> &'static str {
    let voters: Vec<_> = vectors::keys_in(&case["voters"]);
    let votes: Vec<Vote> = case["votes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vote| Vote::parse(vote.to_string().as_bytes()).unwrap())
        .collect();
    let block = votes.first().map_or(BlockId::from_bytes([0xbb; 32]), |v| v.body.voting_for_block);
    match elect(&block, &voters, &voters, &votes) {
        Ok(status) => status.as_str(),
        Err(DuplicateVote { .. }) => "CriticalDuplicateVote",
    }
}

/// Goal: the rule is that of 0.10. Method: all 66 vote sets of its vector file.
#[test]
fn elections_of_0_10_3_are_decided_as_it_did() {
    let file = vectors::load("election-0.10.3.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 66);
    for case in cases {
        assert_eq!(decide(case), outcome(case), "{}", case["name"]);
    }
}

/// Goal: it is known where the rule of 0.8 differs, which this ledger does not follow:
///
/// * votes for different previous blocks do not decide a block as long as votes are missing;
/// * a vote with a wrong signature, or by somebody who is no voter, counts for nothing, not as a
///   no.
#[test]
fn elections_of_0_8_2_differ_in_five_cases() {
    let file = vectors::load("election-0.8.2.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 66);
    let differing: Vec<_> = cases
        .iter()
        .filter(|case| decide(case) != outcome(case))
        .map(|case| (case["name"].as_str().unwrap(), outcome(case), decide(case)))
        .collect();
    assert_eq!(
        differing,
        [
            ("n=3 prev disagree VV 1:1", "invalid", "undecided"),
            ("n=4 prev disagree VVV 2:1", "invalid", "undecided"),
            ("n=3 badsig V V(bad) V(bad)", "invalid", "undecided"),
            // Both refuse; only the name differs.
            ("n=3 duplicate vote node1", "MultipleVotesError", "CriticalDuplicateVote"),
            ("n=1 non-voter only I", "invalid", "undecided"),
        ]
    );
}

fn valid_votes() -> (BlockId, Vec<tally_crypto::ed25519::PublicKey>, Vec<Vote>) {
    let keys: Vec<_> = (1..=4).map(|n| vectors::key(&format!("node{n}"))).collect();
    let block = BlockId::from_bytes([7; 32]);
    let votes = keys.iter().map(|key| vectors::yes(key, block)).collect();
    (block, keys.iter().map(|key| key.public_key()).collect(), votes)
}

/// Goal: voters who left the federation, or joined after the block, have no say.
#[test]
fn only_voters_who_are_members_are_entitled() {
    let (block, nodes, votes) = valid_votes();
    let elect = |voters, federation, votes| elect(&block, voters, federation, votes).unwrap();
    assert_eq!(elect(&nodes[..], &nodes[..1], &votes[1..]), Status::Undecided);
    assert_eq!(elect(&nodes[..], &nodes[..1], &votes[..1]), Status::Valid);
    assert_eq!(elect(&nodes[..3], &nodes[..], &votes[..2]), Status::Valid);
    assert_eq!(elect(&nodes[..3], &nodes[..], &votes[2..]), Status::Undecided);
    // Nobody may vote: no vote can make it valid.
    assert_eq!(elect(&nodes[..2], &nodes[2..], &votes[..]), Status::Invalid);
}

/// Goal: a vote counts for the block that it names, and for no other.
#[test]
fn votes_on_other_blocks_do_not_count() {
    let (_, nodes, votes) = valid_votes();
    let other = BlockId::from_bytes([8; 32]);
    assert_eq!(elect(&other, &nodes, &nodes, &votes), Ok(Status::Undecided));
}

/// Goal: a voter named twice in a block has one vote, and counts once.
#[test]
fn a_voter_counts_once() {
    let (block, nodes, votes) = valid_votes();
    let voters = [nodes[0], nodes[0], nodes[0], nodes[1]];
    assert_eq!(elect(&block, &voters, &nodes, &votes[..1]), Ok(Status::Undecided));
    assert_eq!(elect(&block, &voters, &nodes, &votes[..2]), Ok(Status::Valid));
}

/// Goal: two votes by one node are an error that names it, but only if both are its own.
#[test]
fn duplicate_votes_name_the_voter() {
    let (block, nodes, votes) = valid_votes();
    let twice = [votes[0].clone(), votes[1].clone(), votes[0].clone()];
    let error = elect(&block, &nodes, &nodes, &twice).unwrap_err();
    assert_eq!(error, DuplicateVote { voter: nodes[0], block });

    let mut forged = votes[1].clone();
    forged.node_pubkey = nodes[0];
    assert_eq!(
        elect(&block, &nodes, &nodes, &[votes[0].clone(), forged]),
        Ok(Status::Undecided),
        "a forged vote does not stand against the true one"
    );
}
