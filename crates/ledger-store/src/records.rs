//! The values of the tables, byte by byte; `docs/formats.md` specifies them.
//!
//! Rows of which there are millions have fixed lengths and are written by hand; the others are
//! postcard.

use crate::Place;
use serde::{Deserialize, Serialize};
use tally_crypto::ed25519::{PublicKey, Signature};
use tally_ledger::{BlockId, IdHash, Timestamp, TransactionId};
pub(crate) use tally_storage::row::{decode, encode};

/// Value of `transactions`: where a transaction of the chain is. 16 bytes: place, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) place: Place,
    pub(crate) number: u64,
}

impl Location {
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        join(&[&self.place.to_bytes(), &self.number.to_be_bytes()])
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let (place, number) = bytes.split_first_chunk()?;
        Some(Self { place: Place::from_bytes(*place), number: number_from(number)? })
    }
}

/// One of the records in a value of `groups`. 40 bytes: id, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: TransactionId,
    pub(crate) number: u64,
}

impl Member {
    const BYTES: usize = 40;

    pub(crate) fn write(self, group: &mut Vec<u8>) {
        group.extend_from_slice(self.id.as_bytes());
        group.extend_from_slice(&self.number.to_be_bytes());
    }

    /// Reads all of a group; `None` if the length is wrong.
    pub(crate) fn read_all(group: &[u8]) -> Option<Vec<Self>> {
        let (members, rest) = group.as_chunks::<{ Self::BYTES }>();
        rest.is_empty().then(|| members.iter().map(Self::read).collect())
    }

    /// Reads the one at `index`; `None` if the group has none.
    pub(crate) fn read_at(group: &[u8], index: usize) -> Option<Self> {
        group.as_chunks().0.get(index).map(Self::read)
    }

    fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let (id, number) = bytes.split_at(32);
        let id = id.try_into().expect("the first 32 of 40 bytes");
        let number = number.try_into().expect("the last 8 of 40 bytes");
        Self { id: TransactionId::from_bytes(id), number: u64::from_be_bytes(number) }
    }
}

/// A block of the chain without its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockHead {
    /// Its height; the genesis block has 0.
    pub height: u64,
    /// Its id.
    pub id: BlockId,
    /// The hash function of its id.
    pub id_hash: IdHash,
    /// Who made it.
    pub node_pubkey: PublicKey,
    /// The maker's signature.
    pub signature: Signature,
    /// When it was made.
    pub timestamp: Timestamp,
    /// How many transactions it has.
    pub transactions: u32,
    /// Who is entitled to vote on it, in the maker's order.
    pub voters: Vec<PublicKey>,
}

impl BlockHead {
    /// Value of `blocks`: id 32, hash function 1, maker 32, signature 64, timestamp 8, number of
    /// transactions 4, voters 32 each. The height is the key.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let id_hash = match self.id_hash {
            IdHash::Sha3 => 0,
            IdHash::Keccak => 1,
        };
        let mut bytes = Vec::with_capacity(141 + 32 * self.voters.len());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.push(id_hash);
        bytes.extend_from_slice(self.node_pubkey.as_bytes());
        bytes.extend_from_slice(&self.signature.to_bytes());
        bytes.extend_from_slice(&self.timestamp.seconds().to_be_bytes());
        bytes.extend_from_slice(&self.transactions.to_be_bytes());
        self.voters.iter().for_each(|voter| bytes.extend_from_slice(voter.as_bytes()));
        bytes
    }

    pub(crate) fn from_slice(height: u64, bytes: &[u8]) -> Option<Self> {
        let (id, bytes) = bytes.split_first_chunk()?;
        let ([id_hash], bytes) = bytes.split_first_chunk()?;
        let (node_pubkey, bytes) = bytes.split_first_chunk()?;
        let (signature, bytes) = bytes.split_first_chunk()?;
        let (timestamp, bytes) = bytes.split_first_chunk()?;
        let (transactions, voters) = bytes.split_first_chunk()?;
        let (voters, rest) = voters.as_chunks::<32>();
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            height,
            id: BlockId::from_bytes(*id),
            id_hash: match id_hash {
                0 => IdHash::Sha3,
                1 => IdHash::Keccak,
                _ => return None,
            },
            node_pubkey: PublicKey::from_bytes(*node_pubkey),
            signature: Signature::from_bytes(*signature),
            timestamp: Timestamp::from_seconds(u64::from_be_bytes(*timestamp)).ok()?,
            transactions: u32::from_be_bytes(*transactions),
            voters: voters.iter().map(|voter| PublicKey::from_bytes(*voter)).collect(),
        })
    }
}

