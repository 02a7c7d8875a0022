//! What became of payments, what is under way, and the stream of both.

use super::{BAD_QUERY, Doc, Query, Route, examples, route};
use crate::{payments, stream};
use axum::routing::get;

pub(super) fn routes() -> Vec<Route> {
    let mut all = old();
    all.extend([
        route(
            "/api/1/payments",
            get(payments::list),
            Doc {
                summary: "Payments that came to their end: sent, received, passed on",
                description: "Oldest first. For the initiator, fee is the most that was to be added \
                    for mediators; for a mediator, what it kept. time is that of the node's own \
                    clock, in Unix seconds. What is not finished is in pending_transfers.",
                query: Query::PaymentsAndPage,
                refusals: &[BAD_QUERY],
                ..Doc::get("payments", "history", examples::PAYMENTS)
            },
        ),
        route(
            "/api/1/payments/{token_address}/{target_address}/{identifier}",
            get(payments::status),
            Doc {
                summary: "How far a payment of this node is",
                refusals: &[
                    (400, "malformed address or identifier"),
                    (404, "this node made no such payment"),
                ],
                ..Doc::get("payment", "history", examples::STATUS)
            },
        ),
        route(
            "/api/1/pending_transfers",
            get(payments::pending),
            Doc {
                summary: "Transfers that are not finished, in any role",
                description: "Payments of this node, then those it passes on, then those to it. \
                    expiration is the last block in which a lock can be claimed.",
                query: Query::Positions,
                refusals: &[BAD_QUERY],
                ..Doc::get("pending_transfers", "history", examples::PENDING)
            },
        ),
        route(
            "/api/1/stream",
            get(stream::stream),
            Doc {
                summary: "Every payment and channel change, as server-sent events",
                description: "Event types: payment, as payments lists it; channel, an event of \
                    events/channels with channel_address, or ChannelNew; reorganisation, after \
                    which events of blocks above block_number count no more. The id of an event is \
                    its place in the node's journal: a client that comes back with it in \
                    Last-Event-ID misses nothing. Without it or after, the stream begins now.",
                query: Query::After,
                refusals: &[BAD_QUERY, (503, "64 streams are served already")],
                ..Doc::get("stream", "history", examples::STREAM)
            },
        ),
    ]);
    all
}

/// The lists that the original had.
fn old() -> Vec<Route> {
    let query = Query::BlocksAndPage;
    vec![
        route(
            "/api/1/querysenttransfer",
            get(payments::sent),
            Doc {
                summary: "Payments of this node that succeeded",
                description: "nonce is that of the channel's next proof after the payment. Locks \
                    that were claimed on the chain share one.",
                query,
                refusals: &[BAD_QUERY],
                ..Doc::get("sent_transfers", "history", examples::SENT)
            },
        ),
        route(
            "/api/1/queryreceivedtransfer",
            get(payments::received),
            Doc {
                summary: "Payments to this node that succeeded",
                description: "nonce is that of the partner's proof that paid. from_address is who \
                    paid in the end, not the neighbour.",
                query,
                refusals: &[BAD_QUERY],
                ..Doc::get("received_transfers", "history", examples::RECEIVED)
            },
        ),
    ]
}
