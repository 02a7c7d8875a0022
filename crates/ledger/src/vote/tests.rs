use super::*;
use crate::FormError;

fn body() -> VoteBody {
    VoteBody {
        voting_for_block: BlockId::from_bytes([0xab; 32]),
        previous_block: BlockId::from_bytes([0x01; 32]),
        decision: Decision::Valid,
        timestamp: "1477578990".parse().unwrap(),
    }
}

fn vote() -> Vote {
    Vote::make(&SigningKey::from_seed(&[7; 32]), body())
}

/// Goal: what is made is read back, signed by its maker.
#[test]
fn a_vote_survives_its_json() {
    let no = |reason: Option<&str>| VoteBody {
        decision: Decision::Invalid(reason.map(|reason| reason.parse().unwrap())),
        ..body()
    };
    for body in [body(), no(None), no(Some("double_spend")), no(Some("DOUBLE_SPEND"))] {
        let vote = Vote::make(&SigningKey::from_seed(&[7; 32]), body);
        let read = Vote::parse(vote.to_json().as_bytes()).unwrap();
        assert_eq!(read, vote);
        assert_eq!(read.verify(), Ok(()));
        assert!(vote.to_json().len() * 2 < VOTE_BYTES_MAX);
    }
}

/// Goal: the signature covers every member of the body, and the voter.
#[test]
fn a_changed_vote_is_not_signed() {
    let changes: [fn(&mut Vote); 6] = [
        |vote| vote.body.voting_for_block = BlockId::from_bytes([0xac; 32]),
        |vote| vote.body.previous_block = BlockId::from_bytes([2; 32]),
        |vote| vote.body.decision = Decision::Invalid(None),
        |vote| vote.body.timestamp = "1477578991".parse().unwrap(),
        |vote| vote.node_pubkey = SigningKey::from_seed(&[8; 32]).public_key(),
        |vote| vote.signature = SigningKey::from_seed(&[8; 32]).sign(b"vote"),
    ];
    for change in changes {
        let mut vote = vote();
        change(&mut vote);
        assert!(vote.verify().is_err(), "{vote:?}");
    }
}

/// Goal: members that are missing, too many or of the wrong form are refused, and the place is
/// told.
#[test]
fn a_malformed_vote_is_refused() {
    let json = vote().to_json();
    let key = vote().node_pubkey.to_string();
    let cases = [
        (json.replace("\"signature\":", "\"sig\":"), ".: member signature is missing"),
        (json.replacen('{', "{\"id\":\"x\",", 1), ".: a member does not belong there"),
        (json.replace("\"vote\":{", "\"vote\":{\"a\":1,"), "vote: a member does not belong there"),
        (json.replace("\"invalid_reason\":null,", ""), "vote: member invalid_reason is missing"),
        (json.replace("\"1477578990\"", "1477578990"), "vote.timestamp: expected a string"),
        (json.replace("1477578990", "147757899"), "vote.timestamp: expected a string of ten"),
        (json.replace(":true", ":\"true\""), "vote.is_block_valid: expected true or false"),
        (json.replace(":true", ":1"), "vote.is_block_valid: expected true or false"),
        (json.replace("abab", "ABAB"), "vote.voting_for_block: expected 64 lower-case"),
        (json.replace(&key, &key[3..]), "node_pubkey: expected a public key"),
        (json.replace(":null", ":\"lost\""), "vote.invalid_reason: expected null, because"),
        ("[]".to_owned(), ".: expected an object"),
    ];
    for (text, expected) in cases {
        let error = Vote::parse(text.as_bytes()).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

/// Goal: a reason is a short code; anything else is refused.
#[test]
fn a_reason_is_a_code() {
    let no = vote().to_json().replace(":true", ":false");
    let long = "x".repeat(InvalidReason::LENGTH_MAX + 1);
    for reason in ["\"\"", "\"a b\"", "\"\\n\"", "\"ä\"", "7", "true", &format!("\"{long}\"")] {
        let text = no.replace(":null", &format!(":{reason}"));
        let error = Vote::parse(text.as_bytes()).unwrap_err();
        let place = "vote.invalid_reason";
        assert!(matches!(error, FormError::Expected { place: p, .. } if p == place), "{error}");
    }
    let longest = "x".repeat(InvalidReason::LENGTH_MAX);
    let text = no.replace(":null", &format!(":\"{longest}\""));
    let vote = Vote::parse(text.as_bytes()).unwrap();
    assert_eq!(vote.body.decision, Decision::Invalid(Some(longest.parse().unwrap())));
}

/// Goal: length and depth are bounded before anything else is looked at.
#[test]
fn a_huge_vote_is_refused() {
    let padded = format!("{}{}", vote().to_json(), " ".repeat(VOTE_BYTES_MAX));
    assert!(matches!(Vote::parse(padded.as_bytes()), Err(FormError::Json(_))));
    let deep = vote().to_json().replace(":null", ":{}");
    assert!(matches!(Vote::parse(deep.as_bytes()), Err(FormError::Json(_))));
}
