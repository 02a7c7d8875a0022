//! How often somebody tried to log in to an account with a wrong password.

use std::collections::BTreeMap;
use tally_crypto::sha256;

/// Wrong passwords in a row that cost nothing but the time of checking them.
pub(super) const FREE: u32 = 10;

/// The first pause, in milliseconds; each further wrong password doubles it.
const PAUSE_MS: u64 = 1_000;

/// The longest pause, in milliseconds: the owner, too, waits for it.
const PAUSE_MS_MAX: u64 = 60_000;

/// After how long without a try an account is forgotten, in milliseconds.
const FORGOTTEN_MS: u64 = 3_600_000;

/// Accounts that are remembered at a time; each takes about a hundred bytes.
const ACCOUNTS_MAX: usize = 10_000;

/// What is remembered of the accounts that somebody tried to log in to, by the hash of their names:
/// a name is whatever the caller wrote.
#[derive(Debug, Default)]
pub(super) struct Attempts(BTreeMap<[u8; 32], Attempt>);

#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Passwords in a row that were wrong, or are being checked.
    wrong: u32,
    /// When the last of them began, in Unix milliseconds.
    last_ms: u64,
}

impl Attempt {
    /// When the next password is looked at, in Unix milliseconds.
    fn open_ms(self) -> u64 {
        let Some(further) = self.wrong.checked_sub(FREE) else { return 0 };
        let pause = PAUSE_MS.saturating_mul(1 << further.min(20));
        self.last_ms.saturating_add(pause.min(PAUSE_MS_MAX))
    }
}

impl Attempts {
    /// Counts a password that is being checked. Returns whether it may be; if not, nothing is
    /// counted: whoever keeps asking does not make the pause longer.
    pub(super) fn begin(&mut self, account: &str, now_ms: u64) -> bool {
        let name = sha256(account.as_bytes());
        let is_old = |it: &Attempt| it.last_ms.saturating_add(FORGOTTEN_MS) <= now_ms;
        let known = self.0.get(&name).copied().filter(|it| !is_old(it));
        if known.is_some_and(|it| now_ms < it.open_ms()) {
            return false;
        }
        if known.is_none() && self.0.len() >= ACCOUNTS_MAX {
            self.make_room();
        }
        let wrong = known.map_or(0, |it| it.wrong).saturating_add(1);
        self.0.insert(name, Attempt { wrong, last_ms: now_ms });
        true
    }

    /// The password was right: what was wrong before does not count any more.
    pub(super) fn succeed(&mut self, account: &str) {
        self.0.remove(&sha256(account.as_bytes()));
    }

    /// The password was not looked at.
    pub(super) fn undo(&mut self, account: &str) {
        if let Some(it) = self.0.get_mut(&sha256(account.as_bytes())) {
            it.wrong = it.wrong.saturating_sub(1);
        }
    }

    /// Forgets the account that has the fewest wrong passwords, the oldest of them: names that
    /// somebody makes up do not displace the one that he guesses at.
    fn make_room(&mut self) {
        let least = self.0.iter().min_by_key(|(_, it)| (it.wrong, it.last_ms));
        if let Some(name) = least.map(|(name, _)| *name) {
            self.0.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute_and_end() {
        let mut attempts = Attempts::default();
        let mut now_ms = 5_000;
        for _ in 0..FREE {
            assert!(attempts.begin("one", now_ms));
        }
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert!(!attempts.begin("one", now_ms + pause - 1), "{pause}");
            now_ms += pause;
            assert!(attempts.begin("one", now_ms), "{pause}");
        }
        now_ms += FORGOTTEN_MS;
        for _ in 0..FREE {
            assert!(attempts.begin("one", now_ms));
        }
        assert!(!attempts.begin("one", now_ms));
        attempts.undo("one");
        assert!(attempts.begin("one", now_ms));
    }

    #[test]
    fn names_that_are_made_up_displace_each_other() {
        let mut attempts = Attempts::default();
        for _ in 0..FREE {
            attempts.begin("one", 0);
        }
        for number in 0..ACCOUNTS_MAX + 10 {
            assert!(attempts.begin(&number.to_string(), 1));
            assert!(attempts.0.len() <= ACCOUNTS_MAX);
        }
        assert!(!attempts.begin("one", 1));
    }
}
