//! Lists, and what a deal has beside the protocol.

use super::{Content, Doc, GUARDED, ONE_DEAL, Reply, Route, examples, p, passing, route};
use crate::{call::Handler, deals, decisions, events, keys, lists, webhooks};

const PAGED: &[(&str, &str)] =
    &[("X-Next-Cursor", "Where the next page starts; absent on the last.")];
const DELIVERIES: Content = Content::list("Delivery", examples::DELIVERIES);
const UNKNOWN: &[(u16, &str)] = &[(404, "there is none")];

pub(super) fn table() -> Vec<Route> {
    let deals = [deal(), decisions(), operator(), signing()];
    let others = [happenings(), hooks(), deliveries()];
    [people(), list()].into_iter().chain(deals).chain(others).flatten().collect()
}

fn at(path: &'static str, handler: Handler, doc: Doc) -> Route {
    passing(path, GUARDED, handler, doc)
}

fn people() -> Vec<Route> {
    vec![
        at(
            "/api/v1/user/profile",
            |api, call| Box::pin(keys::profile(api, call)),
            Doc {
                summary: "Which sites an account trusts, and how its deals went",
                refusals: UNKNOWN,
                ..Doc::post(
                    "user_profile",
                    "accounts",
                    Content::json("CodeField", examples::CODE),
                    Reply::ok(Content::json("Profile", examples::PROFILE)),
                )
            },
        ),
        at(
            "/api/v1/bc/history",
            |api, call| Box::pin(keys::history(api, call)),
            Doc {
                summary: "What the chain has of the payment address of a deal",
                ..Doc::post(
                    "history",
                    "deals",
                    Content::json("AccountField", examples::HISTORY_OF),
                    Reply::ok(Content::json("History", examples::HISTORY)),
                )
            },
        ),
    ]
}

fn list() -> Vec<Route> {
    let page =
        |schema, example| Reply { headers: PAGED, ..Reply::ok(Content::list(schema, example)) };
    vec![
        at(
            "/api/v1/account/get",
            |api, call| Box::pin(lists::account(api, call)),
            Doc {
                summary: "An account",
                parameters: &[p::MODULE, p::BITCOIN],
                refusals: UNKNOWN,
                ..Doc::get("account_get", "lists", Reply::ok(Content::json("Flat", "{}")))
            },
        ),
        at(
            "/api/v1/account/list",
            |api, call| Box::pin(lists::accounts(api, call)),
            Doc {
                summary: "The accounts that a module registered",
                parameters: &[p::MODULE, p::LIMIT, p::CURSOR],
                ..Doc::get("account_list", "lists", page("Flat", "[]"))
            },
        ),
        at(
            "/api/v1/deal/get",
            |api, call| Box::pin(lists::deal(api, call)),
            Doc {
                summary: "A deal, by where it is paid",
                parameters: &[p::MODULE, p::PAYMENT],
                refusals: UNKNOWN,
                ..Doc::get("deal_get", "lists", Reply::ok(Content::json("Flat", "{}")))
            },
        ),
        at(
            "/api/v1/deal/list",
            |api, call| Box::pin(lists::deals(api, call)),
            Doc {
                summary: "Deals, newest first",
                description: "Parties see their own deals, shops all.",
                parameters: p::DEAL_LIST,
                ..Doc::get("deal_list", "lists", page("Flat", "[]"))
            },
        ),
        at(
            "/api/v1/deal/feedback/list",
            |api, call| Box::pin(lists::feedback(api, call)),
            Doc {
                summary: "Feedback, newest first",
                parameters: &[p::LIMIT, p::CURSOR],
                ..Doc::post(
                    "feedback_list",
                    "lists",
                    Content::json("Search", examples::SEARCH),
                    page("Feedback", examples::FEEDBACK),
                )
            },
        ),
    ]
}

