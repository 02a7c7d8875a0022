//! Tests of the query language.

mod bad_input;
mod guide;
mod limits;
mod meaning;
mod pages;
mod table;
