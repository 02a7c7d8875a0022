//! Signatures of requests by the secret of a session, instead of an access token.
//!
//! The client sends the headers `Session`, `Nonce` (the time in microseconds, decimal) and
//! `Signature`: the lower-case hexadecimal HMAC-SHA256, by the session's secret, of
//! `Path + Nonce + Body`. `Path` is the route without `/api/v1` in lower case, `Body` the exact
//! text of the body, `null` if there is none.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What routes begin with; it is not signed.
const PREFIX: &str = "/api/v1";

/// What is signed for a request without a body.
const NO_BODY: &[u8] = b"null";

/// A body that counts as none for servers of the platform, although a client may sign it as it is.
const EMPTY_OBJECT: &[u8] = b"{}";

/// How long after its time a request is good if it does not say, in milliseconds.
pub const RECEIVE_WINDOW_MS: u64 = 5_000;

/// The longest time a request may ask to be good for, in milliseconds.
pub const RECEIVE_WINDOW_MS_MAX: u64 = 60_000;

/// How far a client's clock may be ahead, in microseconds.
const AHEAD_US_MAX: u64 = 5_000_000;

/// A signed request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The signature is not of this request by this secret, or no signature at all. The text is
    /// that of the platform.
    #[error("Signature is incorrect or missing.")]
    Signature,
    /// The nonce is no time, or the time is too long ago or ahead. The text is that of the
    /// platform.
    #[error("Request timed out.")]
    TimedOut,
}

/// Signs a request: returns 64 lower-case hexadecimal digits.
///
/// `path` with or without the leading `/api/v1`; `nonce` the text of the header; `body` empty if
/// there is none; `secret` the session's, as text.
pub fn sign(path: &str, nonce: &str, body: &[u8], secret: &str) -> String {
    let body = if body.is_empty() || body == EMPTY_OBJECT { NO_BODY } else { body };
    hex::encode(mac(path, nonce, body, secret).finalize().into_bytes())
}

/// Checks the signature of a request, in a time that does not depend on where it differs.
///
/// An empty object as the body may be signed as it is or as no body.
///
/// # Errors
///
/// [`AccessError::Signature`].
pub fn verify(
    path: &str,
    nonce: &str,
    body: &[u8],
    secret: &str,
    signature: &str,
) -> Result<(), AccessError> {
    let mut claimed = [0; 32];
    hex::decode_to_slice(signature, &mut claimed).map_err(|_| AccessError::Signature)?;
    let is_of = |body: &[u8]| mac(path, nonce, body, secret).verify_slice(&claimed).is_ok();
    let is_good = match body {
        b"" => is_of(NO_BODY),
        EMPTY_OBJECT => is_of(NO_BODY) || is_of(EMPTY_OBJECT),
        body => is_of(body),
    };
    is_good.then_some(()).ok_or(AccessError::Signature)
}

/// Checks that a request is of now.
///
/// `nonce` is the header's text, microseconds since 1970; `receive_window_ms` what the request asks
/// for, at most [`RECEIVE_WINDOW_MS_MAX`] of which count.
///
/// # Errors
///
/// [`AccessError::TimedOut`].
pub fn check_time(nonce: &str, now_us: u64, receive_window_ms: u64) -> Result<(), AccessError> {
    let is_decimal = nonce.bytes().all(|byte| byte.is_ascii_digit());
    let time_us: Option<u64> = is_decimal.then(|| nonce.parse().ok()).flatten();
    let time_us = time_us.ok_or(AccessError::TimedOut)?;
    let window_us = receive_window_ms.min(RECEIVE_WINDOW_MS_MAX) * 1_000;
    let is_now = now_us.saturating_sub(time_us) <= window_us
        && time_us < now_us.saturating_add(AHEAD_US_MAX);
    is_now.then_some(()).ok_or(AccessError::TimedOut)
}

