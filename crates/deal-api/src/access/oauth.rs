//! `POST /oauth2/token`.

use super::{Access, OAuthClient, basic, login_failed};
use crate::{call::Call, error::ApiError, members::Members};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tally_deal_node::module::JwtKey;
use zeroize::Zeroizing;

/// The grant by an assertion that the client signs.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion may be good, in seconds: who sees one can use it that long. Clients of this
/// platform make them for an hour.
const ASSERTION_AGE_MAX_S: u64 = 3600;

/// How far the clock of whoever makes an assertion may be ahead, in seconds.
const CLOCK_SKEW_S: u64 = 60;

/// Answers a request for tokens: a form or JSON.
pub(crate) async fn token(api: Arc<crate::api::Inner>, call: Call) -> Result<Response, ApiError> {
    let embedded = api.embedded()?;
    let asked = Asked::read(&call).await?;
    let access = &embedded.access;
    let client = asked.client(access)?;
    let client_id = client.map_or("", |client| client.id.as_str());
    let sessions = &access.sessions;
    let reply = match asked.required("grant_type")? {
        "client_credentials" => {
            let client = client.ok_or_else(|| invalid_client("the client is unknown"))?;
            sessions.begin(&client.id, &client.id).await?
        }
        "password" => {
            let user = asked.required("username")?.to_owned();
            let password = Zeroizing::new(asked.required("password")?.to_owned());
            if !embedded.server.check_password(&user, password).await? {
                return Err(login_failed());
            }
            sessions.begin(&user, client_id).await?
        }
        "refresh_token" => sessions.renew(asked.required("refresh_token")?, client_id).await?,
        JWT_BEARER => {
            let client = asserted(access, asked.required("assertion")?)?;
            sessions.begin(&client.id, &client.id).await?
        }
        other => {
            let message = format!("the grant {} is not known", crate::text::printable(other));
            return Err(refusal("unsupported_grant_type", message));
        }
    };
    let text = serde_json::to_string(&reply).map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::OK, headers, text).into_response())
}

/// Finds the client that signed an assertion.
fn asserted<'a>(access: &'a Access, assertion: &str) -> Result<&'a OAuthClient, ApiError> {
    let invalid = || refusal("invalid_grant", "the assertion is not good");
    let claimed = JwtKey::peek(assertion).map_err(|_| invalid())?;
    let client = access.clients.iter().find(|client| client.id == claimed.aud);
    let client = client.filter(|client| client.issuers.contains(&claimed.iss));
    let client = client.ok_or_else(invalid)?;
    let key = JwtKey::new(client.secret.as_bytes());
    let now = access.sessions.now_ms() / 1000;
    let claims = key.verify(assertion, now).map_err(|_| invalid())?;
    let is_short = claims.exp - now <= ASSERTION_AGE_MAX_S + CLOCK_SKEW_S;
    let is_made = claims.iat <= now + CLOCK_SKEW_S;
    if is_short && is_made { Ok(client) } else { Err(invalid()) }
}

/// The members of a request for tokens.
struct Asked {
    members: Members,
    basic: Option<(String, Zeroizing<String>)>,
}

impl Asked {
    async fn read(call: &Call) -> Result<Self, ApiError> {
        let members = Members::read(call).await?;
        let shown = call.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let basic = shown.and_then(basic).map(|(id, secret)| (id, Zeroizing::new(secret)));
        Ok(Self { members, basic })
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.members.optional(name)
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.optional(name).ok_or_else(|| refusal("invalid_request", format!("{name} is missing")))
    }

    /// Finds the client that asks; nothing if the request names none.
    fn client<'a>(&self, access: &'a Access) -> Result<Option<&'a OAuthClient>, ApiError> {
        let of_body = || {
            let id = self.optional("client_id")?;
            Some((id, self.optional("client_secret").unwrap_or_default()))
        };
        let of_header = self.basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
        let Some((id, secret)) = of_header.or_else(of_body) else { return Ok(None) };
        let client = access.clients.iter().find(|client| client.id == id);
        match client.filter(|client| client.is_secret(secret)) {
            Some(client) => Ok(Some(client)),
            None => Err(invalid_client("the client or its secret is unknown")),
        }
    }
}

fn refusal(word: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, word, message)
}

fn invalid_client(message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", message).with_challenge(message)
}
