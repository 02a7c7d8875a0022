//! Who asks: access tokens, sessions and signed requests, as the platform's rules have them.

mod oauth;
mod sessions;

pub(crate) use oauth::token;
pub(crate) use sessions::{Draw, Grant, Sessions};

use crate::{call::Gate, error::ApiError};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt;
use subtle::ConstantTimeEq as _;
use tally_deal::access::{self, RECEIVE_WINDOW_MS};
use zeroize::Zeroizing;

/// Whether requests must say who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessRule {
    /// Anybody may ask, and programs that do are taken for the shop and the operator: only for an
    /// address that nobody else reaches. Pages in a browser are not, wherever they come from.
    /// Credentials that are shown must be good all the same.
    #[default]
    Open,
    /// What costs or tells something needs an access token, a signature, or a session and its
    /// secret.
    Required,
}

/// A program that may get access tokens.
#[derive(Clone)]
pub struct OAuthClient {
    /// Its name.
    pub id: String,
    /// Its secret: what it shows, and what its assertions are signed with.
    pub secret: Zeroizing<String>,
    /// Who may be the issuer of its assertions; nobody if it is empty.
    pub issuers: Vec<String>,
    /// Whether it acts for the operator: ends disputes, and sees everybody's webhooks.
    pub is_operator: bool,
}

impl OAuthClient {
    /// Says whether a text is the client's secret, in a time that does not depend on it.
    pub(crate) fn is_secret(&self, shown: &str) -> bool {
        bool::from(self.secret.as_bytes().ct_eq(shown.as_bytes()))
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The address or the client that a token or session was given to; empty if unknown.
    pub(crate) subject: String,
    /// The session that the request belongs to.
    pub(crate) session: Option<String>,
    /// Whether it may read what is there of everybody.
    pub(crate) reads_all: bool,
    /// Whether it may speak for the sites where deals are made, and have webhooks.
    pub(crate) is_shop: bool,
    /// Whether it may do what the operator does.
    pub(crate) is_operator: bool,
}

impl Caller {
    /// Somebody who has shown nothing.
    pub(crate) const NOBODY: Self = Self {
        subject: String::new(),
        session: None,
        reads_all: false,
        is_shop: false,
        is_operator: false,
    };

    /// Refuses whoever is no shop.
    pub(crate) fn check_shop(&self) -> Result<(), ApiError> {
        if self.is_shop { Ok(()) } else { Err(forbidden("only a shop's program may ask this")) }
    }

    /// Refuses whoever is not the operator.
    pub(crate) fn check_operator(&self) -> Result<(), ApiError> {
        let refuse = || forbidden("only the operator's program may ask this");
        if self.is_operator { Ok(()) } else { Err(refuse()) }
    }

    /// Refuses whoever may not read what is there of everybody.
    pub(crate) fn check_reader(&self) -> Result<(), ApiError> {
        if self.reads_all { Ok(()) } else { Err(forbidden("only a shop's program may read this")) }
    }
}

pub(crate) fn forbidden(message: &str) -> ApiError {
    ApiError::new(axum::http::StatusCode::FORBIDDEN, "forbidden", message)
}

/// What of a request says who asks.
pub(crate) struct Shown<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The path as it was spelled.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    /// What the query says of how old the request may be, in milliseconds.
    pub(crate) receive_window_ms: Option<u64>,
}

/// Checks who asks.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) rule: AccessRule,
    pub(crate) clients: Vec<OAuthClient>,
    pub(crate) sessions: Sessions,
}

impl Access {
    /// Finds out who asks; refuses credentials that are not good, and strangers where there must be
    /// some.
    pub(crate) async fn caller(&self, shown: &Shown<'_>, gate: Gate) -> Result<Caller, ApiError> {
        // The token endpoint has credentials of its own, in the same header.
        if gate == Gate::Open {
            return Ok(Caller::NOBODY);
        }
        match (self.identify(shown).await?, self.rule) {
            (Some(caller), _) => Ok(caller),
            (None, AccessRule::Required) => Err(ApiError::unauthorized()),
            (None, AccessRule::Open) => {
                let site = shown.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
                let is_program = site.is_none();
                let is_own_page = site.is_some_and(|it| it == b"same-origin" || it == b"none");
                Ok(Caller {
                    reads_all: is_program || is_own_page,
                    is_shop: is_program,
                    is_operator: is_program,
                    ..Caller::NOBODY
                })
            }
        }
    }

