//! The members that the protocol knows, and messages made of them one by one.

use super::{Document, DocumentError, Node};
use crate::Order;

/// Paths of what a message may say, in the order in which they are written. The field of a form is
/// called the same with underscores.
///
/// *Source:* the module's description of its requests; `feedback.refund` is what arbiters' sites
/// send, `payment.scheme` is an addition of this project.
const PATHS: [&str; 18] = [
    "order",
    "type",
    "at",
    "date",
    "seller.address",
    "seller.rating",
    "seller.signature",
    "customer.address",
    "customer.rating",
    "customer.signature",
    "payment.address",
    "payment.until",
    "payment.sum",
    "payment.scheme",
    "feedback.leave-before",
    "feedback.status",
    "feedback.refund",
    "feedback.comments",
];

pub(super) fn from_fields(
    fields: &[(String, String)],
    order: Option<Order>,
) -> Result<Vec<(String, Node)>, DocumentError> {
    if fields.len() > Document::NODES_MAX {
        return Err(DocumentError::TooMany);
    }
    let length = fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    if length > Document::BYTES_MAX {
        return Err(DocumentError::TooLong);
    }
    build(order, |path| {
        let name = path.replace(['.', '-'], "_");
        let mut values = fields.iter().filter(|(other, _)| *other == name);
        let value = values.next().map(|(_, value)| value.clone());
        if values.next().is_some() { Err(DocumentError::Twice(name)) } else { Ok(value) }
    })
}

pub(super) fn from_object(
    object: &Document,
    order: Option<Order>,
) -> Result<Vec<(String, Node)>, DocumentError> {
    build(order, |path| Ok(object.text(path)?.map(str::to_owned)))
}

fn build(
    order: Option<Order>,
    value: impl Fn(&str) -> Result<Option<String>, DocumentError>,
) -> Result<Vec<(String, Node)>, DocumentError> {
    let mut members: Vec<(String, Node)> = Vec::new();
    for path in PATHS {
        let mut text = value(path)?.filter(|text| !text.is_empty());
        if path == "order" {
            // The order is a word of the protocol, in small letters like the path of a request.
            text = order.map(Order::to_lowercase).or_else(|| text.map(|text| text.to_lowercase()));
        }
        let Some(text) = text else { continue };
        let Some((group, name)) = path.split_once('.') else {
            members.push((path.to_owned(), Node::Text(text)));
            continue;
        };
        let member = (name.to_owned(), Node::Text(text));
        match members.last_mut() {
            Some((last, Node::Map(inner))) if last == group => inner.push(member),
            _ => members.push((group.to_owned(), Node::Map(vec![member]))),
        }
    }
    Ok(members)
}
