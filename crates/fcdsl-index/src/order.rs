//! Numbers of terms in the order of their texts.

use std::cmp::Ordering;

/// Most entries of a chunk; a full one is cut in two.
const CHUNK: usize = 1024;

/// A sorted list of terms, each with the first eight bytes of its text, so that few comparisons
/// have to look the text up.
#[derive(Debug, Default)]
pub(crate) struct Order {
    chunks: Vec<Chunk>,
}

#[derive(Debug, Default)]
struct Chunk {
    prefixes: Vec<u64>,
    terms: Vec<u32>,
}

/// A place between terms: before entry `entry` of chunk `chunk`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    chunk: usize,
    entry: usize,
}

impl Order {
    /// The place before the first term that is not less than a text, which is given by its prefix
    /// and by how the text of a term compares to it.
    pub(crate) fn place(&self, prefix: u64, compare: impl Fn(u32) -> Ordering) -> Place {
        let is_less = |chunk: &Chunk, entry: usize| match chunk.prefixes[entry].cmp(&prefix) {
            Ordering::Equal => compare(chunk.terms[entry]).is_lt(),
            Ordering::Less => true,
            Ordering::Greater => false,
        };
        // The chunk whose first term is the last one less than the text.
        let chunk = self.chunks.partition_point(|chunk| is_less(chunk, 0)).saturating_sub(1);
        let Some(entries) = self.chunks.get(chunk) else { return Place::default() };
        let (mut low, mut high) = (0, entries.terms.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_less(entries, middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Place { chunk, entry: low }
    }

    pub(crate) fn insert(&mut self, place: Place, prefix: u64, term: u32) {
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let chunk = &mut self.chunks[place.chunk];
        chunk.prefixes.insert(place.entry, prefix);
        chunk.terms.insert(place.entry, term);
        if chunk.terms.len() >= CHUNK {
            // Terms that come in order leave full chunks behind.
            let at = if place.entry + 1 == CHUNK { CHUNK - 1 } else { CHUNK / 2 };
            let half =
                Chunk { prefixes: chunk.prefixes.split_off(at), terms: chunk.terms.split_off(at) };
            self.chunks.insert(place.chunk + 1, half);
        }
    }

    /// Terms behind a place, in order.
    pub(crate) fn forward(&self, from: Place) -> impl Iterator<Item = u32> + '_ {
        let own = self.chunks.get(from.chunk).map_or(&[][..], |chunk| &chunk.terms[from.entry..]);
        let behind = self.chunks.get(from.chunk + 1..).unwrap_or_default();
        own.iter().chain(behind.iter().flat_map(|chunk| chunk.terms.iter())).copied()
    }

    /// Terms between two places, in order.
    pub(crate) fn between(&self, from: Place, end: Place) -> impl Iterator<Item = u32> + '_ {
        let chunks = self.chunks.iter().enumerate().take(end.chunk + 1).skip(from.chunk);
        chunks.flat_map(move |(number, chunk)| {
            let first = if number == from.chunk { from.entry } else { 0 };
            let last = if number == end.chunk { end.entry } else { chunk.terms.len() };
            chunk.terms.get(first..last).unwrap_or_default().iter().copied()
        })
    }

    /// Terms before a place, in reverse order.
    pub(crate) fn backward(&self, from: Place) -> impl Iterator<Item = u32> + '_ {
        let own = self.chunks.get(from.chunk).map_or(&[][..], |chunk| &chunk.terms[..from.entry]);
        let before = self.chunks.get(..from.chunk).unwrap_or_default();
        let before = before.iter().rev().flat_map(|chunk| chunk.terms.iter().rev());
        own.iter().rev().chain(before).copied()
    }

    /// The place behind the last term.
    pub(crate) fn end(&self) -> Place {
        let chunk = self.chunks.len().saturating_sub(1);
        Place { chunk, entry: self.chunks.last().map_or(0, |chunk| chunk.terms.len()) }
    }

    pub(crate) fn bytes(&self) -> usize {
        let entries = |chunk: &Chunk| chunk.prefixes.capacity() * 8 + chunk.terms.capacity() * 4;
        self.chunks.iter().map(entries).sum::<usize>() + self.chunks.capacity() * size_of::<Chunk>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_in_order_from_any_place() {
        let mut order = Order::default();
        // Half of the terms share their prefix with another.
        let key = |term: u32| u64::from(term.wrapping_mul(2_654_435_761) % 10_007);
        let place =
            |order: &Order, wanted: u64| order.place(wanted / 2, |term| key(term).cmp(&wanted));
        for term in 0..6000 {
            let at = place(&order, key(term));
            order.insert(at, key(term) / 2, term);
        }
        assert!(order.chunks.len() > 4);
        let keys: Vec<_> = order.forward(Place::default()).map(key).collect();
        assert!(keys.is_sorted() && keys.len() == 6000);
        let mut back: Vec<_> = order.backward(order.end()).map(key).collect();
        back.reverse();
        assert_eq!(back, keys);
        for wanted in [0, 1, 5000, 10_006, 20_000] {
            let at = place(&order, wanted);
            assert!(order.forward(at).all(|term| key(term) >= wanted));
            assert!(order.backward(at).all(|term| key(term) < wanted));
            let between = order.between(place(&order, 4000), at).map(key).collect::<Vec<_>>();
            let expected = keys.iter().copied().filter(|key| (4000..wanted).contains(key));
            assert_eq!(between, expected.collect::<Vec<_>>());
        }
    }
}
