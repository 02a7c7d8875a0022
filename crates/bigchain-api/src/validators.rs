use crate::{BigchainApi, ask::Ask, error::Refusal, reply};
use axum::{extract::State, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// What each member's vote weighs. All weigh the same; 10 is what 2.x gave them.
const VOTING_POWER: u64 = 10;

/// Answers `GET /validators`: the federation's members, this node included.
pub(crate) async fn list(State(api): State<BigchainApi>, ask: Ask) -> Result<Response, Refusal> {
    ask.finish()?;
    let validator = |member: &tally_crypto::ed25519::PublicKey| {
        let key = STANDARD.encode(member.as_bytes());
        json!({
            "public_key": { "type": "ed25519-base64", "value": key },
            "voting_power": VOTING_POWER,
        })
    };
    let info = api.node.info();
    let mut members = info.keyring.clone();
    members.push(info.public_key);
    members.sort_unstable();
    Ok(reply::json(&members.iter().map(validator).collect::<Vec<Value>>()))
}
