//! Accounts: the messages that open, change, prove and delete them, and the pages that answer.
//!
//! A message is free text, one datum a line ([`AccountMessage`]); the fields of forms and of JSON
//! become the same lines. What it is about is said with it or guessed from its lines
//! ([`AccountAction`]). [`apply`] does what a message asks for: it takes the account as it is and
//! gives the account as it is to be, and touches nothing. [`Page`] is the answer for people and for
//! programs.
//!
//! What the owner of an address alone may do is signed with the key of the address, as a Bitcoin
//! message over all lines before the signature, and of the day: a message of the day before
//! yesterday is refused. An account's Bitcoin key is always one that its address commits to.

mod action;
mod escape;
mod fields;
mod help;
mod json;
mod key;
mod line;
mod message;
mod page;
mod rating_count;
mod record;
mod refusal;
mod rules;
mod site;
mod standing;

pub use action::AccountAction;
pub use fields::FIELDS_MAX;
pub use key::{AccountKey, AccountKeyParseError};
pub use message::{AccountMessage, LINE_BYTES_MAX, MESSAGE_BYTES_MAX, Signed};
pub use page::Page;
pub use record::{
    Account, BITMESSAGES_MAX, PASSWORD_CHARS_MIN, PASSWORD_HASH_BYTES_MAX, PGP_BYTES_MAX,
    TOKEN_CODES_MAX, URLS_MAX, Viewer,
};
pub use refusal::AccountRefusal;
pub use rules::{AccountOutcome, Asked, DATE_DISTANCE_DAYS, apply, asked_address};
pub use site::{SITE_BYTES_MAX, Site, SiteParseError, Urls};
pub use standing::Standing;
