//! What columns hold.

use crate::unavailable;
use sqlx::{Row, error::ErrorKind, postgres::PgRow};
use tally_accounts::{AccountsError, CashId, Damage, Order, Session, SessionKey};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};

pub(crate) fn read_session(row: &PgRow) -> Result<Session, AccountsError> {
    Ok(Session {
        key: SessionKey::new(bytes(row, "key")?),
        fid: fid(row, "fid")?,
        expires_ms: unsigned(row, "expires_ms")?,
    })
}

pub(crate) fn read_order(row: &PgRow) -> Result<Order, AccountsError> {
    let index: i64 = get(row, "index")?;
    let via: Option<String> = get(row, "via")?;
    Ok(Order {
        cash_id: CashId::from_shown(bytes(row, "cash_id")?),
        from: fid(row, "payer")?,
        to: fid(row, "payee")?,
        amount: Satoshi(unsigned(row, "amount")?),
        time: unsigned(row, "time")?,
        txid: Txid::from_shown(bytes(row, "txid")?),
        index: index.try_into().map_err(|_| damaged("accounts_orders"))?,
        height: BlockNumber(unsigned(row, "height")?),
        block: block(row)?,
        via: via.map(Into::into),
    })
}

/// A block as it is stored: its id, or nothing.
pub(crate) fn block_bytes(block: Option<&BlockId>) -> &[u8] {
    block.map_or(&[], |block| block.as_shown())
}

fn block(row: &PgRow) -> Result<Option<BlockId>, AccountsError> {
    match get::<&[u8]>(row, "block")? {
        [] => Ok(None),
        id => id
            .try_into()
            .map(|id| Some(BlockId::from_shown(id)))
            .map_err(|_| damaged("accounts_orders")),
    }
}

pub(crate) fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r PgRow,
    column: &str,
) -> Result<T, AccountsError> {
    row.try_get(column).map_err(unavailable)
}

pub(crate) fn unsigned(row: &PgRow, column: &'static str) -> Result<u64, AccountsError> {
    get::<i64>(row, column)?.try_into().map_err(|_| damaged(column))
}

fn bytes<const N: usize>(row: &PgRow, column: &'static str) -> Result<[u8; N], AccountsError> {
    get::<&[u8]>(row, column)?.try_into().map_err(|_| damaged(column))
}

fn fid(row: &PgRow, column: &'static str) -> Result<Fid, AccountsError> {
    get::<&str>(row, column)?.parse().map_err(|_| damaged(column))
}

pub(crate) fn damaged(table: &'static str) -> AccountsError {
    AccountsError::Damaged(Damage::Row { table })
}

/// The database's integers are signed. What is above them is as good as endless.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Says whether a sum left the range of the database's integers.
pub(crate) fn is_out_of_range(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| {
        error.code().as_deref() == Some("22003") && error.kind() == ErrorKind::Other
    })
}
