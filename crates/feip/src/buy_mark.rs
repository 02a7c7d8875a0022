use crate::{
    Json,
    family::{text_of, texts_of},
    text::object_in,
};

/// What a buyer wrote into the transaction that pays for a service.
///
/// *Source:* APIP1V1, APIP0V1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyMark {
    /// The service that is paid: never empty if `op` is to buy, empty if a mark to ignore names
    /// none.
    pub sid: Box<str>,
    /// The ids of the apps that brought the sale; empty if none is named, or not as a text or a
    /// list of texts: the money has come all the same.
    pub via: Vec<Box<str>>,
    /// Whether the payment is an order.
    pub op: BuyMarkOp,
}

/// What a buy mark says about its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuyMarkOp {
    /// It is an order: credit the payer.
    Buy,
    /// It is no order, even where all income counts as orders.
    Ignore,
}

/// Returns the buy mark in a record's text, if it is one.
pub fn buy_mark(text: &[u8]) -> Option<BuyMark> {
    let object = object_in(text).ok()?;
    let sn = object.get("sn").and_then(text_of)?;
    if object.get("type").and_then(Json::as_str) != Some("APIP") || !matches!(&*sn, "0" | "1") {
        return None;
    }
    let Some(Json::Object(data)) = object.get("data") else { return None };
    let op = match data.get("op").and_then(Json::as_str)? {
        "buy" => BuyMarkOp::Buy,
        "ignore" => BuyMarkOp::Ignore,
        _ => return None,
    };
    let sid: Box<str> = match data.get("sid") {
        None | Some(Json::Null) => "".into(),
        Some(sid) => sid.as_str()?.into(),
    };
    if op == BuyMarkOp::Buy && sid.is_empty() {
        return None;
    }
    let via =
        data.get("via").and_then(|via| text_of(via).map(|via| vec![via]).or_else(|| texts_of(via)));
    Some(BuyMark { sid, via: via.unwrap_or_default(), op })
}
