//! docs/http-deal.md says what happens.

use crate::{
    client::send,
    world::{World, secret},
};
use serde_json::Value;
use tally_deal_api::OAuthClient;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http-deal.md");

/// How much of a long text is shown.
const SHOWN: usize = 140;

/// Goal: every request of the page is answered as it says. Rewrite the answers with
/// `TALLY_WRITE_DOCS=1 cargo test -p tally-deal-api`.
#[tokio::test]
async fn the_examples_of_the_page_are_true() {
    let page = std::fs::read_to_string(PATH).unwrap();
    let world = World::with(|_, api| {
        api.clients = vec![OAuthClient {
            id: "shop".to_owned(),
            secret: secret("shop-secret"),
            issuers: vec![],
            is_operator: false,
        }];
    })
    .await;
    let (mut written, mut examples) = (String::new(), 0);
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("```http\n") {
        let (request, after) = after.split_once("```\n").unwrap();
        let (fence, after) = after.split_once('\n').unwrap();
        assert!(fence.starts_with("```") && fence.len() > 3, "no answer to {request}");
        let (_, after) = after.split_once("```\n").unwrap();
        let answer = ask(&world, request).await;
        written.push_str(&format!("{before}```http\n{request}```\n{fence}\n{answer}\n```\n"));
        rest = after;
        examples += 1;
    }
    written.push_str(rest);
    assert!(examples > 15, "{examples}");
    if std::env::var_os("TALLY_WRITE_DOCS").is_some() {
        std::fs::write(PATH, &written).unwrap();
    } else {
        assert_eq!(written, page);
    }
}

/// Sends a request that is written down as in HTTP.
async fn ask(world: &World, text: &str) -> String {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let headers: Vec<(&str, &str)> =
        lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line}"))).collect();
    let body = body.trim_end().to_owned();
    let reply = send(&world.router, method, path, &headers, body).await;
    match serde_json::from_str::<Value>(&reply.text) {
        Ok(value) => shown(value).to_string(),
        Err(_) => reply.text.trim_end().to_owned(),
    }
}

/// Hides what differs from run to run, and what is long.
fn shown(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let show = |(name, value): (String, Value)| {
                let is_random =
                    ["id", "access_token", "refresh_token", "secret", "session"].contains(&&*name);
                let value =
                    if is_random && value.is_string() { "…".into() } else { shown(value) };
                (name, value)
            };
            // Whatever order the JSON library keeps.
            let members: std::collections::BTreeMap<String, Value> =
                members.into_iter().map(show).collect();
            members.into_iter().collect()
        }
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::String(ref text) if text.chars().count() > SHOWN => {
            let start: String = text.chars().take(SHOWN).collect();
            format!("{start}…").into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
