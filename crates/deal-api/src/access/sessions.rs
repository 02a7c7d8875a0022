use super::token_not_found;
use crate::error::ApiError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq as _;
use tally_deal::access::RECEIVE_WINDOW_MS_MAX;
use tally_deal_node::{
    Clock,
    module::{Claims, JwtError, JwtKey},
};
use tally_deal_store::{
    Commit, CommitError, DealStore, DealStoreError, Expected, Secret, SecretChange, Version,
};
use zeroize::Zeroizing;

/// How long an access token is good, in seconds.
pub(crate) const TOKEN_LIFETIME_S: u64 = 3600;

/// How long a session lasts after it was begun or renewed, in seconds.
pub(crate) const SESSION_LIFETIME_S: u64 = 30 * 86_400;

/// The name of the secret that tokens are signed with.
const SIGNING: &str = "api/token-key";

/// What names of sessions begin with.
const SESSION: &str = "api/session/";

/// What names of nonces that were used begin with.
const NONCE: &str = "api/nonce/";

/// How far a client's clock may be ahead of ours, in milliseconds.
const AHEAD_MS: u64 = 5_000;

/// The session of somebody who showed who he is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// Who: an address, or the name of a client.
    pub(crate) subject: String,
    /// The client that asked for it; empty if none.
    pub(crate) client: String,
    /// What requests are signed with.
    pub(crate) secret: String,
    /// The number of the refresh token that is good now.
    turn: u64,
}

