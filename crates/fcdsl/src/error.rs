//! Why a query is refused.

use crate::search::IDS_MAX;

/// A query that is refused: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A member has another JSON type than it must have.
    #[error("{at}: must be {expected}")]
    Shape {
        /// Path of the member, such as `fcdsl.query.terms`.
        at: String,
        /// What it must be.
        expected: &'static str,
    },
    /// More ids than one request may name.
    #[error("{at}: {count} ids, at most {IDS_MAX} are allowed")]
    TooManyIds {
        /// Path of the member.
        at: String,
        /// How many there are.
        count: usize,
    },
    /// A member is of the right type and says something that is not allowed.
    #[error("{at}: {problem}")]
    Bad {
        /// Path of the member.
        at: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What a query says that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A member that the clause or the endpoint needs is absent or empty.
    #[error("is missing or empty")]
    Missing,
    /// The page size is not an integer from 0 on.
    #[error("is not an integer from 0 on")]
    Size,
    /// The order of a sort column is another word.
    #[error("must be asc or desc")]
    Order,
    /// The field cannot be sorted by.
    #[error("cannot be sorted by")]
    Unsortable,
    /// `after` without a sort.
    #[error("needs a sort")]
    AfterWithoutSort,
    /// `after` does not fit the sort columns.
    #[error("must have {0} values, one for each sort column")]
    AfterLength(usize),
    /// A value is not a number, or too large for its field.
    #[error("is not a number of the field's kind")]
    Number,
    /// A value is neither true nor false.
    #[error("is neither true nor false")]
    Boolean,
    /// The clause cannot be asked of a field of this kind.
    #[error("cannot be asked of this field")]
    Clause,
    /// A range without gt, gte, lt and lte.
    #[error("has no bound")]
    NoBound,
    /// More entries than allowed.
    #[error("has more than {0} entries")]
    TooMany(usize),
    /// A longer value than allowed.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// A member of a URL that is given twice.
    #[error("is given twice")]
    Twice,
    /// A part of a URL that is not percent-encoded UTF-8.
    #[error("is not percent-encoded UTF-8")]
    Encoding,
}

impl QueryError {
    pub(crate) fn bad(at: impl Into<String>, problem: Problem) -> Self {
        Self::Bad { at: at.into(), problem }
    }

    /// The code that answers it: 1010, 1012 or 1013.
    pub fn code(&self) -> u16 {
        match self {
            Self::Shape { .. } => 1013,
            Self::TooManyIds { .. } => 1010,
            Self::Bad { .. } => 1012,
        }
    }
}
