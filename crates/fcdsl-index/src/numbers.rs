//! Numbers by row, and the rows that have them.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use roaring::RoaringBitmap;

use crate::{
    hits::{Set, Union},
    packed::Packed,
    postings::{Postings, Rows, bitmap_bytes},
};

/// The numbers of one field.
///
/// Heights and times of histories rise from row to row. As long as they do, rows are found by
/// bisection and nothing else is kept; the first number that is less, missing or one of several ends
/// that.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// The number of each row that has one only, 0 of the others.
    single: Packed,
    /// Rows without a number.
    absent: RoaringBitmap,
    /// Numbers, ascending, of rows that have several.
    several: BTreeMap<u32, Box<[i64]>>,
    values: Option<Values>,
}

/// Rows by number.
#[derive(Debug, Default)]
struct Values {
    places: BTreeMap<i64, u32>,
    postings: Postings,
    free: Vec<u32>,
    /// Rows with a number, counted once for each.
    count: u64,
    /// Bounds in ascending order, each with all rows that have a number below it. With them a range
    /// that holds millions of rows of thousands of numbers is the difference of two bitmaps.
    steps: Vec<(i64, RoaringBitmap)>,
    /// Whether there ever was a row with several numbers: steps are of no use then.
    has_several: bool,
    /// How many rows there were when the steps were chosen.
    stepped_at: u64,
}

/// Steps between which rows have to be collected number by number.
const STEPS: u64 = 64;
/// Below this number of rows there are no steps.
const STEPPED_MIN: u64 = 1 << 16;

/// Rows whose number is in a range.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// All of these.
    Stretch(Range<u32>),
    /// These.
    Set(Set<'a>),
}

impl Numbers {
    /// Adds the next row.
    pub(crate) fn push(&mut self, values: &[i64]) {
        let row = self.len();
        let rises = match values {
            [value] => row == 0 || *value >= self.single.get(row as usize - 1),
            _ => false,
        };
        self.single.push(0);
        if !rises && self.values.is_none() {
            self.index(row);
        }
        self.set(row, values);
    }

    /// Replaces the numbers of a row.
    pub(crate) fn replace(&mut self, row: u32, values: &[i64]) {
        if self.values.is_none() && values == [self.single.get(row as usize)] {
            return;
        }
        if self.values.is_none() {
            self.index(self.len());
        }
        self.clear(row);
        self.set(row, values);
    }

    /// Forgets the numbers of a row, which stays.
    pub(crate) fn clear(&mut self, row: u32) {
        let old = self.of(row);
        if let Some(index) = &mut self.values {
            old.iter().for_each(|value| index.remove(*value, row));
            self.several.remove(&row);
            self.absent.remove(row);
            self.single.set(row as usize, 0);
        }
    }

    /// Forgets the last row.
    pub(crate) fn pop(&mut self) {
        if let Some(row) = self.len().checked_sub(1) {
            self.clear(row);
            self.single.pop();
        }
    }

    fn set(&mut self, row: u32, values: &[i64]) {
        match values {
            [] => {
                self.absent.insert(row);
            }
            [value] => self.single.set(row as usize, *value),
            several => {
                let mut several = several.to_vec();
                several.sort_unstable();
                self.several.insert(row, several.into_boxed_slice());
            }
        }
        if let Some(index) = &mut self.values {
            index.has_several |= values.len() > 1;
            values.iter().for_each(|value| index.insert(*value, row));
        }
    }

    /// From now on keeps the rows of each number, beginning with those before `end`.
    fn index(&mut self, end: u32) {
        let mut values = Values::default();
        (0..end).for_each(|row| values.insert(self.single.get(row as usize), row));
        self.values = Some(values);
    }

    fn len(&self) -> u32 {
        u32::try_from(self.single.len()).expect("rows are counted in 31 bits")
    }

    /// Whether numbers never fall from row to row, and no row has none or several.
    pub(crate) fn is_rising(&self) -> bool {
        self.values.is_none()
    }

    /// The only number of a row, for rows of a field that is rising.
    pub(crate) fn rising(&self, row: u32) -> i64 {
        self.single.get(row as usize)
    }

    /// The rows that have `value`, of a field that is rising.
    pub(crate) fn stretch(&self, value: i64) -> Range<u32> {
        match self.find(value, value) {
            Found::Stretch(stretch) => stretch,
            Found::Set(_) => 0..0,
        }
    }

    /// Rows without a number.
    pub(crate) fn absent(&self) -> &RoaringBitmap {
        &self.absent
    }

    /// Whether some rows have several numbers.
    pub(crate) fn has_several(&self) -> bool {
        !self.several.is_empty()
    }

    /// The numbers of a row, ascending.
    pub(crate) fn of(&self, row: u32) -> Vec<i64> {
        match self.several.get(&row) {
            Some(several) => several.to_vec(),
            None if self.absent.contains(row) => Vec::new(),
            None => vec![self.single.get(row as usize)],
        }
    }

