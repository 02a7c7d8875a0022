use std::fmt;

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
        Self { name }
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
