//! Integration tests: each source against the same chain, and what files and nodes get wrong.

mod contract;
mod dev;
mod files;
mod node;
mod records;
mod scan;
mod support;
