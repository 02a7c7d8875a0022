//! Sets of rows, one for each value.

use roaring::RoaringBitmap;

use crate::chunks::Chunks;

/// No rows.
const EMPTY: u32 = u32::MAX;
/// Marks the number of a list; without it the number is that of the only row.
const LIST: u32 = 1 << 31;
/// Rows that an index can hold: one bit tells a row from a list.
pub(crate) const ROWS_MAX: u32 = LIST - 1;

/// Sets of rows by number. Most values of most fields belong to one row only, which is why one row
/// takes four bytes.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    heads: Chunks<u32>,
    lists: Vec<List>,
    free: Vec<u32>,
}

#[derive(Debug)]
enum List {
    /// Rows in ascending order.
    Few(Vec<u32>),
    Many(Box<RoaringBitmap>),
}

/// The rows of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'a> {
    None,
    One(u32),
    Few(&'a [u32]),
    Many(&'a RoaringBitmap),
}

/// A bitmap costs about 60 bytes for each 65,536 rows in which it has any; a list costs four bytes
/// a row. Below this number of rows in each such stretch the list is smaller.
const ROWS_OF_A_STRETCH: usize = 30;

impl Postings {
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Adds an empty set and returns its number.
    pub(crate) fn push(&mut self) -> u32 {
        self.heads.push(EMPTY);
        u32::try_from(self.heads.len() - 1).expect("no more values than addresses of their bytes")
    }

    pub(crate) fn rows(&self, number: u32) -> Rows<'_> {
        match self.heads.get(number as usize) {
            EMPTY => Rows::None,
            head if head & LIST == 0 => Rows::One(head),
            head => match &self.lists[(head & !LIST) as usize] {
                List::Few(rows) => Rows::Few(rows),
                List::Many(rows) => Rows::Many(rows),
            },
        }
    }

    pub(crate) fn insert(&mut self, number: u32, row: u32) {
        let index = number as usize;
        match self.heads.get(index) {
            EMPTY => self.heads.set(index, row),
            head if head == row => {}
            head if head & LIST == 0 => {
                let list = List::Few(vec![head.min(row), head.max(row)]);
                let place = match self.free.pop() {
                    Some(place) => {
                        self.lists[place as usize] = list;
                        place
                    }
                    None => {
                        self.lists.push(list);
                        u32::try_from(self.lists.len() - 1).expect("fewer lists than rows")
                    }
                };
                self.heads.set(index, place | LIST);
            }
            head => self.lists[(head & !LIST) as usize].insert(row),
        }
    }

    pub(crate) fn remove(&mut self, number: u32, row: u32) {
        let index = number as usize;
        match self.heads.get(index) {
            EMPTY => {}
            head if head == row => self.heads.set(index, EMPTY),
            head if head & LIST == 0 => {}
            head => {
                let place = head & !LIST;
                if let Some(only) = self.lists[place as usize].remove(row) {
                    self.lists[place as usize] = List::Few(Vec::new());
                    self.free.push(place);
                    self.heads.set(index, only);
                }
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let lists: usize = self.lists.iter().map(List::bytes).sum();
        self.heads.bytes() + lists + self.lists.capacity() * size_of::<List>()
    }
}

impl Rows<'_> {
    pub(crate) fn len(self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Few(rows) => rows.len() as u64,
            Self::Many(rows) => rows.len(),
        }
    }
}

impl List {
    fn insert(&mut self, row: u32) {
        match self {
            Self::Few(rows) => {
                match rows.last() {
                    Some(last) if *last < row => push(rows, row),
                    _ => {
                        if let Err(place) = rows.binary_search(&row) {
                            rows.insert(place, row);
                        }
                    }
                }
                let stretches = 1 + rows.last().map_or(0, |last| *last as usize >> 16);
                if rows.len() > stretches * ROWS_OF_A_STRETCH && rows.len() > 64 {
                    *self = Self::Many(Box::new(rows.iter().copied().collect()));
                }
            }
            Self::Many(rows) => {
                rows.insert(row);
            }
        }
    }

    /// Removes a row; returns the only one left if there is but one.
    fn remove(&mut self, row: u32) -> Option<u32> {
        match self {
            Self::Few(rows) => {
                if let Ok(place) = rows.binary_search(&row) {
                    rows.remove(place);
                }
                if let [only] = rows[..] { Some(only) } else { None }
            }
            Self::Many(rows) => {
                rows.remove(row);
                if rows.len() == 1 { rows.min() } else { None }
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Few(rows) => rows.capacity() * 4,
            Self::Many(rows) => bitmap_bytes(rows),
        }
    }
}

/// Appends with little spare room: there are many lists, and each would keep half of its memory
/// free.
fn push(rows: &mut Vec<u32>, row: u32) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact(rows.len() / 4 + 2);
    }
    rows.push(row);
}

/// Estimate of the memory that a bitmap takes.
pub(crate) fn bitmap_bytes(rows: &RoaringBitmap) -> usize {
    let statistics = rows.statistics();
    // The library counts four bytes for each of the two-byte entries of an array.
    let contents = statistics.n_bytes_array_containers / 2
        + statistics.n_bytes_bitset_containers
        + statistics.n_bytes_run_containers;
    usize::try_from(contents).unwrap_or(usize::MAX) + statistics.n_containers as usize * 56 + 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hits::Set;

    fn list(postings: &Postings, number: u32) -> Vec<u32> {
        Set::from(postings.rows(number)).iter().collect()
    }

    #[test]
    fn sets_grow_and_shrink() {
        let mut postings = Postings::default();
        let (one, two) = (postings.push(), postings.push());
        for row in (0..500).rev() {
            postings.insert(one, row * 3);
            postings.insert(one, row * 3);
        }
        assert!(matches!(postings.rows(one), Rows::Many(_)));
        assert_eq!(list(&postings, one), (0..500).map(|row| row * 3).collect::<Vec<_>>());
        for row in 0..499 {
            postings.remove(one, row * 3);
            postings.remove(one, 1);
        }
        assert!(matches!(postings.rows(one), Rows::One(1497)));
        postings.insert(two, 5);
        postings.insert(two, 2);
        assert_eq!(postings.lists.len(), 1, "the list that became free is used again");
        postings.remove(one, 1497);
        assert_eq!((list(&postings, one), list(&postings, two)), (vec![], vec![2, 5]));
    }
}
