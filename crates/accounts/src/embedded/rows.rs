//! What stands in the store, and how.

use crate::{
    AccountsError, CashId, Damage, Order, OrderPosition, Session, SessionKey, SessionName,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tally_primitives::{BlockNumber, Fid};
use tally_storage::{
    Access, Batch, Direction, Durability, KeyRange, Store, StoreError, Table,
    row::{self, encode},
};

/// User → what was credited and charged.
const BALANCES: Table = Table::new("accounts_balances");
/// Session's name → key, user, end.
const SESSIONS: Table = Table::new("accounts_sessions").with_access(Access::Points);
/// Last end of a nonce, number of the row → all nonces that one commit brought. One row a commit
/// instead of one a nonce: requests outnumber everything else.
const NONCES: Table = Table::new("accounts_nonces").with_access(Access::Churn);
/// Height, cash id → order.
const ORDERS: Table = Table::new("accounts_orders");
/// Cash id → height: where the order is.
const ORDER_HEIGHTS: Table = Table::new("accounts_order_heights").with_access(Access::Points);

/// What is said of the other tables.
const ABOUT: Table = Table::new("accounts_about");
const VERSION_KEY: &[u8] = b"version";

/// The version of the rows that this program writes. A higher one needs a step from each lower one.
const VERSION: u32 = 1;

/// The tables that a store must have for [`EmbeddedAccounts`](super::EmbeddedAccounts).
pub const TABLES: &[Table] = &[ABOUT, BALANCES, SESSIONS, NONCES, ORDERS, ORDER_HEIGHTS];

/// Rows read at a time.
const SCAN_ROWS: usize = 4096;

/// What a user was credited by orders and charged for answers, in satoshi; neither is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Money {
    pub(super) credited: i64,
    pub(super) charged: i64,
}

/// A nonce as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NonceRow {
    pub(super) fid: Fid,
    pub(super) nonce: i64,
    pub(super) expires_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct SessionRow {
    key: [u8; 32],
    fid: Fid,
    expires_ms: u64,
}

/// Marks an empty store with the version of its rows, and refuses one of another version.
pub(super) fn prepare(store: &dyn Store) -> Result<(), AccountsError> {
    let Some(bytes) = store.get(ABOUT, VERSION_KEY).map_err(unavailable)? else {
        let mut batch = Batch::new();
        batch.put(ABOUT, VERSION_KEY, VERSION.to_be_bytes());
        return store.commit(batch, Durability::Synced).map_err(unavailable);
    };
    match bytes.try_into().map(u32::from_be_bytes) {
        Ok(VERSION) => Ok(()),
        Ok(found) if found > VERSION => {
            Err(AccountsError::Damaged(Damage::Newer { found, supported: VERSION }))
        }
        Ok(_) | Err(_) => Err(damaged(ABOUT)),
    }
}

/// Stores a user's money; nothing is left of a user who has and had none.
pub(super) fn put_money(batch: &mut Batch, fid: &Fid, money: Money) {
    if money == Money::default() {
        batch.delete(BALANCES, fid.as_str());
        return;
    }
    batch.put(BALANCES, fid.as_str(), encode(&money));
}

pub(super) fn put_session(batch: &mut Batch, session: &Session) {
    let row = SessionRow {
        key: *session.key.as_bytes(),
        fid: session.fid.clone(),
        expires_ms: session.expires_ms,
    };
    batch.put(SESSIONS, session.name().0, encode(&row));
}

pub(super) fn delete_session(batch: &mut Batch, name: SessionName) {
    batch.delete(SESSIONS, name.0);
}

/// Adds the nonces of one commit as row `number`.
pub(super) fn put_nonces(batch: &mut Batch, nonces: &[NonceRow], number: u64) {
    let end = nonces.iter().map(|nonce| nonce.expires_ms).max().unwrap_or(0);
    batch.put(NONCES, [end.to_be_bytes(), number.to_be_bytes()].concat(), encode(nonces));
}

/// Removes the rows whose nonces all ended before `now_ms`.
pub(super) fn forget_nonces(batch: &mut Batch, now_ms: u64) {
    batch.delete_range(NONCES, [], now_ms.to_be_bytes());
}

pub(super) fn put_order(batch: &mut Batch, order: &Order) {
    batch.put(ORDERS, order_key(order.position()), encode(order));
    batch.put(ORDER_HEIGHTS, *order.cash_id.as_shown(), order.height.0.to_be_bytes());
}

