//! Opening a session.

use crate::{
    api::Inner,
    body::Body,
    cards::{Card, SignIn},
    code::Code,
    data::{insufficient, nonce_use, stale},
    handler::{Asked, refuse, refuse_bare, report},
    own::Own,
    reply::Answer,
};
use axum::response::Response;
use serde_json::{Value, json};
use tally_accounts::{AccountsError, Balance, Charge, Charged, Opened, Session, SessionKey};
use tally_apip_node::{Best, SESSION_DAYS_DEFAULT};
use tally_crypto::{
    ecies,
    fch::{PublicKey, recover_message},
};
use tally_primitives::{Fid, Satoshi};
use zeroize::Zeroizing;

const DAY_MS: u64 = 86_400_000;

/// Draws of a session key, should names be taken: one in 2^48 is, for each live session.
const DRAWS_MAX: u32 = 8;

/// What a client of 2024 is told that sends no signature.
const HOW: &str = "Put the Base64 text of a Bitcoin message signature over the exact bytes of the \
    body into the header Sign.";

/// A sign-in whose signature has been checked, or why it is none.
struct Claim {
    body: Body,
    /// Who signs in.
    fid: Fid,
    key: Option<PublicKey>,
}

/// Why nobody signs in.
struct Refused(Code, i64, Option<Value>);

/// Why a session could not be opened.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    #[error("all names that were drawn are taken")]
    Names,
}

/// Answers a request to sign in.
///
/// The order of checks is 1014, 1015, 1000, 1003, 1013, 1001, 1004, 1008, 1007, 1005, 1006; in the
/// later ways 1004 comes after 1007, as theirs did. Nothing is charged or remembered before the
/// signature is good.
pub(crate) async fn answer(api: &Inner, card: &Card, way: SignIn, asked: Asked) -> Response {
    let best = api.directory.best();
    let own = api.own();
    if own.is_suspended() {
        return refuse_bare(Code::Suspended, 0, best);
    }
    if way == SignIn::Plain && !api.config.plain_keys {
        let reason = "session keys are sent as they are over TLS only; use apip0/v1/signInEcc";
        return refuse(Code::Other, 0, best, json!({ "reason": reason }));
    }
    let claim = match claim(api, card, way, &asked) {
        Ok(claim) => claim,
        Err(Refused(code, nonce, Some(data))) => return refuse(code, nonce, best, data),
        Err(Refused(code, nonce, None)) => return refuse_bare(code, nonce, best),
    };
    match grant(api, card, way, &own, claim, best).await {
        Ok((answer, balance)) => answer.write().unsigned(balance),
        Err((nonce, error)) => {
            match &error {
                OpenError::Accounts(error) => report(error),
                OpenError::Random(_) | OpenError::Names => {
                    tracing::error!(%error, "a session was not opened");
                }
            }
            refuse_bare(Code::Other, nonce, best)
        }
    }
}

/// Reads who claims to sign in, and recovers whose signature it is.
fn claim(api: &Inner, card: &Card, way: SignIn, asked: &Asked) -> Result<Claim, Refused> {
    let bare = |code| Refused(code, 0, None);
    let fid = match way {
        SignIn::V1 => None,
        SignIn::Plain | SignIn::Ecc => {
            Some(asked.header("fid").ok_or_else(|| bare(Code::MissFid))?)
        }
    };
    let sign = asked.header("sign").ok_or_else(|| match way {
        SignIn::V1 => bare(Code::MissSign),
        SignIn::Plain | SignIn::Ecc => {
            let template = json!({ "url": api.url_of(card), "time": 0, "nonce": 0 });
            Refused(Code::MissSign, 0, Some(json!({ "how": HOW, "body": template })))
        }
    })?;
    let bad =
        |nonce, reason: &str| Refused(Code::BadRequest, nonce, Some(json!({ "reason": reason })));
    let bytes = asked.body.as_ref().map_err(|problem| bad(0, problem))?;
    if bytes.is_empty() {
        return Err(bare(Code::MissBody));
    }
    let body = Body::parse(bytes).map_err(|error| bad(0, &error.to_string()))?;
    let key = recover_message(bytes, sign).ok();
    let version = api.config.address_version;
    if let Some(fid) = fid {
        // An address that is none has no signer.
        let fid: Result<Fid, _> = fid.parse();
        let fid = fid.map_err(|_| Refused(Code::BadSign, body.nonce, None))?;
        let key = key.filter(|key| key.fid(version) == fid);
        return Ok(Claim { body, fid, key });
    }
    let pub_key = body.pub_key.as_deref().filter(|key| !key.is_empty());
    let pub_key = pub_key.ok_or(Refused(Code::MissPubKey, body.nonce, None))?;
    let pub_key: PublicKey = pub_key
        .parse()
        .map_err(|_| bad(body.nonce, "pubKey: must be 66 hexadecimal digits of a public key"))?;
    let key = key.filter(|key| *key == pub_key);
    Ok(Claim { fid: pub_key.fid(version), body, key })
}

