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
use tally_accounts::{
    self as accounts, AccountsError, Balance, Charge, Charged, NonceUse, Session, SessionKey,
    SignedIn,
};
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
/// signature is good, and nothing of whom the money does not suffice: anybody can make a key.
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
    let short = || insufficient(own, sn, nonce, best);
    if is_short && way == SignIn::V1 {
        // Not told the balance: nothing proves yet who asks.
        return Ok((short(), Balance::default()));
    }
    let Some(key) = key else { return Ok((bare(Code::BadSign), Balance::default())) };
    if nonce == 0 {
        return Ok((bare(Code::NonceUsed), balance));
    }
    let now_ms = api.config.clock.now_ms();
    let refusal = stale(api, own, card, &body, now_ms, best);
    if is_short && refusal.is_some() {
        return Ok((short(), balance));
    }
    let nonce_use = nonce_use(api, fid.clone(), nonce, now_ms);
    if let Some(refusal) = refusal {
        let charge = Charge { session: None, nonce: nonce_use, amount: Satoshi(0) };
        return Ok(match api.accounts.charge(charge, now_ms).await.map_err(failed)? {
            Charged::Paid(balance) | Charged::Insufficient(balance) => (refusal, balance),
            Charged::Replayed(balance) => (bare(Code::NonceUsed), balance),
        });
    }
    let is_kept = way != SignIn::V1 && body.mode.as_deref() != Some("refresh");
    // All that may be missing is there before anything is paid.
    let entropy = entropy().map_err(|error| (nonce, error))?;
    let expires_ms = now_ms.saturating_add(u64::from(days(own)) * DAY_MS);
    let wish = Wish { nonce: nonce_use, amount: least, expires_ms, is_kept };
    Ok(match open(api, &wish, now_ms).await.map_err(|error| (nonce, error))? {
        SignedIn::Done { session, balance } => {
            let text = told(api, way, &key, &session, entropy, now_ms);
            (Answer::value(nonce, best, text), balance)
        }
        SignedIn::Insufficient(balance) => (short(), balance),
        SignedIn::Replayed(balance) => (bare(Code::NonceUsed), balance),
        SignedIn::NameTaken => return Err((nonce, OpenError::Names)),
    })
}

/// A sign-in that lacks a key for the session only.
struct Wish {
    nonce: NonceUse,
    amount: Satoshi,
    expires_ms: u64,
    is_kept: bool,
}

/// Signs in with keys that are drawn until a name is not taken, which costs nothing.
async fn open(api: &Inner, wish: &Wish, now_ms: u64) -> Result<SignedIn, OpenError> {
    for _ in 0..DRAWS_MAX {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let (key, fid) = (SessionKey::new(*bytes), wish.nonce.fid.clone());
        let sign_in = accounts::SignIn {
            nonce: wish.nonce.clone(),
            amount: wish.amount,
            candidate: Session { key, fid, expires_ms: wish.expires_ms },
            keeps_live: wish.is_kept,
        };
        let signed_in = api.accounts.sign_in(sign_in, now_ms).await?;
        if signed_in != SignedIn::NameTaken {
            return Ok(signed_in);
        }
    }
    Ok(SignedIn::NameTaken)
}

/// Draws what encrypting the session's key takes.
fn entropy() -> Result<[u8; 48], OpenError> {
    let mut entropy = [0; 48];
    getrandom::fill(&mut entropy)?;
    Ok(entropy)
}

fn days(own: &Own) -> u32 {
    own.terms().map_or(SESSION_DAYS_DEFAULT, |terms| terms.session_days.max(1))
}

/// Writes what the user is told of the session.
fn told(
    api: &Inner,
    way: SignIn,
    key: &PublicKey,
    session: &Session,
    entropy: [u8; 48],
    now_ms: u64,
) -> String {
    let digits = Zeroizing::new(hex(session.key.as_bytes()));
    let encrypt = |format, text: &str| ecies::encrypt(format, key, text.as_bytes(), entropy);
    // Of a user who never paid, less than what the service says.
    let days = (session.expires_ms.saturating_sub(now_ms) / DAY_MS).max(1);
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
                "sessionKeyEncrypted": encrypt(format.ecies(), &plain),
                "sessionDays": days,
                "startTime": now_ms,
            })
        }
        SignIn::Plain => json!({ "sessionKey": *digits, "expireTime": session.expires_ms }),
        SignIn::Ecc => json!({
            "expireTime": session.expires_ms,
            "sessionKeyCipher": encrypt(ecies::Format::Ftsp17, &digits),
        }),
    };
    data.to_string()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("memory takes all");
        text
    })
}