fn mac(path: &str, nonce: &str, body: &[u8], secret: &str) -> Hmac<Sha256> {
    let path = path.to_ascii_lowercase();
    let path = path.strip_prefix(PREFIX).unwrap_or(&path);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .expect("the secret of an HMAC may have any length");
    mac.update(path.as_bytes());
    mac.update(nonce.as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "y2WYJRE9f13g6qwFOEOe0rGM/ISlGFEEesUpQadHNd/aJL+ExKRj5E6OSQ9TuJRC";
    const METHOD_BODY: &[u8] =
        br#"{"classcode":"client","statecode":"enabled","actioncode":"invite"}"#;

    /// The two published signatures, made and checked.
    #[test]
    fn the_published_vectors_hold_in_both_directions() {
        let vectors: [(&str, &str, &[u8], &str); 2] = [
            (
                "/whoami",
                "1589998352818000",
                b"",
                "91609292e250fc30c48c2ad387d1121c703853fa88ce027e6ba0efe1fcb50ba1",
            ),
            (
                "/method/get",
                "1589998352902000",
                METHOD_BODY,
                "2b2bf5188ea40dfe8207efec56956b6170bdbc2f0ab0bffd8b50acd60979b09b",
            ),
        ];
        for (path, nonce, body, signature) in vectors {
            assert_eq!(sign(path, nonce, body, SECRET), signature);
            assert_eq!(verify(path, nonce, body, SECRET, signature), Ok(()));
            let shown = format!("/API/v1{}", path.to_uppercase());
            assert_eq!(verify(&shown, nonce, body, SECRET, signature), Ok(()), "{shown}");
        }
    }

    /// Each part of a request, changed alone, makes the signature wrong.
    #[test]
    fn a_signature_is_of_one_request_only() {
        let good = sign("/whoami", "15", b"[1]", SECRET);
        let bad = Err(AccessError::Signature);
        assert_eq!(verify("/whoami", "15", b"[1]", SECRET, &good), Ok(()));
        assert_eq!(verify("/whoamI/", "15", b"[1]", SECRET, &good), bad);
        assert_eq!(verify("/whoami", "16", b"[1]", SECRET, &good), bad);
        assert_eq!(verify("/whoami", "15", b"[1] ", SECRET, &good), bad);
        assert_eq!(verify("/whoami", "15", b"", SECRET, &good), bad);
        assert_eq!(verify("/whoami", "15", b"[1]", "other", &good), bad);
        for malformed in ["", "00", &good[1..], &format!("{good}00"), &"zz".repeat(32)] {
            assert_eq!(verify("/whoami", "15", b"[1]", SECRET, malformed), bad, "{malformed}");
        }
    }

    #[test]
    fn an_empty_object_counts_as_no_body() {
        let none = sign("/x", "1", b"", SECRET);
        assert_eq!(sign("/x", "1", b"{}", SECRET), none);
        assert_eq!(verify("/x", "1", b"{}", SECRET, &none), Ok(()));
        let exact = hex::encode(mac("/x", "1", b"{}", SECRET).finalize().into_bytes());
        assert_eq!(verify("/x", "1", b"{}", SECRET, &exact), Ok(()));
        assert_eq!(verify("/x", "1", b"", SECRET, &exact), Err(AccessError::Signature));
    }

    #[test]
    fn a_request_is_good_for_its_window_only() {
        let now = 1_589_998_352_818_000;
        let check = |time_us: u64, window| check_time(&time_us.to_string(), now, window);
        let late = Err(AccessError::TimedOut);
        assert_eq!(check(now - 5_000_000, RECEIVE_WINDOW_MS), Ok(()));
        assert_eq!(check(now - 5_000_001, RECEIVE_WINDOW_MS), late);
        assert_eq!(check(now - 60_000_000, u64::MAX), Ok(()));
        assert_eq!(check(now - 60_000_001, u64::MAX), late);
        assert_eq!(check(now + 4_999_999, 0), Ok(()));
        assert_eq!(check(now + 5_000_000, 0), late);
        for bad in ["", "-1", "+1589998352818000", "1e15", "99999999999999999999"] {
            assert_eq!(check_time(bad, now, RECEIVE_WINDOW_MS), late, "{bad}");
        }
    }
}
