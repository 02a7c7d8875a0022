//! A node's signed opinion of a block.

use std::{fmt, str::FromStr};

use tally_crypto::ed25519::{self, PublicKey, Signature, SignatureError, SigningKey};

use crate::{BlockId, Timestamp};

mod json;

pub use json::VOTE_BYTES_MAX;

/// A node's signed vote on a block, in the form of 0.10.
///
/// The signature is over the canonical JSON of the body ([`VoteBody::to_json`]). Nothing here says
/// whether the voter is a member, or whether the signature is right: [`Vote::verify`] and
/// [`elect`](crate::elect) do.
///
/// *Source:* `docs/formats.md`, section *Ledger: blocks and votes*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Who votes.
    pub node_pubkey: PublicKey,
    /// The voter's signature.
    pub signature: Signature,
    /// What is signed.
    pub body: VoteBody,
}

impl Vote {
    /// Signs a vote.
    pub fn make(key: &SigningKey, body: VoteBody) -> Self {
        let signature = key.sign(body.to_json().as_bytes());
        Self { node_pubkey: key.public_key(), signature, body }
    }

    /// Verifies the voter's signature.
    ///
    /// # Errors
    ///
    /// The signature is not the voter's, or breaks the rules of [`tally_crypto::ed25519`].
    pub fn verify(&self) -> Result<(), SignatureError> {
        ed25519::verify(&self.node_pubkey, self.body.to_json().as_bytes(), &self.signature)
    }
}

/// What a vote says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteBody {
    /// The block that is voted on.
    pub voting_for_block: BlockId,
    /// The block that the voter takes for the one before it.
    pub previous_block: BlockId,
    /// The voter's opinion.
    pub decision: Decision,
    /// When the voter signed.
    pub timestamp: Timestamp,
}

/// A voter's opinion of a block: `is_block_valid` and `invalid_reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The block obeys every rule.
    Valid,
    /// It breaks one: the rule's code, or `None` as in the votes of old releases.
    Invalid(Option<InvalidReason>),
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

/// Why a block is invalid: a stable code of 1 to 64 ASCII letters, digits and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidReason(String);

impl InvalidReason {
    /// The longest code, in bytes.
    pub const LENGTH_MAX: usize = 64;

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InvalidReason {
    type Err = InvalidReasonError;

    fn from_str(text: &str) -> Result<Self, InvalidReasonError> {
        let is_code = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_code) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReasonError)
        }
    }
}

/// A reason is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is a code of 1 to 64 ASCII letters, digits and underscores")]
pub struct InvalidReasonError;

#[cfg(test)]
mod tests;
