use tally_crypto::fch::AddressVersion;
use tally_feip::Rules;
use tally_primitives::Txid;

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

/// What a directory has to know beside the chain.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryConfig {
    /// How the network writes addresses. Part of the state: see [`OpenError::Settings`].
    ///
    /// [`OpenError::Settings`]: crate::OpenError::Settings
    pub versions: AddressVersions,
    /// The rules of records. Part of the state as well.
    pub rules: Rules,
    /// The service that the directory's operator published, if there is one: its terms are the
    /// directory's, and payments for it are handed to the accounts. May change at any start.
    pub service: Option<Txid>,
    /// Recent outputs kept in memory, about 110 bytes each.
    pub warm_outputs: usize,
    /// How much memory the changes of one commit may need, in bytes, while the directory catches up.
    /// Twice as much is in use, and the store's own buffers: one commit is being written while the
    /// next one fills.
    pub step_bytes: usize,
}

/// Half a million outputs, some 55 MiB: the outputs of a few months of Freecash.
pub const WARM_OUTPUTS: usize = 1 << 19;

/// 16 MiB: some ten thousand small blocks, so that the sync of a commit costs nothing beside them.
pub const STEP_BYTES: usize = 16 << 20;

impl DirectoryConfig {
    /// The usual figures for a network.
    pub fn new(versions: AddressVersions) -> Self {
        Self {
            versions,
            rules: Rules::default(),
            service: None,
            warm_outputs: WARM_OUTPUTS,
            step_bytes: STEP_BYTES,
        }
    }

    /// What of it has to be the same as when the data was made, in words.
    pub(crate) fn fingerprint(&self) -> String {
        let Self { versions, rules, service: _, warm_outputs: _, step_bytes: _ } = self;
        let Rules { cdd_check_height, publish_cdd_factor, rating_touches_last } = rules;
        format!(
            "address versions {} and {}, cdd_check_height {cdd_check_height}, publish_cdd_factor \
             {publish_cdd_factor}, rating_touches_last {rating_touches_last}",
            versions.p2pkh.0, versions.p2sh.0
        )
    }
}
