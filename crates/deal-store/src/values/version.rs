use serde::{Deserialize, Serialize};

/// Which commit wrote a row: larger than that of every earlier commit, and never given again, also
/// after the row was removed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Version(pub u64);

/// A value and the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// Which commit wrote it.
    pub version: Version,
    /// What it wrote.
    pub value: T,
}

/// What a change expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there, or nothing.
    Any,
    /// Nothing.
    Absent,
    /// What that commit wrote.
    At(Version),
}

impl Expected {
    /// Says whether what is there is what was expected.
    #[must_use]
    pub fn is_met(self, found: Option<Version>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::At(version) => found == Some(version),
        }
    }
}
