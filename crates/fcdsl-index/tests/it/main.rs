//! Tests of the index.

mod changes;
mod compare;
mod documents;
mod hostile;
mod same_answers;
