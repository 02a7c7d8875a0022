//! What stands in the store, and how.

use super::tables::{
    ABOUT, ACCOUNTS, ADDRESSES, DEALS, FEEDBACK, NUMBERS_KEY, POSITION_KEY, REPLIES, SCHEMA_KEY,
    SECRETS, reply_key,
};
use crate::{
    AccountRow, ChainPosition, Damage, DealKeys, DealRow, DealStoreError, EventId, FeedbackRecord,
    ReplyKey, StoredReply, Version, Versioned,
};
use serde::{Serialize, de::DeserializeOwned};
use tally_deal::DealCode;
use tally_storage::{Batch, Durability, Store, StoreError, Table};
use zeroize::Zeroizing;

/// The version of the rows that this program writes. A higher one needs a step from each lower one.
const SCHEMA: u32 = 1;

/// Marks an empty store with the version of its rows, and refuses one of another version.
pub(super) fn prepare(store: &dyn Store) -> Result<(), DealStoreError> {
    let Some(bytes) = get(store, ABOUT, SCHEMA_KEY)? else {
        let mut batch = Batch::new();
        batch.put(ABOUT, SCHEMA_KEY, SCHEMA.to_be_bytes());
        return store.commit(batch, Durability::Synced).map_err(unavailable);
    };
    match bytes.try_into().map(u32::from_be_bytes) {
        Ok(SCHEMA) => Ok(()),
        Ok(found) if found > SCHEMA => {
            Err(DealStoreError::Damaged(Damage::Newer { found, supported: SCHEMA }))
        }
        Ok(_) | Err(_) => Err(damaged(ABOUT)),
    }
}

/// Reads the last version and the number of the last event.
pub(super) fn numbers(store: &dyn Store) -> Result<(Version, EventId), DealStoreError> {
    let Some(bytes) = get(store, ABOUT, NUMBERS_KEY)? else {
        return Ok((Version(0), EventId(0)));
    };
    let (version, event) = decode::<(u64, u64)>(ABOUT, &bytes)?;
    Ok((Version(version), EventId(event)))
}

pub(super) fn put_numbers(batch: &mut Batch, version: Version, event: EventId) {
    batch.put(ABOUT, NUMBERS_KEY, encode(&(version.0, event.0)));
}

pub(super) fn position(
    store: &dyn Store,
) -> Result<Option<Versioned<ChainPosition>>, DealStoreError> {
    let Some(bytes) = get(store, ABOUT, POSITION_KEY)? else { return Ok(None) };
    let (version, rest) = split_version(ABOUT, &bytes)?;
    Ok(Some(Versioned { version, value: decode(ABOUT, rest)? }))
}

pub(super) fn put_position(batch: &mut Batch, version: Version, position: &ChainPosition) {
    batch.put(ABOUT, POSITION_KEY, versioned(version, &[&encode(position)]));
}

pub(super) fn account(
    store: &dyn Store,
    address: &str,
) -> Result<Option<Versioned<AccountRow>>, DealStoreError> {
    let Some(bytes) = get(store, ACCOUNTS, address.as_bytes())? else { return Ok(None) };
    let (version, rest) = split_version(ACCOUNTS, &bytes)?;
    let (module, body) = split::<Option<String>>(ACCOUNTS, rest)?;
    Ok(Some(Versioned { version, value: AccountRow { module, body: body.to_vec() } }))
}

pub(super) fn put_account(batch: &mut Batch, address: &str, version: Version, row: &AccountRow) {
    batch.put(ACCOUNTS, address, versioned(version, &[&encode(&row.module), &row.body]));
}

pub(super) fn deal(
    store: &dyn Store,
    code: DealCode,
) -> Result<Option<Versioned<DealRow>>, DealStoreError> {
    let Some(bytes) = get(store, DEALS, code.as_bytes())? else { return Ok(None) };
    let (version, rest) = split_version(DEALS, &bytes)?;
    let (keys, body) = split::<DealKeys>(DEALS, rest)?;
    Ok(Some(Versioned { version, value: DealRow { keys, body: body.to_vec() } }))
}

