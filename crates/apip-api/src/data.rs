//! Signed requests of users who have a session.

use crate::{
    api::Inner,
    body::Body,
    cards::{Card, Query, Shape, Signed},
    code::Code,
    config::ChargeRule,
    handler::{Asked, refuse_bare, report},
    own::Own,
    price::Tariff,
    reply::{Answer, Data, Document},
};
use axum::response::Response;
use serde_json::{Value, json};
use tally_accounts::{Balance, Charge, Charged, NonceUse, Visitor};
use tally_apip_node::{Answer as Found, Best, IndexTable, TableId};
use tally_crypto::fch::{sym_sign, sym_verify};
use tally_fcdsl::{Forced, IDS_MAX, QueryError, Rules, Search};
use tally_primitives::Satoshi;

/// What a request asks for, read but not yet carried out.
enum Plan {
    Search(TableId, Box<Search>, Shape),
    Totals,
    Ping,
    Refused(Code, Value),
}

/// Answers a signed request. The order of the checks is part of the interface.
///
/// *Source:* spec of the later servers: 1014, 1000, 1002, 1009, 1004, 1003, 1013, 1008, 1007, 1005,
/// 1006, then what the interface itself checks.
pub(crate) async fn answer(api: &Inner, card: &Card, signed: Signed, asked: Asked) -> Response {
    let best = api.directory.best();
    let own = api.own();
    match (signed, api.closed()) {
        (Signed::Ping, Some(_)) => {}
        (Signed::Query(_) | Signed::General | Signed::Totals, Some(refusal)) => {
            return refusal.write().unsigned(Balance::default());
        }
        (_, None) if own.is_suspended() => return refuse_bare(Code::Suspended, 0, best),
        (_, None) => {}
    }
    let Some(sign) = asked.header("sign") else {
        return refuse_bare(Code::MissSign, 0, best);
    };
    let Some(name) = asked.header("sessionname") else {
        return refuse_bare(Code::MissSessionName, 0, best);
    };
    // A name that can be none is that of no session.
    let Ok(name) = name.parse() else { return refuse_bare(Code::NoSession, 0, best) };
    let bytes = asked.body.as_deref().unwrap_or_default();
    let body = Body::parse(bytes).map_err(|error| error.to_string());
    let nonce = body.as_ref().map_or(0, |body| body.nonce);
    let now_ms = api.config.clock.now_ms();
    let visitor = match api.accounts.look_up(name, Some(nonce), now_ms).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => return refuse_bare(Code::NoSession, nonce, best),
        Err(error) => {
            report(&error);
            return refuse_bare(Code::Other, nonce, best);
        }
    };
    let tariff = match signed {
        Signed::Ping => Tariff::FREE,
        Signed::Query(_) | Signed::General | Signed::Totals => api.tariff(&own, card),
    };
    let is_authentic = !bytes.is_empty() && sym_verify(bytes, visitor.session.key.as_bytes(), sign);
    let visit = Visit { api, own: &own, visitor: &visitor, tariff, nonce, now_ms };
    let least = tariff.least();
    if least.0 > 0 && !visitor.balance.covers(least) {
        return visit.exhausted(is_authentic, best).await;
    }
    if asked.body.as_ref().is_ok_and(|body| body.is_empty()) {
        return refuse_bare(Code::MissBody, nonce, best);
    }
    let problem = asked.body.as_ref().err().or(body.as_ref().err());
    if let Some(problem) = problem {
        return visit.malformed(is_authentic, best, json!({ "reason": problem })).await;
    }
    let body = body.unwrap_or_default();
    let plan = plan(signed, body.fcdsl.as_ref());
    if let Plan::Refused(Code::BadRequest, data) = plan {
        return visit.malformed(is_authentic, best, data).await;
    }
    if !is_authentic {
        return refuse_bare(Code::BadSign, nonce, best);
    }
    if nonce == 0 || visitor.is_nonce_used {
        return visit.signed(&Answer::bare(Code::NonceUsed, nonce, best), visitor.balance);
    }
    let answer = match stale(api, &own, card, &body, now_ms, best) {
        Some(refusal) => refusal,
        None => visit.carry_out(plan, best).await,
    };
    if matches!(signed, Signed::Ping) && answer.code == Code::Success {
        return visit.pong(&answer).await;
    }
    visit.charge(answer).await
}

