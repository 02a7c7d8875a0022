use crate::{OFFSET_MAX, QUERY_WORDS_MAX};
use std::{error::Error, path::PathBuf};

/// What the search library said.
pub(crate) type Source = Box<dyn Error + Send + Sync>;

/// A search index cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The folder cannot be made, read or locked.
    #[error("cannot open the search index in {path}")]
    Open {
        /// The index's folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Source,
    },
    /// Documents were not stored. What was added since the last commit is forgotten.
    #[error("cannot write the search index")]
    Write(#[source] Source),
    /// The index cannot be read.
    #[error("cannot read the search index")]
    Read(#[source] Source),
    /// A query is longer than what one search may cost.
    #[error("a search has at most {QUERY_WORDS_MAX} words")]
    TooManyWords,
    /// A page is further down than anybody reads.
    #[error("only the first {OFFSET_MAX} results can be read in pages")]
    TooFar,
}