fn deal() -> Vec<Route> {
    vec![
        at(
            ONE_DEAL,
            |api, call| Box::pin(deals::show(api, call)),
            Doc {
                summary: "A deal as JSON, by its code or by where it is paid",
                refusals: UNKNOWN,
                ..Doc::get(
                    "deal_show",
                    "deals",
                    Reply::ok(Content::json("Deal", examples::DEAL_JSON)),
                )
            },
        ),
        at(
            "/api/v1/deal/{code}/uri",
            |api, call| Box::pin(deals::uri(api, call)),
            Doc {
                summary: "What a wallet pays by (BIP 21)",
                refusals: UNKNOWN,
                ..Doc::get("deal_uri", "deals", Reply::ok(Content::json("Uri", examples::URI)))
            },
        ),
        at(
            "/api/v1/deal/{code}/qr.svg",
            |api, call| Box::pin(deals::qr(api, call)),
            Doc {
                summary: "The same as a picture",
                refusals: UNKNOWN,
                ..Doc::get("deal_qr", "deals", Reply::ok(Content::text("image/svg+xml", "<svg/>")))
            },
        ),
    ]
}

const DECIDED: Reply = Reply::ok(Content::json("Deal", examples::DEAL_JSON));

fn decisions() -> Vec<Route> {
    const REFUSED: &[(u16, &str)] = &[
        (403, "the signature is missing or wrong"),
        (404, "there is no such deal"),
        (409, "the deal does not allow it"),
    ];
    vec![
        at(
            "/api/v1/deal/{code}/dispute",
            |api, call| Box::pin(decisions::dispute(api, call)),
            Doc {
                summary: "A party begins a dispute",
                description: "It signs `dispute` and the payment address, and in the next line the \
                    reason.",
                refusals: REFUSED,
                ..Doc::post(
                    "dispute",
                    "decisions",
                    Content::json("Dispute", examples::DISPUTE),
                    DECIDED,
                )
            },
        ),
        at(
            "/api/v1/deal/{code}/resolve",
            |api, call| Box::pin(decisions::resolve(api, call)),
            Doc {
                summary: "An arbiter ends a dispute",
                description: "He signs `resolution` and the payment address, and in the next line \
                    the percentage. The operator's program need not sign.",
                refusals: REFUSED,
                ..Doc::post(
                    "resolve",
                    "decisions",
                    Content::json("Resolution", examples::RESOLUTION),
                    DECIDED,
                )
            },
        ),
    ]
}

/// What the operator alone decides.
fn operator() -> Vec<Route> {
    const OPERATORS: &[(u16, &str)] = &[
        (403, "the caller is not the operator"),
        (404, "there is no such deal"),
        (409, "the deal does not allow it"),
    ];
    vec![
        at(
            "/api/v1/deal/{code}/retry",
            |api, call| Box::pin(decisions::retry(api, call)),
            Doc {
                summary: "The operator has settlements that failed tried again",
                refusals: OPERATORS,
                ..Doc::post_alone("retry", "decisions", DECIDED)
            },
        ),
        at(
            "/api/v1/deal/{code}/delete",
            |api, call| Box::pin(decisions::delete(api, call)),
            Doc {
                summary: "The operator hides a deal that has no money",
                refusals: OPERATORS,
                ..Doc::post_alone("delete", "decisions", DECIDED)
            },
        ),
    ]
}

/// Settlements that the parties sign themselves.
fn signing() -> Vec<Route> {
    vec![
        at(
            "/api/v1/deal/{code}/psbt",
            |api, call| Box::pin(decisions::settlements(api, call)),
            Doc {
                summary: "Settlements that wait for the parties' own signatures",
                refusals: UNKNOWN,
                ..Doc::get("psbt", "decisions", Reply::ok(Content::list("OpenSettlement", "[]")))
            },
        ),
        at(
            "/api/v1/deal/{code}/psbt",
            |api, call| Box::pin(decisions::import(api, call)),
            Doc {
                summary: "Takes the signatures of a PSBT",
                refusals: &[
                    (400, "the PSBT is not one of the deal's settlement"),
                    (404, "there is no such deal"),
                    (409, "nothing waits for a signature"),
                ],
                ..Doc::post(
                    "import_psbt",
                    "decisions",
                    Content::json("Psbt", examples::PSBT),
                    Reply::ok(Content::json("Signers", examples::SIGNERS)),
                )
            },
        ),
    ]
}

