//! What the server says of itself: the documents of all releases, merged. Their names do not clash.

use crate::{ApiEra, BigchainApi, reply};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use serde_json::{Value, json};

/// The name that clients look for: that of the software whose API this is.
const SOFTWARE: &str = "BigchainDB";

/// The host in links when a request does not name one that can stand in a link.
const HOST_DEFAULT: &str = "localhost:9984";

/// Answers `GET /`.
pub(crate) async fn root(State(api): State<BigchainApi>, headers: HeaderMap) -> Response {
    let links = Links::new(&api, &headers);
    let keyring: Vec<String> = api.node.info().keyring.iter().map(ToString::to_string).collect();
    reply::json(&json!({
        "_links": { "api_v1": format!("{}/api/v1/", links.base), "docs": links.docs },
        "api": { "v1": endpoints("/api/v1", &links) },
        "api_endpoint": format!("{}/api/v1", links.base),
        "docs": links.docs,
        "keyring": keyring,
        "public_key": api.node.info().public_key.to_string(),
        "software": SOFTWARE,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// Answers `GET /api/v1`.
pub(crate) async fn index(State(api): State<BigchainApi>, headers: HeaderMap) -> Response {
    let links = Links::new(&api, &headers);
    let mut document = endpoints("", &links);
    let base = format!("{}/api/v1/", links.base);
    document["_links"] = json!({
        "docs": links.docs,
        "self": base,
        "statuses": format!("{base}statuses/"),
        "streams_v1": links.stream(ApiEra::V0_10),
        "transactions": format!("{base}transactions/"),
    });
    reply::json(&document)
}

/// Returns the endpoints' paths as servers since 1.0 write them.
fn endpoints(prefix: &str, links: &Links) -> Value {
    json!({
        "assets": format!("{prefix}/assets/"),
        "blocks": format!("{prefix}/blocks/"),
        "docs": links.docs,
        "metadata": format!("{prefix}/metadata/"),
        "outputs": format!("{prefix}/outputs/"),
        "statuses": format!("{prefix}/statuses/"),
        "streams": links.stream(ApiEra::V2),
        "transactions": format!("{prefix}/transactions/"),
        "validators": format!("{prefix}/validators"),
    })
}

/// Where a client finds things, by the name that it called the server by.
struct Links {
    base: String,
    docs: String,
    streams: String,
}

impl Links {
    fn new(api: &BigchainApi, headers: &HeaderMap) -> Self {
        let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.filter(|host| is_host(host)).unwrap_or(HOST_DEFAULT);
        let secure = if api.tls { "s" } else { "" };
        let base = format!("http{secure}://{host}");
        let streams = api.streams_base.clone().unwrap_or_else(|| format!("ws{secure}://{host}"));
        Self { docs: format!("{base}/docs"), base, streams }
    }

    fn stream(&self, era: ApiEra) -> String {
        let name = if era == ApiEra::V0_10 { "valid_tx" } else { "valid_transactions" };
        format!("{}/api/v1/streams/{name}", self.streams)
    }
}

/// Says whether a text can stand in a link as its host and port.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
}
