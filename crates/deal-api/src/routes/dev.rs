//! What only servers for trying out have.

use super::{Content, Doc, GUARDED, Reply, Route, examples, route};
use crate::playground;

const ELSEWHERE: &[(u16, &str)] =
    &[(404, "the chain is a real one"), (409, "the chain does not take it")];

pub(super) fn table() -> Vec<Route> {
    vec![
        route(
            "/api/v1/dev/faucet",
            GUARDED,
            |api, call| Box::pin(playground::faucet(api, call)),
            Doc {
                summary: "Pays to an address out of nothing",
                description: "The transaction waits for a block.",
                refusals: ELSEWHERE,
                ..Doc::post(
                    "dev_faucet",
                    "dev",
                    Content::json("Gift", examples::GIFT),
                    Reply::ok(Content::json("Given", examples::GIVEN)),
                )
            },
        ),
        route(
            "/api/v1/dev/mine",
            GUARDED,
            |api, call| Box::pin(playground::mine(api, call)),
            Doc {
                summary: "Makes blocks at once",
                description: "The first one holds what waits. There is one every two seconds anyway.",
                refusals: ELSEWHERE,
                ..Doc::post(
                    "dev_mine",
                    "dev",
                    Content::json("Blocks", examples::BLOCKS),
                    Reply::ok(Content::json("Mined", examples::MINED)),
                )
            },
        ),
    ]
}
