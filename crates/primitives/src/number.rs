use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number! {
    /// The number of an EVM chain (EIP-155); part of every signed balance proof.
    ChainId
}
number! {
    /// Counts one participant's balance proofs in one channel; the first is 1, none yet is 0.
    Nonce
}
number! {
    /// The number a payer gives a payment; the API calls it `identifier`.
    PaymentId
}

impl Nonce {
    /// Returns the nonce that follows.
    ///
    /// # Panics
    ///
    /// After 2^64-1 balance proofs, which no channel lives to see.
    pub const fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("a channel never sees 2^64 balance proofs"))
    }
}
