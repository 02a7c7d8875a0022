use crate::{
    Directory, Error, Refusal, Session, SessionKeyError,
    reply::Envelope,
    unique::{Unique, now_ms},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tally_crypto::{
    Zeroizing,
    ecies::{self, EciesError, Format},
    fch::PrivateKey,
};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// The forms of signing in; the documents have changed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignIn {
    /// `apip1/v1/signIn`: the key of a new session comes encrypted to the user's key, in either of
    /// the formats that servers use.
    EncryptedKey,
    /// `apip0/v1/signIn`: the key comes in clear text, so this is refused where others could read
    /// it.
    PlainKey {
        /// Whether to end a live session and begin a new one.
        refresh: bool,
    },
    /// `apip0/v1/signInEcc`: the key comes encrypted, in the later format.
    CipherKey {
        /// Whether to end a live session and begin a new one.
        refresh: bool,
    },
}

/// What signing in brings.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The user's money, in satoshi.
    pub balance: i64,
    /// The highest block that the directory knows.
    pub best_height: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    url: &'a str,
    time: u64,
    nonce: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
}

/// What the answers of all forms may hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery<'a> {
    /// Digits have no escapes, so no copy is made.
    session_key: Option<&'a str>,
    #[serde(borrow)]
    session_key_encrypted: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_key_cipher: Option<Cow<'a, str>>,
    session_days: Option<serde_json::Number>,
    start_time: Option<u64>,
    expire_time: Option<i64>,
}

pub(crate) fn sign_in(
    directory: &Directory,
    key: &PrivateKey,
    form: SignIn,
) -> Result<SignedIn, Error> {
    let (tail, refresh) = match form {
        SignIn::EncryptedKey => ("apip1/v1/signIn", false),
        SignIn::PlainKey { refresh } => ("apip0/v1/signIn", refresh),
        SignIn::CipherKey { refresh } => ("apip0/v1/signInEcc", refresh),
    };
    let head = directory.head();
    if matches!(form, SignIn::PlainKey { .. }) && !head.is_private() {
        return Err(Error::NotPrivate(head.to_string()));
    }
    let url = head.join(tail);
    let unique = Unique::draw()?;
    let public_key = key.public_key();
    let request = Request {
        url: &url,
        time: unique.time_ms,
        nonce: unique.nonce,
        pub_key: (form == SignIn::EncryptedKey).then(|| public_key.to_string()),
        mode: refresh.then_some("refresh"),
    };
    let body = serde_json::to_string(&request).expect("texts and numbers are JSON");
    let sign = key.sign_message(body.as_bytes());
    let fid = directory.fid(key);
    let headers: &[(&str, &str)] = match form {
        SignIn::EncryptedKey => &[("Sign", &sign)],
        SignIn::PlainKey { .. } | SignIn::CipherKey { .. } => {
            &[("FID", fid.as_str()), ("Sign", &sign)]
        }
    };
    let answer = directory.web().post(url, headers, &body)?;
    let envelope = answer.envelope()?;
    if envelope.code != 0 {
        return Err(Error::Refused(Box::new(Refusal::of(&envelope, false))));
    }
    if envelope.nonce != unique.nonce {
        let (sent, found) = (unique.nonce, envelope.nonce);
        return Err(Error::OtherRequest { url: answer.url, sent, found });
    }
    let session = session(&envelope, key)?;
    Ok(SignedIn { session, balance: envelope.balance, best_height: envelope.best_height })
}

fn session(envelope: &Envelope, key: &PrivateKey) -> Result<Session, SessionKeyError> {
    let data = envelope.data.as_ref().ok_or(SessionKeyError::Missing)?;
    let delivery: Delivery<'_> =
        serde_json::from_str(data.get()).map_err(|_| SessionKeyError::Malformed)?;
    let expires_ms = delivery.expires_ms();
    if let Some(text) = &delivery.session_key_encrypted {
        return of_plaintext(&decrypted(key, text)?, expires_ms);
    }
    if let Some(text) = &delivery.session_key_cipher {
        let plaintext = ecies::decrypt(Format::Ftsp17, key, text);
        return of_plaintext(&plaintext.map_err(SessionKeyError::Encrypted)?, expires_ms);
    }
    let plain = delivery.session_key.ok_or(SessionKeyError::Missing)?;
    Session::from_hex(plain, expires_ms)
}

/// Decrypts in whichever format it is: each has a tag, so that only the right one fits.
fn decrypted(key: &PrivateKey, text: &str) -> Result<Zeroizing<Vec<u8>>, SessionKeyError> {
    let mut failed = EciesError::Malformed;
    for format in [Format::Fipa9, Format::Bitcore, Format::Ftsp17] {
        match ecies::decrypt(format, key, text) {
            Ok(plaintext) => return Ok(plaintext),
            // A wrong tag says the most: format and points are right.
            Err(error) if failed != EciesError::Tag => failed = error,
            Err(_) => {}
        }
    }
    Err(SessionKeyError::Encrypted(failed))
}

/// Reads what was encrypted: the key's digits, its bytes, or the digits in a JSON object.
fn of_plaintext(plaintext: &[u8], expires_ms: Option<u64>) -> Result<Session, SessionKeyError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wrapped<'a> {
        #[serde(alias = "sessionKey")]
        secret_key: &'a str,
    }
    if let Ok(bytes) = <[u8; 32]>::try_from(plaintext) {
        return Ok(Session::new(Zeroizing::new(bytes), expires_ms));
    }
    if let Ok(wrapped) = serde_json::from_slice::<Wrapped<'_>>(plaintext) {
        return Session::from_hex(wrapped.secret_key, expires_ms);
    }
    let digits = std::str::from_utf8(plaintext).map_err(|_| SessionKeyError::Malformed)?;
    Session::from_hex(digits, expires_ms)
}

impl Delivery<'_> {
    /// Returns when the session ends, if the answer says so. Times that are not positive mean that
    /// it does not end.
    fn expires_ms(&self) -> Option<u64> {
        if let Some(time) = self.expire_time {
            return u64::try_from(time).ok().filter(|time| *time > 0);
        }
        // Some servers write 365.0.
        let days = self.session_days.as_ref()?;
        let days = days.as_u64().or_else(|| days.to_string().strip_suffix(".0")?.parse().ok())?;
        days.checked_mul(DAY_MS)?.checked_add(self.start_time.unwrap_or_else(now_ms))
    }
}
