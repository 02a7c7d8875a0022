//! Who may ask a directory, and what it has cost them: sessions, nonces, balances and orders.
//!
//! The crate is a port, [`Accounts`], the values that pass through it, an implementation on a
//! [`Store`](tally_storage::Store) of one's own, [`EmbeddedAccounts`], and the tests that every
//! implementation has to pass, [`contract`]. It knows no clock (callers bring the time), no price
//! and no HTTP: what a request costs is decided where it is answered.
//!
//! # Money
//!
//! A user's balance is what the orders of the chain credited less what answered requests were
//! charged: `balance = credited − charged`, exact, in satoshi. `credited` is the sum of the user's
//! orders and nothing else; `charged` only grows. So over all users the orders less the charges are
//! the balances, at any moment, after any crash. A charge needs a balance that covers it, so only
//! orders that the chain takes back can bring a balance below zero.
//!
//! Start with [`Accounts`].

pub mod contract;
mod embedded;
mod error;
mod order;
mod port;
mod session;

pub use embedded::{EmbeddedAccounts, TABLES};
pub use error::{AccountsError, Damage};
pub use order::{CashId, Order, OrderPlace, OrderPosition};
pub use port::{
    Accounts, Balance, BoxFuture, Charge, Charged, NonceUse, ORDERS_PAGE_MAX, SignIn, SignedIn,
    UNPAID_SESSION_MS, UNPAID_SESSIONS_MAX, Visitor,
};
pub use session::{Session, SessionKey, SessionName, SessionNameParseError};