/// Checks the rest, takes the price and opens the session.
async fn grant(
    api: &Inner,
    card: &Card,
    way: SignIn,
    own: &Own,
    claim: Claim,
    best: Option<Best>,
) -> Result<(Answer, Balance), (i64, OpenError)> {
    let Claim { body, fid, key } = claim;
    let nonce = body.nonce;
    let failed = |error: AccountsError| (nonce, OpenError::from(error));
    let bare = |code| Answer::bare(code, nonce, best);
    let least = api.tariff(own, card).least();
    let balance = api.accounts.balance(&fid).await.map_err(failed)?;
    let is_short = least.0 > 0 && !balance.covers(least);
    let sn = if way == SignIn::V1 { "1" } else { "0" };
    if is_short && way == SignIn::V1 {
        // Not told the balance: nothing proves yet who asks.
        return Ok((insufficient(own, sn, nonce, best), Balance::default()));
    }
    let Some(key) = key else { return Ok((bare(Code::BadSign), Balance::default())) };
    if nonce == 0 {
        return Ok((bare(Code::NonceUsed), balance));
    }
    let now_ms = api.config.clock.now_ms();
    let refusal = if is_short {
        Some(insufficient(own, sn, nonce, best))
    } else {
        stale(api, own, card, &body, now_ms, best)
    };
    let charge = Charge {
        // The session that is live, if one is, ends with the money: it is the same user's.
        session: live(api, &fid, now_ms).await.map_err(failed)?.map(|session| session.name()),
        nonce: nonce_use(api, fid.clone(), nonce, now_ms),
        amount: if refusal.is_some() { Satoshi(0) } else { least },
    };
    let charged = api.accounts.charge(charge, now_ms).await.map_err(failed)?;
    let balance = match charged {
        Charged::Paid(balance) => balance,
        Charged::Replayed(balance) => return Ok((bare(Code::NonceUsed), balance)),
        Charged::Insufficient(balance) => {
            return Ok((insufficient(own, sn, nonce, best), balance));
        }
    };
    if let Some(refusal) = refusal {
        return Ok((refusal, balance));
    }
    let is_kept = way != SignIn::V1 && body.mode.as_deref() != Some("refresh");
    let kept = if is_kept { live(api, &fid, now_ms).await.map_err(failed)? } else { None };
    let session = match kept {
        Some(session) => session,
        None => open(api, own, &fid, now_ms).await.map_err(|error| (nonce, error))?,
    };
    let text = told(api, own, way, &key, &session, now_ms).map_err(|error| (nonce, error))?;
    Ok((Answer::value(nonce, best, text), balance))
}

async fn live(api: &Inner, fid: &Fid, now_ms: u64) -> Result<Option<Session>, AccountsError> {
    api.accounts.session_of(fid, now_ms).await
}

async fn open(api: &Inner, own: &Own, fid: &Fid, now_ms: u64) -> Result<Session, OpenError> {
    let expires_ms = now_ms.saturating_add(u64::from(days(own)) * DAY_MS);
    for _ in 0..DRAWS_MAX {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let session = Session { key: SessionKey::new(*bytes), fid: fid.clone(), expires_ms };
        match api.accounts.open_session(session.clone(), now_ms).await? {
            Opened::Opened => return Ok(session),
            Opened::NameTaken => {}
        }
    }
    Err(OpenError::Names)
}

fn days(own: &Own) -> u32 {
    own.terms().map_or(SESSION_DAYS_DEFAULT, |terms| terms.session_days.max(1))
}

/// Writes what the user is told of the session.
fn told(
    api: &Inner,
    own: &Own,
    way: SignIn,
    key: &PublicKey,
    session: &Session,
    now_ms: u64,
) -> Result<String, OpenError> {
    let digits = Zeroizing::new(hex(session.key.as_bytes()));
    let encrypt = |format, text: &str| {
        let mut entropy = [0; 48];
        getrandom::fill(&mut entropy)?;
        Ok::<_, OpenError>(ecies::encrypt(format, key, text.as_bytes(), entropy))
    };
    let data = match way {
        SignIn::V1 => {
            let format = api.config.key_format;
            let plain = match format {
                crate::KeyFormat::Fipa9 => digits,
                crate::KeyFormat::Bitcore => {
                    Zeroizing::new(format!("{{\"secretKey\":\"{}\"}}", *digits))
                }
            };
            json!({
                "sessionKeyEncrypted": encrypt(format.ecies(), &plain)?,
                "sessionDays": days(own),
                "startTime": now_ms,
            })
        }
        SignIn::Plain => json!({ "sessionKey": *digits, "expireTime": session.expires_ms }),
        SignIn::Ecc => json!({
            "expireTime": session.expires_ms,
            "sessionKeyCipher": encrypt(ecies::Format::Ftsp17, &digits)?,
        }),
    };
    Ok(data.to_string())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("memory takes all");
        text
    })
}