/// Refuses what was signed for another place or another time.
pub(crate) fn stale(
    api: &Inner,
    own: &Own,
    card: &Card,
    body: &Body,
    now_ms: u64,
    best: Option<Best>,
) -> Option<Answer> {
    let refusal = |code, data| Some(Answer::refusal(code, body.nonce, best, data));
    let url = body.url.as_deref().unwrap_or("");
    if !api.is_url_of(own, card, url) {
        let requested = api.url_of(card);
        let data = json!({ "requestedURL": requested, "signedURL": url });
        return refusal(Code::OtherUrl, data);
    }
    let window_ms = api.config.window_ms;
    let is_near = u64::try_from(body.time).is_ok_and(|time| time.abs_diff(now_ms) <= window_ms);
    if !is_near {
        let data = json!({ "windowTime": window_ms.to_string() });
        return refusal(Code::Expired, data);
    }
    None
}

/// Reads what is asked for.
fn plan(signed: Signed, fcdsl: Option<&Value>) -> Plan {
    match signed {
        Signed::Ping => Plan::Ping,
        Signed::Totals => Plan::Totals,
        Signed::Query(Query { kind, content, forced, shape }) => {
            let id = TableId::of(kind, content);
            let table = id.table();
            let needs_ids = shape == Shape::ById;
            let rules =
                Rules { default_sort: table.default_sort, ..rules(table, forced, needs_ids) };
            searched(id, Search::parse(fcdsl, &rules), shape)
        }
        Signed::General => {
            let refused = |code, reason: &str| Plan::Refused(code, json!({ "reason": reason }));
            if fcdsl.is_some_and(|fcdsl| !fcdsl.is_object() && !fcdsl.is_null()) {
                return refused(Code::BadRequest, "fcdsl: must be an object");
            }
            let name = match fcdsl.and_then(|fcdsl| fcdsl.get("index")) {
                None | Some(Value::Null) => {
                    return refused(Code::BadQuery, "fcdsl.index: is missing or empty");
                }
                Some(Value::String(name)) => name,
                Some(_) => return refused(Code::BadRequest, "fcdsl.index: must be a string"),
            };
            let Some(id) = TableId::named(name) else {
                return refused(Code::BadQuery, "fcdsl.index: names no table");
            };
            let rules = rules(id.table(), Forced::None, false);
            searched(id, Search::parse(fcdsl, &rules), Shape::List)
        }
    }
}

fn rules(table: &'static IndexTable, forced: Forced<'static>, needs_ids: bool) -> Rules<'static> {
    Rules { schema: &table.schema, default_sort: &[], forced, needs_ids }
}

fn searched(table: TableId, search: Result<Search, QueryError>, shape: Shape) -> Plan {
    match search {
        Ok(search) => Plan::Search(table, Box::new(search), shape),
        Err(error) => {
            let reason = error.to_string();
            match error {
                QueryError::Shape { .. } => {
                    Plan::Refused(Code::BadRequest, json!({ "reason": reason }))
                }
                QueryError::TooManyIds { .. } => {
                    Plan::Refused(Code::TooMuch, json!({ "maxSize": IDS_MAX, "reason": reason }))
                }
                QueryError::Bad { .. } => {
                    Plan::Refused(Code::BadQuery, json!({ "reason": reason }))
                }
            }
        }
    }
}

/// How many documents each table has, as JSON text and in number of tables.
pub(crate) fn totals(api: &Inner) -> (String, usize) {
    let count = |(table, count): (TableId, u64)| {
        (table.table().name.to_owned(), Value::String(count.to_string()))
    };
    let totals = api.directory.totals().into_iter().map(count);
    let totals: serde_json::Map<String, Value> = totals.collect();
    let tables = totals.len();
    (Value::Object(totals).to_string(), tables)
}

