use crate::base58::{self, Base58Error};
use tally_primitives::Fid;

/// The first byte of an address: which network and what kind of lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressVersion(pub u8);

impl AddressVersion {
    /// A key's address on Freecash's main network; the text begins with `F`.
    pub const MAIN_P2PKH: Self = Self(35);
    /// A script's address on Freecash's main network; the text begins with `3`.
    pub const MAIN_P2SH: Self = Self(5);
    /// A key's address on test and regtest networks; the text begins with `m` or `n`.
    pub const TEST_P2PKH: Self = Self(111);
    /// A script's address on test and regtest networks; the text begins with `2`.
    pub const TEST_P2SH: Self = Self(196);
}

/// An address is not one of any network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not Base58, or a typing error.
    #[error("the address is malformed")]
    Base58(#[from] Base58Error),
    /// An address stands for a version byte and 20 bytes of a hash.
    #[error("the address stands for {0} bytes instead of 21")]
    Length(usize),
}

/// Returns the address of a hash of a public key or script.
#[expect(clippy::missing_panics_doc, reason = "the text of 25 bytes is a short one")]
pub fn fid_of_hash(version: AddressVersion, hash160: &[u8; 20]) -> Fid {
    let mut payload = [version.0; 21];
    payload[1..].copy_from_slice(hash160);
    base58::encode_check(&payload).parse().expect("25 bytes have 35 letters at most")
}

/// Returns what an address stands for: version and hash.
///
/// # Errors
///
/// [`AddressError`].
pub fn decode_fid(fid: &Fid) -> Result<(AddressVersion, [u8; 20]), AddressError> {
    let payload = base58::decode_check(fid.as_str())?;
    let [version, hash @ ..] = payload.as_slice() else {
        return Err(AddressError::Length(0));
    };
    let hash = hash.try_into().map_err(|_| AddressError::Length(payload.len()))?;
    Ok((AddressVersion(*version), hash))
}
