//! A federation agrees on the order of payloads: the BFT engine behind a small port.