/// Value of `ledger_state` under `tip`: where the chain ends and how much it holds. 72 bytes: height,
/// block id, timestamp, transactions, outputs, spent outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The height of the last block.
    pub height: u64,
    /// The id of the last block.
    pub block: BlockId,
    /// When the last block was made.
    pub timestamp: Timestamp,
    /// Transactions in the chain.
    pub transactions: u64,
    /// Outputs of these transactions.
    pub outputs: u64,
    /// How many of these outputs are spent.
    pub spent: u64,
}

impl Tip {
    pub(crate) fn to_bytes(self) -> [u8; 72] {
        join(&[
            &self.height.to_be_bytes(),
            self.block.as_bytes(),
            &self.timestamp.seconds().to_be_bytes(),
            &self.transactions.to_be_bytes(),
            &self.outputs.to_be_bytes(),
            &self.spent.to_be_bytes(),
        ])
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let (height, bytes) = bytes.split_first_chunk()?;
        let (block, bytes) = bytes.split_first_chunk()?;
        let (timestamp, bytes) = bytes.split_first_chunk()?;
        let (transactions, bytes) = bytes.split_first_chunk()?;
        let (outputs, spent) = bytes.split_first_chunk()?;
        let tip = Self {
            height: u64::from_be_bytes(*height),
            block: BlockId::from_bytes(*block),
            timestamp: Timestamp::from_seconds(u64::from_be_bytes(*timestamp)).ok()?,
            transactions: u64::from_be_bytes(*transactions),
            outputs: u64::from_be_bytes(*outputs),
            spent: number_from(spent)?,
        };
        // Counts that could overflow were not counted.
        let counts = [tip.transactions, tip.outputs, tip.spent];
        let is_possible = counts.iter().all(|count| *count <= u64::MAX / 2);
        (is_possible && tip.height < Place::HEIGHT_MAX).then_some(tip)
    }
}

/// Why something was refused: a stable code for programs, and words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The code; [`tally_ledger::RejectionCode`] and [`tally_ledger::BlockFault`] name them.
    pub code: String,
    /// What is wrong where.
    pub message: String,
}

/// Value of `rejected`, postcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    pub(crate) number: u64,
    pub(crate) reason: Reason,
}

/// Value of `invalid`, postcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InvalidRow {
    pub(crate) id: [u8; 32],
    pub(crate) height: u64,
    pub(crate) reason: Reason,
    pub(crate) transactions: Vec<[u8; 32]>,
}

/// Value of `equivocations`, postcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EquivocationRow {
    pub(crate) accused: [u8; 32],
    pub(crate) kind: u8,
    pub(crate) first: Vec<u8>,
    pub(crate) second: Vec<u8>,
}

/// Reads a number of 8 bytes.
pub(crate) fn number_from(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Joins parts that have `N` bytes together.
fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut joined = [0; N];
    let mut rest = &mut joined[..];
    for part in parts {
        let (here, after) = rest.split_at_mut(part.len());
        here.copy_from_slice(part);
        rest = after;
    }
    debug_assert!(rest.is_empty(), "the parts fill the value");
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_are_written() {
        let place = Place::new(0x0102_0304_0506, 0x0708).unwrap();
        let location = Location { place, number: 9 };
        let bytes = location.to_bytes();
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(Location::from_slice(&bytes), Some(location));

        let tip = Tip {
            height: 1,
            block: BlockId::from_bytes([2; 32]),
            timestamp: Timestamp::MIN,
            transactions: 4,
            outputs: 5,
            spent: 6,
        };
        assert_eq!(Tip::from_slice(&tip.to_bytes()), Some(tip));

        let head = BlockHead {
            height: 7,
            id: BlockId::from_bytes([1; 32]),
            id_hash: IdHash::Keccak,
            node_pubkey: PublicKey::from_bytes([2; 32]),
            signature: Signature::from_bytes([3; 64]),
            timestamp: Timestamp::MAX,
            transactions: 1000,
            voters: vec![PublicKey::from_bytes([4; 32]), PublicKey::from_bytes([5; 32])],
        };
        let bytes = head.to_bytes();
        assert_eq!(bytes.len(), 141 + 64);
        assert_eq!(BlockHead::from_slice(7, &bytes), Some(head));
        for length in (0..bytes.len()).filter(|length| ![141, 173].contains(length)) {
            assert_eq!(BlockHead::from_slice(7, &bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_group_is_read_whole_or_in_part() {
        let members: Vec<Member> = (0..3)
            .map(|at| Member { id: TransactionId::from_bytes([at; 32]), number: u64::from(at) })
            .collect();
        let mut group = vec![];
        members.iter().for_each(|member| member.write(&mut group));
        assert_eq!(Member::read_at(&group, 2), Some(members[2]));
        assert_eq!(Member::read_at(&group, 3), None);
        assert_eq!(Member::read_all(&group), Some(members));
        assert_eq!(Member::read_all(&group[1..]), None);
    }
}
