use crate::{Error, reply::Envelope};
use std::time::Duration;
use tally_crypto::fch::AddressVersion;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The longest answer that is read, in bytes.
pub const RESPONSE_LENGTH_MAX: u64 = 16 * 1024 * 1024;

/// How much of a strange answer an error shows, in characters.
const START_LENGTH: usize = 200;

/// How a client calls.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a whole call.
    pub timeout: Duration,
    /// Which certificates to trust.
    pub trust: Trust,
    /// What the addresses of users begin with on the directory's network.
    pub address_version: AddressVersion,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            trust: Trust::default(),
            address_version: AddressVersion::MAIN_P2PKH,
        }
    }
}

/// Which certificates prove that a server is the one that its `https://` address names; by default
/// those of the authorities that browsers trust.
#[derive(Debug, Clone)]
pub struct Trust(RootCerts);

/// A text has no certificates to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is malformed.
    #[error("the certificates are malformed")]
    Malformed(#[source] ureq::Error),
    /// There is none.
    #[error("there is no certificate in PEM")]
    Missing,
}

impl Trust {
    /// Trusts these certificates, and whom they certify, alone: those of a server that has signed
    /// its own, for example.
    ///
    /// # Errors
    ///
    /// [`TrustError`].
    pub fn only(pem: &[u8]) -> Result<Self, TrustError> {
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(TrustError::Malformed)? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(TrustError::Missing);
        }
        Ok(Self(RootCerts::new_with_certs(&certificates)))
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self(RootCerts::WebPki)
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
    pub(crate) fn new(options: Options) -> Self {
        let Options { connect_timeout, timeout, trust: Trust(trust), .. } = options;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A request is signed for one URL.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(connect_timeout))
            .timeout_global(Some(timeout))
            .tls_config(TlsConfig::builder().root_certs(trust).build())
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
