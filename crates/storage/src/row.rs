//! Values of rows that are written by postcard. What else a table holds is written by its owner.

use crate::{StoreError, Table};
use serde::{Serialize, de::DeserializeOwned};

/// Encodes a value.
///
/// # Panics
///
/// If the value has a sequence or a map that does not know its length; those of the standard library
/// do.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("values of rows know their lengths")
}

/// Decodes the value of the row under `key`; nothing may follow it.
///
/// # Errors
///
/// [`StoreError::Undecodable`].
pub fn decode<T: DeserializeOwned>(
    table: Table,
    key: &[u8],
    bytes: &[u8],
) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(StoreError::Undecodable { table, key: key.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_written_and_nothing_may_follow() {
        const TABLE: Table = Table::new("notes");
        let value = (7_u64, "text".to_owned(), [Some(1_u8), None]);
        let bytes = encode(&value);
        let read: (u64, String, [Option<u8>; 2]) = decode(TABLE, b"key", &bytes).unwrap();
        assert_eq!(read, value);
        let longer = [&bytes[..], &[0]].concat();
        for bad in [&longer[..], &bytes[..bytes.len() - 1]] {
            let refused = decode::<(u64, String, [Option<u8>; 2])>(TABLE, b"key", bad);
            let Err(StoreError::Undecodable { table: TABLE, key }) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(key, b"key");
        }
    }
}
