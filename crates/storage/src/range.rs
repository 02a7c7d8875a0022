/// From which end a scan starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Ascending, from the smallest key of the range.
    Forward,
    /// Descending, from the largest key of the range.
    Backward,
}

/// A half-open range of keys: the start belongs to it, the end does not.
///
/// Keys compare bytewise, a prefix before its extensions; so numbers in keys are big-endian.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyRange {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Covers every key.
    #[must_use]
    pub const fn all() -> Self {
        Self { start: vec![], end: None }
    }

    /// Covers `key` and all keys above it.
    #[must_use]
    pub fn from(key: impl Into<Vec<u8>>) -> Self {
        Self { start: key.into(), end: None }
    }

    /// Covers all keys above `key`, but not `key`: the rest of a listing whose last key was `key`.
    #[must_use]
    pub fn after(key: impl Into<Vec<u8>>) -> Self {
        Self { start: successor(key.into()), end: None }
    }

    /// Covers the keys that begin with `prefix`.
    #[must_use]
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Self {
        let start = prefix.into();
        let end = prefix_end(&start);
        Self { start, end }
    }

    /// Covers `start` and the keys above it that are below `end`; none if `end` is not above
    /// `start`.
    #[must_use]
    pub fn between(start: impl Into<Vec<u8>>, end: impl Into<Vec<u8>>) -> Self {
        Self { start: start.into(), end: Some(end.into()) }
    }

    /// Returns the part of this range above `key`: the next page of a forward listing.
    #[must_use]
    pub fn resume_after(self, key: impl Into<Vec<u8>>) -> Self {
        Self { start: successor(key.into()).max(self.start), end: self.end }
    }

    /// Returns the part of this range below `key`: the next page of a backward listing.
    #[must_use]
    pub fn resume_before(self, key: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        let end = match self.end {
            Some(end) => end.min(key),
            None => key,
        };
        Self { start: self.start, end: Some(end) }
    }

    /// Returns the smallest key that can belong to the range.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Returns the key that the range ends before, or `None` if it has no end.
    #[must_use]
    pub fn end(&self) -> Option<&[u8]> {
        self.end.as_deref()
    }

    /// Says whether no key can belong to the range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

/// The smallest key above `key`.
fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// The smallest key above every key that begins with `prefix`; `None` if there is none.
fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(KeyRange::prefix(*b"ab").end(), Some(&b"ac"[..]));
        assert_eq!(KeyRange::prefix([1, 0xff, 0xff]).end(), Some(&[2][..]));
        assert_eq!(KeyRange::prefix([0xff, 0xff]).end(), None);
        assert_eq!(KeyRange::prefix([]), KeyRange::all());
    }

    #[test]
    fn pages_shrink_a_range_and_never_grow_it() {
        let range = KeyRange::between(*b"b", *b"d");
        assert_eq!(range.clone().resume_after(*b"c").start(), b"c\0");
        assert_eq!(range.clone().resume_after(*b"a").start(), b"b");
        assert_eq!(range.clone().resume_before(*b"c").end(), Some(&b"c"[..]));
        assert_eq!(range.clone().resume_before(*b"z").end(), Some(&b"d"[..]));
        assert!(range.resume_before(*b"b").is_empty());
    }
}
