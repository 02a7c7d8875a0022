//! What the node keeps on disk: tables, records and how they are read and written.

mod codec;
mod identity;
mod records;
mod tables;

pub(crate) use codec::{decode, load, read, write};
pub(crate) use identity::claim;
pub(crate) use records::{Edge, Finished, Order, OrderState, Terms, TotalKind};
pub use tables::TABLES;
pub(crate) use tables::{
    BLOCKS, CHANNEL_FACTS, CHANNEL_TRANSFERS, CHANNELS, EDGES, ENDPOINTS, HISTORY, IDENTITY,
    IDENTITY_KEY, INBOX, MEDIATIONS, ORDERS, OUTBOX, OUTBOX_LAST, PAYMENTS, RECEIPTS, REGISTERED,
    SCHEMA, TOKEN_EVENTS, TOKENS, channel_event_key, log_key, number_at, outbox_key, payment_key,
    token_event_key,
};
