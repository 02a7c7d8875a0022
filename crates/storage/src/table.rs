use std::fmt;

/// How a table is filled and read: a hint, which changes the speed and memory of an adapter and
/// never an answer. It is not written to disk, so it may change from one version to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Access {
    /// Nothing is known.
    #[default]
    Mixed,
    /// Keys are spread evenly and short values are asked for one by one, often for keys that are
    /// absent. Filters pay, compression and large blocks do not.
    Points,
    /// Keys arrive in ascending order and stay, as in a log; whoever asks knows that they are there.
    /// Large blocks and compression pay, filters do not.
    Log,
    /// Rows are removed about as often as they are added, and ranges are scanned: marks of removed
    /// rows must not pile up in the way of scans.
    Churn,
}

/// A named key space of a store, declared as a constant by the crate that fills it.
///
/// The name is written to disk: never rename, never reuse.
///
/// ```
/// use tally_storage::Table;
///
/// const OUTBOX: Table = Table::new("outbox");
/// assert_eq!(OUTBOX.name(), "outbox");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    name: &'static str,
    access: Access,
}

impl Table {
    /// Names a key space: 1 to 64 lower-case letters, digits and `_`, and not `default`, which some
    /// databases keep for themselves.
    ///
    /// # Panics
    ///
    /// If the name is anything else; in a constant that is a compilation error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 64, "a table's name has 1 to 64 characters");
        let mut at = 0;
        while at < bytes.len() {
            let is_plain = matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'_');
            assert!(is_plain, "a table's name has lower-case letters, digits and _ only");
            at += 1;
        }
        assert!(!matches!(bytes, b"default"), "`default` is a name that databases reserve");
        Self { name, access: Access::Mixed }
    }

    /// Returns the same table with a hint for adapters. A table has one hint: every constant that
    /// names it gives the same.
    #[must_use]
    pub const fn with_access(self, access: Access) -> Self {
        Self { name: self.name, access }
    }

    /// Returns the hint.
    #[must_use]
    pub const fn access(self) -> Access {
        self.access
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
