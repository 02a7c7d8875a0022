use super::state::UserNumber;
use crate::AccountsError;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// Nonces remembered: at 100,000 requests a second, those of 40 seconds. Each takes about 60 bytes.
const NONCES_MAX: usize = 4_000_000;

/// Nonces forgotten in passing by each call: more than one, so that their number falls.
const FORGOTTEN_AT_ONCE: usize = 4;

/// The nonces that users may not bring again yet.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    ends: HashMap<(UserNumber, i64), u64>,
    queue: BinaryHeap<Reverse<(u64, UserNumber, i64)>>,
}

impl Nonces {
    pub(super) fn is_used(&self, user: UserNumber, nonce: i64, now_ms: u64) -> bool {
        self.ends.get(&(user, nonce)).is_some_and(|end| *end > now_ms)
    }

    /// Remembers a nonce; `false` if it is remembered already.
    pub(super) fn accept(
        &mut self,
        user: UserNumber,
        nonce: i64,
        end_ms: u64,
        now_ms: u64,
    ) -> Result<bool, AccountsError> {
        self.forget(now_ms);
        if self.is_used(user, nonce, now_ms) {
            return Ok(false);
        }
        if self.ends.len() >= NONCES_MAX {
            return Err(AccountsError::Busy { what: "nonces" });
        }
        self.ends.insert((user, nonce), end_ms);
        self.queue.push(Reverse((end_ms, user, nonce)));
        Ok(true)
    }

    pub(super) fn restore(&mut self, user: UserNumber, nonce: i64, end_ms: u64) {
        let end = self.ends.entry((user, nonce)).or_default();
        *end = end_ms.max(*end);
        self.queue.push(Reverse((end_ms, user, nonce)));
    }

    fn forget(&mut self, now_ms: u64) {
        for _ in 0..FORGOTTEN_AT_ONCE {
            let Some(Reverse((end, user, nonce))) = self.queue.peek().copied() else { return };
            if end > now_ms {
                return;
            }
            self.queue.pop();
            // It may have been used again since, and then has a later end.
            if self.ends.get(&(user, nonce)) == Some(&end) {
                self.ends.remove(&(user, nonce));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a nonce is refused until its end, taken again then, and does not pile up.
    #[test]
    fn nonces_end() {
        let mut nonces = Nonces::default();
        assert!(nonces.accept(1, 7, 100, 0).unwrap());
        assert!(!nonces.accept(1, 7, 200, 99).unwrap());
        assert!(nonces.accept(2, 7, 100, 99).unwrap(), "another user's is another nonce");
        assert!(nonces.is_used(1, 7, 99) && !nonces.is_used(1, 7, 100));
        assert!(nonces.accept(1, 7, 200, 100).unwrap());
        assert!(nonces.is_used(1, 7, 199));
        for nonce in 0..1000 {
            assert!(nonces.accept(3, nonce, 300, 250).unwrap());
        }
        for nonce in 0..1000 {
            assert!(nonces.accept(3, nonce, 500, 400).unwrap());
        }
        assert_eq!((nonces.ends.len(), nonces.queue.len()), (1000, 1000));
    }
}
