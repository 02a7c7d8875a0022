//! Checks that are code: layering, file sizes, artefact drift.

fn main() {}
