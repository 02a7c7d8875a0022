use tally_chain::utxo::OutPoint;
use tally_chain::utxo::script::Lock;
use tally_primitives::{Satoshi, Txid};

/// What is kept of an output while nobody has spent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutputRow {
    pub(crate) value: Satoshi,
    /// The time of the block that made it, Unix seconds, as headers have it.
    pub(crate) born: u32,
    pub(crate) lock: Lock,
}

const NO_ADDRESS: u8 = 0;
const KEY: u8 = 1;
const SCRIPT: u8 = 2;

impl OutputRow {
    /// The most bytes that a row has.
    pub(crate) const BYTES_MAX: usize = 33;

    /// Value 8, time 4, form 1, hash 20 (absent without an address).
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES_MAX);
        bytes.extend_from_slice(&self.value.0.to_be_bytes());
        bytes.extend_from_slice(&self.born.to_be_bytes());
        let (form, hash) = match &self.lock {
            Lock::Other => (NO_ADDRESS, None),
            Lock::Key(hash) => (KEY, Some(hash)),
            Lock::Script(hash) => (SCRIPT, Some(hash)),
        };
        bytes.push(form);
        bytes.extend(hash.into_iter().flatten());
        bytes
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let (value, bytes) = bytes.split_first_chunk()?;
        let (born, bytes) = bytes.split_first_chunk()?;
        let (form, hash) = bytes.split_first()?;
        let lock = match (*form, <[u8; 20]>::try_from(hash)) {
            (NO_ADDRESS, Err(_)) if hash.is_empty() => Lock::Other,
            (KEY, Ok(hash)) => Lock::Key(hash),
            (SCRIPT, Ok(hash)) => Lock::Script(hash),
            _ => return None,
        };
        let (value, born) = (Satoshi(u64::from_be_bytes(*value)), u32::from_be_bytes(*born));
        Some(Self { value, born, lock })
    }
}

/// The key of an output: the transaction's id as it is shown, 32, and the position, 4.
pub(crate) fn key(output: &OutPoint) -> [u8; 36] {
    let mut key = [0; 36];
    key[..32].copy_from_slice(output.txid.as_shown());
    key[32..].copy_from_slice(&output.vout.to_be_bytes());
    key
}

/// Reads what [`key`] wrote.
pub(crate) fn output_from(key: &[u8; 36]) -> OutPoint {
    let (txid, vout) = key.split_at(32);
    OutPoint {
        txid: Txid::from_shown(txid.try_into().expect("the first 32 of 36 bytes")),
        vout: u32::from_be_bytes(vout.try_into().expect("the last 4 of 36 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_are_written() {
        for lock in [Lock::Other, Lock::Key([1; 20]), Lock::Script([2; 20])] {
            let row = OutputRow { value: Satoshi(u64::MAX - 1), born: 0x0102_0304, lock };
            let bytes = row.to_bytes();
            assert_eq!(OutputRow::from_slice(&bytes), Some(row));
            for length in 0..bytes.len() {
                let cut = OutputRow::from_slice(&bytes[..length]);
                assert_eq!(cut, None, "{lock:?} cut to {length}");
            }
            assert_eq!(OutputRow::from_slice(&[&bytes[..], &[0]].concat()), None);
        }
        let output = OutPoint { txid: Txid::from_shown([7; 32]), vout: 0x0a0b_0c0d };
        assert_eq!(output_from(&key(&output)), output);
        assert_eq!(key(&output)[32..], [10, 11, 12, 13]);
    }
}
