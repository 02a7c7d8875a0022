//! Every endpoint: its handler and its description, side by side.

mod dev;
mod doc;
mod examples;
mod further;
mod parameters;

pub(crate) use doc::{Content, Doc, Kind, Parameter, Reply, Route};

use crate::{
    access, account,
    call::{Endpoint, Gate, Handler},
    deal, deals,
    error::ApiError,
    keys, local,
};
use parameters as p;

const GUARDED: Gate = Gate::Guarded;
const OPEN: Gate = Gate::Open;

/// Paths that a module passes on to the server behind it beside those of the table.
pub(crate) const PASSED: &[&str] = &[
    "/api/v1/user/{*rest}",
    "/api/v1/bc/{*rest}",
    "/api/v1/key/{*rest}",
    "/api/v1/sign/{*rest}",
    "/api/v1/deal/{code}/list",
];

/// What answers those.
pub(crate) fn passed() -> Endpoint {
    let handler: Handler = |_, _| Box::pin(async { Err(ApiError::not_found()) });
    Endpoint { gate: GUARDED, is_passed: true, handler }
}

/// Where a deal is shown.
pub(crate) const ONE_DEAL: &str = "/api/v1/deal/{code}";

/// What answers a `POST` there: an order that there is not, unless the path names a deal.
pub(crate) fn unknown_order() -> Endpoint {
    let handler: Handler = |api, call| Box::pin(async move { Err(deals::no_order(&api, &call)) });
    Endpoint { gate: OPEN, is_passed: false, handler }
}

/// An endpoint of which the module does its part itself.
fn route(path: &'static str, gate: Gate, handler: Handler, doc: Doc) -> Route {
    Route { path, endpoint: Endpoint { gate, is_passed: false, handler }, doc }
}

/// An endpoint of the server's alone.
fn passing(path: &'static str, gate: Gate, handler: Handler, doc: Doc) -> Route {
    Route { path, endpoint: Endpoint { gate, is_passed: true, handler }, doc }
}

/// Returns all endpoints, in the order of the document.
pub(crate) fn table() -> Vec<Route> {
    [module(), accounts(), deals(), access(), further::table(), dev::table()]
        .into_iter()
        .flatten()
        .collect()
}

fn module() -> Vec<Route> {
    vec![
        route(
            "/api/v1/ping",
            OPEN,
            |api, call| Box::pin(local::ping(api, call)),
            Doc {
                summary: "Whether the module answers",
                ..Doc::get("ping", "module", Reply::ok(Content::json("Nothing", "{}")))
            },
        ),
        route(
            "/api/v1/time",
            OPEN,
            |api, call| Box::pin(local::time(api, call)),
            Doc {
                summary: "The module's time, in milliseconds",
                ..Doc::get("time", "module", Reply::ok(Content::json("Time", examples::TIME)))
            },
        ),
        route(
            "/api/v1/signature",
            OPEN,
            |api, call| Box::pin(local::signature(api, call)),
            Doc {
                summary: "Whether the server has signed a text",
                description: "The text with its PGP cleartext signature is the field `message`, or \
                    the body itself. Without a body, 204.",
                refusals: &[(400, "the text is not signed in the clear"), (500, "no key is known")],
                ..Doc::post(
                    "signature",
                    "module",
                    Content::json("SignedText", examples::SIGNED_TEXT),
                    Reply::ok(Content::json("Signature", examples::SIGNATURE)),
                )
            },
        ),
    ]
}

const PACKAGE: Reply = Reply {
    headers: &[(
        "Payload-Signature",
        "Of another server's answer: valid, invalid or unknown, by the keys that are known.",
    )],
    ..Reply::ok(Content::json("Answer", examples::ANSWER))
};

const ACCOUNT_BODY: Content = Content::json("AccountFields", examples::ACCOUNT);
const DEAL_BODY: Content = Content::json("DealFields", examples::DEAL);

fn account_post(path: &'static str, gate: Gate, id: &'static str, summary: &'static str) -> Route {
    // What is open is not remembered.
    let parameters = match gate {
        Gate::Open => p::ACCOUNTS,
        Gate::Guarded => p::ACCOUNT_POSTS,
    };
    let doc = Doc {
        summary,
        parameters,
        refusals: &[(400, "the body is no message")],
        ..Doc::post(id, "accounts", ACCOUNT_BODY, PACKAGE)
    };
    route(path, gate, |api, call| Box::pin(account::answer(api, call)), doc)
}

