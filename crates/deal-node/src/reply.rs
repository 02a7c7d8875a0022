//! What a server says of a deal: the message that clients know, and for those who read JSON what
//! the message has no place for.

use crate::{DealReply, ServerError, ServerKeys};
use serde::Serialize;
use serde_json::json;
use tally_deal::{Deal, Document, Order, Payee, Percent, SchemeName, bip21};

/// What is told of a deal beside the members of the message; nothing of it is secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extras<'a> {
    code: String,
    state: &'static str,
    scheme: String,
    uri: String,
    /// Who takes a fee of the payout, and which: the terms do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<serde_json::Value>,
    /// Satoshi that blocks have, unspent or spent, as they came in.
    received_sat: u64,
    /// Satoshi in transactions that no block has yet.
    unconfirmed_sat: u64,
    outputs: Vec<serde_json::Value>,
    settlements: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

/// Makes the answer about a deal, signed at `now` (Unix seconds) if `keys` are given.
///
/// `asked` is the message that made the deal: then the answer has its members in its order.
pub(crate) fn deal_reply(
    deal: &Deal,
    asked: Option<&Document>,
    keys: Option<&ServerKeys>,
    now: u64,
) -> Result<DealReply, ServerError> {
    let document = document(deal, asked);
    let text = document.to_yaml();
    let sign = |keys: &ServerKeys| keys.pgp.sign_clear(&text, now);
    let signed = keys.map(sign).transpose().map_err(|error| ServerError::Sign(error.into()))?;
    let json = json_text(deal, &document)?;
    Ok(DealReply { text, signed, json })
}

/// The message about a deal as it is now.
fn document(deal: &Deal, asked: Option<&Document>) -> Document {
    let mut document = match asked {
        Some(asked) => asked.clone(),
        None => of_terms(deal),
    };
    document.set("order", deal.state().order().as_str());
    let ratings = [("seller", deal.seller_rating()), ("customer", deal.customer_rating())];
    for (party, rating) in ratings {
        document.set_behind("address", &format!("{party}.rating"), rating.to_string());
    }
    let settled = deal.settlements().iter().rev().find(|settlement| settlement.is_signed());
    if let Some(raw) = settled.and_then(|settlement| settlement.raw.as_ref()) {
        document.set("transaction.hex", raw.to_string());
    }
    if let Some(failure) = deal.failure() {
        document.set("error.message", failure);
    }
    document
}

/// The message that could have made a deal, with what was said of the deal since.
fn of_terms(deal: &Deal) -> Document {
    let terms = deal.terms();
    let mut document = Document::from_fields(&[], Some(Order::Create))
        .expect("a message of nothing but an order is within all bounds");
    document.set("type", terms.kind.to_string());
    document.set("at", terms.url.as_str());
    document.set("date", terms.date.to_string());
    document.set("seller.address", terms.seller.to_string());
    document.set("customer.address", terms.customer.to_string());
    document.set("payment.until", terms.until.to_string());
    document.set("payment.address", deal.address().to_string());
    document.set("payment.sum", terms.sum.text(terms.network));
    let scheme = deal.scheme().name();
    if scheme != SchemeName::default() {
        document.set("payment.scheme", scheme.to_string());
    }
    document.set("feedback.leave-before", terms.leave_before.to_string());
    if let Some(feedback) = deal.feedback() {
        document.set("feedback.status", feedback.status.to_string());
    }
    let refund = deal.decision().map(|decision| decision.refund);
    if let Some(refund) = refund.filter(|refund| *refund != Percent::ZERO) {
        document.set("feedback.refund", refund.to_string());
    }
    let words = deal.feedback().map(|feedback| feedback.comments.as_str());
    let words = words.or(deal.cancellation().map(|cancellation| cancellation.comments.as_str()));
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        document.set("feedback.comments", words);
    }
    document
}

fn json_text(deal: &Deal, document: &Document) -> Result<String, ServerError> {
    let bug = |error: serde_json::Error| ServerError::Corrupt { what: error.to_string() };
    let mut text = serde_json::to_string(document).map_err(bug)?;
    let extras = serde_json::to_string(&extras(deal)).map_err(bug)?;
    // Both are objects with members: the message has an order, the extras have a code.
    text.truncate(text.len().saturating_sub(1));
    text.push(',');
    text.push_str(extras.get(1..).unwrap_or_default());
    Ok(text)
}

fn extras(deal: &Deal) -> Extras<'_> {
    let terms = deal.terms();
    let label = format!("Deal {}", deal.code());
    let there = || deal.outputs().iter().filter(|output| !output.is_gone);
    let received = there().filter(|output| output.confirmation.is_some());
    let unconfirmed = there().filter(|output| output.confirmation.is_none());
    let outputs = there().map(|output| {
        json!({
            "txid": output.outpoint.txid.to_string(),
            "vout": output.outpoint.vout,
            "valueSat": output.value.0,
            "height": output.confirmation.map(|confirmation| confirmation.height.0),
            "spentBy": output.spend.map(|spend| spend.by.to_string()),
        })
    });
    let settlements = deal.settlements().iter().map(|settlement| {
        json!({
            "id": settlement.plan.id.0,
            "purpose": settlement.plan.purpose,
            "txid": settlement.newest().map(|version| version.txid.to_string()),
            "feeSat": settlement.newest().map(|version| version.fee.0),
            "isConfirmed": deal.is_confirmed(settlement),
            "rejected": settlement.rejected,
        })
    });
    let payee =
        |payee: &Payee| json!({ "address": payee.address.as_str(), "fee": payee.fee.to_string() });
    Extras {
        code: deal.code().to_string(),
        state: deal.state().order().as_str(),
        scheme: deal.scheme().name().to_string(),
        uri: bip21::uri(deal.address(), terms.sum.satoshi(), &label, ""),
        module: deal.module().map(payee),
        service: deal.service().map(payee),
        received_sat: received.map(|output| output.value.0).sum(),
        unconfirmed_sat: unconfirmed.map(|output| output.value.0).sum(),
        outputs: outputs.collect(),
        settlements: settlements.collect(),
        dispute: deal.dispute().map(|dispute| json!(dispute)),
        decision: deal.decision().map(|decision| json!(decision)),
        failure: deal.failure(),
    }
}
