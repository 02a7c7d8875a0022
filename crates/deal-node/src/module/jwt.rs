use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// The header of every token that is made here.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The most bytes of a token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The secret that makes and checks JSON web tokens (RFC 7519) with HMAC-SHA256 (`HS256`), the only
/// algorithm that is accepted.
#[derive(Clone)]
pub struct JwtKey(Zeroizing<Vec<u8>>);

/// What a token says. Times are Unix seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made the token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub iss: String,
    /// For whom: the client's id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub aud: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub: String,
    /// When it was made.
    #[serde(default)]
    pub iat: u64,
    /// When it ends to be good.
    pub exp: u64,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is not three parts of base64url, with an `HS256` header and claims in them.
    #[error("the token is malformed")]
    Malformed,
    /// Its signature is not by this key.
    #[error("the token is not signed by this key")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl JwtKey {
    /// Makes a key of a secret, of any length.
    pub fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// Makes a token.
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::json!(claims).to_string();
        let (header, claims) = (URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signed = format!("{header}.{claims}");
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Returns the claims of a token without a look at its signature: only to find out whose key it
    /// claims to be signed by.
    ///
    /// # Errors
    ///
    /// [`JwtError::Malformed`].
    pub fn peek(token: &str) -> Result<Claims, JwtError> {
        let parts = parts(token)?;
        let claims = URL_SAFE_NO_PAD.decode(parts.claims).map_err(|_| JwtError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| JwtError::Malformed)
    }

    /// Checks a token at a time, in Unix seconds, and returns what it says.
    ///
    /// # Errors
    ///
    /// [`JwtError`].
    pub fn verify(&self, token: &str, now: u64) -> Result<Claims, JwtError> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
        }
        let parts = parts(token)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JwtError::Malformed);
        let header: Header =
            serde_json::from_slice(&decode(parts.header)?).map_err(|_| JwtError::Malformed)?;
        if header.alg != "HS256" {
            return Err(JwtError::Malformed);
        }
        let signature = decode(parts.signature)?;
        self.mac(parts.signed).verify_slice(&signature).map_err(|_| JwtError::Signature)?;
        let claims: Claims =
            serde_json::from_slice(&decode(parts.claims)?).map_err(|_| JwtError::Malformed)?;
        if now < claims.exp { Ok(claims) } else { Err(JwtError::Expired) }
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .expect("the secret of an HMAC may have any length");
        mac.update(signed.as_bytes());
        mac
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtKey(..)")
    }
}

struct Parts<'a> {
    /// Header and claims, as they are signed.
    signed: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

fn parts(token: &str) -> Result<Parts<'_>, JwtError> {
    let whole = Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX);
    let split = whole.and_then(|token| {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Parts { signed, header, claims, signature })
    });
    split.ok_or(JwtError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of jwt.io, made by others: the secret is `your-256-bit-secret`.
    const FOREIGN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

    fn claims() -> Claims {
        let other = [("scope".to_owned(), "bitdeals".into())].into_iter().collect();
        let (iss, aud, sub) = ("accounts.example".into(), "shop".into(), "mynF".into());
        Claims { iss, aud, sub, iat: 1_000, exp: 2_000, other }
    }

    #[test]
    fn tokens_are_good_until_they_end() {
        let key = JwtKey::new(b"secret");
        let token = key.sign(&claims());
        assert_eq!(key.verify(&token, 1_999), Ok(claims()));
        assert_eq!(key.verify(&token, 2_000), Err(JwtError::Expired));
        assert_eq!(JwtKey::peek(&token), Ok(claims()));
        assert_eq!(JwtKey::new(b"other").verify(&token, 1_500), Err(JwtError::Signature));
        assert_eq!(format!("{key:?}"), "JwtKey(..)");
    }

    /// Goal: the signature is the one that others make. The example has no end, so it is refused
    /// only after its signature was found good.
    #[test]
    fn a_foreign_token_has_a_good_signature() {
        let foreign = JwtKey::new(b"your-256-bit-secret");
        assert_eq!(foreign.verify(FOREIGN, 0), Err(JwtError::Malformed));
        assert_eq!(JwtKey::new(b"x").verify(FOREIGN, 0), Err(JwtError::Signature));
    }

    /// Goal: no token that says itself how it is to be checked is trusted.
    #[test]
    fn other_algorithms_and_texts_are_refused() {
        let key = JwtKey::new(b"secret");
        let token = key.sign(&claims());
        let (_, rest) = token.split_once('.').unwrap();
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"hs256"}"#, "{}", "x"] {
            let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(key.verify(&forged, 0), Err(JwtError::Malformed), "{header}");
        }
        for text in ["", ".", "..", "a.b", &token.replace('.', ""), &format!("{token}.x")] {
            assert!(key.verify(text, 0).is_err(), "{text}");
        }
        let stripped = token.rsplit_once('.').unwrap().0;
        assert_eq!(key.verify(&format!("{stripped}."), 0), Err(JwtError::Signature));
        let long = format!("{}.{}.{}", "a".repeat(TOKEN_BYTES_MAX), "b", "c");
        assert_eq!(key.verify(&long, 0), Err(JwtError::Malformed));
    }
}
