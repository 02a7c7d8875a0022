//! Bodies of requests. Read as leniently as the servers of the documents did: numbers may be texts,
//! members that nobody knows are ignored, a missing time or nonce is 0.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Number, Value};

/// What a signed request says.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    #[serde(deserialize_with = "text")]
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "long")]
    pub(crate) time: i64,
    #[serde(deserialize_with = "long")]
    pub(crate) nonce: i64,
    /// The user's public key; of sign-ins only.
    #[serde(rename = "pubKey", deserialize_with = "text")]
    pub(crate) pub_key: Option<String>,
    /// `refresh` asks for a new session; of later sign-ins only.
    #[serde(deserialize_with = "text")]
    pub(crate) mode: Option<String>,
    pub(crate) fcdsl: Option<Value>,
}

impl Body {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        // An array would be read as the members in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(serde_json::Error::custom("the body must be a JSON object"));
        }
        serde_json::from_slice(bytes)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(Number),
    Other(Value),
}

fn text<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Number(number) => Ok(Some(number.to_string())),
        Scalar::Other(Value::Null) => Ok(None),
        Scalar::Other(_) => Err(D::Error::custom("must be a string")),
    }
}

fn long<'a, D: Deserializer<'a>>(deserializer: D) -> Result<i64, D::Error> {
    let error = || D::Error::custom("must be a 64-bit integer");
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => text.parse().map_err(|_| error()),
        Scalar::Number(number) => number.as_i64().ok_or_else(error),
        Scalar::Other(Value::Null) => Ok(0),
        Scalar::Other(_) => Err(error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_texts_and_members_may_be_missing() {
        let body = Body::parse(br#" {"url":"u","time":"1677673821267","nonce":-7,"x":[1]}"#);
        let expected =
            Body { url: Some("u".into()), time: 1_677_673_821_267, nonce: -7, ..Body::default() };
        assert_eq!(body.unwrap(), expected);
        assert_eq!(Body::parse(br#"{"nonce":null,"url":null}"#).unwrap(), Body::default());
        assert_eq!(Body::parse(b"{}").unwrap(), Body::default());
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for bad in [
            "",
            "[]",
            "[\"u\",1,2]",
            "null",
            "{",
            "{}x",
            r#"{"nonce":1.5}"#,
            r#"{"nonce":"1x"}"#,
            r#"{"nonce":9223372036854775808}"#,
            r#"{"time":{}}"#,
            r#"{"url":["a"]}"#,
            r#"{"nonce":true}"#,
            r#"{"nonce":1,"nonce":2}"#,
            "\u{feff}{}",
        ] {
            assert!(Body::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Body::parse(b"{\"url\":\"\xff\"}").is_err(), "not UTF-8");
    }
}
