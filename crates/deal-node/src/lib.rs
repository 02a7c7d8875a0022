//! Deals: the module in front of a server, and the embedded server itself.
//!
//! A server keeps accounts and deals in a `DealStore`, watches a chain for what
//! is paid to the deals' addresses, and pays the money out. It knows no HTTP.

mod call;
mod clock;
mod error;
mod payload;

pub use call::{AccountAction, AccountCall, Origin, Outcome};
pub use clock::{Clock, FixedClock, SystemClock};
pub use error::{OpenError, ServerError};
pub use payload::{DealReply, Page, Payload};
