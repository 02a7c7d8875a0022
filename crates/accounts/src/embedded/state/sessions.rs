//! Opening and ending sessions in memory.

use super::{Live, State, UserNumber};
use crate::{
    AccountsError, Session, SessionName, SignIn, SignedIn, UNPAID_SESSION_MS, UNPAID_SESSIONS_MAX,
};

/// Sessions that end in passing when one is opened, so that no call pays for a crowd.
const ENDED_AT_ONCE: usize = 8;

impl State {
    /// Uses the nonce of a sign-in, takes its price and opens its session, or finds the live one.
    pub(in super::super) fn sign_in(
        &mut self,
        sign_in: &SignIn,
        now_ms: u64,
    ) -> Result<SignedIn, AccountsError> {
        let SignIn { nonce, amount, candidate, keeps_live } = sign_in;
        let balance = self.balance(&nonce.fid);
        let number = self.numbers.get(&nonce.fid).copied();
        if number.is_some_and(|number| self.nonces.is_used(number, nonce.nonce, now_ms)) {
            return Ok(SignedIn::Replayed(balance));
        }
        if amount.0 > 0 && !balance.covers(*amount) {
            return Ok(SignedIn::Insufficient(balance));
        }
        let kept = self.session_of(&nonce.fid, now_ms).filter(|_| *keeps_live);
        if kept.is_none() && self.is_taken(candidate, now_ms) {
            return Ok(SignedIn::NameTaken);
        }
        // All is decided. What can still fail is that there is no room, and comes first.
        let Some(number) = self.accept_nonce(nonce, now_ms)? else {
            return Ok(SignedIn::Replayed(balance));
        };
        if amount.0 > 0 {
            // Covered, so it stays at or below what was credited.
            self.users[number as usize].money.charged += i64::try_from(amount.0).unwrap_or(0);
            self.mark(number);
        }
        let session = match kept {
            Some(session) => session,
            None => self.place_session(candidate.clone(), number, now_ms),
        };
        Ok(SignedIn::Done { session, balance: self.users[number as usize].balance() })
    }

    /// Ends a session; says whether there was one.
    pub(in super::super) fn end_session(&mut self, name: SessionName) -> bool {
        let Some(user) = self.remove_session(name) else { return false };
        self.drop_unknown(user);
        true
    }

    /// Says whether another user's live session has the name.
    fn is_taken(&self, session: &Session, now_ms: u64) -> bool {
        let holder = self.sessions.get(&session.name());
        holder
            .is_some_and(|live| live.session.expires_ms > now_ms && live.session.fid != session.fid)
    }

    /// Gives a user a session whose name is not taken, in place of the former; returns it as it is.
    fn place_session(&mut self, mut session: Session, user: UserNumber, now_ms: u64) -> Session {
        if self.users[user as usize].money.credited == 0 {
            session.expires_ms = session.expires_ms.min(now_ms.saturating_add(UNPAID_SESSION_MS));
        }
        if let Some(former) = self.users[user as usize].session {
            self.remove_session(former);
        }
        self.end_session(session.name());
        self.end_sessions(now_ms);
        self.insert_session(session.clone(), user);
        self.changed_sessions.push(session.name());
        session
    }

    pub(super) fn insert_session(&mut self, session: Session, user: UserNumber) {
        let name = session.name();
        let holder = &mut self.users[user as usize];
        holder.session = Some(name);
        if holder.money.credited == 0 {
            self.unpaid_ends.insert((session.expires_ms, name));
        }
        self.session_ends.insert((session.expires_ms, name));
        self.sessions.insert(name, Live { session, user });
    }

    /// Ends some of the sessions whose time is over, and makes room for one of a user who never paid.
    fn end_sessions(&mut self, now_ms: u64) {
        for _ in 0..ENDED_AT_ONCE {
            let ended = self.session_ends.first().filter(|(end, _)| *end <= now_ms);
            let Some((_, ended)) = ended.copied() else { break };
            self.end_session(ended);
        }
        for _ in 0..ENDED_AT_ONCE {
            if self.unpaid_ends.len() < UNPAID_SESSIONS_MAX {
                break;
            }
            let Some((_, oldest)) = self.unpaid_ends.pop_first() else { break };
            // Who has paid since keeps it.
            let is_unpaid = self
                .sessions
                .get(&oldest)
                .is_some_and(|live| self.users[live.user as usize].money.credited == 0);
            if is_unpaid {
                self.end_session(oldest);
            }
        }
    }

    /// Takes a session away; returns whose it was.
    fn remove_session(&mut self, name: SessionName) -> Option<UserNumber> {
        let live = self.sessions.remove(&name)?;
        self.session_ends.remove(&(live.session.expires_ms, name));
        self.unpaid_ends.remove(&(live.session.expires_ms, name));
        self.users[live.user as usize].session = None;
        self.changed_sessions.push(name);
        Some(live.user)
    }
}
