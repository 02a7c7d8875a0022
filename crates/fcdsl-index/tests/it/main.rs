//! Tests of the index.

mod changes;
mod compare;
mod documents;
mod same_answers;
