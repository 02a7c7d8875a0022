//! Deal daemon. All behaviour lives in the libraries; this program reads its settings, wires the
//! libraries together and runs until it is told to stop.

fn main() {}
