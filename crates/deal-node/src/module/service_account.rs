use super::{Claims, JwtKey};
use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroizing;

/// How long an assertion is good, in seconds.
const ASSERTION_LIFETIME_S: u64 = 3600;

/// The module's own account with a server, as its operator gives it out: `service.json`.
///
/// With it the module proves who it is when it asks for an access token of its own.
#[derive(Clone, Deserialize)]
pub struct ServiceAccount {
    issuers: Vec<String>,
    client_id: String,
    #[serde(deserialize_with = "secret")]
    client_secret: Zeroizing<String>,
    #[serde(default = "hs256")]
    algorithm: String,
    #[serde(default = "token_uri")]
    token_uri: String,
}

/// A service account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServiceAccountError {
    /// The text is not JSON of the right members. Never says what is in it.
    #[error("a service account is a JSON object with issuers, client_id and client_secret")]
    Malformed,
    /// There is no issuer.
    #[error("the service account has no issuer")]
    NoIssuer,
    /// It signs in another way.
    #[error("the service account signs by {0}; only HS256 is known")]
    Algorithm(String),
    /// The token would be asked for at an address that is not the server's.
    #[error("the service account's token_uri is not a path: {0}")]
    TokenUri(String),
}

impl ServiceAccount {
    /// Reads the text of `service.json`.
    ///
    /// `token_uri` must be a path: it is asked of the server that the module is asking anyway.
    ///
    /// # Errors
    ///
    /// [`ServiceAccountError`].
    pub fn parse(text: &str) -> Result<Self, ServiceAccountError> {
        let account: Self =
            serde_json::from_str(text).map_err(|_| ServiceAccountError::Malformed)?;
        if account.issuers.is_empty() {
            return Err(ServiceAccountError::NoIssuer);
        }
        if account.algorithm != "HS256" {
            return Err(ServiceAccountError::Algorithm(account.algorithm));
        }
        let is_path = account.token_uri.starts_with('/')
            && account.token_uri.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_path {
            return Err(ServiceAccountError::TokenUri(account.token_uri));
        }
        Ok(account)
    }

    /// Returns the path where a token is asked for.
    pub fn token_uri(&self) -> &str {
        &self.token_uri
    }

    /// Makes the assertion of a time, in Unix seconds: a token that says who asks.
    pub fn assertion(&self, now: u64) -> String {
        let claims = Claims {
            iss: self.issuers.first().cloned().unwrap_or_default(),
            aud: self.client_id.clone(),
            iat: now,
            exp: now + ASSERTION_LIFETIME_S,
            ..Claims::default()
        };
        JwtKey::new(self.client_secret.as_bytes()).sign(&claims)
    }

    /// Returns the body of the request for a token: a form.
    pub fn token_request(&self, now: u64) -> String {
        // Tokens are base64url and dots: nothing in them needs to be escaped.
        format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            self.assertion(now)
        )
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

fn hs256() -> String {
    "HS256".to_owned()
}

fn token_uri() -> String {
    "/oauth2/token".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = r#"{"type":"service_account","issuers":["accounts.example"],
        "client_id":"service-shop","client_secret":"Hq1n","algorithm":"HS256",
        "token_uri":"/oauth2/token","auth_provider_x509_cert_url":"","client_x509_cert_url":""}"#;

    #[test]
    fn assertions_say_who_asks_for_an_hour() {
        let account = ServiceAccount::parse(PUBLISHED).unwrap();
        let claims = JwtKey::new(b"Hq1n").verify(&account.assertion(1_000), 4_599).unwrap();
        assert_eq!(
            (claims.iss.as_str(), claims.aud.as_str()),
            ("accounts.example", "service-shop")
        );
        assert_eq!((claims.iat, claims.exp), (1_000, 4_600));
        let request = account.token_request(1_000);
        assert!(request.ends_with(&format!("&assertion={}", account.assertion(1_000))));
        assert!(!format!("{account:?}").contains("Hq1n"));
    }

    #[test]
    fn accounts_that_cannot_be_used_are_refused() {
        let parse = |from: &str, to: &str| ServiceAccount::parse(&PUBLISHED.replace(from, to));
        assert!(matches!(parse("client_secret", "x"), Err(ServiceAccountError::Malformed)));
        assert!(matches!(parse("\"accounts.example\"", ""), Err(ServiceAccountError::NoIssuer)));
        assert!(matches!(parse("HS256", "none"), Err(ServiceAccountError::Algorithm(_))));
        let foreign = parse("/oauth2/token", "http://evil.example/");
        assert!(matches!(foreign, Err(ServiceAccountError::TokenUri(_))));
        let malformed = ServiceAccount::parse("{\"client_secret\": \"Hq1n\"").unwrap_err();
        assert!(!malformed.to_string().contains("Hq1n"));
    }
}
