//! What the node keeps on disk: tables, records and how they are read and written.

mod codec;
mod identity;
mod migrations;
mod records;
mod tables;

pub(crate) use codec::{decode, load, read, write};
pub(crate) use identity::{Identity, claim};
pub(crate) use records::{Edge, Order, OrderState, PaymentRow, Terms, TotalKind};
pub use tables::TABLES;
pub(crate) use tables::{
    BLOCKS, CHANNEL_FACTS, CHANNEL_TRANSFERS, CHANNELS, EDGES, ENDPOINTS, HISTORY, IDENTITY,
    IDENTITY_KEY, INBOX, JOURNAL, KEYS, MEDIATIONS, ORDERS, OUTBOX, OUTBOX_LAST, PAYMENTS,
    RECEIPTS, REGISTERED, SCHEMA, SETTINGS, TOKEN_EVENTS, TOKENS, channel_event_key, log_key,
    number_at, outbox_key, payment_key, token_event_key,
};
