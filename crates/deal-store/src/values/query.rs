use tally_deal::{DealCode, FeedbackStatus, State};
use tally_primitives::BlockNumber;

/// The most rows of one page, of any list.
pub const PAGE_ROWS_MAX: usize = 1000;

/// The most words of a search; further ones are not looked for.
pub const SEARCH_WORDS_MAX: usize = 8;

/// Which deals are listed: those to which everything that is given applies. Newest first, by their
/// date, those of one second by descending code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DealFilter {
    /// The seller's address.
    pub seller: Option<String>,
    /// The customer's address.
    pub customer: Option<String>,
    /// The address of the seller or of the customer.
    pub party: Option<String>,
    /// The state.
    pub state: Option<State>,
    /// The site where the deal was made, exactly as in the deal.
    pub site: Option<String>,
    /// The address of the module that brought it.
    pub module: Option<String>,
    /// The earliest date of the deal, Unix seconds.
    pub since: Option<u64>,
    /// The date that the deal is before, Unix seconds.
    pub before: Option<u64>,
    /// Words that all occur in the deal's addresses, site or comments, in any case and order;
    /// see [`words`](crate::words).
    pub text: Option<String>,
}

/// Where a page of deals ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DealCursor {
    /// The deal's date, Unix seconds.
    pub date: u64,
    /// Its code.
    pub code: DealCode,
}

/// Where a page of deals by height ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeightCursor {
    /// The highest block in which the deal's money came or went.
    pub height: BlockNumber,
    /// The deal's code.
    pub code: DealCode,
}

/// Which feedback is listed: that to which everything given applies. Newest first, of one
/// millisecond by descending code of the deal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedbackFilter {
    /// The seller's address.
    pub seller: Option<String>,
    /// The customer's address.
    pub customer: Option<String>,
    /// What the customer thinks.
    pub status: Option<FeedbackStatus>,
}

/// Where a page of feedback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedbackCursor {
    /// When it was given, Unix milliseconds.
    pub at_ms: u64,
    /// The code of the deal.
    pub code: DealCode,
}

/// A part of a list.
///
/// A page may have fewer rows than were asked for, even none, and still have a `next`: what a
/// filter has to look at for one page is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<C>,
}
