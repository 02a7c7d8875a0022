use serde_json::Value;
use std::time::Duration;

/// Longer than the longest answer: a payment that waits for its patience to end.
const TIMEOUT: Duration = Duration::from_secs(100);

/// A user of an HTTP API.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: String,
    agent: ureq::Agent,
    token: Option<String>,
    /// A further header of each request.
    header: Option<(&'static str, String)>,
}

/// What an API answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) text: String,
    /// Name and value of each header that is text.
    headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            // A test looks at a redirection itself.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self { base: base.to_owned(), agent: config.into(), token: None, header: None }
    }

    /// Returns the same user with a bearer token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Returns the same user, who sends a header with each request.
    pub(crate) fn with_header(&self, name: &'static str, value: &str) -> Self {
        Self { header: Some((name, value.to_owned())), ..self.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).expect("an answer")
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(&body.to_string())).expect("an answer")
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(&body.to_string())).expect("an answer")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(&body.to_string())).expect("an answer")
    }

    /// Posts bytes that may not even be text.
    pub(crate) fn post_bytes(&self, path: &str, body: &[u8]) -> Reply {
        self.send_bytes("POST", path, Some(body)).expect("an answer")
    }

    /// Sends any request; says why there is no answer, if there is none.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Result<Reply, String> {
        self.send_bytes(method, path, body.map(str::as_bytes))
    }

    fn send_bytes(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Reply, String> {
        let url = format!("{}{path}", self.base);
        let shown = String::from_utf8_lossy(body.unwrap_or_default());
        let request = format!("{method} {path} {shown}");
        let mut builder = ureq::http::Request::builder().method(method).uri(&url);
        if let Some(token) = &self.token {
            builder = builder.header("authorization", format!("Bearer {token}"));
        }
        if let Some((name, value)) = &self.header {
            builder = builder.header(*name, value);
        }
        let reply = match body {
            Some(bytes) => {
                let builder = builder.header("content-type", "application/json");
                self.agent.run(builder.body(bytes.to_vec()).expect("a valid request"))
            }
            // Without this the client would announce a body and then send none.
            None if method == "PUT" || method == "POST" => {
                let builder = builder.header("content-length", "0");
                self.agent.run(builder.body(()).expect("a valid request"))
            }
            None => self.agent.run(builder.body(()).expect("a valid request")),
        };
        let mut reply = reply.map_err(|error| format!("{request}: {error}"))?;
        let text = reply.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = reply.headers().iter().filter_map(header).collect();
        Ok(Reply { request, status: reply.status().as_u16(), text, headers })
    }
}

impl Reply {
    /// Requires a status and returns the body.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self.json()
    }

    /// Requires a status and a body that is plain text.
    pub(crate) fn expect_text(&self, status: u16, text: &str) {
        assert_eq!((self.status, self.text.trim()), (status, text), "{}", self.request);
    }

    /// Requires a refusal whose message contains `part`; returns the message.
    pub(crate) fn refused(&self, status: u16, part: &str) -> String {
        let body = self.expect(status);
        let fields = body.as_object().expect("an object");
        assert_eq!(fields.len(), 1, "{}: {}", self.request, self.text);
        let message = fields["Error"].as_str().expect("a text").to_owned();
        assert!(message.contains(part), "{}: {part:?} is not in {message:?}", self.request);
        message
    }

    /// Returns a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error} in {:?}", self.request, self.text))
    }
}
