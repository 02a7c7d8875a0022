//! Texts by number, and the rows that have them.

use std::{
    cmp::Ordering,
    hash::BuildHasher,
    ops::{Bound, ControlFlow},
};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use tally_fcdsl::Pattern;

use crate::{
    arena::Arena,
    chunks::Chunks,
    document::DocumentError,
    hits::Set,
    node::write_string,
    order::{Order, Place},
    postings::{Postings, Rows},
};

/// Byte strings, each once, by number.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    arena: Arena,
    addresses: Chunks<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Dictionary {
    #[cfg(test)]
    pub(crate) fn close(&mut self) {
        self.arena.close();
    }

    pub(crate) fn get(&self, number: u32) -> &[u8] {
        self.arena.get(self.addresses.get(number as usize))
    }

    pub(crate) fn find(&self, bytes: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(bytes);
        self.table.find(hash, |number| self.get(*number) == bytes).copied()
    }

    /// The number of `bytes`, and whether they are new.
    pub(crate) fn intern(&mut self, bytes: &[u8]) -> Result<(u32, bool), DocumentError> {
        if let Some(number) = self.find(bytes) {
            return Ok((number, false));
        }
        let number = u32::try_from(self.addresses.len()).map_err(|_| DocumentError::Full)?;
        self.addresses.push(self.arena.push(bytes)?);
        let (arena, addresses, hasher) = (&self.arena, &self.addresses, &self.hasher);
        self.table.insert_unique(hasher.hash_one(bytes), number, |number| {
            hasher.hash_one(arena.get(addresses.get(*number as usize)))
        });
        Ok((number, true))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.arena.bytes() + self.addresses.bytes() + self.table.allocation_size()
    }
}

/// Terms of one field: keywords or words.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    dictionary: Dictionary,
    postings: Postings,
    order: Order,
    grams: Option<Grams>,
}

/// For each two and three bytes in a row, ASCII lower-cased, the terms that have them; two are kept
/// with a zero behind.
///
/// Nearly each byte of a text that nobody else has is the begin of two new ones, so one that a
/// single term has must not take much.
#[derive(Debug, Default)]
struct Grams {
    numbers: HashMap<[u8; 3], u32>,
    terms: Postings,
}

impl Grams {
    fn insert(&mut self, text: &str, term: u32) {
        for gram in grams_of(text) {
            let number = *self.numbers.entry(gram).or_insert_with(|| self.terms.push());
            self.terms.insert(number, term);
        }
    }

    /// The shortest list of terms that a term with the pattern must be in; `None` if there is none.
    fn rarest(&self, pattern: &Pattern) -> Option<Rows<'_>> {
        let literals = pattern.literals();
        let grams = literals.iter().flat_map(|literal| grams_of(literal));
        let terms =
            |gram| self.numbers.get(&gram).map_or(Rows::None, |number| self.terms.rows(*number));
        grams.map(terms).min_by_key(|terms| terms.len())
    }

    fn bytes(&self) -> usize {
        self.numbers.allocation_size() + self.terms.bytes()
    }
}

impl Terms {
    /// Without `with_grams`, looking for a part of a term means looking at all terms. They cost
    /// about eight bytes for each byte of a term.
    pub(crate) fn new(with_grams: bool) -> Self {
        Self { grams: with_grams.then(Grams::default), ..Self::default() }
    }

    #[cfg(test)]
    pub(crate) fn close(&mut self) {
        self.dictionary.close();
    }

    pub(crate) fn intern(&mut self, text: &str) -> Result<u32, DocumentError> {
        self.intern_behind("", text)
    }

    /// The term of `start` and `text`, of which only `text` is looked for by its parts.
    pub(crate) fn intern_behind(&mut self, start: &str, text: &str) -> Result<u32, DocumentError> {
        let bytes = if start.is_empty() { encode(text) } else { encode(&[start, text].concat()) };
        let (term, is_new) = self.dictionary.intern(&bytes)?;
        if is_new {
            self.postings.push();
            let prefix = prefix(&bytes);
            let place = self.order.place(prefix, |term| compare(self.dictionary.get(term), &bytes));
            self.order.insert(place, prefix, term);
            if let Some(grams) = &mut self.grams {
                grams.insert(text, term);
            }
        }
        Ok(term)
    }

    pub(crate) fn insert(&mut self, term: u32, row: u32) {
        self.postings.insert(term, row);
    }

    pub(crate) fn remove(&mut self, term: u32, row: u32) {
        self.postings.remove(term, row);
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.dictionary.find(&encode(text))
    }

    pub(crate) fn text(&self, term: u32) -> String {
        decode(self.dictionary.get(term))
    }

