use crate::output_row::OutputRow;
use std::{collections::HashMap, mem};
use tally_chain::utxo::OutPoint;

/// Recent unspent outputs in memory: most money moves again soon, so most look-ups end here and not
/// on the disk.
///
/// Two generations: when the young one is full it becomes the old one, and what was old is
/// forgotten. At most `capacity` outputs, about 110 bytes each with the map around them.
#[derive(Debug)]
pub(crate) struct Warm {
    young: HashMap<OutPoint, OutputRow>,
    old: HashMap<OutPoint, OutputRow>,
    generation: usize,
}

impl Warm {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation: capacity / 2 }
    }

    /// Remembers an unspent output.
    pub(crate) fn insert(&mut self, output: OutPoint, row: OutputRow) {
        if self.generation == 0 {
            return;
        }
        if self.young.len() >= self.generation {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(output, row);
    }

    /// Takes an output out: it is spent now.
    pub(crate) fn take(&mut self, output: &OutPoint) -> Option<OutputRow> {
        let old = self.old.remove(output);
        self.young.remove(output).or(old)
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_chain::utxo::script::Lock;
    use tally_primitives::{Satoshi, Txid};

    #[test]
    fn the_newest_are_remembered_and_no_more_than_fit() {
        let output = |at: u32| OutPoint { txid: Txid::default(), vout: at };
        let row = |at: u32| OutputRow { value: Satoshi(at.into()), born: at, lock: Lock::Other };
        let mut warm = Warm::new(20);
        for at in 0..100 {
            warm.insert(output(at), row(at));
            assert!(warm.len() <= 20, "{} after {at}", warm.len());
        }
        assert_eq!(warm.take(&output(99)), Some(row(99)));
        assert_eq!(warm.take(&output(99)), None, "it is spent");
        assert_eq!(warm.take(&output(85)), Some(row(85)), "of the old generation");
        assert_eq!(warm.take(&output(0)), None);
        warm.clear();
        assert_eq!(warm.take(&output(98)), None);

        let mut none = Warm::new(0);
        none.insert(output(1), row(1));
        assert_eq!(none.len(), 0);
    }
}
