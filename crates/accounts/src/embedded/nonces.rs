use super::state::UserNumber;
use crate::AccountsError;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, hash_map::Entry},
};

/// Nonces remembered: at 100,000 requests a second, those of 40 seconds. Each takes about 60 bytes.
const NONCES_MAX: usize = 4_000_000;

/// Nonces forgotten in passing by each call: more than one, so that their number falls.
const FORGOTTEN_AT_ONCE: usize = 4;

/// The nonces that users may not bring again yet.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    ends: HashMap<(UserNumber, i64), u64>,
    /// Nonces remembered of each user.
    counts: HashMap<UserNumber, u32>,
    queue: BinaryHeap<Reverse<(u64, UserNumber, i64)>>,
}

impl Nonces {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.queue.is_empty() && self.counts.is_empty()
    }

    /// Says whether a nonce of the user is remembered.
    pub(super) fn has(&self, user: UserNumber) -> bool {
        self.counts.contains_key(&user)
    }

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
        if self.is_used(user, nonce, now_ms) {
            return Ok(false);
        }
        if self.ends.len() >= NONCES_MAX {
            return Err(AccountsError::Busy { what: "nonces" });
        }
        if self.ends.insert((user, nonce), end_ms).is_none() {
            *self.counts.entry(user).or_default() += 1;
        }
        self.queue.push(Reverse((end_ms, user, nonce)));
        Ok(true)
    }

    pub(super) fn restore(&mut self, user: UserNumber, nonce: i64, end_ms: u64) {
        let former = self.ends.get(&(user, nonce)).copied();
        if former.is_none() {
            *self.counts.entry(user).or_default() += 1;
        }
        self.ends.insert((user, nonce), end_ms.max(former.unwrap_or(0)));
        self.queue.push(Reverse((end_ms, user, nonce)));
    }

    /// Forgets some of the nonces that have ended. Returns the users of whom none is left.
    pub(super) fn forget(&mut self, now_ms: u64) -> [Option<UserNumber>; FORGOTTEN_AT_ONCE] {
        let mut without = [None; FORGOTTEN_AT_ONCE];
        for place in &mut without {
            let Some(Reverse((end, user, nonce))) = self.queue.peek().copied() else { break };
            if end > now_ms {
                break;
            }
            self.queue.pop();
            // It may have been used again since, and then has a later end.
            if self.ends.get(&(user, nonce)) != Some(&end) {
                continue;
            }
            self.ends.remove(&(user, nonce));
            if let Entry::Occupied(mut count) = self.counts.entry(user) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                    *place = Some(user);
                }
            }
        }
        without
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
            nonces.forget(400);
            assert!(nonces.accept(3, nonce, 500, 400).unwrap());
        }
        assert_eq!((nonces.ends.len(), nonces.queue.len()), (1000, 1000));
        assert!(nonces.has(3) && !nonces.has(1) && !nonces.has(2));
        let left: Vec<_> = (0..250).flat_map(|_| nonces.forget(500)).flatten().collect();
        assert_eq!(left, [3], "told once, with the last one");
        assert!(!nonces.has(3) && nonces.counts.is_empty());
    }
}
