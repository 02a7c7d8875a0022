//! The payment node: one owner of the protocol state, its tasks, its outbox and its recovery.
//!
//! A [`NodeHandle`] is how the rest of the daemon speaks to the owner. Every request is answered
//! after its outcome is on disk.

mod error;
mod handle;
mod view;

pub use error::RequestError;
pub use handle::{
    Command, DepositRequest, NodeHandle, OpenRequest, PaymentRequest, PeerEndpoint, Reply,
};
pub use view::{
    BlockRange, ChannelEvent, ChannelEventKind, ChannelState, ChannelView, LockView, NetworkEvent,
    NodeStatus, PartnerView, PaymentReceipt, ProofView, TokenEvent,
};
