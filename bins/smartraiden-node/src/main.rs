//! Payment channel daemon. All behaviour lives in the libraries; this file only wires them.

fn main() {}
