use crate::{Error, reply::Envelope};
use std::time::Duration;

/// The longest answer that is read, in bytes.
pub const RESPONSE_LENGTH_MAX: u64 = 16 * 1024 * 1024;

/// How much of a strange answer an error shows, in characters.
const START_LENGTH: usize = 200;

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a whole call.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60) }
    }
}

/// Makes HTTP calls and keeps connections open for the next.
#[derive(Debug, Clone)]
pub(crate) struct Web(ureq::Agent);

/// An answer, not yet understood.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: String,
    status: u16,
    /// The header `Code`.
    code: Option<String>,
    /// The header `Sign`.
    pub(crate) sign: Option<String>,
    pub(crate) body: String,
}

impl Web {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A request is signed for one URL.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(timeouts.connect))
            .timeout_global(Some(timeouts.total))
            .user_agent(concat!("tallystick/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(config.into())
    }

    pub(crate) fn get(&self, url: String, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let sent = self.0.get(&url).query_pairs(query.iter().copied()).call();
        Answer::read(url, sent)
    }

    pub(crate) fn post(
        &self,
        url: String,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Error> {
        let request = self.0.post(&url).content_type("application/json");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Answer::read(url, request.send(body))
    }
}

impl Answer {
    fn read(
        url: String,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Self, Error> {
        let mut response = match sent {
            Ok(response) => response,
            Err(source) => return Err(Error::Web { url, source: Box::new(source) }),
        };
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (code, sign) = (header("code"), header("sign"));
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(RESPONSE_LENGTH_MAX).read_to_vec();
        let body = match body {
            Ok(body) => body,
            Err(source) => return Err(Error::Web { url, source: Box::new(source) }),
        };
        match String::from_utf8(body) {
            Ok(body) => Ok(Self { url, status, code, sign, body }),
            Err(error) => Err(Error::Malformed {
                url,
                what: "not UTF-8",
                start: start(&String::from_utf8_lossy(error.as_bytes())),
            }),
        }
    }

    /// Reads the members that every answer has.
    pub(crate) fn envelope(&self) -> Result<Envelope, Error> {
        let envelope: Result<Envelope, _> = serde_json::from_str(&self.body);
        let Ok(envelope) = envelope else {
            return Err(match self.status {
                200 => self.malformed("no JSON object with a code"),
                status => Error::Status { url: self.url.clone(), status, start: start(&self.body) },
            });
        };
        match &self.code {
            Some(code) if *code != envelope.code.to_string() => {
                Err(self.malformed("header and body have different codes"))
            }
            Some(_) | None => Ok(envelope),
        }
    }

    /// Says whether this is what an endpoint answers, and not the plain JSON that the free
    /// interfaces of early servers give.
    pub(crate) fn is_envelope(&self) -> bool {
        self.status != 200 || self.code.is_some() || self.envelope().is_ok()
    }

    pub(crate) fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { url: self.url.clone(), what, start: start(&self.body) }
    }
}

fn start(text: &str) -> String {
    text.chars().take(START_LENGTH).collect()
}
