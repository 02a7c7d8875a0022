//! OpenPGP for deals: texts signed in the clear, the keys that sign and verify them, and the record
//! of a payment service that travels in the user ids of its key.
//!
//! Everything is a function of its arguments: the caller brings the time and the random bytes. The
//! library that does the arithmetic stays behind the types of this crate.
//!
//! What is refused on purpose: text before, between or after the parts of a signed message, more
//! than one signature, hashes that can be forged ([`VerifyError::WeakHash`]), keys of versions other
//! than 4, and keys that are revoked or past their time. Nothing is encrypted here but the secret
//! key in [`SecretKey::to_armored_protected`].
//!
//! Start with [`SecretKey::sign_clear`] and [`verify_clear`].

mod armor;
mod certificate;
mod cleartext;
mod error;
mod public;
mod secret;
mod service;
mod verify;

pub use error::{KeyError, SignError, VerifyError};
pub use public::{Fingerprint, KEY_BYTES_MAX, PublicKey, USER_IDS_MAX};
pub use secret::{PROTECTION_LENGTH, SecretKey};
pub use service::{
    BitcoinKey, SERVERS_MAX, SYNC_PERIOD_MINUTES, Server, ServiceRecord, ServiceRecordError,
};
pub use verify::{
    CLOCK_SKEW_SECONDS, NO_MEANINGFUL_MESSAGE, TEXT_BYTES_MAX, Verified, verify_clear,
};
