//! Sets of rows while a search is carried out.

use std::{borrow::Cow, ops::Range};

use roaring::RoaringBitmap;

use crate::postings::Rows;

/// A set of rows, borrowed from the index where possible.
#[derive(Clone, Debug)]
pub(crate) enum Set<'a> {
    /// All rows of a stretch.
    Stretch(Range<u32>),
    /// Rows in ascending order.
    Few(Cow<'a, [u32]>),
    Many(Cow<'a, RoaringBitmap>),
    /// The rows of a bitmap that are in a stretch, not copied out of it: a page looks at few of
    /// them. The number of such rows is kept, as counting is the only work.
    Within(Cow<'a, RoaringBitmap>, Range<u32>, u64),
}

/// Up to this number of rows the tests of all other conditions are made row by row; for more,
/// combining whole bitmaps is faster.
pub(crate) const FEW_MAX: u64 = 4096;

impl<'a> From<Rows<'a>> for Set<'a> {
    fn from(rows: Rows<'a>) -> Self {
        match rows {
            Rows::None => Self::none(),
            Rows::One(row) => Self::Few(Cow::Owned(vec![row])),
            Rows::Few(rows) => Self::Few(Cow::Borrowed(rows)),
            Rows::Many(rows) => Self::Many(Cow::Borrowed(rows)),
        }
    }
}

impl<'a> Set<'a> {
    pub(crate) fn none() -> Self {
        Self::Few(Cow::Borrowed(&[]))
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Stretch(stretch) => stretch.len() as u64,
            Self::Few(rows) => rows.len() as u64,
            Self::Many(rows) => rows.len(),
            Self::Within(_, _, len) => *len,
        }
    }

    pub(crate) fn contains(&self, row: u32) -> bool {
        match self {
            Self::Stretch(stretch) => stretch.contains(&row),
            Self::Few(rows) => rows.binary_search(&row).is_ok(),
            Self::Many(rows) => rows.contains(row),
            Self::Within(rows, stretch, _) => stretch.contains(&row) && rows.contains(row),
        }
    }

    /// The first row of the set that is not before `row`.
    pub(crate) fn next(&self, row: u32) -> Option<u32> {
        match self {
            Self::Stretch(stretch) => Some(row.max(stretch.start)).filter(|row| *row < stretch.end),
            Self::Few(rows) => rows.get(rows.partition_point(|known| *known < row)).copied(),
            Self::Many(rows) => rows.range(row..).next(),
            Self::Within(rows, stretch, _) => {
                let row = row.max(stretch.start);
                (row < stretch.end).then(|| rows.range(row..stretch.end).next())?
            }
        }
    }

    /// The last row of the set that is before `end`.
    pub(crate) fn previous(&self, end: u32) -> Option<u32> {
        match self {
            Self::Stretch(stretch) => {
                end.min(stretch.end).checked_sub(1).filter(|row| *row >= stretch.start)
            }
            Self::Few(rows) => {
                rows.partition_point(|known| *known < end).checked_sub(1).map(|place| rows[place])
            }
            Self::Many(rows) => rows.range(..end).next_back(),
            Self::Within(rows, stretch, _) => {
                let end = end.min(stretch.end);
                (stretch.start < end).then(|| rows.range(stretch.start..end).next_back())?
            }
        }
    }

    /// Rows in ascending order.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Stretch(stretch) => Box::new(stretch.clone()),
            Self::Few(rows) => Box::new(rows.iter().copied()),
            Self::Many(rows) => Box::new(rows.iter()),
            Self::Within(rows, stretch, _) => Box::new(rows.range(stretch.clone())),
        }
    }

    /// The same set, borrowed.
    pub(crate) fn as_borrowed(&self) -> Set<'_> {
        match self {
            Self::Stretch(stretch) => Set::Stretch(stretch.clone()),
            Self::Few(rows) => Set::Few(Cow::Borrowed(rows)),
            Self::Many(rows) => Set::Many(Cow::Borrowed(rows)),
            Self::Within(rows, stretch, len) => {
                Set::Within(Cow::Borrowed(rows), stretch.clone(), *len)
            }
        }
    }

    /// The rows that are in `stretch` too.
    pub(crate) fn within(self, stretch: Range<u32>) -> Self {
        match self {
            Self::Stretch(own) => Self::Stretch(overlap(&own, &stretch)),
            Self::Few(rows) => {
                let place = |row| rows.partition_point(|known| *known < row);
                let (start, end) = (place(stretch.start), place(stretch.end));
                Self::Few(match rows {
                    Cow::Borrowed(rows) => Cow::Borrowed(&rows[start..end]),
                    Cow::Owned(rows) => Cow::Owned(rows[start..end].to_vec()),
                })
            }
            Self::Many(rows) => cut(rows, stretch),
            Self::Within(rows, own, _) => cut(rows, overlap(&own, &stretch)),
        }
    }

    /// The rows as a bitmap.
    pub(crate) fn to_bitmap(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Self::Stretch(stretch) => {
                let mut rows = RoaringBitmap::new();
                rows.insert_range(stretch.clone());
                Cow::Owned(rows)
            }
            Self::Few(rows) => Cow::Owned(rows.iter().copied().collect()),
            Self::Many(rows) => Cow::Borrowed(rows),
            Self::Within(rows, stretch, _) => {
                let mut rows = RoaringBitmap::clone(rows);
                rows.remove_range(..stretch.start);
                rows.remove_range(stretch.end..);
                Cow::Owned(rows)
            }
        }
    }

    /// Rows of any of the sets.
    pub(crate) fn union(mut sets: Vec<Self>) -> Self {
        sets.retain(|set| set.len() > 0);
        if sets.len() == 1 {
            return sets.remove(0);
        }
        let mut union = Union::default();
        for set in &sets {
            match set {
                Self::Stretch(stretch) => union.add_stretch(stretch.clone()),
                Self::Few(rows) => union.add(Rows::Few(rows)),
                Self::Many(rows) => union.add(Rows::Many(rows)),
                Self::Within(..) => union.add_owned(&set.to_bitmap()),
            }
        }
        union.finish().into_owned()
    }

    /// Rows of both sets.
    pub(crate) fn and(self, other: Self) -> Self {
        let (small, large) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        if small.len() <= FEW_MAX {
            return Self::Few(small.iter().filter(|row| large.contains(*row)).collect());
        }
        match (small, large) {
            (Self::Stretch(stretch), set) | (set, Self::Stretch(stretch)) => set.within(stretch),
            (small, large) => {
                Self::Many(Cow::Owned(small.to_bitmap().as_ref() & large.to_bitmap().as_ref()))
            }
        }
    }

    /// Rows of this set that are not in `other`.
    pub(crate) fn minus(self, other: &Set<'_>) -> Self {
        if other.len() == 0 {
            return self;
        }
        if self.len() <= FEW_MAX {
            return Self::Few(self.iter().filter(|row| !other.contains(*row)).collect());
        }
        Self::Many(Cow::Owned(self.to_bitmap().as_ref() - other.to_bitmap().as_ref()))
    }

    pub(crate) fn into_owned(self) -> Set<'static> {
        match self {
            Self::Stretch(stretch) => Set::Stretch(stretch),
            Self::Few(rows) => Set::Few(Cow::Owned(rows.into_owned())),
            Self::Many(rows) => Set::Many(Cow::Owned(rows.into_owned())),
            Self::Within(rows, stretch, len) => {
                Set::Within(Cow::Owned(rows.into_owned()), stretch, len)
            }
        }
    }
}