/// Reads a deal that an entry of another table names.
pub(super) fn named_deal(
    store: &dyn Store,
    code: DealCode,
) -> Result<Versioned<DealRow>, DealStoreError> {
    deal(store, code)?.ok_or_else(|| damaged(DEALS))
}

pub(super) fn put_deal(batch: &mut Batch, version: Version, row: &DealRow) {
    let bytes = versioned(version, &[&encode(&row.keys), &row.body]);
    batch.put(DEALS, row.keys.code.as_bytes(), bytes);
}

/// Reads which deal has a payment address.
pub(super) fn code_at(
    store: &dyn Store,
    payment_address: &str,
) -> Result<Option<DealCode>, DealStoreError> {
    let Some(bytes) = get(store, ADDRESSES, payment_address.as_bytes())? else { return Ok(None) };
    let code = bytes.try_into().map_err(|_| damaged(ADDRESSES))?;
    Ok(Some(DealCode::from_bytes(code)))
}

pub(super) fn feedback(
    store: &dyn Store,
    code: DealCode,
) -> Result<Option<FeedbackRecord>, DealStoreError> {
    row(store, FEEDBACK, code.as_bytes())
}

pub(super) fn reply(
    store: &dyn Store,
    key: &ReplyKey,
) -> Result<Option<StoredReply>, DealStoreError> {
    row(store, REPLIES, &reply_key(key))
}

/// A secret as it is stored.
#[derive(Debug, Clone)]
pub(super) struct SecretRow {
    pub(super) expires_ms: Option<u64>,
    pub(super) value: Zeroizing<Vec<u8>>,
}

pub(super) fn secret(
    store: &dyn Store,
    name: &str,
) -> Result<Option<Versioned<SecretRow>>, DealStoreError> {
    let Some(bytes) = get(store, SECRETS, name.as_bytes())? else { return Ok(None) };
    read_secret(&Zeroizing::new(bytes)).map(Some)
}

pub(super) fn read_secret(bytes: &[u8]) -> Result<Versioned<SecretRow>, DealStoreError> {
    let (version, rest) = split_version(SECRETS, bytes)?;
    let (expires_ms, value) = split::<Option<u64>>(SECRETS, rest)?;
    let value = Zeroizing::new(value.to_vec());
    Ok(Versioned { version, value: SecretRow { expires_ms, value } })
}

pub(super) fn put_secret(
    batch: &mut Batch,
    name: &str,
    version: Version,
    expires_ms: Option<u64>,
    value: &[u8],
) {
    batch.put(SECRETS, name, versioned(version, &[&encode(&expires_ms), value]));
}

/// Reads a row that is nothing but a value.
pub(super) fn row<T: DeserializeOwned>(
    store: &dyn Store,
    table: Table,
    key: &[u8],
) -> Result<Option<T>, DealStoreError> {
    get(store, table, key)?.map(|bytes| decode(table, &bytes)).transpose()
}

pub(super) fn encode(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain values are encoded in memory")
}

pub(super) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, DealStoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged(table))
}

fn get(store: &dyn Store, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, DealStoreError> {
    store.get(table, key).map_err(unavailable)
}

fn versioned(version: Version, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = version.0.to_be_bytes().to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

fn split_version(table: Table, bytes: &[u8]) -> Result<(Version, &[u8]), DealStoreError> {
    let (version, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged(table))?;
    Ok((Version(u64::from_be_bytes(*version)), rest))
}

fn split<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<(T, &[u8]), DealStoreError> {
    postcard::take_from_bytes(bytes).map_err(|_| damaged(table))
}

pub(super) fn damaged(table: Table) -> DealStoreError {
    DealStoreError::Damaged(Damage::Row { table: table.name() })
}

pub(super) fn unavailable(error: StoreError) -> DealStoreError {
    DealStoreError::Unavailable(Box::new(error))
}
