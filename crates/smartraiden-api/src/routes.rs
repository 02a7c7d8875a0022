//! Every endpoint: its handler and its description, side by side.

mod chain;
mod examples;
mod history;

use crate::{SmartRaidenApi, channels, events, life, tokens, transfers};
use axum::routing::{MethodRouter, get, patch, post, put};

/// One endpoint.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) handler: MethodRouter<SmartRaidenApi>,
    pub(crate) doc: Doc,
}

/// What the OpenAPI document says of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doc {
    pub(crate) method: &'static str,
    /// The operation's name; unique.
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) deprecated: bool,
    pub(crate) query: Query,
    pub(crate) body: Option<Content>,
    pub(crate) success: u16,
    pub(crate) reply: Content,
    /// Another success: its status, when it happens, and its body.
    pub(crate) other: Option<(u16, &'static str, Content)>,
    /// The refusals and when they happen.
    pub(crate) refusals: &'static [(u16, &'static str)],
}

/// The query parameters an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Query {
    Nothing,
    Page,
    /// A page of a list whose cursors are positions.
    Positions,
    BlocksAndPage,
    /// What chooses payments, and a page of them.
    PaymentsAndPage,
    /// Whether to answer at once.
    Async,
    /// What the client calls its request.
    Key,
    /// Where to begin a stream.
    After,
}

/// A body or a reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    pub(crate) schema: Schema,
    pub(crate) example: &'static str,
}

