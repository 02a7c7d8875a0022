//! The accounts in memory: what calls read and change, and what of it waits to be stored.

mod sessions;

use super::{
    nonces::Nonces,
    rows::{Money, NonceRow},
    writer::Task,
};
use crate::{
    AccountsError, Balance, Charge, Charged, NonceUse, Order, Session, SessionName, Visitor,
};
use std::collections::{BTreeSet, HashMap};
use tally_primitives::Fid;
use tokio::sync::oneshot;

/// Calls that wait for the disk at a time. A commit takes some milliseconds, and an API carries out
/// fewer requests at a time than this.
const WAITING_MAX: usize = 65_536;

/// Users remembered, of whom each takes about 200 bytes.
const USERS_MAX: usize = 4_000_000;

/// How often stored nonces are cleared away, by the callers' clock.
const CLEAR_EVERY_MS: u64 = 30_000;

/// Position of a user in the table: nonces name their users by it in four bytes.
pub(super) type UserNumber = u32;

#[derive(Debug)]
struct User {
    fid: Fid,
    money: Money,
    session: Option<SessionName>,
    /// Whether the money waits to be stored.
    is_changed: bool,
}

impl User {
    const fn balance(&self) -> Balance {
        // Neither is negative, so the difference is in range.
        Balance(self.money.credited - self.money.charged)
    }
}

#[derive(Debug)]
struct Live {
    session: Session,
    user: UserNumber,
}

/// What the next commit stores.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) money: Vec<(Fid, Money)>,
    /// The session that has the name now, if one has.
    pub(super) sessions: Vec<(SessionName, Option<Session>)>,
    pub(super) nonces: Vec<NonceRow>,
    pub(super) forget_nonces_before: Option<u64>,
    pub(super) waiters: Vec<oneshot::Sender<()>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    users: Vec<User>,
    numbers: HashMap<Fid, UserNumber>,
    /// Places in `users` that nobody has.
    free: Vec<UserNumber>,
    sessions: HashMap<SessionName, Live>,
    session_ends: BTreeSet<(u64, SessionName)>,
    /// Those of `session_ends` whose users had never paid when they signed in.
    unpaid_ends: BTreeSet<(u64, SessionName)>,
    nonces: Nonces,
    /// When stored nonces were cleared away last.
    cleared_ms: u64,
    changed_users: Vec<UserNumber>,
    changed_sessions: Vec<SessionName>,
    new_nonces: Vec<NonceRow>,
    forget_nonces_before: Option<u64>,
    waiters: Vec<oneshot::Sender<()>>,
    /// Orders to count and to take back; for the writer, which reads the store for them.
    pub(super) tasks: Vec<Task>,
    /// The writer sleeps and wants to be woken.
    pub(super) is_idle: bool,
    /// No more calls come: the writer ends when nothing waits.
    pub(super) is_closing: bool,
    /// A commit failed: nothing is promised any more.
    pub(super) is_failed: bool,
}

impl State {
    /// Puts a stored account back.
    pub(super) fn restore_money(&mut self, fid: Fid, money: Money) {
        let user = self.insert(fid);
        self.users[user as usize].money = money;
    }

    /// Puts a stored session back.
    pub(super) fn restore_session(&mut self, session: Session) {
        let user = self.insert(session.fid.clone());
        self.insert_session(session, user);
    }

    /// Puts a stored nonce back.
    pub(super) fn restore_nonce(&mut self, row: NonceRow) {
        let user = self.insert(row.fid);
        self.nonces.restore(user, row.nonce, row.expires_ms);
    }

    pub(super) fn balance(&self, fid: &Fid) -> Balance {
        self.numbers
            .get(fid)
            .map_or(Balance::default(), |number| self.users[*number as usize].balance())
    }

    pub(super) fn look_up(
        &self,
        name: SessionName,
        nonce: Option<i64>,
        now_ms: u64,
    ) -> Option<Visitor> {
        let live = self.sessions.get(&name).filter(|live| live.session.expires_ms > now_ms)?;
        Some(Visitor {
            session: live.session.clone(),
            balance: self.users[live.user as usize].balance(),
            is_nonce_used: nonce.is_some_and(|nonce| self.nonces.is_used(live.user, nonce, now_ms)),
        })
    }

    pub(super) fn session_of(&self, fid: &Fid, now_ms: u64) -> Option<Session> {
        let name = self.users[*self.numbers.get(fid)? as usize].session?;
        self.look_up(name, None, now_ms).map(|visitor| visitor.session)
    }

