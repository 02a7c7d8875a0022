//! Replies: JSON without white space, as a document that was written once and is passed on.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// When the block was made that a transaction is in, in unix seconds.
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-bigchaindb-timestamp");
/// Where the next page of a list starts.
pub(crate) const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Makes a reply of a JSON text that is known to be well-formed.
pub(crate) fn text(json: impl Into<Body>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], json.into()).into_response()
}

/// Makes a reply of a value.
pub(crate) fn json(value: &impl Serialize) -> Response {
    let written = serde_json::to_vec(value);
    text(written.expect("wire structs have text keys and no failing serializer"))
}

/// Joins JSON texts to a list.
pub(crate) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut list = String::from("[");
    for item in items {
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(item.as_ref());
    }
    list.push(']');
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_to_a_list() {
        assert_eq!(list::<&str>([]), "[]");
        assert_eq!(list(["{\"a\":1.0}"]), "[{\"a\":1.0}]");
        assert_eq!(list(["1", "\"b\"", "null"]), "[1,\"b\",null]");
    }
}
