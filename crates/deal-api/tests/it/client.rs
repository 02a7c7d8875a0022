//! Requests, and what comes back.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain";

/// A reply that was read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The content of `payload` of a package.
    pub(crate) fn payload(&self) -> String {
        let value = self.json();
        let coded = value["payload"].as_str().unwrap_or_else(|| panic!("no payload: {value}"));
        String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap()
    }

    /// Whether the package says that it succeeded, and its message.
    pub(crate) fn result(&self) -> (bool, String) {
        let value = self.json();
        let result = &value["result"];
        let success = result["success"].as_bool().unwrap_or_else(|| panic!("{value}"));
        (success, result["message"].as_str().unwrap().to_owned())
    }

    /// The status, and the message of an error.
    pub(crate) fn error(&self) -> (u16, String) {
        let value = self.json();
        let error = &value["error"];
        (self.status, error["message"].as_str().unwrap_or_else(|| panic!("{value}")).to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).unwrap();
    let reply = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = reply.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let status: StatusCode = parts.status;
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Reply { status: status.as_u16(), headers: parts.headers, text }
}

pub(crate) async fn get(router: &Router, path: &str) -> Reply {
    send(router, "GET", path, &[], "").await
}

pub(crate) async fn post(router: &Router, path: &str, kind: &str, body: &str) -> Reply {
    send(router, "POST", path, &[("content-type", kind)], body.to_owned()).await
}

/// A multipart body with the boundary `XX`.
pub(crate) fn multipart(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).chain(["--XX--\r\n".to_owned()]).collect()
}

/// An urlencoded body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let coded = |text: &str| -> String { text.bytes().map(|it| format!("%{it:02X}")).collect() };
    let pair = |(name, value): &(&str, &str)| format!("{}={}", coded(name), coded(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}