/// A user's request whose session is known.
struct Visit<'a> {
    api: &'a Inner,
    own: &'a Own,
    visitor: &'a Visitor,
    tariff: Tariff,
    nonce: i64,
    now_ms: u64,
}

impl Visit<'_> {
    async fn carry_out(&self, plan: Plan, best: Option<Best>) -> Answer {
        let nonce = self.nonce;
        match plan {
            Plan::Ping => Answer::bare(Code::Success, nonce, best),
            Plan::Refused(code, data) => Answer::refusal(code, nonce, best, data),
            Plan::Totals => {
                let (text, tables) = totals(self.api);
                Answer { got: tables, total: tables as u64, ..Answer::value(nonce, best, text) }
            }
            Plan::Search(table, search, shape) => {
                let by_ids = search.ids.is_some();
                match self.api.searches.run(&self.api.directory, table, *search).await {
                    Ok(found) => shaped(found, nonce, shape, by_ids),
                    Err(error) => {
                        let data = json!({ "reason": error.to_string() });
                        Answer::refusal(Code::Other, nonce, best, data)
                    }
                }
            }
        }
    }

    /// Uses the nonce, takes the price, and answers: nothing that cost something leaves before.
    async fn charge(&self, answer: Answer) -> Response {
        let written = answer.write();
        let amount = match (answer.code, self.api.config.charge) {
            (Code::Success | Code::NoData, _) => self.tariff.cost(written.bytes()),
            (Code::Other, _) | (_, ChargeRule::Answered) => Satoshi(0),
            (_, ChargeRule::All) => self.tariff.refusal(),
        };
        let charge =
            Charge { session: Some(self.visitor.session.name()), nonce: self.nonce_use(), amount };
        let bare = |code| Answer::bare(code, self.nonce, answer.best);
        match self.api.accounts.charge(charge, self.now_ms).await {
            Ok(Charged::Paid(balance)) => {
                let body = written.body(balance);
                let sign = sym_sign(&body, self.visitor.session.key.as_bytes());
                written.reply(body, Some(sign))
            }
            Ok(Charged::Replayed(balance)) => self.signed(&bare(Code::NonceUsed), balance),
            Ok(Charged::Insufficient(balance)) => {
                self.signed(&self.insufficient(answer.best), balance)
            }
            Err(error) => {
                report(&error);
                self.signed(&bare(Code::Other), self.visitor.balance)
            }
        }
    }

    /// Answers a ping: the nonce is used, nothing is taken, and nothing is signed.
    async fn pong(&self, answer: &Answer) -> Response {
        match self.api.accounts.accept_nonce(self.nonce_use(), self.now_ms).await {
            Ok(true) => answer.write().unsigned(self.visitor.balance),
            Ok(false) => {
                let used = Answer::bare(Code::NonceUsed, self.nonce, answer.best);
                self.signed(&used, self.visitor.balance)
            }
            Err(error) => {
                report(&error);
                let failed = Answer::bare(Code::Other, self.nonce, answer.best);
                self.signed(&failed, self.visitor.balance)
            }
        }
    }

    /// Refuses a user who has too little. Only the user's own request ends the session.
    async fn exhausted(&self, is_authentic: bool, best: Option<Best>) -> Response {
        let answer = self.insufficient(best);
        if !is_authentic {
            return answer.write().unsigned(Balance::default());
        }
        if let Err(error) = self.api.accounts.end_session(self.visitor.session.name()).await {
            report(&error);
        }
        self.signed(&answer, self.visitor.balance)
    }

    /// Refuses what cannot be read. Its nonce is used only where refusals cost: it may be none, and
    /// what cannot be charged again is told again for nothing.
    async fn malformed(&self, is_authentic: bool, best: Option<Best>, data: Value) -> Response {
        let answer = Answer::refusal(Code::BadRequest, self.nonce, best, data);
        if !is_authentic {
            return answer.write().unsigned(Balance::default());
        }
        let is_new = self.nonce != 0 && !self.visitor.is_nonce_used;
        match self.api.config.charge {
            ChargeRule::All if is_new => self.charge(answer).await,
            ChargeRule::All | ChargeRule::Answered => self.signed(&answer, self.visitor.balance),
        }
    }

    fn insufficient(&self, best: Option<Best>) -> Answer {
        insufficient(self.own, "1", self.nonce, best)
    }

    /// Signs an answer for the user, who has proved to know the key.
    fn signed(&self, answer: &Answer, balance: Balance) -> Response {
        let written = answer.write();
        let body = written.body(balance);
        let sign = sym_sign(&body, self.visitor.session.key.as_bytes());
        written.reply(body, Some(sign))
    }

    fn nonce_use(&self) -> NonceUse {
        nonce_use(self.api, self.visitor.session.fid.clone(), self.nonce, self.now_ms)
    }
}

