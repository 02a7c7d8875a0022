//! The tables of the curve that signing and verifying use, computed once.

use bitcoin::secp256k1::{All, Secp256k1};
use std::sync::LazyLock;

/// Not randomised: the crate draws no random numbers. What is signed here is deterministic, and
/// blinding guards against whoever measures the machine itself.
pub(crate) static CURVE: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);
