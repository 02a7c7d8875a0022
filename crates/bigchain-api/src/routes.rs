//! Every endpoint: its handler and its description, side by side.

mod doc;
mod examples;
mod parameters;

pub(crate) use doc::{Content, Doc, Mount, Reply, Route};
pub(crate) use parameters::{Kind as ParameterKind, Parameter};

use crate::{
    BigchainApi, blocks, info, outputs, search, statuses, streams, transactions, validators, votes,
};
use axum::routing::{MethodRouter, get, post};
use parameters as p;

const BAD_QUERY: (u16, &str) = (400, "a parameter is missing, malformed or unknown");
const NOT_FOUND: (u16, &str) = (404, "there is none");
const TIMESTAMP: (&str, &str) =
    ("X-BigchainDB-Timestamp", "When the block was made that holds the transaction, unix seconds.");

fn route(path: &'static str, handler: MethodRouter<BigchainApi>, doc: Doc) -> Route {
    Route { path, mount: Mount::Both, handler, doc }
}

/// Returns all endpoints, in the order of the document.
pub(crate) fn table() -> Vec<Route> {
    [about(), transactions(), statuses(), blocks(), outputs(), search(), streams()]
        .into_iter()
        .flatten()
        .collect()
}

fn about() -> Vec<Route> {
    vec![
        Route {
            path: "/",
            mount: Mount::Root,
            handler: get(info::root),
            doc: Doc {
                summary: "The node",
                description: "The document of every release in one: their names do not clash.",
                ..Doc::get("root", "node", [Reply::ok(examples::ROOT)])
            },
        },
        Route {
            path: "",
            mount: Mount::Prefix,
            handler: get(info::index),
            doc: Doc {
                summary: "The API",
                description: "`_links` as 0.9 and 0.10 write them, the rest as 1.x and 2.x.",
                ..Doc::get("index", "node", [Reply::ok(examples::INDEX)])
            },
        },
        route(
            "/validators",
            get(validators::list),
            Doc {
                summary: "The federation's members",
                refusals: &[BAD_QUERY],
                ..Doc::get("validators", "node", [Reply::ok(examples::VALIDATORS)])
            },
        ),
    ]
}

fn posting() -> Route {
    let accepted = [Reply {
        status: 202,
        when: "Accepted: it is on disk and will become valid or invalid",
        content: Some(examples::TRANSACTION),
        headers: &[(
            "Location",
            "Where its status is; only for transactions of the seed and of 1.x.",
        )],
    }];
    route(
        "/transactions",
        post(transactions::post),
        Doc {
            method: "post",
            summary: "Posts a transaction",
            description: "Of any version. The answer is the transaction. To post one again is \
                    no error and has no effect. Every content type is taken; the body is JSON in \
                    UTF-8.",
            parameters: &[p::MODE],
            body: Some(examples::TRANSACTION),
            refusals: &[
                (400, "the transaction breaks a rule; `code` is stable, `message` says where"),
                (408, "the body did not arrive in time"),
                (413, "the body is too large"),
                (503, "the node has too much to do; Retry-After says when to come back"),
                (504, "mode=commit: not decided in time; it may still become valid"),
            ],
            ..Doc::get("post_transaction", "transactions", accepted)
        },
    )
}

fn transactions() -> Vec<Route> {
    let found = [Reply { headers: &[TIMESTAMP], ..Reply::ok(examples::TRANSACTION) }];
    vec![
        posting(),
        route(
            "/transactions",
            get(transactions::list),
            Doc {
                summary: "Transactions by owner, asset or metadata",
                description: "One of owners_after, asset_id and metadata_id is needed; several \
                    narrow the list. Without any parameter, 404 (the seed) or 400 (0.9 and later). \
                    Unknown parameters are ignored. Only transactions in valid or undecided blocks \
                    are listed, in the order of the chain.",
                parameters: &[
                    p::OWNERS_AFTER,
                    p::FULFILLED,
                    p::ASSET_ID,
                    p::OPERATION,
                    p::METADATA_ID,
                    p::LAST_TX,
                    p::LIMIT,
                    p::CURSOR,
                ],
                refusals: &[BAD_QUERY, (404, "the request has no parameter")],
                ..Doc::get("transactions", "transactions", [Reply::page(examples::TRANSACTIONS)])
            },
        ),
        route(
            "/transactions/{tx_id}",
            get(transactions::show),
            Doc {
                summary: "One transaction",
                description: "In a valid or undecided block. A transaction of version 0.9 or 0.10 \
                    is found while it waits for a block too, as those servers did it.",
                refusals: &[NOT_FOUND],
                ..Doc::get("transaction", "transactions", found)
            },
        ),
        route(
            "/transactions/{tx_id}/status",
            get(statuses::of_transaction),
            Doc {
                summary: "The status of a transaction, as 0.7 and 0.8 serve it",
                refusals: &[NOT_FOUND],
                ..Doc::get("transaction_status", "statuses", [Reply::ok(examples::STATUS)])
            },
        ),
    ]
}

