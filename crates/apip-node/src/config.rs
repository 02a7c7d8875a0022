use tally_crypto::fch::AddressVersion;

/// How the network writes addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressVersions {
    /// Of the hash of a key.
    pub p2pkh: AddressVersion,
    /// Of the hash of a script.
    pub p2sh: AddressVersion,
}

impl AddressVersions {
    /// Freecash's main network.
    pub const FREECASH_MAIN: Self =
        Self { p2pkh: AddressVersion::MAIN_P2PKH, p2sh: AddressVersion::MAIN_P2SH };
    /// Freecash's test network, and regtest.
    pub const FREECASH_TEST: Self =
        Self { p2pkh: AddressVersion::TEST_P2PKH, p2sh: AddressVersion::TEST_P2SH };
}
