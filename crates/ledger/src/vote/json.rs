use super::{Decision, InvalidReason, Vote, VoteBody};
use crate::{
    FormError,
    form::{HASH, KEY, SIGNATURE, TIME, boolean, document, members, written},
    json::{Limits, Value},
};

/// The longest JSON text of a vote that is read, in bytes. The longest canonical one has less than
/// half of that.
pub const VOTE_BYTES_MAX: usize = 2048;

/// Objects in a vote are nested this deep.
const DEPTH_MAX: usize = 2;

impl Vote {
    /// Reads a vote in its JSON form: all members, no others. The signature is not verified.
    ///
    /// # Errors
    ///
    /// What is wrong first.
    pub fn parse(text: &[u8]) -> Result<Self, FormError> {
        let value = document(text, Limits { bytes: VOTE_BYTES_MAX, depth: DEPTH_MAX })?;
        let [node_pubkey, signature, vote] =
            members(&value, ".", ["node_pubkey", "signature", "vote"])?;
        Ok(Self {
            node_pubkey: written(node_pubkey, "node_pubkey", KEY)?,
            signature: written(signature, "signature", SIGNATURE)?,
            body: body(vote)?,
        })
    }

    /// The canonical JSON of the vote.
    pub fn to_json(&self) -> String {
        let Self { node_pubkey, signature, body } = self;
        let body = body.to_json();
        format!(r#"{{"node_pubkey":"{node_pubkey}","signature":"{signature}","vote":{body}}}"#)
    }
}

impl VoteBody {
    /// The canonical JSON of the body, which the voter signs.
    pub fn to_json(&self) -> String {
        let Self { voting_for_block, previous_block, decision, timestamp } = self;
        let reason = match decision {
            Decision::Valid | Decision::Invalid(None) => "null".to_owned(),
            // A code needs no escapes.
            Decision::Invalid(Some(reason)) => format!(r#""{reason}""#),
        };
        let is_valid = decision.is_valid();
        format!(
            r#"{{"invalid_reason":{reason},"is_block_valid":{is_valid},"previous_block":"{previous_block}","timestamp":"{timestamp}","voting_for_block":"{voting_for_block}"}}"#
        )
    }
}

fn body(value: &Value<'_>) -> Result<VoteBody, FormError> {
    let names =
        ["invalid_reason", "is_block_valid", "previous_block", "timestamp", "voting_for_block"];
    let [reason, is_valid, previous_block, timestamp, block] = members(value, "vote", names)?;
    Ok(VoteBody {
        voting_for_block: written(block, "vote.voting_for_block", HASH)?,
        previous_block: written(previous_block, "vote.previous_block", HASH)?,
        decision: decision(boolean(is_valid, "vote.is_block_valid")?, reason)?,
        timestamp: written(timestamp, "vote.timestamp", TIME)?,
    })
}

fn decision(is_valid: bool, reason: &Value<'_>) -> Result<Decision, FormError> {
    let place = "vote.invalid_reason";
    match (is_valid, reason) {
        (true, Value::Null) => Ok(Decision::Valid),
        (true, _) => {
            Err(FormError::Expected { place, expected: "null, because the block is valid" })
        }
        (false, Value::Null) => Ok(Decision::Invalid(None)),
        (false, reason) => {
            let expected = "null or a code of 1 to 64 ASCII letters, digits and underscores";
            let reason: InvalidReason = written(reason, place, expected)?;
            Ok(Decision::Invalid(Some(reason)))
        }
    }
}
