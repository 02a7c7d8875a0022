//! Accounts, deals, and all that belongs to them: what a deal server keeps.
//!
//! The crate is a port, [`DealStore`], the values that pass through it, an implementation on a
//! [`Store`](tally_storage::Store) of one's own, [`EmbeddedDeals`], and the tests that every
//! implementation has to pass, [`contract`]. It knows no clock (callers bring the time), no network
//! and no rule about money: what becomes of a deal is decided in [`tally_deal`], and what is
//! committed here stays as it is.
//!
//! # One way to change anything
//!
//! A [`Commit`] holds all that one decision changes: the deal, its event, what is to be delivered,
//! the reply to the request. It names the versions that the decision was made from. So two servers
//! that decide about the same deal cannot both be right: one commit is made, and the other is
//! refused and decided again.
//!
//! Start with [`DealStore`].

mod commit;
pub mod contract;
mod embedded;
mod error;
mod group;
mod keys;
mod port;
mod prepared;
mod search;
mod values;
mod words;

pub use commit::{
    AccountChange, COMMIT_CHANGES_MAX, Commit, Committed, KEY_BYTES_MAX, Put, ROW_BYTES_MAX,
    WebhookChange,
};
pub use embedded::{EmbeddedDeals, TABLES};
pub use error::{CommitError, Conflict, Damage, DealStoreError};
pub use group::{Group, Known, SecretValue, Wanted, Writes};
pub use keys::{DealKeys, state_number};
pub use port::{BoxFuture, DealStore, Read};
pub use prepared::{AccountRow, DealRow, Prepared, from_body};
pub use search::{EXAMINED_ROWS_MAX, Search};
pub use values::{
    event::{EVENT_DATA_BYTES_MAX, Event, EventId, NewEvent},
    feedback::FeedbackRecord,
    lease::Lease,
    position::{ChainPosition, RECENT_BLOCKS_MAX},
    query::{
        DealCursor, DealFilter, FeedbackCursor, FeedbackFilter, HeightCursor, PAGE_ROWS_MAX, Page,
        SEARCH_WORDS_MAX,
    },
    reply::{REPLY_BYTES_MAX, ReplyKey, StoredReply},
    secret::{SECRET_BYTES_MAX, Secret, SecretChange},
    version::{Expected, Version, Versioned},
    webhook::{Delivery, DeliveryChange, DeliveryId, EventOf, Webhook},
};
pub use words::words;