    /// Appends a term as JSON.
    pub(crate) fn write(&self, term: u32, text: &mut String) {
        match self.dictionary.get(term).split_first() {
            Some((&HEX, bytes)) => {
                text.push('"');
                let mut digits = [0; 64];
                for bytes in bytes.chunks(digits.len() / 2) {
                    write_digits(bytes, &mut digits);
                    let digits = std::str::from_utf8(&digits[..bytes.len() * 2]);
                    text.push_str(digits.expect("digits are text"));
                }
                text.push('"');
            }
            Some((_, bytes)) => {
                write_string(std::str::from_utf8(bytes).expect("kept from a text"), text);
            }
            None => text.push_str("\"\""),
        }
    }

    pub(crate) fn rows(&self, term: u32) -> Rows<'_> {
        self.postings.rows(term)
    }

    /// The place of `text` in the order.
    pub(crate) fn place(&self, text: &str) -> Place {
        let bytes = encode(text);
        self.order.place(prefix(&bytes), |term| compare(self.dictionary.get(term), &bytes))
    }

    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// Shows the terms between bounds.
    pub(crate) fn range(&self, lower: Bound<&str>, upper: Bound<&str>, show: impl FnMut(u32)) {
        let from = match lower {
            Bound::Unbounded => Place::default(),
            Bound::Included(text) => self.place(text),
            Bound::Excluded(text) => self.place_behind(text),
        };
        let end = match upper {
            Bound::Unbounded => self.order.end(),
            Bound::Included(text) => self.place_behind(text),
            Bound::Excluded(text) => self.place(text),
        };
        self.order.between(from, end).for_each(show);
    }

    fn place_behind(&self, text: &str) -> Place {
        let bytes = encode(text);
        self.order.place(prefix(&bytes), |term| {
            // Equal counts as less, so the place is behind it.
            compare(self.dictionary.get(term), &bytes).then(Ordering::Less)
        })
    }

    /// Whether looking for `pattern` means to look at all terms.
    pub(crate) fn looks_at_all(&self, pattern: &Pattern) -> bool {
        self.grams.as_ref().is_none_or(|grams| grams.rarest(pattern).is_none())
    }

    /// Shows the terms that begin with `start` and whose rest holds `pattern`.
    pub(crate) fn part(&self, start: &str, pattern: &Pattern, mut show: impl FnMut(u32)) {
        let rest_fits = |term: u32| {
            let text = self.text(term);
            text.strip_prefix(start).is_some_and(|rest| pattern.matches(rest))
        };
        let candidates = self.grams.as_ref().and_then(|grams| grams.rarest(pattern));
        if let Some(candidates) = candidates {
            Set::from(candidates).iter().filter(|term| rest_fits(*term)).for_each(show);
            return;
        }
        let plain = pattern.plain().filter(|_| !pattern.is_case_insensitive());
        let finder = plain.as_deref().map(|plain| memchr::memmem::Finder::new(plain.as_bytes()));
        let mut buffer = Vec::new();
        let _ = self.walk_from(start, |term| {
            let bytes = self.dictionary.get(term);
            let is_found = match &finder {
                Some(finder) => {
                    let text = match bytes.split_first() {
                        Some((&PLAIN, text)) => text,
                        _ => {
                            decode_to(bytes, &mut buffer);
                            &buffer
                        }
                    };
                    finder.find(&text[start.len()..]).is_some()
                }
                None => rest_fits(term),
            };
            if is_found {
                show(term);
            }
            ControlFlow::<()>::Continue(())
        });
    }

    /// Shows the terms that begin with `start` until told to stop: in order, or if all terms are
    /// meant, as they came.
    fn walk_from<B>(
        &self,
        start: &str,
        mut show: impl FnMut(u32) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if start.is_empty() {
            let len = u32::try_from(self.postings.len()).unwrap_or(u32::MAX);
            return (0..len).try_for_each(show);
        }
        for term in self.order.forward(self.place(start)) {
            if !self.text(term).starts_with(start) {
                break;
            }
            show(term)?;
        }
        ControlFlow::Continue(())
    }

    pub(crate) fn bytes(&self) -> usize {
        let grams = self.grams.as_ref().map_or(0, Grams::bytes);
        self.dictionary.bytes() + self.postings.bytes() + self.order.bytes() + grams
    }
}