    /// Says who a subject with this client is.
    fn known(&self, grant: &Grant, session: &str) -> Caller {
        // Who logged in with a password, or signed a code, is a party; who showed a client's secret
        // is a shop.
        let client = self.clients.iter().find(|client| client.id == grant.client);
        let client = client.filter(|client| client.id == grant.subject);
        Caller {
            subject: grant.subject.clone(),
            session: Some(session.to_owned()),
            reads_all: client.is_some(),
            is_shop: client.is_some(),
            is_operator: client.is_some_and(|client| client.is_operator),
        }
    }

    async fn identify(&self, shown: &Shown<'_>) -> Result<Option<Caller>, ApiError> {
        let header = |name: &str| shown.headers.get(name).map(|value| value.to_str().unwrap_or(""));
        if let Some(authorization) = shown.headers.get(header::AUTHORIZATION) {
            return self.authorised(authorization.to_str().unwrap_or("")).await.map(Some);
        }
        let Some(session) = header("session") else {
            let is_signed = header("signature").is_some() || header("secret").is_some();
            return if is_signed { Err(bad_signature()) } else { Ok(None) };
        };
        let grant = self.sessions.find(session).await?.ok_or_else(token_not_found)?;
        match (header("signature"), header("secret")) {
            (Some(signature), _) => {
                let nonce = header("nonce").unwrap_or("");
                self.check_signature(session, &grant, nonce, signature, shown).await?;
            }
            (None, Some(secret)) if !grant.is_secret(secret) => return Err(login_failed()),
            (None, Some(_)) => {}
            (None, None) => return Err(bad_signature()),
        }
        Ok(Some(self.known(&grant, session)))
    }

    async fn authorised(&self, authorization: &str) -> Result<Caller, ApiError> {
        let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            let (session, grant) = self.sessions.bearer(rest.trim()).await?;
            return Ok(self.known(&grant, &session));
        }
        // What clients of 2020 showed with Basic, the address of their module, is known to everybody.
        match basic(authorization) {
            Some(_) => Err(login_failed()),
            None => Err(ApiError::access(40_005, "token_invalid", "Token invalid.")),
        }
    }

    async fn check_signature(
        &self,
        session: &str,
        grant: &Grant,
        nonce: &str,
        signature: &str,
        shown: &Shown<'_>,
    ) -> Result<(), ApiError> {
        let window = shown.receive_window_ms.unwrap_or(RECEIVE_WINDOW_MS);
        let now_us = self.sessions.now_ms().saturating_mul(1000);
        access::check_time(nonce, now_us, window).map_err(access_error)?;
        access::verify(shown.path, nonce, shown.body, &grant.secret, signature)
            .map_err(access_error)?;
        // Only what is signed is remembered: strangers cannot fill the store.
        if self.sessions.is_fresh(session, nonce).await? { Ok(()) } else { Err(bad_signature()) }
    }
}

/// Returns user and password of an `Authorization: Basic …`.
pub(crate) fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, coded) = authorization.split_once(' ')?;
    let decoded = STANDARD.decode(coded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (user.to_owned(), password.to_owned()))
}

fn access_error(error: access::AccessError) -> ApiError {
    let message = error.to_string();
    match error {
        access::AccessError::Signature => ApiError::access(40_107, "signature_invalid", &message),
        access::AccessError::TimedOut => ApiError::access(40_004, "timed_out", &message),
    }
}

fn bad_signature() -> ApiError {
    access_error(access::AccessError::Signature)
}

pub(crate) fn login_failed() -> ApiError {
    ApiError::access(40_101, "login_failed", "Login failed.")
}

pub(crate) fn token_not_found() -> ApiError {
    ApiError::access(40_301, "token_expired", "Token not FOUND or has expired.")
}
