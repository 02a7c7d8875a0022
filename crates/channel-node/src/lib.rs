//! The payment node: one owner of the protocol state, its tasks, its outbox and its recovery.
//!
//! [`Node::start`] puts the pure core of `tally-channel` to work: it follows the chain, speaks to
//! peers, keeps everything on disk and calls the contracts. A [`NodeHandle`] is how the rest of
//! the daemon speaks to it. Every request is answered after its outcome is on disk.
//!
//! One thread owns all state and takes its inputs from one mailbox; what a turn changes goes to a
//! second thread, which commits it and only then lets it happen. Start reading with [`Node`], then
//! `owner` and `commit`; docs/adr/0003 says why it is built so.

mod answers;
mod call;
mod calls;
mod candidates;
mod chain_updates;
mod chain_view;
mod channel_view;
mod commands;
mod commit;
mod config;
mod counters;
mod effect;
mod endpoints;
mod error;
mod handle;
mod held;
mod history;
mod inbox;
mod input;
mod journal;
mod keys;
mod node;
mod outbox;
mod owner;
mod payments;
mod peers;
mod perform;
mod progress;
mod receive;
mod recovery;
mod refusals;
mod reports;
mod requests;
mod start_error;
mod store;
mod switch;
mod view;

pub use config::NodeConfig;
pub use error::RequestError;
pub use handle::{
    Command, DepositRequest, NodeHandle, OpenRequest, PaymentRequest, PeerEndpoint, Reply,
};
pub use journal::{
    Happening, JournalEntry, JournalPage, PaymentFilter, PaymentRecord, PaymentRole,
};
pub use keys::IdempotencyKey;
pub use node::Node;
pub use progress::{LegView, PaymentProgress, PendingStage, PendingTransfer};
pub use recovery::recent_blocks;
pub use start_error::{StartError, StopReason};
pub use store::TABLES;
pub use switch::Connections;
pub use view::{
    BlockRange, ChannelEvent, ChannelEventKind, ChannelState, ChannelView, LockView, NetworkEvent,
    NodeStatus, PartnerView, PaymentReceipt, ProofView, TokenEvent,
};
