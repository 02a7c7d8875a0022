use crate::{
    LedgerStore, Page, ReadError,
    records::{EquivocationRow, decode, encode},
    store::numbered,
    tables::EQUIVOCATIONS,
};
use tally_crypto::ed25519::PublicKey;
use tally_storage::{Direction, Entry, KeyRange};

/// The most equivocations that are kept, the oldest dropped first.
pub const EQUIVOCATIONS_MAX: u64 = 256;

/// The most that are kept of one member: what is known of a liar gets no better with more, and must
/// not push out what is known of another one.
pub(crate) const OF_MEMBER_MAX: usize = 8;

/// What is kept of each message of an equivocation; the rest of a longer one is cut off.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024;

/// What a member contradicted itself about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EquivocationKind {
    /// Two different votes on one block.
    Vote,
    /// Two different blocks in one turn.
    Proposal,
}

/// Two messages that one member signed and that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivocation {
    /// The member.
    pub accused: PublicKey,
    /// What about.
    pub kind: EquivocationKind,
    /// The message that came first: for votes their JSON.
    pub first: Vec<u8>,
    /// The one that contradicts it.
    pub second: Vec<u8>,
}

impl Equivocation {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let cut = |message: &[u8]| message[..message.len().min(EVIDENCE_BYTES_MAX)].to_vec();
        encode(&EquivocationRow {
            accused: *self.accused.as_bytes(),
            kind: match self.kind {
                EquivocationKind::Vote => 0,
                EquivocationKind::Proposal => 1,
            },
            first: cut(&self.first),
            second: cut(&self.second),
        })
    }

    pub(crate) fn from_entry(entry: &Entry) -> Result<Self, ReadError> {
        let row: EquivocationRow = decode(EQUIVOCATIONS, &entry.key, &entry.value)?;
        let kind = match row.kind {
            0 => EquivocationKind::Vote,
            1 => EquivocationKind::Proposal,
            _ => return Err(ReadError::undecodable(EQUIVOCATIONS, &entry.key)),
        };
        let accused = PublicKey::from_bytes(row.accused);
        Ok(Self { accused, kind, first: row.first, second: row.second })
    }
}

impl LedgerStore {
    /// Returns equivocations in the order in which they were found, from after the one with the
    /// number `after`; at most [`PAGE_MAX`](crate::PAGE_MAX).
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store failed.
    pub fn equivocations(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Page<Equivocation, u64>, ReadError> {
        let range = after.map_or_else(KeyRange::all, |after| KeyRange::after(after.to_be_bytes()));
        Page::read(limit, |count| {
            let rows = self.store.scan(EQUIVOCATIONS, &range, Direction::Forward, count)?;
            rows.iter()
                .map(|row| Ok((numbered(EQUIVOCATIONS, row)?, Equivocation::from_entry(row)?)))
                .collect()
        })
    }

    /// Reads what is accused so far.
    pub(crate) fn accusations(&self) -> Result<Accusations, ReadError> {
        let all = KeyRange::all();
        let rows = self.store.scan(EQUIVOCATIONS, &all, Direction::Forward, usize::MAX)?;
        let mut accusations = Accusations::default();
        for row in &rows {
            let Equivocation { accused, kind, first, .. } = Equivocation::from_entry(row)?;
            accusations.0.push((accused, kind, first));
        }
        Ok(accusations)
    }
}

/// The equivocations that are recorded, without the messages that contradict the first ones.
#[derive(Debug, Default)]
pub(crate) struct Accusations(Vec<(PublicKey, EquivocationKind, Vec<u8>)>);

impl Accusations {
    /// Adds an equivocation and returns true if it is to be recorded. One for each first message is
    /// enough, however many contradictions follow; and [`OF_MEMBER_MAX`] of each member.
    pub(crate) fn add(&mut self, equivocation: &Equivocation) -> bool {
        let Equivocation { accused, kind, first, .. } = equivocation;
        let of_member = || self.0.iter().filter(|(member, ..)| member == accused);
        let is_same =
            |known: &[u8], other: &EquivocationKind| other == kind && first.starts_with(known);
        if of_member().count() >= OF_MEMBER_MAX
            || of_member().any(|(_, other, known)| is_same(known, other))
        {
            return false;
        }
        let kept = first[..first.len().min(EVIDENCE_BYTES_MAX)].to_vec();
        self.0.push((*accused, *kind, kept));
        true
    }
}