fn overlap(one: &Range<u32>, two: &Range<u32>) -> Range<u32> {
    let (start, end) = (one.start.max(two.start), one.end.min(two.end));
    start..end.max(start)
}

/// The rows of a bitmap that are in a stretch.
fn cut(rows: Cow<'_, RoaringBitmap>, stretch: Range<u32>) -> Set<'_> {
    if stretch.len() as u64 <= FEW_MAX {
        return Set::Few(rows.range(stretch).collect());
    }
    let len = rows.range_cardinality(stretch.clone());
    Set::Within(rows, stretch, len)
}

/// Collects rows of many sets.
///
/// A million rows of many small sets are collected in plain bits ten times as fast as in a bitmap
/// that grows.
#[derive(Debug, Default)]
pub(crate) struct Union<'a> {
    only: Option<&'a RoaringBitmap>,
    few: Vec<u32>,
    bits: Vec<u8>,
    many: RoaringBitmap,
}

/// Bitmaps with more than one row in so many are combined as such, others row by row.
const ROWS_PER_HIT: u64 = 64;

impl<'a> Union<'a> {
    pub(crate) fn add(&mut self, rows: Rows<'a>) {
        match rows {
            Rows::None => {}
            Rows::One(row) => self.add_row(row),
            Rows::Few(rows) => rows.iter().for_each(|row| self.add_row(*row)),
            Rows::Many(rows) => {
                let is_first = self.few.is_empty() && self.bits.is_empty() && self.many.is_empty();
                match self.only.take() {
                    None if is_first => self.only = Some(rows),
                    None => self.add_many(rows),
                    Some(first) => {
                        self.add_many(first);
                        self.add_many(rows);
                    }
                }
            }
        }
    }

