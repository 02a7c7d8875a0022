//! The formats of docs/formats.md: what is hashed, signed and sent, byte by byte.

mod documented;
mod eip712;
mod file;
mod fixture;
mod lock_trees;
mod locks;
mod vectors;

use tally_primitives::B256;

/// Returns the rows of a vector file without its comments, cut at the bars.
fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect())
}

/// Reads 64 hexadecimal digits, with or without `0x`.
fn hash(digits: &str) -> B256 {
    digits.parse().unwrap()
}