/// A nonce lives until the last moment at which the request that brought it could be sent again: its
/// time may be a window ahead of the clock.
pub(crate) fn nonce_use(
    api: &Inner,
    fid: tally_primitives::Fid,
    nonce: i64,
    now_ms: u64,
) -> NonceUse {
    let life_ms = 2 * api.config.window_ms + 1;
    NonceUse { fid, nonce, expires_ms: now_ms.saturating_add(life_ms) }
}

/// Says how to buy: to which account, and what to write into the payment. `sn` is the number of the
/// document that the buy mark follows.
pub(crate) fn insufficient(own: &Own, sn: &str, nonce: i64, best: Option<Best>) -> Answer {
    let Some((sid, terms)) = own.offer() else {
        // Nothing can be bought here.
        let data = json!({ "reason": "this directory takes no payments" });
        return Answer::refusal(Code::Insufficient, nonce, best, data);
    };
    let mark = json!({
        "type": "APIP", "sn": sn, "ver": "1", "name": "OpenAPI", "pid": "",
        "data": { "op": "buy", "sid": sid.to_string() },
    });
    let data = json!({
        "account": terms.account.as_str(),
        "minPayment": coins(terms.min_payment),
        "WriteInOpReturn": mark.to_string(),
    });
    Answer::refusal(Code::Insufficient, nonce, best, data)
}

/// Writes an amount in coins.
fn coins(amount: Satoshi) -> String {
    let coin = Satoshi::COIN.0;
    format!("{}.{:08}", amount.0 / coin, amount.0 % coin)
}

/// Makes an answer of what was found.
pub(crate) fn shaped(found: Found, nonce: i64, shape: Shape, by_ids: bool) -> Answer {
    let Found { best, total, ids, documents: texts, last } = found;
    let documents: Vec<Document> =
        ids.into_iter().zip(texts).map(|(id, text)| Document { id, text }).collect();
    let got = documents.len();
    if got == 0 {
        return Answer { total, ..Answer::bare(Code::NoData, nonce, best) };
    }
    let data = match shape {
        Shape::List => Data::List(documents),
        Shape::ById => Data::Map(documents),
        Shape::Names => {
            let names = |text: &str| {
                let document: Value = serde_json::from_str(text).unwrap_or_default();
                document.get("usedCids").map_or_else(|| "[]".to_owned(), Value::to_string)
            };
            let named = documents
                .into_iter()
                .map(|document| Document { text: names(&document.text), id: document.id });
            Data::Map(named.collect())
        }
    };
    let total = if by_ids { got as u64 } else { total };
    let last = last.filter(|_| !by_ids);
    Answer { code: Code::Success, nonce, got, total, best, data, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_coins() {
        assert_eq!(coins(Satoshi(1)), "0.00000001");
        assert_eq!(coins(Satoshi(1_000_000_000)), "10.00000000");
    }
}
