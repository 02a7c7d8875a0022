//! Look-ups and lists: one query each, without locks.

pub(crate) mod deals;
pub(crate) mod log;
pub(crate) mod small;

use tally_deal_store::DealStoreError;

/// What a query finds.
type Found<T> = Result<T, DealStoreError>;
