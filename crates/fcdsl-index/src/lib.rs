//! Documents in memory, indexed for the directory's query language.
