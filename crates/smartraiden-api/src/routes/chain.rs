//! The account on the chain, and how the node is connected with it.

use super::{BAD_ADDRESS, Doc, Route, examples, route};
use crate::{debug, life};
use axum::routing::{get, post};

pub(super) fn routes() -> Vec<Route> {
    let transfer = Doc {
        summary: "Transfers tokens of the node's account on the chain",
        description: "Not a payment over channels. value is decimal, or hexadecimal after 0x. \
            POST does the same: prefer it, because nothing sends a POST by accident.",
        refusals: &[
            (400, "malformed address or value"),
            (402, "the account holds too few tokens, or too little coin for gas"),
            (408, "not mined in time; it may still be"),
            (409, "not an ERC-20 token, or the token refused"),
        ],
        ..Doc::get("transfer_tokens", "debug", examples::OK_JSON)
    };
    let status = route(
        "/api/1/debug/ethstatus",
        get(debug::eth_status),
        Doc {
            summary: "How the node is connected, with the chain and with peers",
            description: "Asks the chain's server. 1 is connected, 0 is not; XMPPStatus is about \
                peers. LastBlockTime is when the node processed its newest block, in UTC; empty \
                before the first since the start.",
            ..Doc::get("eth_status", "debug", examples::ETH_STATUS)
        },
    );
    let coin = route(
        "/api/1/debug/ethbalance/{address}",
        get(debug::coin_balance),
        Doc {
            summary: "Coin of any account on the chain, in wei",
            refusals: &[BAD_ADDRESS],
            ..Doc::get("coin_balance", "debug", examples::COIN)
        },
    );
    let path = "/api/1/debug/transfer/{token_address}/{address}/{value}";
    vec![
        route(
            "/api/1/debug/balance/{token_address}/{address}",
            get(debug::balance),
            Doc {
                summary: "Tokens of any account on the chain, outside channels",
                refusals: &[BAD_ADDRESS, (409, "not an ERC-20 token")],
                ..Doc::get("token_balance", "debug", examples::BALANCE)
            },
        ),
        status,
        coin,
        route(path, get(debug::transfer).head(life::head_not_allowed), transfer),
        route(
            path,
            post(debug::transfer),
            Doc { method: "post", id: "transfer_tokens_by_post", ..transfer },
        ),
    ]
}