fn happenings() -> Vec<Route> {
    let events = Reply::ok(Content::list("Event", examples::EVENTS));
    let parameters = &[p::AFTER, p::LIMIT, p::LAST_EVENT];
    vec![
        at(
            "/api/v1/events",
            |api, call| Box::pin(events::all(api, call)),
            Doc {
                summary: "What happened, and what happens",
                description: "With `Accept: text/event-stream`, a stream of server-sent events: \
                    `id` is the number, `event` the type, `data` the object. Else a page of them.",
                parameters,
                ..Doc::get("events", "events", events)
            },
        ),
        at(
            "/api/v1/deal/{code}/events",
            |api, call| Box::pin(events::of_deal(api, call)),
            Doc {
                summary: "The same of one deal",
                parameters,
                refusals: UNKNOWN,
                ..Doc::get("deal_events", "events", events)
            },
        ),
    ]
}

fn hooks() -> Vec<Route> {
    let one = Reply::ok(Content::json("Webhook", examples::WEBHOOK));
    let made = Reply {
        status: 201,
        headers: &[("Location", "Where it is.")],
        ..Reply::ok(Content::json("NewWebhook", examples::WEBHOOK_MADE))
    };
    let show = Doc { refusals: UNKNOWN, ..Doc::get("webhook", "events", one) };
    vec![
        at(
            "/api/v1/webhooks",
            |api, call| Box::pin(webhooks::list(api, call)),
            Doc {
                summary: "The caller's webhooks",
                ..Doc::get("webhooks", "events", Reply::ok(Content::list("Webhook", "[]")))
            },
        ),
        at(
            "/api/v1/webhooks",
            |api, call| Box::pin(webhooks::add(api, call)),
            Doc {
                summary: "Wants to be told of events by HTTP",
                description: "Deliveries are signed with the secret, which only this reply tells.",
                parameters: &[p::KEY],
                ..Doc::post(
                    "add_webhook",
                    "events",
                    Content::json("WebhookRequest", examples::WEBHOOK_REQUEST),
                    made,
                )
            },
        ),
        at(
            "/api/v1/webhooks/{id}",
            |api, call| Box::pin(webhooks::show(api, call)),
            Doc { summary: "A webhook", ..show },
        ),
        at(
            "/api/v1/webhooks/{id}",
            |api, call| Box::pin(webhooks::change(api, call)),
            Doc {
                method: "post",
                id: "change_webhook",
                summary: "Turns a webhook on or off",
                body: Some(Content::json("WebhookChange", examples::WEBHOOK_CHANGE)),
                ..show
            },
        ),
        route(
            "/api/v1/webhooks/{id}",
            GUARDED,
            |api, call| Box::pin(webhooks::remove(api, call)),
            Doc {
                method: "delete",
                id: "remove_webhook",
                summary: "Removes a webhook, and what was to be delivered to it",
                reply: Reply { status: 204, content: None, headers: &[] },
                ..show
            },
        ),
    ]
}

fn deliveries() -> Vec<Route> {
    let show = Doc { refusals: UNKNOWN, ..Doc::get("deliveries", "events", Reply::ok(DELIVERIES)) };
    vec![
        at(
            "/api/v1/webhooks/{id}/deliveries",
            |api, call| Box::pin(webhooks::deliveries(api, call)),
            Doc { summary: "What was not delivered yet", parameters: &[p::AFTER], ..show },
        ),
        at(
            "/api/v1/webhooks/{id}/deliveries",
            |api, call| Box::pin(webhooks::redeliver(api, call)),
            Doc {
                method: "post",
                id: "redeliver",
                summary: "Delivers an event again",
                body: Some(Content::json("EventNumber", examples::EVENT_NUMBER)),
                reply: Reply::ok(Content::json("Event", examples::EVENT)),
                ..show
            },
        ),
    ]
}
