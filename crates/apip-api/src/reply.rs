//! Answers, byte for byte.

use crate::code::Code;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use std::io::Write;
use tally_accounts::Balance;
use tally_apip_node::Best;
use tally_fcdsl::Last;
use tally_http::ErrorShape;

/// Says what the answer is, as the body does.
const CODE: HeaderName = HeaderName::from_static("code");
/// The signature over the body.
const SIGN: HeaderName = HeaderName::from_static("sign");
/// The block that the answer is of.
const BEST_BLOCK: HeaderName = HeaderName::from_static("x-best-block-id");

/// A document of a table.
#[derive(Debug, PartialEq)]
pub(crate) struct Document {
    pub(crate) id: String,
    /// The JSON text of the whole, or of the part that is shown.
    pub(crate) text: String,
}

/// What stands in `data`.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Data {
    /// Nothing: the member is absent.
    #[default]
    Nothing,
    /// JSON text.
    Text(String),
    /// Documents in an array.
    List(Vec<Document>),
    /// Documents under their ids.
    Map(Vec<Document>),
}

/// An answer short of the user's balance.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    pub(crate) nonce: i64,
    pub(crate) got: usize,
    pub(crate) total: u64,
    /// The state that it is of; nothing before the first block.
    pub(crate) best: Option<Best>,
    pub(crate) data: Data,
    pub(crate) last: Option<Last>,
}

impl Answer {
    /// An answer without content.
    pub(crate) const fn bare(code: Code, nonce: i64, best: Option<Best>) -> Self {
        Self { code, nonce, got: 0, total: 0, best, data: Data::Nothing, last: None }
    }

    /// A refusal that says what is wrong where.
    pub(crate) fn refusal(
        code: Code,
        nonce: i64,
        best: Option<Best>,
        data: serde_json::Value,
    ) -> Self {
        Self { data: Data::Text(data.to_string()), ..Self::bare(code, nonce, best) }
    }

    /// One value.
    pub(crate) fn value(nonce: i64, best: Option<Best>, text: String) -> Self {
        let data = Data::Text(text);
        Self { got: 1, total: 1, data, ..Self::bare(Code::Success, nonce, best) }
    }

    /// Writes everything that does not depend on the balance.
    pub(crate) fn write(&self) -> Written {
        let head = format!(
            "{{\"code\":{},\"message\":\"{}\",\"nonce\":{},\"balance\":",
            self.code.number(),
            self.code.message(),
            self.nonce
        );
        let mut tail = Vec::with_capacity(128 + self.data.bytes());
        put(
            &mut tail,
            format_args!(
                ",\"got\":{},\"total\":{},\"bestHeight\":{}",
                self.got,
                self.total,
                self.best.map_or(0, |best| best.height.0)
            ),
        );
        self.data.write(&mut tail);
        if let Some(last) = &self.last {
            tail.extend_from_slice(b",\"last\":");
            json(&mut tail, last);
        }
        tail.push(b'}');
        Written { code: self.code, best: self.best, head, tail }
    }
}

impl Data {
    fn bytes(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Text(text) => text.len(),
            Self::List(documents) | Self::Map(documents) => {
                documents.iter().map(|document| document.text.len() + document.id.len() + 4).sum()
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (open, documents, close, keyed) = match self {
            Self::Nothing => return,
            Self::Text(text) => {
                out.extend_from_slice(b",\"data\":");
                return out.extend_from_slice(text.as_bytes());
            }
            Self::List(documents) => (b'[', documents, b']', false),
            Self::Map(documents) => (b'{', documents, b'}', true),
        };
        out.extend_from_slice(b",\"data\":");
        out.push(open);
        for (index, document) in documents.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if keyed {
                json(out, &document.id);
                out.push(b':');
            }
            out.extend_from_slice(document.text.as_bytes());
        }
        out.push(close);
    }
}

/// An answer that only lacks the balance.
#[derive(Debug)]
pub(crate) struct Written {
    code: Code,
    best: Option<Best>,
    head: String,
    tail: Vec<u8>,
}

