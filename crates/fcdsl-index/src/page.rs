//! What a search gives.

use tally_fcdsl::Last;

/// One page of a search's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Documents that meet the conditions, on all pages together.
    pub total: u64,
    /// The page's documents as JSON text, members in the order given.
    pub documents: Vec<String>,
    /// Their ids.
    pub ids: Vec<String>,
    /// Where the page ends, see [`tally_fcdsl::Last`]; absent without sort columns, for searches by
    /// id, and for an empty page.
    pub last: Option<Last>,
}
