//! Deals: the module in front of a server, and the embedded server itself.
//!
//! A server keeps accounts and deals in a `DealStore`, watches a chain for what
//! is paid to the deals' addresses, and pays the money out. It knows no HTTP.

mod call;
mod clock;
mod error;
pub mod module;
mod password;
mod payload;
mod webhook;

pub use call::{AccountAction, AccountCall, Origin, Outcome};
pub use clock::{Clock, FixedClock, SystemClock};
pub use error::{OpenError, ServerError};
pub use password::PASSWORD_BYTES_MAX;
pub use payload::{DealReply, Page, Payload};
pub use webhook::{
    DELIVERY_HEADER, DELIVERY_TRIES_MAX, SIGNATURE_HEADER, TargetError, WEBHOOK_URL_BYTES_MAX,
    WebhookRules, webhook_signature,
};