impl Written {
    /// How many bytes count for the price: those of the body if the balance had one digit.
    pub(crate) const fn bytes(&self) -> u64 {
        (self.head.len() + 1 + self.tail.len()) as u64
    }

    /// Returns the whole body.
    pub(crate) fn body(&self, balance: Balance) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.head.len() + 20 + self.tail.len());
        body.extend_from_slice(self.head.as_bytes());
        put(&mut body, format_args!("{balance}"));
        body.extend_from_slice(&self.tail);
        body
    }

    /// Makes the reply; `sign` is the signature over `body`.
    pub(crate) fn reply(&self, body: Vec<u8>, sign: Option<String>) -> Response {
        let mut reply = json_reply(StatusCode::OK, self.code, Body::from(body));
        let headers = reply.headers_mut();
        if let Some(id) = self.best.and_then(|best| best.id) {
            headers.insert(BEST_BLOCK, text(&id.to_string()));
        }
        if let Some(sign) = sign {
            headers.insert(SIGN, text(&sign));
        }
        reply
    }

    /// Makes the reply to somebody who shares no key.
    pub(crate) fn unsigned(&self, balance: Balance) -> Response {
        self.reply(self.body(balance), None)
    }
}

/// Makes a reply of plain text, as old servers answered what is no request of theirs.
pub(crate) fn plain(message: &'static str) -> Response {
    let mut reply = Response::new(Body::from(message));
    let kind = HeaderValue::from_static("text/plain;charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

/// The shape of what is refused before the API looks at it: no such place, too much to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape;

impl ErrorShape for Shape {
    fn reply(&self, status: StatusCode, message: &str) -> Response {
        let data = serde_json::json!({ "reason": message });
        let answer = Answer::refusal(Code::Other, 0, None, data);
        let body = answer.write().body(Balance::default());
        json_reply(status, Code::Other, Body::from(body))
    }
}

fn json_reply(status: StatusCode, code: Code, body: Body) -> Response {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let kind = HeaderValue::from_static("application/json;charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply.headers_mut().insert(CODE, HeaderValue::from(code.number()));
    reply
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("it is hexadecimal digits")
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes all");
}

fn json<T: serde::Serialize>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("texts are JSON, and memory takes all");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_primitives::BlockNumber;

    /// Goal: members and their order as in the samples; nothing escaped that need not be.
    #[test]
    fn the_members_stand_in_the_documents_order() {
        let document = |id: &str, text: &str| Document { id: id.into(), text: text.into() };
        let answer = Answer {
            code: Code::Success,
            nonce: 1_987_697,
            got: 2,
            total: 3,
            best: Some(Best { height: BlockNumber(1_738_170), id: None, time: 0 }),
            data: Data::List(vec![document("a", "{\"a\":1}"), document("b", "{}")]),
            last: Some(vec![Some("1".into()), None, Some("0.0".into())]),
        };
        let written = answer.write();
        let body = String::from_utf8(written.body(Balance(35_579_628_799))).unwrap();
        assert_eq!(
            body,
            "{\"code\":0,\"message\":\"Success.\",\"nonce\":1987697,\"balance\":35579628799,\
             \"got\":2,\"total\":3,\"bestHeight\":1738170,\"data\":[{\"a\":1},{}],\
             \"last\":[\"1\",null,\"0.0\"]}"
        );
        assert_eq!(written.bytes() + 10, body.len() as u64);
        let data = Data::Map(vec![document("a\"", "{\"x\":\"服务=\"}")]);
        let body = Answer { data, last: None, ..answer }.write().body(Balance(-1));
        let body = String::from_utf8(body).unwrap();
        assert!(body.ends_with(",\"data\":{\"a\\\"\":{\"x\":\"服务=\"}}}"), "{body}");
        let bare = Answer::bare(Code::Other, 0, None).write().body(Balance(0));
        assert_eq!(
            String::from_utf8(bare).unwrap(),
            "{\"code\":1020,\"message\":\"Other error，please contact the service provider.\",\
             \"nonce\":0,\"balance\":0,\"got\":0,\"total\":0,\"bestHeight\":0}"
        );
    }
}
