//! OpenPGP: cleartext signatures and keys.
