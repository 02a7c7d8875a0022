//! Passwords of accounts: hashed with Argon2id, which takes memory and time on purpose, away from
//! the threads that serve everybody.

mod attempts;

use crate::ServerError;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use attempts::Attempts;

/// The longest password, in bytes: longer ones are refused instead of cut.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Passwords that are checked at the same time: each takes 19 MiB and a core.
const CHECKED_AT_ONCE: usize = 2;

/// Passwords that wait to be checked; more are refused, so that guessing cannot take the memory.
const WAITING_MAX: usize = 64;

/// New passwords that are hashed at the same time. Anybody may open accounts with them: they have
/// places of their own, so that strangers do not keep owners from logging in.
const HASHED_AT_ONCE: usize = 1;

/// New passwords that wait to be hashed.
const NEW_WAITING_MAX: usize = 16;

/// A valid hash of nothing that anybody knows: checked when there is no account, so that the time
/// of an answer does not tell which accounts there are.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5a25vd3N0aGlz$\
                      iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A";

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    hashing: Lane,
    checking: Lane,
    attempts: Arc<Mutex<Attempts>>,
}

/// Places for work that takes memory and time.
#[derive(Debug, Clone)]
struct Lane {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            hashing: Lane::new(NEW_WAITING_MAX, HASHED_AT_ONCE),
            checking: Lane::new(WAITING_MAX, CHECKED_AT_ONCE),
            attempts: Arc::default(),
        }
    }

    /// Returns the hash of a password as a PHC string.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, ServerError> {
        let work = move || {
            let hashed = Argon2::default().hash_password(password.as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|error| ServerError::Corrupt {
                what: format!("a password cannot be hashed: {error}"),
            })
        };
        self.hashing.off_thread(work).await?
    }

    /// Whether a password is that of the account, at a moment in Unix milliseconds. After some
    /// wrong ones the account pauses, whether there is such an account or not.
    pub(crate) async fn check(
        &self,
        account: &str,
        hash: Option<String>,
        password: Zeroizing<String>,
        now_ms: u64,
    ) -> Result<bool, ServerError> {
        let attempts = || self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted as wrong until it is known: guesses at the same time are guesses, too.
        if !attempts().begin(account, now_ms) {
            return Err(ServerError::Busy { what: "wrong passwords" });
        }
        let is_right = self.verify(hash, password).await;
        match is_right {
            Ok(true) => attempts().succeed(account),
            Ok(false) => {}
            Err(_) => attempts().undo(account),
        }
        is_right
    }

    /// Whether a password is the one that was hashed; with `None`, takes as long and says no.
    async fn verify(
        &self,
        hash: Option<String>,
        password: Zeroizing<String>,
    ) -> Result<bool, ServerError> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let is_right = self
            .checking
            .off_thread(move || {
                let parsed = PasswordHash::new(&hash)
                    .map_err(|_| ServerError::Corrupt { what: "a password's hash".to_owned() })?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await??;
        Ok(is_right && is_known)
    }
}

impl Lane {
    fn new(places: usize, running: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(places), running: semaphore(running) }
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

    /// Goal: guessing an account's password takes time, and keeps nobody else out. Method: wrong
    /// passwords in a row, then the right one at once, after the pause, and for another account.
    #[tokio::test]
    async fn wrong_passwords_pause_their_account() {
        let passwords = Passwords::new();
        let known = Some(passwords.hash(secret("correct horse")).await.unwrap());
        let check = |account: &'static str, password: &str, now_ms| {
            passwords.check(account, known.clone(), secret(password), now_ms)
        };
        for _ in 0..attempts::FREE {
            assert!(!check("one", "battery staple", 0).await.unwrap());
        }
        let paused = check("one", "correct horse", 999).await;
        assert!(matches!(paused, Err(ServerError::Busy { .. })), "{paused:?}");
        assert!(check("two", "correct horse", 999).await.unwrap());
        assert!(check("one", "correct horse", 1_000).await.unwrap());
        assert!(!check("one", "battery staple", 1_000).await.unwrap());
        assert!(check("one", "correct horse", 1_000).await.unwrap(), "forgotten by the right one");
    }

    /// Strangers who open accounts with passwords take no place of those who log in.
    #[tokio::test]
    async fn new_passwords_have_places_of_their_own() {
        let passwords = Passwords::new();
        let known = Some(passwords.hash(secret("correct horse")).await.unwrap());
        let taken = Arc::clone(&passwords.hashing.places);
        let taken = taken.try_acquire_many_owned(NEW_WAITING_MAX as u32).unwrap();
        let refused = passwords.hash(secret("another one")).await;
        assert!(matches!(refused, Err(ServerError::Busy { .. })), "{refused:?}");
        assert!(passwords.check("one", known, secret("correct horse"), 0).await.unwrap());
        drop(taken);
    }
}
