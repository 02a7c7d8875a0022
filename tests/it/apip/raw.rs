//! Requests byte by byte, as no library would send them.

use super::{directory::Server, story::URL_HEAD};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tally_apip_client::Session;
use tally_crypto::fch::sym_sign;

/// Returns a body that is as it should be, with the URL that the service's record publishes.
pub(crate) fn body(tail: &str, fcdsl: &str) -> Value {
    let fcdsl: Value = serde_json::from_str(fcdsl).expect("JSON");
    let (url, time, nonce) = (format!("{URL_HEAD}{tail}"), now_ms(), nonce());
    json!({ "url": url, "time": time, "nonce": nonce, "fcdsl": fcdsl })
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("a time of this age")
}

/// A number that these tests have not used.
pub(crate) fn nonce() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A request with the headers of a session.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Signed {
    /// Signs a body, for the interface that its `url` names.
    pub(crate) fn new(session: &Session, body: &Value) -> Self {
        let url = body["url"].as_str().expect("a URL");
        let tail = url.strip_prefix(URL_HEAD).expect("a URL of the service");
        Self::bytes(session, tail, body.to_string().into_bytes())
    }

    /// Signs bytes.
    pub(crate) fn bytes(session: &Session, tail: &str, body: Vec<u8>) -> Self {
        let sign = sym_sign(&body, &session.expose());
        let headers = vec![("SessionName", session.name().to_owned()), ("Sign", sign)];
        Self { path: format!("/APIP/{tail}"), headers, body }
    }

    /// A request without headers.
    pub(crate) fn bare(tail: &str, body: Vec<u8>) -> Self {
        Self { path: format!("/APIP/{tail}"), headers: vec![], body }
    }

    /// Gives a header another value.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Leaves a header out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    /// Gives it another body and leaves the signature as it is.
    pub(crate) fn with_body(self, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..self }
    }

    /// Sends it.
    pub(crate) fn post(&self, server: &Server) -> Answer {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent =
            config.timeout_global(Some(Duration::from_secs(60))).build().into();
        let mut request = agent.post(format!("{}{}", server.url(), self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut reply = request.send(&self.body[..]).expect("an answer");
        let header = |name: &str| {
            reply.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (code, sign) = (header("code"), header("sign"));
        let text = reply.body_mut().read_to_string().expect("a text");
        Answer { status: reply.status().as_u16(), code, sign, text }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    code: Option<String>,
    sign: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    /// Requires the status 200 and that header and body have the same code; returns that.
    pub(crate) fn code(&self) -> u64 {
        assert_eq!(self.status, 200, "{self:?}");
        let code = self.json()["code"].as_u64().expect("a code");
        assert_eq!(self.code, Some(code.to_string()), "{self:?}");
        code
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether it is signed with the key of a session.
    pub(crate) fn is_signed_by(&self, session: &Session) -> bool {
        self.sign == Some(sym_sign(self.text.as_bytes(), &session.expose()))
    }
}