    fn add_stretch(&mut self, stretch: Range<u32>) {
        self.settle();
        self.many.insert_range(stretch);
    }

    fn add_owned(&mut self, rows: &RoaringBitmap) {
        self.settle();
        self.add_many(rows);
    }

    fn add_row(&mut self, row: u32) {
        self.settle();
        if self.bits.is_empty() && (self.few.len() as u64) < FEW_MAX {
            self.few.push(row);
            return;
        }
        for row in std::mem::take(&mut self.few) {
            self.set_bit(row);
        }
        self.set_bit(row);
    }

    fn add_many(&mut self, rows: &RoaringBitmap) {
        let span = rows.max().map_or(0, u64::from);
        if rows.len() * ROWS_PER_HIT > span {
            self.many |= rows;
        } else {
            rows.iter().for_each(|row| self.set_bit(row));
        }
    }

    /// What came first is not the only one.
    fn settle(&mut self) {
        if let Some(first) = self.only.take() {
            self.add_many(first);
        }
    }

    fn set_bit(&mut self, row: u32) {
        let byte = row as usize / 8;
        if byte >= self.bits.len() {
            self.bits.resize((byte + 1).max(self.bits.len() * 2), 0);
        }
        self.bits[byte] |= 1 << (row % 8);
    }

    pub(crate) fn finish(mut self) -> Set<'a> {
        if let Some(only) = self.only {
            return Set::Many(Cow::Borrowed(only));
        }
        self.few.sort_unstable();
        self.few.dedup();
        if self.bits.is_empty() && self.many.is_empty() {
            return Set::Few(Cow::Owned(self.few));
        }
        if !self.bits.is_empty() {
            self.many |= RoaringBitmap::from_lsb0_bytes(0, &self.bits);
        }
        self.many.extend(self.few);
        Set::Many(Cow::Owned(self.many))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sets() -> Vec<Set<'static>> {
        let many = |step: usize| -> RoaringBitmap { (3..60_000).step_by(step).collect() };
        vec![
            Set::none(),
            Set::Stretch(5..5),
            Set::Stretch(4000..55_000),
            Set::Stretch(100..200),
            Set::Few(Cow::Owned(vec![0, 3, 150, 70_000])),
            Set::Many(Cow::Owned(many(3))),
            Set::Many(Cow::Owned(many(7))),
            Set::Many(Cow::Owned(many(1000))),
            Set::Many(Cow::Owned(many(2))).within(2000..50_000),
            Set::Many(Cow::Owned(many(2))).within(50_000..200_000),
        ]
    }

    fn plain(set: &Set<'_>) -> BTreeSet<u32> {
        let rows: BTreeSet<u32> = set.iter().collect();
        assert_eq!(rows.len() as u64, set.len());
        rows
    }

    #[test]
    fn sets_combine_as_plain_ones_do() {
        for one in sets() {
            let plain_one = plain(&one);
            for two in sets() {
                let plain_two = plain(&two);
                assert_eq!(
                    plain(&one.as_borrowed().and(two.as_borrowed())),
                    &plain_one & &plain_two
                );
                assert_eq!(plain(&one.clone().minus(&two)), &plain_one - &plain_two);
                let union = Set::union(vec![one.clone(), two.clone()]);
                assert_eq!(plain(&union), &plain_one | &plain_two);
            }
            for stretch in [0..1, 100..160, 3000..50_000, 0..100_000] {
                let expected: BTreeSet<u32> = plain_one.range(stretch.clone()).copied().collect();
                assert_eq!(plain(&one.as_borrowed().within(stretch.clone())), expected);
                assert_eq!(plain(&one.clone().within(stretch)), expected);
            }
            for row in [0, 3, 4, 151, 54_999, 80_000] {
                assert_eq!(one.contains(row), plain_one.contains(&row));
                assert_eq!(one.next(row), plain_one.range(row..).next().copied());
                assert_eq!(one.previous(row), plain_one.range(..row).next_back().copied());
            }
        }
    }
}
