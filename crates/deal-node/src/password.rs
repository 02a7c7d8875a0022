//! Passwords of accounts: hashed with Argon2id, which takes memory and time on purpose, away from
//! the threads that serve everybody.

use crate::ServerError;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The longest password, in bytes: longer ones are refused instead of cut.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Passwords that are hashed at the same time: each takes 19 MiB and a core.
const HASHED_AT_ONCE: usize = 2;

/// Passwords that wait to be hashed; more are refused, so that guessing cannot take the memory.
const WAITING_MAX: usize = 64;

/// A valid hash of nothing that anybody knows: checked when there is no account, so that the time
/// of an answer does not tell which accounts there are.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5a25vd3N0aGlz$\
                      iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A";

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(WAITING_MAX)),
            running: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
        }
    }

    /// Returns the hash of a password as a PHC string.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, ServerError> {
        self.off_thread(move || {
            let hashed = Argon2::default().hash_password(password.as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|error| ServerError::Corrupt {
                what: format!("a password cannot be hashed: {error}"),
            })
        })
        .await?
    }

    /// Whether a password is the one that was hashed; with `None`, takes as long and says no.
    pub(crate) async fn verify(
        &self,
        hash: Option<String>,
        password: Zeroizing<String>,
    ) -> Result<bool, ServerError> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let is_right = self
            .off_thread(move || {
                let parsed = PasswordHash::new(&hash)
                    .map_err(|_| ServerError::Corrupt { what: "a password's hash".to_owned() })?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await??;
        Ok(is_right && is_known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServerError> {
        let busy = || ServerError::Busy { what: "passwords" };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let turn =
            Arc::clone(&self.running).acquire_owned().await.map_err(|_| ServerError::Stopping)?;
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((place, turn));
            result
        });
        work.await.map_err(|_| ServerError::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    /// The right password is accepted, others and those of nobody are not, and no two hashes of the
    /// same password are equal.
    #[tokio::test]
    async fn passwords_are_recognised() {
        let passwords = Passwords::new();
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert_ne!(hash, passwords.hash(secret("correct horse")).await.unwrap());
        let known = Some(hash);
        assert!(passwords.verify(known.clone(), secret("correct horse")).await.unwrap());
        assert!(!passwords.verify(known, secret("battery staple")).await.unwrap());
        assert!(!passwords.verify(None, secret("correct horse")).await.unwrap());
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