fn grams_of(text: &str) -> Vec<[u8; 3]> {
    let lower = text.to_ascii_lowercase();
    let pairs = lower.as_bytes().windows(2).map(|gram| [gram[0], gram[1], 0]);
    let triples = lower.as_bytes().windows(3).map(|gram| [gram[0], gram[1], gram[2]]);
    let mut grams: Vec<[u8; 3]> = pairs.chain(triples).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

const PLAIN: u8 = 0;
const HEX: u8 = 1;
const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Both digits of each byte: looking for parts of ids writes out millions.
static PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// A text as it is kept: hexadecimal ids take half of their length.
fn encode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() >= 8 && text.len().is_multiple_of(2) {
        let pairs = text.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> = std::iter::once(Some(HEX))
            .chain(pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)))
            .collect();
        if let Some(bytes) = bytes {
            return bytes;
        }
    }
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.push(PLAIN);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    decode_to(bytes, &mut text);
    String::from_utf8(text).expect("encoded from a text")
}

fn decode_to(bytes: &[u8], text: &mut Vec<u8>) {
    text.clear();
    match bytes.split_first() {
        Some((&HEX, bytes)) => {
            text.resize(bytes.len() * 2, 0);
            write_digits(bytes, text);
        }
        Some((_, bytes)) => text.extend_from_slice(bytes),
        None => {}
    }
}

/// Writes the digits of `bytes` to the beginning of `text`.
fn write_digits(bytes: &[u8], text: &mut [u8]) {
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
}

/// The bytes of the text that was encoded.
fn text_bytes(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let is_hex = bytes.first() == Some(&HEX);
    let split = move |byte: &u8| {
        let pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        let (pair, length) = if is_hex { (pair, 2) } else { ([*byte, 0], 1) };
        pair.into_iter().take(length)
    };
    bytes.get(1..).unwrap_or_default().iter().flat_map(split)
}

/// Compares the texts, not what they are encoded as.
fn compare(one: &[u8], two: &[u8]) -> Ordering {
    if one.first() == two.first() {
        // Digits of both kinds are in the order of their characters.
        one.cmp(two)
    } else {
        text_bytes(one).cmp(text_bytes(two))
    }
}

fn prefix(bytes: &[u8]) -> u64 {
    let mut prefix = [0; 8];
    prefix.iter_mut().zip(text_bytes(bytes)).for_each(|(place, byte)| *place = byte);
    u64::from_be_bytes(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(texts: &[&str], with_grams: bool) -> Terms {
        let mut terms = Terms::new(with_grams);
        for (row, text) in (0..).zip(texts) {
            let term = terms.intern(text).unwrap();
            terms.insert(term, row);
        }
        terms
    }

    const TEXTS: [&str; 9] =
        ["b", "", "deadbeef", "deadbee", "Deadbeef00", "dead", "ü", "deadbeefff", "zebra"];

    #[test]
    fn texts_are_kept_and_ordered_by_bytes() {
        let terms = terms(&TEXTS, true);
        let texts: Vec<String> =
            terms.order.forward(Place::default()).map(|term| terms.text(term)).collect();
        let mut sorted: Vec<&str> = TEXTS.to_vec();
        sorted.sort_unstable();
        assert_eq!(texts, sorted);
        for text in TEXTS {
            assert_eq!(terms.find(text).map(|term| terms.text(term)).as_deref(), Some(text));
        }
        assert_eq!(terms.find("deadbeefffff"), None);
    }

    #[test]
    fn parts_are_found_with_and_without_grams() {
        for with_grams in [true, false] {
            let terms = terms(&TEXTS, with_grams);
            let find = |start: &str, value: &str, is_case_insensitive| {
                let mut found = Vec::new();
                let pattern = Pattern::new(value, is_case_insensitive);
                terms.part(start, &pattern, |term| found.push(terms.text(term)));
                found.sort_unstable();
                found
            };
            assert_eq!(find("", "EAD", true).len(), 5);
            assert_eq!(find("", "eef", false), ["Deadbeef00", "deadbeef", "deadbeefff"]);
            assert_eq!(find("", "e?ra", false), ["zebra"]);
            assert_eq!(find("", "ra", false), ["zebra"]);
            assert_eq!(find("dead", "", false).len(), 4);
            assert_eq!(find("dead", "dead", false).len(), 0);
            assert_eq!(find("", "", false).len(), TEXTS.len());
        }
    }

    #[test]
    fn ranges_of_texts() {
        let terms = terms(&TEXTS, false);
        let range = |lower, upper| {
            let mut found = Vec::new();
            terms.range(lower, upper, |term| found.push(terms.text(term)));
            found
        };
        assert_eq!(range(Bound::Excluded("b"), Bound::Included("deadbee")), ["dead", "deadbee"]);
        assert_eq!(range(Bound::Included("z"), Bound::Unbounded), ["zebra", "ü"]);
        assert_eq!(range(Bound::Unbounded, Bound::Excluded("b")), ["", "Deadbeef00"]);
        assert_eq!(range(Bound::Included("x"), Bound::Included("a")).len(), 0);
    }
}
