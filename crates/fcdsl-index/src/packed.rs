//! Integers by row, in as few bytes as their neighbours allow.

/// Rows that share a base and a width.
const BLOCK: usize = 1024;

/// A vector of integers. Each full block keeps its least one and the differences to it.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    blocks: Vec<Block>,
    open: Vec<i64>,
}

#[derive(Debug)]
struct Block {
    base: i64,
    offsets: Offsets,
}

#[derive(Debug)]
enum Offsets {
    None,
    Bytes1(Box<[u8]>),
    Bytes2(Box<[u16]>),
    Bytes4(Box<[u32]>),
    Bytes8(Box<[u64]>),
}

impl Packed {
    pub(crate) fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.open.len()
    }

    pub(crate) fn get(&self, index: usize) -> i64 {
        match self.blocks.get(index / BLOCK) {
            Some(block) => block.get(index % BLOCK),
            None => self.open[index % BLOCK],
        }
    }

    pub(crate) fn push(&mut self, value: i64) {
        self.open.push(value);
        if self.open.len() == BLOCK {
            self.blocks.push(Block::new(&self.open));
            self.open.clear();
        }
    }

    pub(crate) fn pop(&mut self) {
        if self.open.is_empty()
            && let Some(block) = self.blocks.pop()
        {
            self.open = block.unpack();
        }
        self.open.pop();
    }

    pub(crate) fn set(&mut self, index: usize, value: i64) {
        match self.blocks.get_mut(index / BLOCK) {
            Some(block) => {
                let mut values = block.unpack();
                values[index % BLOCK] = value;
                *block = Block::new(&values);
            }
            None => self.open[index % BLOCK] = value,
        }
    }

    /// The first row whose value is not less than `value`, if values never fall.
    pub(crate) fn first_from(&self, value: i64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(crate) fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(|block| block.offsets.bytes()).sum();
        blocks + self.blocks.capacity() * size_of::<Block>() + self.open.capacity() * 8
    }
}

impl Block {
    fn new(values: &[i64]) -> Self {
        let base = values.iter().copied().min().unwrap_or_default();
        let offset = |value: i64| value.wrapping_sub(base).cast_unsigned();
        let most = values.iter().copied().map(offset).max().unwrap_or_default();
        // The width is chosen by the greatest, so no conversion below cuts anything off.
        let offsets = values.iter().copied().map(offset);
        let offsets = if most == 0 {
            Offsets::None
        } else if most <= u64::from(u8::MAX) {
            Offsets::Bytes1(offsets.map(|offset| offset as u8).collect())
        } else if most <= u64::from(u16::MAX) {
            Offsets::Bytes2(offsets.map(|offset| offset as u16).collect())
        } else if most <= u64::from(u32::MAX) {
            Offsets::Bytes4(offsets.map(|offset| offset as u32).collect())
        } else {
            Offsets::Bytes8(offsets.collect())
        };
        Self { base, offsets }
    }

    fn get(&self, index: usize) -> i64 {
        let offset = match &self.offsets {
            Offsets::None => 0,
            Offsets::Bytes1(offsets) => u64::from(offsets[index]),
            Offsets::Bytes2(offsets) => u64::from(offsets[index]),
            Offsets::Bytes4(offsets) => u64::from(offsets[index]),
            Offsets::Bytes8(offsets) => offsets[index],
        };
        self.base.wrapping_add(offset.cast_signed())
    }

    fn unpack(&self) -> Vec<i64> {
        (0..BLOCK).map(|index| self.get(index)).collect()
    }
}

impl Offsets {
    fn bytes(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes1(_) => BLOCK,
            Self::Bytes2(_) => BLOCK * 2,
            Self::Bytes4(_) => BLOCK * 4,
            Self::Bytes8(_) => BLOCK * 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_spread_are_kept() {
        let spreads = [0, 200, 60_000, 4_000_000_000, i64::MAX];
        let value = |index: usize| {
            let spread = spreads[index / BLOCK % spreads.len()];
            if index.is_multiple_of(3) { -5 } else { spread }
        };
        let mut packed = Packed::default();
        (0..BLOCK * 6 + 10).for_each(|index| packed.push(value(index)));
        packed.set(5, i64::MIN);
        assert_eq!(packed.get(5), i64::MIN);
        packed.set(5, value(5));
        assert!((0..packed.len()).all(|index| packed.get(index) == value(index)));
        (0..20).for_each(|_| packed.pop());
        assert_eq!(packed.len(), BLOCK * 6 - 10);
        assert_eq!(packed.get(packed.len() - 1), value(packed.len() - 1));
        packed.push(77);
        assert_eq!(packed.get(packed.len() - 1), 77);
    }

    #[test]
    fn the_first_row_of_a_value_is_found() {
        let mut packed = Packed::default();
        (0..5000).for_each(|row| packed.push(row / 10));
        assert_eq!(packed.first_from(0), 0);
        assert_eq!(packed.first_from(123), 1230);
        assert_eq!(packed.first_from(i64::MAX), 5000);
    }
}