    /// The least or greatest number of a row.
    pub(crate) fn first(&self, row: u32, is_ascending: bool) -> Option<i64> {
        if !self.several.is_empty()
            && let Some(several) = self.several.get(&row)
        {
            return if is_ascending { several.first() } else { several.last() }.copied();
        }
        (!self.absent.contains(row)).then(|| self.single.get(row as usize))
    }

    /// Rows with a number from `min` to `max`.
    pub(crate) fn find(&self, min: i64, max: i64) -> Found<'_> {
        if min > max {
            return Found::Set(Set::none());
        }
        match &self.values {
            Some(values) => Found::Set(values.between(min, max)),
            None => {
                let end = max
                    .checked_add(1)
                    .map_or(self.single.len(), |next| self.single.first_from(next));
                let begin = self.single.first_from(min);
                Found::Stretch(begin as u32..end as u32)
            }
        }
    }

    /// The numbers that are not before `from` in the order, with their rows. Nothing for a field
    /// that is rising.
    pub(crate) fn walk(
        &self,
        from: Option<i64>,
        is_ascending: bool,
    ) -> Box<dyn Iterator<Item = (i64, Rows<'_>)> + '_> {
        let Some(values) = &self.values else { return Box::new(std::iter::empty()) };
        let show = |(value, place): (&i64, &u32)| (*value, values.rows(*place));
        if is_ascending {
            Box::new(values.places.range(from.unwrap_or(i64::MIN)..).map(show))
        } else {
            Box::new(values.places.range(..=from.unwrap_or(i64::MAX)).rev().map(show))
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let values = self.values.as_ref().map_or(0, |values| {
            // An entry takes 12 bytes, and a node of the tree is three quarters full.
            let steps: usize = values.steps.iter().map(|(_, rows)| bitmap_bytes(rows)).sum();
            values.postings.bytes() + values.places.len() * 18 + steps
        });
        self.single.bytes() + bitmap_bytes(&self.absent) + self.several.len() * 48 + values
    }
}

impl Values {
    /// Chooses bounds that have equally many rows between them.
    fn choose_steps(&mut self) {
        self.stepped_at = self.count;
        self.steps.clear();
        let mut below = RoaringBitmap::new();
        let (mut union, mut collected) = (Union::default(), 0);
        let mut steps = Vec::new();
        for (value, place) in &self.places {
            if collected >= self.count / STEPS {
                below |= std::mem::take(&mut union).finish().to_bitmap().as_ref();
                steps.push((*value, below.clone()));
                collected = 0;
            }
            union.add(self.rows(*place));
            collected += self.rows(*place).len();
        }
        self.steps = steps;
    }

    /// Rows with a number from `min` to `max`.
    fn between(&self, min: i64, max: i64) -> Set<'_> {
        let first = self.steps.partition_point(|(bound, _)| *bound <= min);
        let last = self.steps.partition_point(|(bound, _)| *bound <= max);
        // Rows with several numbers are below a step with one and in the range with another.
        if last - first < 2 || self.has_several {
            return self.collect(min, max);
        }
        // Between them is a whole step, so they are not the same one.
        let (lower, upper) = (self.nearest(min), self.nearest(max.saturating_add(1)));
        let mut rows = &upper.1 - &lower.1;
        if lower.0 >= min {
            rows |= self.collect(min, lower.0 - 1).to_bitmap().as_ref();
        } else {
            rows -= self.collect(lower.0, min - 1).to_bitmap().as_ref();
        }
        if upper.0 <= max {
            rows |= self.collect(upper.0, max).to_bitmap().as_ref();
        } else {
            rows -= self.collect(max + 1, upper.0 - 1).to_bitmap().as_ref();
        }
        Set::Many(Cow::Owned(rows))
    }

    /// The step with the fewest rows between it and `bound`, for a bound that has steps on a side at
    /// least.
    fn nearest(&self, bound: i64) -> &(i64, RoaringBitmap) {
        let behind = self.steps.partition_point(|(step, _)| *step <= bound);
        let before = behind.saturating_sub(1);
        if behind == self.steps.len() || behind == 0 {
            return &self.steps[before];
        }
        let (one, two) = (&self.steps[before], &self.steps[behind]);
        let between = two.1.len() - one.1.len();
        let places = self.places.range(one.0..bound);
        let collected: u64 = places.map(|(_, place)| self.rows(*place).len()).sum();
        if collected * 2 <= between { one } else { two }
    }

    fn collect(&self, min: i64, max: i64) -> Set<'_> {
        let mut union = Union::default();
        if min <= max {
            self.places.range(min..=max).for_each(|(_, place)| union.add(self.rows(*place)));
        }
        union.finish()
    }

    fn rows(&self, place: u32) -> Rows<'_> {
        self.postings.rows(place)
    }

    fn insert(&mut self, value: i64, row: u32) {
        let place = *self
            .places
            .entry(value)
            .or_insert_with(|| self.free.pop().unwrap_or_else(|| self.postings.push()));
        self.postings.insert(place, row);
        self.count += 1;
        let behind = self.steps.partition_point(|(bound, _)| *bound <= value);
        self.steps[behind..].iter_mut().for_each(|(_, rows)| _ = rows.insert(row));
        if self.count >= STEPPED_MIN && self.count >= self.stepped_at * 2 {
            self.choose_steps();
        }
    }

    fn remove(&mut self, value: i64, row: u32) {
        let Some(place) = self.places.get(&value).copied() else { return };
        self.postings.remove(place, row);
        self.count = self.count.saturating_sub(1);
        let behind = self.steps.partition_point(|(bound, _)| *bound <= value);
        self.steps[behind..].iter_mut().for_each(|(_, rows)| _ = rows.remove(row));
        if matches!(self.postings.rows(place), Rows::None) {
            self.places.remove(&value);
            self.free.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(found: Found<'_>) -> Vec<u32> {
        match found {
            Found::Stretch(stretch) => stretch.collect(),
            Found::Set(set) => set.iter().collect(),
        }
    }

    #[test]
    fn rising_numbers_need_no_sets() {
        let mut numbers = Numbers::default();
        (0..3000).for_each(|row| numbers.push(&[row / 3]));
        assert!(numbers.is_rising());
        assert_eq!(rows(numbers.find(10, 11)), (30..36).collect::<Vec<_>>());
        assert_eq!(numbers.stretch(999), 2997..3000);
        numbers.pop();
        numbers.replace(7, &[2]);
        assert!(numbers.is_rising());
        numbers.replace(7, &[500]);
        assert!(!numbers.is_rising());
        assert_eq!(rows(numbers.find(500, 500)), [7, 1500, 1501, 1502]);
        assert_eq!(rows(numbers.find(999, i64::MAX)), [2997, 2998]);
    }

    #[test]
    fn any_numbers_are_found_and_forgotten() {
        let mut numbers = Numbers::default();
        for values in [&[5][..], &[], &[3, 9, 3], &[-1]] {
            numbers.push(values);
        }
        assert_eq!(rows(numbers.find(3, 5)), [0, 2]);
        assert_eq!(rows(numbers.find(9, 3)), Vec::<u32>::new());
        assert_eq!(numbers.first(2, true), Some(3));
        assert_eq!(numbers.first(2, false), Some(9));
        assert_eq!(numbers.first(1, true), None);
        let order: Vec<i64> = numbers.walk(Some(5), false).map(|(value, _)| value).collect();
        assert_eq!(order, [5, 3, -1]);
        numbers.clear(2);
        assert_eq!(rows(numbers.find(i64::MIN, i64::MAX)), [0, 3]);
        numbers.pop();
        numbers.push(&[8]);
        assert_eq!(rows(numbers.find(i64::MIN, i64::MAX)), [0, 3]);
        assert_eq!(numbers.of(3), [8]);
    }

    /// Wide ranges over many rows are those of a plain search, after rows came, changed and went,
    /// too.
    #[test]
    fn ranges_over_many_rows_are_exact() {
        let value = |row: u32| i64::from(row.wrapping_mul(2_654_435_761) >> 8) % 7919 - 3000;
        let mut numbers = Numbers::default();
        let mut plain: Vec<Vec<i64>> = Vec::new();
        for row in 0..150_000 {
            numbers.push(&[value(row)]);
            plain.push(vec![value(row)]);
        }
        assert!(numbers.values.as_ref().is_some_and(|values| values.steps.len() > 20));
        for row in (0..150_000).step_by(1000) {
            numbers.replace(row, &[value(row) / 2]);
            plain[row as usize] = vec![value(row) / 2];
        }
        for _ in 0..10_000 {
            numbers.pop();
            plain.pop();
        }
        let check = |numbers: &Numbers, plain: &[Vec<i64>]| {
            for (min, max) in [(-3000, 5000), (0, 100), (-1000, 4000), (7, 7), (i64::MIN, i64::MAX)]
            {
                let fits = |values: &Vec<i64>| values.iter().any(|n| (min..=max).contains(n));
                let expected: Vec<u32> = (0..)
                    .zip(plain)
                    .filter(|(_, values)| fits(values))
                    .map(|(row, _)| row)
                    .collect();
                assert_eq!(rows(numbers.find(min, max)), expected, "{min}..={max}");
            }
        };
        check(&numbers, &plain);
        numbers.replace(77, &[-2000, 3000]);
        plain[77] = vec![-2000, 3000];
        check(&numbers, &plain);
    }
}