impl Grant {
    pub(crate) fn is_secret(&self, shown: &str) -> bool {
        bool::from(self.secret.as_bytes().ct_eq(shown.as_bytes()))
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// What a client gets with a token.
#[derive(Serialize)]
pub(crate) struct TokenReply {
    access_token: String,
    refresh_token: String,
    secret: String,
    token_type: &'static str,
    expires_in: u64,
    session: String,
}

/// Draws random bytes.
pub(crate) type Draw = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Sessions and the tokens that belong to them. All of it is in the store: tokens outlive a restart
/// and are good at every server that shares the store.
pub(crate) struct Sessions {
    store: Arc<dyn DealStore>,
    clock: Arc<dyn Clock>,
    key: JwtKey,
    issuer: String,
    draw: Draw,
}

impl Sessions {
    /// Opens the sessions of a store; the first to do so makes the key that signs tokens.
    pub(crate) async fn open(
        store: Arc<dyn DealStore>,
        clock: Arc<dyn Clock>,
        issuer: String,
        draw: Draw,
    ) -> Result<Self, DealStoreError> {
        let key = signing_key(&*store, clock.now_ms(), &draw).await?;
        Ok(Self { store, clock, key: JwtKey::new(&key), issuer, draw })
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Begins a session and returns its tokens.
    pub(crate) async fn begin(&self, subject: &str, client: &str) -> Result<TokenReply, ApiError> {
        let (mut name, mut secret) = ([0; 20], Zeroizing::new([0; 48]));
        (self.draw)(&mut name);
        (self.draw)(&mut *secret);
        let session = hex::encode(name);
        let grant = Grant {
            subject: subject.to_owned(),
            client: client.to_owned(),
            secret: STANDARD.encode(*secret),
            turn: 0,
        };
        self.keep(&session, &grant, Expected::Absent).await?;
        Ok(self.tokens(session, &grant))
    }

    /// Gives new tokens for a refresh token, which is good once.
    pub(crate) async fn renew(&self, refresh: &str, client: &str) -> Result<TokenReply, ApiError> {
        let claims = self.verify(refresh, "refresh")?;
        let session = claim(&claims, "sid").ok_or_else(token_invalid)?.to_owned();
        let (version, mut grant) = self.read(&session).await?.ok_or_else(token_not_found)?;
        let turn = claims.other.get("turn").and_then(serde_json::Value::as_u64);
        if turn != Some(grant.turn) || grant.client != client {
            return Err(token_not_found());
        }
        grant.turn += 1;
        self.keep(&session, &grant, Expected::At(version)).await?;
        Ok(self.tokens(session, &grant))
    }

    /// Ends a session; its tokens are good no more.
    pub(crate) async fn end(&self, session: &str) -> Result<(), ApiError> {
        let name = format!("{SESSION}{session}");
        let change = SecretChange { name, expected: Expected::Any, value: None };
        self.commit(change).await.map(|_| ())
    }

    /// Returns a session that there is.
    pub(crate) async fn find(&self, session: &str) -> Result<Option<Grant>, ApiError> {
        Ok(self.read(session).await?.map(|(_, grant)| grant))
    }

    /// Returns the session of an access token, and whose it is.
    pub(crate) async fn bearer(&self, token: &str) -> Result<(String, Grant), ApiError> {
        let claims = self.verify(token, "access")?;
        let session = claim(&claims, "sid").ok_or_else(token_invalid)?.to_owned();
        // A session that was ended takes its tokens with it.
        let grant = self.find(&session).await?.ok_or_else(token_not_found)?;
        Ok((session, grant))
    }

    /// Says whether a nonce of a session was not used before, and notes that it is now.
    pub(crate) async fn is_fresh(&self, session: &str, nonce: &str) -> Result<bool, ApiError> {
        let name = format!("{NONCE}{session}/{nonce}");
        // Later the request is too old by itself.
        let until = self.now_ms() + RECEIVE_WINDOW_MS_MAX + AHEAD_MS;
        let value = Some((Zeroizing::new(vec![1]), Some(until)));
        self.commit(SecretChange { name, expected: Expected::Absent, value }).await
    }

    fn tokens(&self, session: String, grant: &Grant) -> TokenReply {
        let now = self.clock.now();
        let token = |kind: &str, lifetime: u64, turn: Option<u64>| {
            let mut other = serde_json::Map::new();
            other.insert("sid".to_owned(), session.as_str().into());
            other.insert("typ".to_owned(), kind.into());
            if let Some(turn) = turn {
                other.insert("turn".to_owned(), turn.into());
            }
            self.key.sign(&Claims {
                iss: self.issuer.clone(),
                aud: grant.client.clone(),
                sub: grant.subject.clone(),
                iat: now,
                exp: now + lifetime,
                other,
            })
        };
        TokenReply {
            access_token: token("access", TOKEN_LIFETIME_S, None),
            refresh_token: token("refresh", SESSION_LIFETIME_S, Some(grant.turn)),
            secret: grant.secret.clone(),
            token_type: "Bearer",
            expires_in: TOKEN_LIFETIME_S,
            session: session.clone(),
        }
    }

    fn verify(&self, token: &str, kind: &str) -> Result<Claims, ApiError> {
        let claims = self.key.verify(token, self.clock.now()).map_err(|error| match error {
            JwtError::Expired => token_not_found(),
            JwtError::Malformed | JwtError::Signature => token_invalid(),
        })?;
        let is_right = claim(&claims, "typ") == Some(kind);
        if is_right { Ok(claims) } else { Err(token_invalid()) }
    }

    async fn read(&self, session: &str) -> Result<Option<(Version, Grant)>, ApiError> {
        let is_name = session.len() == 40
            && session.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it));
        if !is_name {
            return Ok(None);
        }
        let secret = self.store.secret(&format!("{SESSION}{session}"), self.now_ms()).await;
        let Some(Secret { value, version, .. }) = secret? else { return Ok(None) };
        let grant = serde_json::from_slice(&value).map_err(|error| ApiError::internal(&error))?;
        Ok(Some((version, grant)))
    }

    async fn keep(&self, session: &str, grant: &Grant, expected: Expected) -> Result<(), ApiError> {
        let value = serde_json::to_vec(grant).map_err(|error| ApiError::internal(&error))?;
        let until = self.now_ms() + SESSION_LIFETIME_S * 1000;
        let name = format!("{SESSION}{session}");
        let value = Some((Zeroizing::new(value), Some(until)));
        let is_kept = self.commit(SecretChange { name, expected, value }).await?;
        if is_kept { Ok(()) } else { Err(token_not_found()) }
    }

    /// Changes a secret; `false` if it is not what was expected.
    async fn commit(&self, change: SecretChange) -> Result<bool, ApiError> {
        let commit = Commit { now_ms: self.now_ms(), secrets: vec![change], ..Commit::default() };
        match self.store.commit(commit).await {
            Ok(_) => Ok(true),
            Err(CommitError::Conflict(_)) => Ok(false),
            // A name that is too long is none that was ever given out.
            Err(CommitError::Invalid { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

async fn signing_key(
    store: &dyn DealStore,
    now_ms: u64,
    draw: &Draw,
) -> Result<Zeroizing<Vec<u8>>, DealStoreError> {
    if let Some(secret) = store.secret(SIGNING, now_ms).await? {
        return Ok(secret.value);
    }
    let mut key = Zeroizing::new(vec![0; 32]);
    draw(&mut key);
    let value = Some((key.clone(), None));
    let change = SecretChange { name: SIGNING.to_owned(), expected: Expected::Absent, value };
    let commit = Commit { now_ms, secrets: vec![change], ..Commit::default() };
    match store.commit(commit).await {
        Ok(_) => Ok(key),
        // Another server was quicker: its key is everybody's.
        Err(CommitError::Conflict(_) | CommitError::Invalid { .. }) => store
            .secret(SIGNING, now_ms)
            .await?
            .map(|secret| secret.value)
            .ok_or(DealStoreError::Damaged(tally_deal_store::Damage::Row { table: "secrets" })),
        Err(CommitError::Store(error)) => Err(error),
    }
}

fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.other.get(name).and_then(serde_json::Value::as_str)
}

fn token_invalid() -> ApiError {
    ApiError::access(40_005, "token_invalid", "Token invalid.")
}
