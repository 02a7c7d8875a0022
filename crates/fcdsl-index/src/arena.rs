//! Byte strings that are written once and never freed.

use crate::document::DocumentError;

/// Bytes of one block. Blocks are never moved, so growing costs no copies and no spare memory.
const BLOCK_BYTES: usize = 1 << 20;
/// Longest byte string, so that little of a block is left unused.
pub(crate) const BYTES_MAX: usize = 1 << 16;

/// Blocks that an address can tell apart.
const BLOCKS_MAX: usize = (1 << 32) / BLOCK_BYTES;

/// Byte strings by address, 4 GiB of them at most.
#[derive(Debug)]
pub(crate) struct Arena {
    blocks: Vec<Vec<u8>>,
    blocks_max: usize,
}

impl Default for Arena {
    fn default() -> Self {
        Self { blocks: Vec::new(), blocks_max: BLOCKS_MAX }
    }
}

impl Arena {
    /// Makes it as full as one of 4 GiB would be, with the blocks there are.
    #[cfg(test)]
    pub(crate) fn close(&mut self) {
        self.blocks_max = self.blocks.len();
    }

    /// Keeps `bytes` and returns their address.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<u32, DocumentError> {
        if bytes.len() > BYTES_MAX {
            return Err(DocumentError::TooLong);
        }
        let needed = bytes.len() + 3;
        if self.blocks.last().is_none_or(|block| block.len() + needed > BLOCK_BYTES) {
            if self.blocks.len() >= self.blocks_max {
                return Err(DocumentError::Full);
            }
            // A small table needs no megabyte.
            let capacity = if self.blocks.is_empty() { 0 } else { BLOCK_BYTES };
            self.blocks.push(Vec::with_capacity(capacity));
        }
        let number = self.blocks.len() - 1;
        let block = &mut self.blocks[number];
        let address = number * BLOCK_BYTES + block.len();
        write_varint(block, bytes.len() as u64);
        block.extend_from_slice(bytes);
        Ok(u32::try_from(address).expect("the number of blocks is bounded"))
    }

    /// The byte string at `address`.
    pub(crate) fn get(&self, address: u32) -> &[u8] {
        let address = address as usize;
        let mut rest = &self.blocks[address / BLOCK_BYTES][address % BLOCK_BYTES..];
        let length = read_varint(&mut rest);
        &rest[..usize::try_from(length).unwrap_or(usize::MAX)]
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum()
    }
}

/// Appends `number` in groups of seven bits, the lowest first.
pub(crate) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what [`write_varint`] wrote, and takes it from `bytes`.
pub(crate) fn read_varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    let mut shift = 0;
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 63 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_in_all_blocks() {
        let mut arena = Arena::default();
        let text = |number: usize| vec![number as u8; number * 600 % BYTES_MAX];
        let addresses: Vec<u32> =
            (0..200).map(|number| arena.push(&text(number)).unwrap()).collect();
        for (number, address) in addresses.into_iter().enumerate() {
            assert_eq!(arena.get(address), text(number));
        }
        assert!(arena.blocks.len() > 1);
        assert!(matches!(arena.push(&[0; BYTES_MAX + 1]), Err(DocumentError::TooLong)));
    }

    #[test]
    fn varints_are_read_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            write_varint(&mut bytes, number);
            let mut rest = bytes.as_slice();
            assert_eq!((read_varint(&mut rest), rest.len()), (number, 0));
        }
    }
}