    /// Uses a nonce; `None` if it was used before, its user's number otherwise.
    pub(super) fn accept_nonce(
        &mut self,
        nonce: &NonceUse,
        now_ms: u64,
    ) -> Result<Option<UserNumber>, AccountsError> {
        for user in self.nonces.forget(now_ms).into_iter().flatten() {
            self.drop_unknown(user);
        }
        let user = self.number_of(&nonce.fid)?;
        match self.nonces.accept(user, nonce.nonce, nonce.expires_ms, now_ms) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                self.drop_unknown(user);
                return Err(error);
            }
        }
        self.new_nonces.push(NonceRow {
            fid: nonce.fid.clone(),
            nonce: nonce.nonce,
            expires_ms: nonce.expires_ms,
        });
        if now_ms.saturating_sub(self.cleared_ms) >= CLEAR_EVERY_MS {
            self.cleared_ms = now_ms;
            self.forget_nonces_before = Some(now_ms);
        }
        Ok(Some(user))
    }

    /// Uses the nonce of a request and takes its price.
    pub(super) fn charge(
        &mut self,
        charge: &Charge,
        now_ms: u64,
    ) -> Result<Charged, AccountsError> {
        let Some(number) = self.accept_nonce(&charge.nonce, now_ms)? else {
            return Ok(Charged::Replayed(self.balance(&charge.nonce.fid)));
        };
        let user = &mut self.users[number as usize];
        if charge.amount.0 == 0 {
            return Ok(Charged::Paid(user.balance()));
        }
        let amount = i64::try_from(charge.amount.0).ok();
        let amount = amount.filter(|_| user.balance().covers(charge.amount));
        let Some(amount) = amount else {
            let balance = user.balance();
            let named = charge
                .session
                .filter(|name| self.sessions.get(name).is_some_and(|live| live.user == number));
            if let Some(name) = named {
                self.end_session(name);
            }
            return Ok(Charged::Insufficient(balance));
        };
        // Covered, so it stays at or below what was credited.
        user.money.charged += amount;
        let balance = user.balance();
        self.mark(number);
        Ok(Charged::Paid(balance))
    }

    /// Credits an order.
    pub(super) fn credit(&mut self, order: &Order) -> Result<(), AccountsError> {
        let overflow = || AccountsError::Overflow { fid: order.from.clone() };
        let amount = i64::try_from(order.amount.0).map_err(|_| overflow())?;
        let credited = self
            .numbers
            .get(&order.from)
            .map_or(0, |number| self.users[*number as usize].money.credited);
        let credited = credited.checked_add(amount).ok_or_else(overflow)?;
        // Who pays is remembered, whatever the number of those who do not.
        let number = self.insert(order.from.clone());
        self.users[number as usize].money.credited = credited;
        self.mark(number);
        Ok(())
    }

    /// Takes a counted order back.
    pub(super) fn revoke(&mut self, order: &Order) {
        let number = self.insert(order.from.clone());
        let amount = i64::try_from(order.amount.0).unwrap_or(i64::MAX);
        let money = &mut self.users[number as usize].money;
        debug_assert!(money.credited >= amount, "a counted order is part of what was credited");
        money.credited = money.credited.saturating_sub(amount).max(0);
        self.mark(number);
    }

    /// Makes a receiver of the news that everything changed until now is stored.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiters.push(sender);
        receiver
    }

    /// Says whether a call may change something.
    pub(super) fn check(&self) -> Result<(), AccountsError> {
        if self.is_failed || self.is_closing {
            return Err(AccountsError::Failed);
        }
        if self.waiters.len() + self.tasks.len() >= WAITING_MAX {
            return Err(AccountsError::Busy { what: "calls wait for the disk" });
        }
        Ok(())
    }

    /// Says whether there is nothing for the writer to do.
    pub(super) const fn is_still(&self) -> bool {
        self.waiters.is_empty() && self.tasks.is_empty()
    }

    /// Takes everything that waits to be stored.
    pub(super) fn take_group(&mut self) -> Group {
        let money = |number: UserNumber| {
            let user = &mut self.users[number as usize];
            user.is_changed = false;
            (user.fid.clone(), user.money)
        };
        let money = self.changed_users.drain(..).map(money).collect();
        let session = |name| (name, self.sessions.get(&name).map(|live| live.session.clone()));
        let sessions = self.changed_sessions.drain(..).map(session).collect();
        let nonces = std::mem::take(&mut self.new_nonces);
        let forget_nonces_before = self.forget_nonces_before.take();
        let waiters = std::mem::take(&mut self.waiters);
        Group { money, sessions, nonces, forget_nonces_before, waiters }
    }

    /// Ends all promises: whoever waits learns that the storage failed.
    pub(super) fn fail(&mut self) {
        self.is_failed = true;
        self.waiters.clear();
        self.tasks.clear();
    }

    fn mark(&mut self, number: UserNumber) {
        let user = &mut self.users[number as usize];
        if !user.is_changed {
            user.is_changed = true;
            self.changed_users.push(number);
        }
    }

    fn number_of(&mut self, fid: &Fid) -> Result<UserNumber, AccountsError> {
        if let Some(number) = self.numbers.get(fid) {
            return Ok(*number);
        }
        if self.numbers.len() >= USERS_MAX {
            return Err(AccountsError::Busy { what: "users" });
        }
        Ok(self.insert(fid.clone()))
    }

    /// Returns the user's number, a new one if need be.
    fn insert(&mut self, fid: Fid) -> UserNumber {
        if let Some(number) = self.numbers.get(&fid) {
            return *number;
        }
        let user =
            User { fid: fid.clone(), money: Money::default(), session: None, is_changed: false };
        let number = if let Some(number) = self.free.pop() {
            self.users[number as usize] = user;
            number
        } else {
            self.users.push(user);
            UserNumber::try_from(self.users.len() - 1).expect("there are fewer users")
        };
        self.numbers.insert(fid, number);
        number
    }

    /// Forgets a user of whom nothing is known: without money, session or nonce.
    fn drop_unknown(&mut self, number: UserNumber) {
        let user = &self.users[number as usize];
        let is_known = user.money != Money::default()
            || user.session.is_some()
            || user.is_changed
            || self.nonces.has(number);
        // A place that is free already has the name of its last user, who may be back in another.
        if !is_known && self.numbers.get(&user.fid) == Some(&number) {
            self.numbers.remove(&user.fid);
            self.free.push(number);
        }
    }
}

#[cfg(test)]
mod tests;
