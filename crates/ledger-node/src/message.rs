//! What members say to each other beside the engine. Best effort: whatever is lost, is said again
//! by whoever needs it said.
//!
//! A message is one byte for its kind and a body; integers are big-endian.
//!
//! | kind | meaning | body |
//! |---|---|---|
//! | 1 | transactions that the sender accepted | for each: length (4), canonical JSON |
//! | 2 | votes | for each: length (4), canonical JSON |
//! | 3 | question for votes on the blocks after a height | height (8) |

use bytes::{BufMut as _, Bytes, BytesMut};
use tally_consensus::MESSAGE_BYTES_MAX;
use tally_ledger::Vote;

const TRANSACTIONS: u8 = 1;
const VOTES: u8 = 2;
const QUESTION: u8 = 3;

/// A message that was taken apart; texts of transactions are not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Transactions(Vec<Bytes>),
    Votes(Vec<Vote>),
    Question { after: u64 },
}

/// Bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message")]
pub(crate) struct MessageError;

impl Message {
    /// Says whether bytes claim to hold transactions, which are the bulk of all messages.
    pub(crate) fn is_transactions(message: &[u8]) -> bool {
        message.first() == Some(&TRANSACTIONS)
    }

    pub(crate) fn decode(message: &Bytes) -> Result<Self, MessageError> {
        let (kind, body) = message.split_first().ok_or(MessageError)?;
        match *kind {
            TRANSACTIONS => Ok(Self::Transactions(texts(&message.slice_ref(body))?)),
            VOTES => {
                let votes = texts(&message.slice_ref(body))?;
                let votes = votes.iter().map(|text| Vote::parse(text).map_err(|_| MessageError));
                Ok(Self::Votes(votes.collect::<Result<_, _>>()?))
            }
            QUESTION => {
                let after = body.try_into().map_err(|_| MessageError)?;
                Ok(Self::Question { after: u64::from_be_bytes(after) })
            }
            _ => Err(MessageError),
        }
    }

    /// Packs transactions into as few messages as they fit. Leaves out what fits into none.
    pub(crate) fn pack_transactions<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Bytes> {
        pack(TRANSACTIONS, texts)
    }

    /// Packs votes into as few messages as they fit.
    pub(crate) fn pack_votes<'a>(votes: impl Iterator<Item = &'a Vote>) -> Vec<Bytes> {
        let texts: Vec<String> = votes.map(Vote::to_json).collect();
        pack(VOTES, texts.iter().map(String::as_str))
    }

    pub(crate) fn question(after: u64) -> Bytes {
        let mut message = BytesMut::with_capacity(9);
        message.put_u8(QUESTION);
        message.put_u64(after);
        message.freeze()
    }
}

fn pack<'a>(kind: u8, texts: impl Iterator<Item = &'a str>) -> Vec<Bytes> {
    let mut messages = Vec::new();
    let mut message = BytesMut::new();
    for text in texts.filter(|text| text.len() + 5 <= MESSAGE_BYTES_MAX) {
        if message.len() + 4 + text.len() > MESSAGE_BYTES_MAX {
            messages.push(message.split().freeze());
        }
        if message.is_empty() {
            message.put_u8(kind);
        }
        message.put_u32(u32::try_from(text.len()).expect("a message is shorter than 4 GiB"));
        message.put_slice(text.as_bytes());
    }
    if !message.is_empty() {
        messages.push(message.freeze());
    }
    messages
}

fn texts(body: &Bytes) -> Result<Vec<Bytes>, MessageError> {
    let mut texts = Vec::new();
    let mut rest = &body[..];
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or(MessageError)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (text, after) = after.split_at_checked(length).ok_or(MessageError)?;
        texts.push(body.slice_ref(text));
        rest = after;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_crypto::ed25519::SigningKey;
    use tally_ledger::{BlockId, Decision, Timestamp, VoteBody};

    fn vote(number: u8) -> Vote {
        let body = VoteBody {
            voting_for_block: BlockId::from_bytes([number; 32]),
            previous_block: BlockId::from_bytes([0; 32]),
            decision: Decision::Valid,
            timestamp: Timestamp::MIN,
        };
        Vote::make(&SigningKey::from_seed(&[1; 32]), body)
    }

    #[test]
    fn messages_are_read_as_they_are_written() {
        let votes = [vote(1), vote(2)];
        let [message] = Message::pack_votes(votes.iter()).try_into().unwrap();
        assert_eq!(Message::decode(&message), Ok(Message::Votes(votes.to_vec())));
        let question = Message::question(7);
        assert_eq!(Message::decode(&question), Ok(Message::Question { after: 7 }));
        let [message] = Message::pack_transactions(["a", "", "bc"].into_iter()).try_into().unwrap();
        assert!(Message::is_transactions(&message));
        let texts = ["a", "", "bc"].map(|text| Bytes::from_static(text.as_bytes()));
        assert_eq!(Message::decode(&message), Ok(Message::Transactions(texts.to_vec())));
    }

    /// Goal: no message is longer than the engine carries, and nothing that fits is left out.
    #[test]
    fn long_lists_take_several_messages() {
        let text = "x".repeat(MESSAGE_BYTES_MAX / 3);
        let too_long = "x".repeat(MESSAGE_BYTES_MAX);
        let texts = [&text, &text, &too_long, &text, &text, &text].map(String::as_str);
        let messages = Message::pack_transactions(texts.into_iter());
        assert!(messages.iter().all(|message| message.len() <= MESSAGE_BYTES_MAX));
        let count = |message: &Bytes| match Message::decode(message) {
            Ok(Message::Transactions(texts)) => texts.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(messages.iter().map(count).collect::<Vec<_>>(), [2, 2, 1]);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let votes = Message::pack_votes([vote(1)].iter()).remove(0);
        let mut wrong: Vec<Bytes> = vec![Bytes::new(), votes.slice(..votes.len() - 1)];
        wrong
            .extend([&[9][..], &[3, 1][..], &[1, 0, 0][..], &[2, 0, 0, 0, 0][..]].map(Bytes::from));
        for message in wrong {
            assert_eq!(Message::decode(&message), Err(MessageError), "{message:?}");
        }
    }
}
