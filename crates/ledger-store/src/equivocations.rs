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

    /// Says whether this member's contradiction of the same first message is stored: one is enough,
    /// however many follow.
    pub(crate) fn is_recorded(&self, equivocation: &Equivocation) -> Result<bool, ReadError> {
        let all = KeyRange::all();
        let rows = self.store.scan(EQUIVOCATIONS, &all, Direction::Forward, usize::MAX)?;
        for row in &rows {
            let known = Equivocation::from_entry(row)?;
            let is_same = known.accused == equivocation.accused
                && known.kind == equivocation.kind
                && equivocation.first.starts_with(&known.first);
            if is_same {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