pub(super) fn delete_order(batch: &mut Batch, order: &Order) {
    batch.delete(ORDERS, order_key(order.position()));
    batch.delete(ORDER_HEIGHTS, *order.cash_id.as_shown());
}

pub(super) fn order(store: &dyn Store, cash_id: CashId) -> Result<Option<Order>, AccountsError> {
    let height = store.get(ORDER_HEIGHTS, cash_id.as_shown()).map_err(unavailable)?;
    let Some(height) = height else { return Ok(None) };
    let height = height.try_into().map_err(|_| damaged(ORDER_HEIGHTS))?;
    let position = OrderPosition { height: BlockNumber(u64::from_be_bytes(height)), cash_id };
    let key = order_key(position);
    let row = store.get(ORDERS, &key).map_err(unavailable)?;
    row.map(|row| decode(ORDERS, &key, &row)).transpose()
}

pub(super) fn orders(
    store: &dyn Store,
    after: Option<OrderPosition>,
    limit: usize,
) -> Result<Vec<Order>, AccountsError> {
    let range = after.map_or_else(KeyRange::all, |after| KeyRange::after(order_key(after)));
    let rows = store.scan(ORDERS, &range, Direction::Forward, limit).map_err(unavailable)?;
    rows.iter().map(|row| decode(ORDERS, &row.key, &row.value)).collect()
}

pub(super) fn each_order(
    store: &dyn Store,
    mut take: impl FnMut(Order),
) -> Result<(), AccountsError> {
    each(store, ORDERS, KeyRange::all(), |_, order| {
        take(order);
        Ok(())
    })
}

pub(super) fn each_money(
    store: &dyn Store,
    mut take: impl FnMut(Fid, Money),
) -> Result<(), AccountsError> {
    each(store, BALANCES, KeyRange::all(), |key, money| {
        take(fid(key, BALANCES)?, money);
        Ok(())
    })
}

pub(super) fn each_session(
    store: &dyn Store,
    mut take: impl FnMut(Session),
) -> Result<(), AccountsError> {
    each(store, SESSIONS, KeyRange::all(), |_, row: SessionRow| {
        let key = SessionKey::new(row.key);
        take(Session { key, fid: row.fid, expires_ms: row.expires_ms });
        Ok(())
    })
}

/// Hands on the stored nonces, and returns the number of the next row.
pub(super) fn each_nonce(
    store: &dyn Store,
    mut take: impl FnMut(NonceRow),
) -> Result<u64, AccountsError> {
    let mut next = 0;
    each(store, NONCES, KeyRange::all(), |key, nonces: Vec<NonceRow>| {
        let number = key.get(8..).and_then(|number| number.try_into().ok());
        let number = u64::from_be_bytes(number.ok_or_else(|| damaged(NONCES))?);
        next = next.max(number.saturating_add(1));
        nonces.into_iter().for_each(&mut take);
        Ok(())
    })?;
    Ok(next)
}

fn each<T: DeserializeOwned>(
    store: &dyn Store,
    table: Table,
    mut range: KeyRange,
    mut take: impl FnMut(&[u8], T) -> Result<(), AccountsError>,
) -> Result<(), AccountsError> {
    loop {
        let rows = store.scan(table, &range, Direction::Forward, SCAN_ROWS).map_err(unavailable)?;
        for row in &rows {
            take(&row.key, decode(table, &row.key, &row.value)?)?;
        }
        let Some(last) = rows.into_iter().next_back() else { return Ok(()) };
        range = range.resume_after(last.key);
    }
}

fn order_key(position: OrderPosition) -> Vec<u8> {
    [&position.height.0.to_be_bytes()[..], position.cash_id.as_shown()].concat()
}

fn fid(key: &[u8], table: Table) -> Result<Fid, AccountsError> {
    let text = std::str::from_utf8(key).map_err(|_| damaged(table))?;
    text.parse().map_err(|_| damaged(table))
}

fn decode<T: DeserializeOwned>(table: Table, key: &[u8], bytes: &[u8]) -> Result<T, AccountsError> {
    row::decode(table, key, bytes).map_err(|_| damaged(table))
}

fn damaged(table: Table) -> AccountsError {
    AccountsError::Damaged(Damage::Row { table: table.name() })
}

fn unavailable(error: StoreError) -> AccountsError {
    AccountsError::Unavailable(Box::new(error))
}
