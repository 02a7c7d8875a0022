use crate::{
    ReadError,
    layers::Layers,
    output_row::{self, OutputRow},
    records::{Tip, decode, encode},
    tables::{UNDO, UNDONE},
};
use serde::{Deserialize, Serialize};
use tally_chain::utxo::OutPoint;
use tally_storage::Table;

/// What one block replaced: enough to take it back exactly.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Undo {
    /// Where the directory was; `None` before its first block.
    pub(crate) before: Option<Tip>,
    /// Outputs that the block made and did not spend itself.
    pub(crate) created: Vec<OutPoint>,
    /// Outputs of earlier blocks that it spent.
    pub(crate) spent: Vec<(OutPoint, OutputRow)>,
    /// Rows as they were before the block, the first that changed first. A row may occur twice.
    pub(crate) rows: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
}

/// The form on disk, postcard.
#[derive(Serialize, Deserialize)]
struct Written {
    before: Option<Tip>,
    /// Keys of 36 bytes, one after the other.
    created: Vec<u8>,
    /// Key and value of each.
    spent: Vec<(Vec<u8>, Vec<u8>)>,
    /// The position of the table in [`UNDONE`], key, value.
    rows: Vec<(u8, Vec<u8>, Option<Vec<u8>>)>,
}

impl Undo {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let place = |table: &Table| {
            let place = UNDONE.iter().position(|undone| undone == table);
            let place = place.expect("only rows of these tables are replaced");
            u8::try_from(place).expect("the list is short")
        };
        let spent = self.spent.iter();
        let rows = self.rows.iter();
        encode(&Written {
            before: self.before,
            created: self.created.iter().flat_map(output_row::key).collect(),
            spent: spent
                .map(|(output, row)| (output_row::key(output).to_vec(), row.to_bytes()))
                .collect(),
            rows: rows.map(|(table, key, row)| (place(table), key.clone(), row.clone())).collect(),
        })
    }

    /// Takes back what the block did to outputs.
    pub(crate) fn apply_outputs(&self, layers: &mut Layers) {
        for output in &self.created {
            layers.remove(*output);
        }
        for (output, row) in &self.spent {
            layers.restore(*output, *row);
        }
    }

    /// Reads the row under `key` of [`UNDO`].
    pub(crate) fn from_slice(key: &[u8], bytes: &[u8]) -> Result<Self, ReadError> {
        let written: Written = decode(UNDO, key, bytes)?;
        written.read().ok_or_else(|| ReadError::undecodable(UNDO, key))
    }
}

impl Written {
    fn read(self) -> Option<Undo> {
        let (created, rest) = self.created.as_chunks();
        let spent = self.spent.into_iter().map(|(key, row)| {
            let key = <[u8; 36]>::try_from(key.as_slice()).ok()?;
            Some((output_row::output_from(&key), OutputRow::from_slice(&row)?))
        });
        let rows = self.rows.into_iter();
        rest.is_empty().then_some(())?;
        Some(Undo {
            before: self.before,
            created: created.iter().map(output_row::output_from).collect(),
            spent: spent.collect::<Option<_>>()?,
            rows: rows
                .map(|(table, key, row)| Some((*UNDONE.get(usize::from(table))?, key, row)))
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{ENTITIES, NAMES};
    use tally_chain::utxo::script::Lock;
    use tally_primitives::{Satoshi, Txid};

    #[test]
    fn what_a_block_replaced_is_read_as_it_was_written() {
        let output = |vout| OutPoint { txid: Txid::from_shown([9; 32]), vout };
        let row = OutputRow { value: Satoshi(5), born: 6, lock: Lock::Key([7; 20]) };
        let tip = Tip { height: 1, block: None, time: 2, undo_floor: 3, records: 4, accepted: 5 };
        let undo = Undo {
            before: Some(tip),
            created: vec![output(0), output(1)],
            spent: vec![(output(2), row)],
            rows: vec![(ENTITIES, vec![1, 2], Some(vec![3])), (NAMES, vec![], None)],
        };
        let bytes = undo.to_bytes();
        assert_eq!(Undo::from_slice(b"key", &bytes).unwrap(), undo);
        for length in 0..bytes.len() {
            let cut = Undo::from_slice(b"key", &bytes[..length]);
            assert!(matches!(cut, Err(ReadError::Store(_))), "cut to {length}: {cut:?}");
        }
    }
}
