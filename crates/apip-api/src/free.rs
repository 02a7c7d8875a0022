//! What is answered without a signature, and without a price.

use crate::{
    api::Inner,
    cards::{Free, Shape},
    code::Code,
    data::{shaped, totals},
    handler::{refuse, refuse_bare},
    reply::Answer,
    searches::NotSearched,
};
use axum::{extract::Query, http::Uri, response::Response};
use serde_json::{Value, json};
use tally_accounts::Balance;
use tally_apip_node::{Answer as Found, Best, Content, TableId};
use tally_fcdsl::{Forced, Order, Rules, Search};
use tally_feip::Kind;

/// The best rated first, then those whose ratings weigh most.
const BEST_RATED: &[(&str, Order)] =
    &[("tRate", Order::Desc), ("tCdd", Order::Desc), ("lastHeight", Order::Desc)];

/// Answers a `GET`.
pub(crate) async fn get(api: &Inner, what: Free, uri: &Uri) -> Response {
    let best = api.directory.best();
    let is_always = matches!(what, Free::OwnService);
    if !api.config.free_get && !is_always {
        return refuse_bare(Code::FreeGetOff, 0, best);
    }
    let found = |answer: Answer| answer.write().unsigned(Balance::default());
    match what {
        Free::Ping => found(Answer::bare(Code::Success, 0, best)),
        Free::OwnService => match api.own().document() {
            Some(document) => found(Answer::value(0, best, document.to_owned())),
            None => refuse_bare(Code::NoService, 0, best),
        },
        Free::Totals => {
            let (text, tables) = totals(api);
            found(Answer { got: tables, total: tables as u64, ..Answer::value(0, best, text) })
        }
        Free::BestBlock => {
            let height = best.map_or(0, |best| best.height.0);
            let id = best.and_then(|best| best.id).map(|id| id.to_string());
            let block = json!({ "height": height, "blockId": id });
            found(Answer::value(0, best, block.to_string()))
        }
        Free::Services => rated(api, Kind::Service, Code::NoService, id(uri).as_deref()).await,
        Free::Apps => rated(api, Kind::App, Code::NoApp, id(uri).as_deref()).await,
        Free::FidCid => user(api, id(uri).as_deref(), best).await,
        Free::Unknown => {
            refuse(Code::Other, 0, best, json!({ "reason": "a directory does not answer this" }))
        }
    }
}

/// Returns the one that is asked for, or the best rated active ones.
async fn rated(api: &Inner, kind: Kind, none: Code, id: Option<&str>) -> Response {
    let active = json!({ "query": { "terms": { "fields": ["active"], "values": ["true"] } } });
    let fcdsl = id.map_or(active, |id| json!({ "ids": [id] }));
    let found = match search(api, kind, BEST_RATED, &fcdsl).await {
        Ok(found) => found,
        Err(error) => return not_searched(api, &error),
    };
    if found.documents.is_empty() {
        return refuse_bare(none, 0, found.best);
    }
    if id.is_some() {
        return one(found);
    }
    shaped(found, 0, Shape::List, true).write().unsigned(Balance::default())
}

/// Returns a user by address or, if there is none of it, by name.
async fn user(api: &Inner, id: Option<&str>, best: Option<Best>) -> Response {
    let Some(id) = id else {
        let data = json!({ "reason": "the parameter id is missing: an address or a name" });
        return refuse(Code::IllegalFid, 0, best, data);
    };
    let by_name = json!({ "query": { "terms": { "fields": ["cid"], "values": [id] } } });
    for fcdsl in [json!({ "ids": [id] }), by_name] {
        match search(api, Kind::Cid, &[], &fcdsl).await {
            Ok(found) if found.documents.is_empty() => {}
            Ok(found) => return one(found),
            Err(error) => return not_searched(api, &error),
        }
    }
    refuse_bare(Code::NoCid, 0, best)
}

fn not_searched(api: &Inner, error: &NotSearched) -> Response {
    refuse(Code::Other, 0, api.directory.best(), json!({ "reason": error.to_string() }))
}

fn one(found: Found) -> Response {
    let document = found.documents.into_iter().next().unwrap_or_default();
    Answer::value(0, found.best, document).write().unsigned(Balance::default())
}

async fn search(
    api: &Inner,
    kind: Kind,
    sort: &[(&str, Order)],
    fcdsl: &Value,
) -> Result<Found, NotSearched> {
    let id = TableId::of(kind, Content::Entities);
    let schema = &id.table().schema;
    let rules = Rules { schema, default_sort: sort, forced: Forced::None, needs_ids: false };
    match Search::parse(Some(fcdsl), &rules) {
        Ok(search) => api.searches.run(&api.directory, id, search).await,
        // A text that is too long to be asked for is the id of nothing.
        Err(_) => Ok(Found {
            total: 0,
            ids: vec![],
            documents: vec![],
            last: None,
            best: api.directory.best(),
        }),
    }
}

/// Returns the parameter `id`, if it is there.
fn id(uri: &Uri) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find_map(|(name, id)| (name == "id" && !id.is_empty()).then_some(id))
}