/// What a body or a reply is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Schema {
    /// A named schema.
    Named(&'static str),
    /// A list of one.
    List(&'static str),
    /// Plain text.
    Text,
    /// Server-sent events.
    Events,
}

const BAD_ADDRESS: (u16, &str) = (400, "an address in the path is none");
const BAD_BODY: (u16, &str) = (400, "the body, or an address in the path, is malformed");
const BAD_QUERY: (u16, &str) = (400, "a parameter is malformed or unknown");

fn route(path: &'static str, handler: MethodRouter<SmartRaidenApi>, doc: Doc) -> Route {
    Route { path, handler, doc }
}

impl Doc {
    /// Describes a `GET` that takes nothing; the rest is set by field.
    const fn get(id: &'static str, tag: &'static str, reply: Content) -> Self {
        Self {
            method: "get",
            id,
            tag,
            summary: "",
            description: "",
            deprecated: false,
            query: Query::Nothing,
            body: None,
            success: 200,
            reply,
            other: None,
            refusals: &[],
        }
    }
}

/// Returns all endpoints, in the order of the document.
pub(crate) fn table() -> Vec<Route> {
    let all =
        [node(), tokens(), channels(), transfers(), history::routes(), events(), chain::routes()];
    all.into_iter().flatten().collect()
}

fn node() -> Vec<Route> {
    let stop = Doc {
        summary: "Stops the node",
        description: "What was accepted is on disk when the answer comes; then the daemon ends. \
            POST does the same: prefer it, because nothing sends a POST by accident.",
        ..Doc::get("stop", "node", examples::OK_TEXT)
    };
    vec![
        route(
            "/api/1/address",
            get(tokens::own_address),
            Doc { summary: "Own address", ..Doc::get("address", "node", examples::OWN_ADDRESS) },
        ),
        route(
            "/api/1/updatenodes",
            post(life::update_nodes),
            Doc {
                method: "post",
                summary: "Replaces the table of peers' addresses",
                description: "The table complements the addresses on the chain and in the \
                    configuration, and is forgotten when the daemon ends.",
                body: Some(examples::PEERS),
                refusals: &[(400, "the body is malformed; [2].ip_port names the third's port")],
                ..Doc::get("updatenodes", "node", examples::OK_TEXT)
            },
        ),
        route(
            "/api/1/version",
            get(life::version),
            Doc { summary: "What the daemon is", ..Doc::get("version", "node", examples::VERSION) },
        ),
        route(
            "/api/1/switch",
            post(life::update_nodes),
            Doc {
                method: "post",
                summary: "Replaces the table of peers' addresses, as older clients ask for it",
                description: "The same as POST /api/1/updatenodes.",
                body: Some(examples::PEERS),
                refusals: &[(400, "the body is malformed; [2].ip_port names the third's port")],
                ..Doc::get("switch_nodes", "node", examples::OK_TEXT)
            },
        ),
        route(
            "/api/1/switch/{mesh}",
            get(life::switch).head(life::head_not_allowed),
            Doc {
                summary: "Switches mediated transfers off (true) or on again (false)",
                description: "While they are off, mediated transfers are neither started nor taken, \
                    also not those to this node; direct ones work, and what is under way goes on. It \
                    stays so after a restart; debug/ethstatus shows it.",
                refusals: &[(400, "neither true nor false")],
                ..Doc::get("switch_mesh", "node", examples::OK_TEXT)
            },
        ),
        route("/api/1/stop", get(life::stop).head(life::head_not_allowed), stop),
        route("/api/1/stop", post(life::stop), Doc { method: "post", id: "stop_by_post", ..stop }),
    ]
}

fn tokens() -> Vec<Route> {
    vec![
        route(
            "/api/1/tokens",
            get(tokens::list),
            Doc {
                summary: "Registered tokens",
                query: Query::Page,
                refusals: &[BAD_QUERY],
                ..Doc::get("tokens", "tokens", examples::TOKENS)
            },
        ),
        route(
            "/api/1/tokens/{token_address}",
            put(tokens::register),
            Doc {
                method: "put",
                summary: "Registers a token",
                description: "Takes no body. Answers when the transaction is mined.",
                success: 201,
                refusals: &[
                    BAD_ADDRESS,
                    (402, "the account cannot pay for gas"),
                    (408, "not mined in time; it may still be"),
                    (409, "registered already, or not an ERC-20 token"),
                ],
                ..Doc::get("register_token", "tokens", examples::MANAGER)
            },
        ),
        route(
            "/api/1/tokens/{token_address}/partners",
            get(tokens::partners),
            Doc {
                summary: "Partners with a channel that is not settled",
                query: Query::Page,
                refusals: &[(400, "malformed address or parameter"), (404, "unknown token")],
                ..Doc::get("partners", "tokens", examples::PARTNERS)
            },
        ),
    ]
}

fn channels() -> Vec<Route> {
    let open = Doc {
        method: "put",
        summary: "Opens a channel, with a first deposit if balance is above 0",
        description: "settle_timeout may be absent or 0 for the node's default. reveal_timeout is \
            accepted and ignored: it is the node's own. Answers when the channel's events are \
            confirmed. With an Idempotency-Key the channel is opened once, however often the request \
            is sent, also over a crash.",
        query: Query::Key,
        body: Some(examples::OPEN),
        success: 201,
        refusals: &[
            BAD_BODY,
            (402, "the account holds too few tokens, or too little coin for gas"),
            (408, "not mined or not confirmed in time; it may still be"),
            (
                409,
                "unknown token, bad settle_timeout, the node itself or nobody as partner, or a \
                 channel with the partner exists",
            ),
        ],
        ..Doc::get("open_channel", "channels", examples::OPENED)
    };
    vec![
        route(
            "/api/1/channels",
            get(channels::list),
            Doc {
                summary: "All channels of the node, settled ones included",
                query: Query::Page,
                refusals: &[BAD_QUERY],
                ..Doc::get("channels", "channels", examples::CHANNELS)
            },
        ),
        route("/api/1/channels", put(channels::open), open),
        route(
            "/api/1/channel",
            put(channels::open),
            Doc {
                id: "open_channel_singular",
                description: "The path as one passage of the users' document writes it; the same \
                    as PUT /api/1/channels.",
                deprecated: true,
                ..open
            },
        ),
        route(
            "/api/1/channels/{channel_address}",
            get(channels::show),
            Doc {
                summary: "One channel with its locks and proofs",
                refusals: &[BAD_ADDRESS, (404, "not a channel of this node")],
                ..Doc::get("channel", "channels", examples::DETAIL)
            },
        ),
        route("/api/1/channels/{channel_address}", patch(channels::change), change()),
    ]
}

fn change() -> Doc {
    Doc {
        method: "patch",
        summary: "Deposits, closes or settles",
        description: "Either balance, which is added to the deposit, or state. Closing starts the \
            settlement window of settle_timeout blocks; settling pays out after it, and the \
            balance is 0 then: payout and partner_payout say what was paid.\n\n\
            A balance of 0 and an empty state count as absent. With an Idempotency-Key a deposit is \
            made once, however often the request is sent, also over a crash; a change of state needs \
            none.",
        query: Query::Key,
        body: Some(examples::CHANGE),
        refusals: &[
            (400, "the body is malformed or asks for nothing, or the address is none"),
            (402, "the account holds too few tokens, or too little coin for gas"),
            (408, "not mined or not confirmed in time; it may still be"),
            (
                409,
                "not a channel of this node, closed or settled already, still open, inside the \
                 settlement window, or balance and state together",
            ),
        ],
        ..Doc::get("change_channel", "channels", examples::CLOSED)
    }
}

fn transfers() -> Vec<Route> {
    vec![route(
        "/api/1/transfers/{token_address}/{target_address}",
        post(transfers::pay),
        Doc {
            method: "post",
            summary: "Pays, directly or through others",
            description: "identifier names the payment: the same request with the same identifier \
                is the same payment and gets the same answer; absent or 0, one is drawn. fee is \
                the most to add for mediators. is_direct allows only the direct channel and uses \
                no lock. Answers when the money has left, or after the node's patience; with \
                async=true as soon as the payment is on disk, with 202 and its status, whose path \
                is in the header location.",
            query: Query::Async,
            other: Some((202, "With async=true: under way", examples::STATUS)),
            body: Some(examples::PAY),
            refusals: &[
                BAD_BODY,
                (
                    408,
                    "not finished in time: still pending; ask again with the identifier that the \
                     message names",
                ),
                (
                    409,
                    "unknown token, no route, every route refused, the node itself or nobody as \
                     target, no direct channel, the identifier is another payment's, or the \
                     transfer expired",
                ),
            ],
            ..Doc::get("transfer", "transfers", examples::PAID)
        },
    )]
}

fn events() -> Vec<Route> {
    let refusals: &[(u16, &str)] =
        &[(400, "malformed address or parameter"), (404, "unknown token or channel")];
    let query = Query::BlocksAndPage;
    vec![
        route(
            "/api/1/events/network",
            get(events::of_network),
            Doc {
                summary: "Registrations of tokens",
                query,
                refusals: &[BAD_QUERY],
                ..Doc::get("network_events", "events", examples::NETWORK_EVENTS)
            },
        ),
        route(
            "/api/1/events/tokens/{token_address}",
            get(events::of_token),
            Doc {
                summary: "Openings of channels in a token, by anyone",
                query,
                refusals,
                ..Doc::get("token_events", "events", examples::TOKEN_EVENTS)
            },
        ),
        route(
            "/api/1/events/channels/{channel_address}",
            get(events::of_channel),
            Doc {
                summary: "What happened in one of the node's channels, by block",
                description: "Event types: ChannelNewBalance, ChannelClosed, TransferUpdated, \
                    ChannelSecretRevealed, ChannelSettled from the chain; \
                    EventTransferSentSuccess, EventTransferSentFailed, \
                    EventTransferReceivedSuccess from the node, with the newest block.",
                query,
                refusals,
                ..Doc::get("channel_events", "events", examples::CHANNEL_EVENTS)
            },
        ),
    ]
}
