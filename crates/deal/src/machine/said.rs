//! What the customer has said already.

use super::{Actor, CommandRefused, Deal, Opinion};
use crate::FeedbackStatus;
use bitcoin::hashes::{Hash, sha256};
use serde::{Deserialize, Serialize};

/// How often a customer can say something else.
const SAID_MAX: usize = 16;

/// An opinion that a customer signed.
///
/// The signature covers the words only. Whoever has seen it could send the words again with another
/// status, and so release the money of a dispute; therefore words mean what they meant first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// The beginning of the SHA-256 of the words.
    words: [u8; 16],
    status: FeedbackStatus,
}

impl Said {
    fn new(opinion: &Opinion) -> Self {
        // A signature is good for both line ends.
        let words = opinion.comments.replace("\r\n", "\n");
        let hash = sha256::Hash::hash(words.as_bytes()).to_byte_array();
        let mut words = [0; 16];
        words.copy_from_slice(&hash[..16]);
        Self { words, status: opinion.status }
    }
}

impl Deal {
    /// Returns whether the customer said this before, with this status.
    ///
    /// # Errors
    ///
    /// [`CommandRefused::Repeated`] if it was said with another status, and
    /// [`CommandRefused::SaidTooMuch`].
    pub(super) fn was_said(&self, opinion: &Opinion, by: Actor) -> Result<bool, CommandRefused> {
        if by != Actor::Customer {
            return Ok(false);
        }
        let now = Said::new(opinion);
        match self.said.iter().find(|said| said.words == now.words) {
            Some(said) if *said == now => Ok(true),
            Some(_) => Err(CommandRefused::Repeated),
            None if self.said.len() >= SAID_MAX => Err(CommandRefused::SaidTooMuch),
            None => Ok(false),
        }
    }

    /// Notes what the customer says for the first time.
    pub(super) fn note_said(&mut self, opinion: &Opinion, by: Actor) {
        if by == Actor::Customer {
            self.said.push(Said::new(opinion));
        }
    }
}
