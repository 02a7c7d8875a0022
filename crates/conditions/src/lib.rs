//! Crypto-conditions: what has to be fulfilled, and the proof that it is.
