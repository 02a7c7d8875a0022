//! The tables of a payment node and how their keys are written.
//!
//! Numbers in keys are big-endian, so that scans run in order; values are postcard, but for
//! messages, which are as sent, and endpoints, which are text.

use tally_channel::PaymentKey;
use tally_primitives::{BlockNumber, ChannelAddress, NodeAddress, TokenAddress};
use tally_storage::{Table, schema::Schema};

/// Whose data it is: [`Identity`](super::Identity) under the key `identity`.
pub(crate) const IDENTITY: Table = Table::new("identity");
/// Channel address → the core's channel.
pub(crate) const CHANNELS: Table = Table::new("channels");
/// Token, target, identifier → the core's payment.
pub(crate) const PAYMENTS: Table = Table::new("payments");
/// Hashlock → the core's mediation.
pub(crate) const MEDIATIONS: Table = Table::new("mediations");
/// Hashlock → the core's receipt.
pub(crate) const RECEIPTS: Table = Table::new("receipts");
/// Hashlock → the block in which its secret was registered on the chain.
pub(crate) const REGISTERED: Table = Table::new("registered");
/// Peer, sequence number → encoded message that the peer has not acknowledged.
pub(crate) const OUTBOX: Table = Table::new("outbox");
/// Peer → the last sequence number given to a message for it.
pub(crate) const OUTBOX_LAST: Table = Table::new("outbox_last");
/// Peer → how far its messages were processed.
pub(crate) const INBOX: Table = Table::new("inbox");
/// Block number → its reference, for the newest blocks.
pub(crate) const BLOCKS: Table = Table::new("blocks");
/// Channel address → what the chain said of that channel, anyone's, until it is long settled.
pub(crate) const EDGES: Table = Table::new("edges");
/// Block, log index → registration of a token.
pub(crate) const TOKENS: Table = Table::new("tokens");
/// Token, block, log index → opening of a channel.
pub(crate) const TOKEN_EVENTS: Table = Table::new("token_events");
/// Own channel, block, log index → what its contract logged.
pub(crate) const CHANNEL_FACTS: Table = Table::new("channel_facts");
/// Own channel, block, history number → a payment through it.
pub(crate) const CHANNEL_TRANSFERS: Table = Table::new("channel_transfers");
/// Node → the `host:port` that it published last on the chain.
pub(crate) const ENDPOINTS: Table = Table::new("endpoints");
/// Token, target, identifier → terms and outcome of a payment this node was asked for.
pub(crate) const ORDERS: Table = Table::new("orders");
/// History number → a finished payment, in version 1; the journal has them now.
pub(crate) const HISTORY: Table = Table::new("history");
/// Journal number → what happened to a payment or a channel.
pub(crate) const JOURNAL: Table = Table::new("journal");

/// Idempotency key → the request that came with it, and how far it is.
pub(crate) const KEYS: Table = Table::new("keys");
/// Name → what an operator switched.
pub(crate) const SETTINGS: Table = Table::new("settings");

/// All tables that a store for a node must have.
pub const TABLES: &[Table] = &[
    IDENTITY,
    CHANNELS,
    PAYMENTS,
    MEDIATIONS,
    RECEIPTS,
    REGISTERED,
    OUTBOX,
    OUTBOX_LAST,
    INBOX,
    BLOCKS,
    EDGES,
    TOKENS,
    TOKEN_EVENTS,
    CHANNEL_FACTS,
    CHANNEL_TRANSFERS,
    ENDPOINTS,
    ORDERS,
    HISTORY,
    JOURNAL,
    SETTINGS,
    KEYS,
];

/// Version 2 of the tables.
pub(crate) const SCHEMA: Schema =
    Schema { name: "smartraiden-node", migrations: &[super::migrations::journal] };

/// The only key of [`IDENTITY`].
pub(crate) const IDENTITY_KEY: &[u8] = b"identity";

/// Joins the parts of a key.
pub(crate) fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Key of [`PAYMENTS`] and [`ORDERS`]: 48 bytes.
pub(crate) fn payment_key(payment: &PaymentKey) -> Vec<u8> {
    key(&[payment.token.as_bytes(), payment.target.as_bytes(), &payment.identifier.0.to_be_bytes()])
}

/// Key of [`OUTBOX`]: 28 bytes.
pub(crate) fn outbox_key(peer: NodeAddress, seq: u64) -> Vec<u8> {
    key(&[peer.as_bytes(), &seq.to_be_bytes()])
}

/// Key of [`TOKENS`]: 16 bytes.
pub(crate) fn log_key(block: BlockNumber, log_index: u64) -> Vec<u8> {
    key(&[&block.0.to_be_bytes(), &log_index.to_be_bytes()])
}

/// Key of [`TOKEN_EVENTS`]: 36 bytes.
pub(crate) fn token_event_key(token: TokenAddress, block: BlockNumber, log_index: u64) -> Vec<u8> {
    key(&[token.as_bytes(), &block.0.to_be_bytes(), &log_index.to_be_bytes()])
}

/// Key of [`CHANNEL_FACTS`] and [`CHANNEL_TRANSFERS`]: 36 bytes.
pub(crate) fn channel_event_key(
    channel: ChannelAddress,
    block: BlockNumber,
    number: u64,
) -> Vec<u8> {
    key(&[channel.as_bytes(), &block.0.to_be_bytes(), &number.to_be_bytes()])
}

/// Returns the number that begins at `offset` of a key of this crate.
pub(crate) fn number_at(key: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(offset..offset + 8)?.try_into().ok()?))
}
