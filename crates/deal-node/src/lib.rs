//! Deals: the module in front of a server, and the embedded server itself.
//!
//! A [`DealServer`] keeps accounts and deals in a [`DealStore`](tally_deal_store::DealStore) and
//! answers calls about them; its [`Runner`] watches a chain for what is paid to the deals'
//! addresses, pays the money out, and tells webhooks. The [`module`] is what stands in front of a
//! server, of this one or of one elsewhere. The crate knows no HTTP of its own, and no rule about
//! money: what becomes of a deal is decided in [`tally_deal`].
//!
//! # Invariants
//!
//! * **D1** A deal changes only by facts that it is told, and what it is told is stored over the
//!   version that it was told of: of two who decide about the same deal one decides again.
//! * **D2** A transaction is stored with its deal before anybody sees it, and only what is stored
//!   is sent. So whatever ends between two steps, money is not paid twice.
//! * **D3** A block's facts are stored before the position in the chain is; facts may be told
//!   again. So no payment is missed, and none is counted twice.
//! * **D4** Time ends nothing before the server has the chain to its end.
//! * **D5** Making a deal waits for neither the chain nor the network.
//! * **D6** Nothing grows without bound: what is watched, waits, is looked for, sent at a time.
//!
//! Start with [`DealServer::open`]. `core.rs` is how a deal changes, `runner/follower.rs` how the
//! chain gets in, and `runner/settler.rs` how money gets out.

mod building;
mod call;
mod clock;
mod config;
mod core;
mod error;
mod escrow;
mod index;
mod keys;
pub mod module;
mod password;
mod payload;
mod record;
mod reply;
mod runner;
mod server;
#[cfg(test)]
mod simulation;
mod webhook;

pub use call::{AccountCall, DealCall, DealMessage, Origin, Outcome};
pub use clock::{Clock, FixedClock, SystemClock};
pub use config::{Config, Mempool, Settling, Trust};
pub use error::{OpenError, ServerError};
pub use escrow::{ImportError, OpenSettlement};
pub use keys::{KeysError, ServerKeys};
pub use password::PASSWORD_BYTES_MAX;
pub use payload::{DealReply, Payload};
pub use runner::{RunError, Runner, Sources};
pub use server::{
    AccountView, Authority, DealServer, Decided, HookError, NewWebhook, Party, ServerStatus,
    Transfers, WEBHOOK_KINDS_MAX,
};
pub use tally_deal::account::{AccountAction, Page};
pub use webhook::{
    DELIVERY_HEADER, DELIVERY_TRIES_MAX, SIGNATURE_HEADER, TargetError, WEBHOOK_URL_BYTES_MAX,
    WEBHOOKS_MAX, WebhookRules, webhook_signature,
};