fn statuses() -> Vec<Route> {
    let by_id = [
        Reply { when: "Backlog, or invalid with the reason", ..Reply::ok(examples::INVALID) },
        Reply {
            status: 303,
            when: "Valid or undecided",
            content: Some(examples::STATUS),
            headers: &[("Location", "Where the transaction or block is.")],
        },
    ];
    vec![
        route(
            "/statuses/{id}",
            get(statuses::by_id),
            Doc {
                summary: "The status of a transaction or block",
                refusals: &[NOT_FOUND],
                ..Doc::get("status", "statuses", by_id)
            },
        ),
        route(
            "/statuses",
            get(statuses::by_parameter),
            Doc {
                summary: "The status of a transaction or block, as 0.9 to 1.x serve it",
                description: "Exactly one of the parameters.",
                parameters: &[p::TX_ID, p::TRANSACTION_ID, p::BLOCK_ID],
                refusals: &[BAD_QUERY, NOT_FOUND],
                ..Doc::get("status_by_parameter", "statuses", [Reply::ok(examples::STATUS)])
            },
        ),
    ]
}

fn blocks() -> Vec<Route> {
    vec![
        route(
            "/blocks/{block_id}",
            get(blocks::show),
            Doc {
                summary: "One block, by id or height",
                description: "By id: the signed block; with `status` only if it has that status, \
                    which the seed takes for VALID when it is absent. By height: the block of the \
                    chain as 2.x serves it.",
                parameters: &[p::STATUS],
                refusals: &[BAD_QUERY, NOT_FOUND],
                ..Doc::get("block", "blocks", [Reply::ok(examples::BLOCK)])
            },
        ),
        route(
            "/blocks",
            get(blocks::list),
            Doc {
                summary: "The blocks that hold a transaction",
                description: "With tx_id: whole blocks (the seed) or their ids (0.9, 0.10); with \
                    transaction_id: ids (1.x) or heights (2.x). Without any parameter, 404 (the \
                    seed) or 400.",
                parameters: &[p::TX_ID, p::TRANSACTION_ID, p::STATUS],
                refusals: &[BAD_QUERY, (404, "the request has no parameter")],
                ..Doc::get("blocks", "blocks", [Reply::ok(examples::BLOCKS)])
            },
        ),
        route(
            "/votes",
            get(votes::list),
            Doc {
                summary: "The votes on a block",
                parameters: &[p::VOTED_BLOCK, p::VOTER],
                refusals: &[BAD_QUERY],
                ..Doc::get("votes", "blocks", [Reply::ok(examples::VOTES)])
            },
        ),
    ]
}

fn outputs() -> Vec<Route> {
    vec![
        route(
            "/outputs",
            get(outputs::list),
            Doc {
                summary: "The outputs that a key owns, alone or with others",
                description: "As 1.x and 2.x write them, or as 0.9 and 0.10 do (see \
                    `unspent`). In the order of the chain.",
                parameters: &[p::PUBLIC_KEY, p::SPENT, p::UNSPENT, p::DETAILS, p::LIMIT, p::CURSOR],
                refusals: &[BAD_QUERY],
                ..Doc::get("outputs", "outputs", [Reply::page(examples::OUTPUTS)])
            },
        ),
        route(
            "/unspents",
            get(outputs::unspents),
            Doc {
                summary: "The outputs that a key owns and nobody has spent",
                parameters: &[p::PUBLIC_KEY, p::LIMIT, p::CURSOR],
                refusals: &[BAD_QUERY],
                ..Doc::get("unspents", "outputs", [Reply::page(examples::UNSPENTS)])
            },
        ),
    ]
}

fn search() -> Vec<Route> {
    const HOW: &str = "Any of the words; \"words in quotes\" must be there one after the other, \
        -word must not. Without case, accents and English endings. Best first.";
    let parameters: &[Parameter] = &[p::SEARCH, p::SEARCH_LIMIT, p::CURSOR];
    vec![
        route(
            "/assets",
            get(search::assets),
            Doc {
                summary: "Assets by the words in their data",
                description: HOW,
                parameters,
                refusals: &[BAD_QUERY],
                ..Doc::get("assets", "search", [Reply::page(examples::ASSETS)])
            },
        ),
        route(
            "/metadata",
            get(search::metadata),
            Doc {
                summary: "Transactions by the words in their metadata",
                description: HOW,
                parameters,
                refusals: &[BAD_QUERY],
                ..Doc::get("metadata", "search", [Reply::page(examples::METADATA)])
            },
        ),
    ]
}

fn streams() -> Vec<Route> {
    let opened = [Reply {
        status: 101,
        when: "A WebSocket with one text message per transaction of each block that becomes valid",
        content: None,
        headers: &[],
    }];
    let refusals: &[(u16, &str)] =
        &[(400, "the request opens no WebSocket"), (503, "too many streams are open")];
    vec![
        route(
            "/streams/valid_transactions",
            get(streams::valid_transactions),
            Doc {
                summary: "Transactions as they become valid",
                description: "Messages have transaction_id, asset_id, block_id (1.x) and height \
                    (2.x). Nothing is replayed; what the client says is ignored.",
                refusals,
                ..Doc::get("valid_transactions", "streams", opened)
            },
        ),
        route(
            "/streams/valid_tx",
            get(streams::valid_tx),
            Doc {
                summary: "Transactions as they become valid, as 0.10 writes them",
                description: "Messages have tx_id, asset_id and block_id.",
                refusals,
                ..Doc::get("valid_tx", "streams", opened)
            },
        ),
    ]
}