fn accounts() -> Vec<Route> {
    let get = |path, gate, id, summary| {
        let doc = Doc { summary, parameters: p::ACCOUNTS, ..Doc::get(id, "accounts", PACKAGE) };
        route(path, gate, |api, call| Box::pin(account::answer(api, call)), doc)
    };
    vec![
        get("/api/v1/help", OPEN, "help", "How messages about accounts are written"),
        account_post("/api/v1/help", OPEN, "post_help", "The same; the body is ignored"),
        get("/api/v1/account/status", GUARDED, "account_status", "What is known of an account"),
        account_post("/api/v1/account/status", GUARDED, "post_account_status", "The same"),
        account_post("/api/v1/account/new", GUARDED, "account_new", "Registers an account"),
        account_post("/api/v1/account/add", GUARDED, "account_add", "Adds what an account lacks"),
        account_post("/api/v1/account/update", GUARDED, "account_update", "Changes an account"),
        account_post("/api/v1/account/delete", GUARDED, "account_delete", "Deletes an account"),
        account_post(
            "/api/v1/account/token",
            OPEN,
            "account_token",
            "Gives an access token to whoever signs a code of his own with the account's key",
        ),
    ]
}

fn deal_post(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    let doc = Doc {
        summary,
        parameters: p::DEALS,
        refusals: &[(400, "the message breaks a rule; `message` says which")],
        ..Doc::post(id, "deals", DEAL_BODY, PACKAGE)
    };
    route(path, GUARDED, |api, call| Box::pin(deal::order(api, call)), doc)
}

fn deals() -> Vec<Route> {
    vec![
        deal_post("/api/v1/deal", "deal", "Does what `order` of the message says"),
        deal_post("/api/v1/deal/create", "deal_create", "Makes a deal"),
        deal_post("/api/v1/deal/pay", "deal_pay", "Says that a deal was paid, and asks whether"),
        deal_post("/api/v1/deal/complete", "deal_complete", "Decides what becomes of the money"),
        deal_post("/api/v1/deal/cancel", "deal_cancel", "The seller gives a deal up"),
        deal_post("/api/v1/deal/feedback", "deal_feedback", "The customer says how it was"),
        route(
            "/api/v1/deal/status",
            GUARDED,
            |api, call| Box::pin(deal::status(api, call)),
            Doc {
                summary: "A deal as it is, by where it is paid",
                parameters: p::STATUS,
                ..Doc::get("deal_status", "deals", PACKAGE)
            },
        ),
        route(
            "/api/v1/deal/status",
            GUARDED,
            |api, call| Box::pin(deal::status(api, call)),
            Doc {
                summary: "The same; the address may be in the body",
                parameters: p::ACCOUNTS,
                ..Doc::post(
                    "post_deal_status",
                    "deals",
                    Content::json("AddressField", examples::PAYMENT_ADDRESS),
                    PACKAGE,
                )
            },
        ),
    ]
}

fn access() -> Vec<Route> {
    vec![
        passing(
            "/oauth2/token",
            OPEN,
            |api, call| Box::pin(access::token(api, call)),
            Doc {
                summary: "Gives access tokens",
                description: "Grants: client_credentials, password, refresh_token, and \
                    urn:ietf:params:oauth:grant-type:jwt-bearer. The client is in the body or in \
                    Authorization: Basic. `secret` signs requests of the session.",
                refusals: &[
                    (400, "the request is malformed, or the grant is not known"),
                    (401, "the client, or the login, is not known"),
                ],
                ..Doc::post(
                    "token",
                    "access",
                    Content::json("TokenRequest", examples::TOKEN_REQUEST),
                    Reply::ok(Content::json("Token", examples::TOKEN)),
                )
            },
        ),
        passing(
            "/api/v1/key/public",
            OPEN,
            |api, call| Box::pin(keys::public(api, call)),
            Doc {
                summary: "A PGP key: the service's, a server's, an account's",
                parameters: &[p::ACCOUNT],
                refusals: &[(404, "there is none")],
                ..Doc::get("key", "access", Reply::ok(Content::json("Key", examples::KEY)))
            },
        ),
        sign_out(Doc::get("sign_out", "access", Reply::ok(SIGNED_OUT))),
        sign_out(Doc::post_alone("post_sign_out", "access", Reply::ok(SIGNED_OUT))),
    ]
}

const SIGNED_OUT: Content = Content::json("Result", examples::RESULT);

fn sign_out(doc: Doc) -> Route {
    let summary = "Ends the session, and its tokens with it";
    let refusals = &[(401, "the request belongs to no session")];
    let doc = Doc { summary, refusals, ..doc };
    passing("/api/v1/sign/out", GUARDED, |api, call| Box::pin(keys::sign_out(api, call)), doc)
}
