use super::*;
use crate::{SessionKey, SignIn, SignedIn, UNPAID_SESSIONS_MAX, contract};
use tally_primitives::Satoshi;

fn stranger(number: usize) -> Fid {
    contract::fid(&format!("F{number}"))
}

fn nonce(user: &Fid, expires_ms: u64) -> NonceUse {
    NonceUse { fid: user.clone(), nonce: 1, expires_ms }
}

fn session(user: &Fid, number: usize, expires_ms: u64) -> Session {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&number.to_le_bytes());
    Session { key: SessionKey::new(key), fid: user.clone(), expires_ms }
}

/// Opens a session as a free sign-in does, whose nonce is over at once.
fn open_session(state: &mut State, session: Session, now_ms: u64) {
    let nonce = NonceUse { nonce: 0, ..nonce(&session.fid, now_ms) };
    let sign_in = SignIn { nonce, amount: Satoshi(0), candidate: session, keeps_live: false };
    let signed_in = state.sign_in(&sign_in, now_ms).unwrap();
    assert!(matches!(signed_in, SignedIn::Done { .. }), "{signed_in:?}");
}

/// Goal: users without money are forgotten with their last nonce; their places are used again, and
/// who has money or a session stays.
#[test]
fn strangers_are_forgotten() {
    let mut state = State::default();
    let (payer, holder) = (contract::fid("FPayer"), contract::fid("FHolder"));
    state.credit(&contract::order(&payer, 1, 1, 100)).unwrap();
    open_session(&mut state, session(&holder, 1, u64::MAX), 0);
    for user in [&payer, &holder] {
        assert!(state.accept_nonce(&nonce(user, 10), 0).unwrap().is_some());
    }
    for number in 0..1000 {
        assert!(state.accept_nonce(&nonce(&stranger(number), 10), 0).unwrap().is_some());
    }
    assert_eq!(state.numbers.len(), 1002);
    let group = state.take_group();
    assert_eq!(group.nonces.len(), 1003, "the holder has signed in, too");
    for number in 1000..2000 {
        let at = 10 + number as u64;
        assert!(state.accept_nonce(&nonce(&stranger(number), at + 1), at).unwrap().is_some());
    }
    assert_eq!(state.numbers.len(), 3, "those two, and the newest");
    assert!(state.users.len() <= 1010, "{} places", state.users.len());
    assert_eq!(state.balance(&payer), Balance(100));
    assert_eq!(
        state.session_of(&holder, 0).map(|held| held.name()),
        Some(SessionName([1, 0, 0, 0, 0, 0]))
    );
    let written: Vec<Fid> = state.take_group().nonces.into_iter().map(|row| row.fid).collect();
    assert_eq!(written, (1000..2000).map(stranger).collect::<Vec<_>>(), "each by its own name");
    state.end_session(SessionName([1, 0, 0, 0, 0, 0]));
    assert_eq!(state.numbers.len(), 2, "nothing is known of the holder");
}

/// Goal: a short user leaves nothing at all.
#[test]
fn a_short_user_leaves_nothing() {
    let mut state = State::default();
    let user = stranger(1);
    let sign_in = SignIn {
        nonce: nonce(&user, 10),
        amount: Satoshi(1),
        candidate: session(&user, 1, 100),
        keeps_live: true,
    };
    let short = state.sign_in(&sign_in, 0).unwrap();
    assert_eq!(short, SignedIn::Insufficient(Balance(0)));
    assert!(state.numbers.is_empty() && state.users.is_empty() && state.nonces.is_empty());
    assert!(state.new_nonces.is_empty() && state.changed_sessions.is_empty());
}

/// Goal: however many sign in who never paid, the newest sessions are kept, and those of users who
/// paid, before or after.
#[test]
fn sessions_without_money_are_bounded() {
    const CROWD: usize = UNPAID_SESSIONS_MAX + 500;
    let mut state = State::default();
    let (before, after) = (contract::fid("FBefore"), contract::fid("FAfter"));
    state.credit(&contract::order(&before, 1, 1, 100)).unwrap();
    open_session(&mut state, session(&before, CROWD + 1, u64::MAX), 0);
    open_session(&mut state, session(&after, CROWD + 2, u64::MAX), 0);
    state.credit(&contract::order(&after, 2, 1, 100)).unwrap();
    for number in 0..CROWD {
        let session = session(&stranger(number), number, u64::MAX);
        open_session(&mut state, session, 1 + number as u64);
    }
    let now_ms = CROWD as u64;
    assert_eq!(state.sessions.len(), UNPAID_SESSIONS_MAX + 2);
    assert_eq!(state.numbers.len(), UNPAID_SESSIONS_MAX + 2);
    for number in 0..CROWD {
        let is_kept = number >= CROWD - UNPAID_SESSIONS_MAX;
        assert_eq!(state.session_of(&stranger(number), now_ms).is_some(), is_kept, "{number}");
    }
    assert!(state.session_of(&before, now_ms).is_some());
    assert!(state.session_of(&after, now_ms).is_some());
}
