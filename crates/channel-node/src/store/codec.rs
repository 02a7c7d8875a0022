use serde::{Serialize, de::DeserializeOwned};
use tally_storage::{Batch, Direction, Entry, KeyRange, Store, StoreError, Table};

/// Entries read at once when a range is walked: large enough to make the calls cheap, small enough
/// to hold.
const PAGE: usize = 1024;

/// Adds to `batch`: store `value` under `key`.
///
/// # Panics
///
/// Never: postcard fails only on values of unknown length, and the node stores none.
pub(crate) fn write<T: Serialize>(
    batch: &mut Batch,
    table: Table,
    key: impl Into<Vec<u8>>,
    value: &T,
) {
    let bytes = postcard::to_stdvec(value).expect("stored values have known lengths");
    batch.put(table, key, bytes);
}

/// Reads a stored value.
pub(crate) fn decode<T: DeserializeOwned>(
    table: Table,
    key: &[u8],
    value: &[u8],
) -> Result<T, StoreError> {
    postcard::from_bytes(value).map_err(|_| StoreError::Undecodable { table, key: key.to_vec() })
}

/// Reads the value under `key`, if there is one.
pub(crate) fn read<T: DeserializeOwned>(
    store: &dyn Store,
    table: Table,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    store.get(table, key)?.map(|value| decode(table, key, &value)).transpose()
}

/// Calls `visit` for each entry of `range`, ascending.
pub(crate) fn load(
    store: &dyn Store,
    table: Table,
    range: KeyRange,
    mut visit: impl FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rest = range;
    loop {
        let page = store.scan(table, &rest, Direction::Forward, PAGE)?;
        let Some(last) = page.last().filter(|_| page.len() == PAGE) else {
            return page.into_iter().try_for_each(visit);
        };
        rest = rest.resume_after(last.key.clone());
        page.into_iter().try_for_each(&mut visit)?;
    }
}
