use std::str::FromStr;
use tally_chain::utxo::script::Lock;
use tally_crypto::base58;
use tally_primitives::{BlockId, BlockSpan, Fid};

/// What tells one network of one chain from the others.
///
/// Source: the chain parameters of Freecash 1.0.5 and of Bitcoin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The name that configuration uses.
    pub name: &'static str,
    /// First byte of the addresses of public keys.
    pub key_version: u8,
    /// First byte of the addresses of scripts.
    pub script_version: u8,
    /// What stands before each block in block files. Freecash took over Bitcoin's: only the
    /// genesis block tells the two apart.
    pub magic: [u8; 4],
    /// The id of the first block.
    pub genesis: BlockId,
    /// The deepest reorganisation that is followed.
    ///
    /// Nodes of Freecash refuse deeper ones than 30 blocks. Those of Bitcoin have no limit; 100
    /// blocks is what a follower is required to be able to undo, and the age at which Bitcoin lets
    /// newly made coins be spent because deeper reorganisations are not expected.
    pub reorganisation_max: BlockSpan,
    pub(crate) first_header: FirstHeader,
}

/// What the header of the first block says; the transaction below it is the chain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstHeader {
    pub(crate) chain: Chain,
    pub(crate) time: u32,
    pub(crate) bits: u32,
    pub(crate) nonce: u32,
}

/// Which chain a network belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    Freecash,
    Bitcoin,
    /// Bitcoin's, but for the first transaction.
    BitcoinTest4,
}

/// No network has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown network {name:?}; there are {}", Network::names())]
pub struct UnknownNetwork {
    name: String,
}

impl Network {
    /// Freecash, the network whose coins are traded.
    pub const FREECASH: Self = Self {
        name: "freecash",
        key_version: 35,
        script_version: 5,
        magic: [0xf9, 0xbe, 0xb4, 0xd9],
        genesis: id(b"00000000cbe04361b1d6de82b893a7d8419e76e99dd2073ac0db2ba0e652eea8"),
        reorganisation_max: BlockSpan(30),
        first_header: FirstHeader {
            chain: Chain::Freecash,
            time: 1_577_836_802,
            bits: 0x1d00_ffff,
            nonce: 223_904_032,
        },
    };

    /// Freecash, the public network for tests.
    pub const FREECASH_TEST: Self = Self {
        name: "freecash-test",
        key_version: 111,
        script_version: 196,
        magic: [0x0b, 0x11, 0x09, 0x07],
        genesis: id(b"00000000d9fa0d78a101f122559f1c91289dceb8781c50d6301ee1906ab0109d"),
        reorganisation_max: BlockSpan(30),
        first_header: FirstHeader {
            chain: Chain::Freecash,
            time: 1_577_802_142,
            bits: 0x1d0b_6666,
            nonce: 1_166_079_915,
        },
    };

    /// Freecash, a network of one's own where blocks are made on demand.
    pub const FREECASH_REGTEST: Self = Self {
        name: "freecash-regtest",
        key_version: 111,
        script_version: 196,
        magic: [0xfa, 0xbf, 0xb5, 0xda],
        genesis: id(b"611439dbfd1662271672f2c577e7730d363c505bbc18e1bb3d6eadf29c30af9a"),
        reorganisation_max: BlockSpan(30),
        first_header: FirstHeader {
            chain: Chain::Freecash,
            time: 1_577_802_142,
            bits: 0x207f_ffff,
            nonce: 5,
        },
    };

    /// Bitcoin, the network whose coins are traded.
    pub const BITCOIN: Self = Self {
        name: "bitcoin",
        key_version: 0,
        script_version: 5,
        magic: [0xf9, 0xbe, 0xb4, 0xd9],
        genesis: id(b"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
        reorganisation_max: BlockSpan(100),
        first_header: FirstHeader {
            chain: Chain::Bitcoin,
            time: 1_231_006_505,
            bits: 0x1d00_ffff,
            nonce: 2_083_236_893,
        },
    };

    /// Bitcoin, the third public network for tests.
    pub const BITCOIN_TEST: Self = Self {
        name: "bitcoin-test",
        key_version: 111,
        script_version: 196,
        magic: [0x0b, 0x11, 0x09, 0x07],
        genesis: id(b"000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
        reorganisation_max: BlockSpan(100),
        first_header: FirstHeader {
            chain: Chain::Bitcoin,
            time: 1_296_688_602,
            bits: 0x1d00_ffff,
            nonce: 414_098_458,
        },
    };

    /// Bitcoin, the fourth public network for tests, which replaces the third.
    pub const BITCOIN_TEST4: Self = Self {
        name: "bitcoin-test4",
        key_version: 111,
        script_version: 196,
        magic: [0x1c, 0x16, 0x3f, 0x28],
        genesis: id(b"00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
        reorganisation_max: BlockSpan(100),
        first_header: FirstHeader {
            chain: Chain::BitcoinTest4,
            time: 1_714_777_860,
            bits: 0x1d00_ffff,
            nonce: 393_743_547,
        },
    };

    /// Bitcoin, the public network for tests whose blocks are signed.
    pub const BITCOIN_SIGNET: Self = Self {
        name: "bitcoin-signet",
        key_version: 111,
        script_version: 196,
        magic: [0x0a, 0x03, 0xcf, 0x40],
        genesis: id(b"00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
        reorganisation_max: BlockSpan(100),
        first_header: FirstHeader {
            chain: Chain::Bitcoin,
            time: 1_598_918_400,
            bits: 0x1e03_77ae,
            nonce: 52_613_770,
        },
    };

    /// Bitcoin, a network of one's own where blocks are made on demand.
    pub const BITCOIN_REGTEST: Self = Self {
        name: "bitcoin-regtest",
        key_version: 111,
        script_version: 196,
        magic: [0xfa, 0xbf, 0xb5, 0xda],
        genesis: id(b"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
        reorganisation_max: BlockSpan(100),
        first_header: FirstHeader {
            chain: Chain::Bitcoin,
            time: 1_296_688_602,
            bits: 0x207f_ffff,
            nonce: 2,
        },
    };

    /// All networks.
    pub const ALL: [Self; 8] = [
        Self::FREECASH,
        Self::FREECASH_TEST,
        Self::FREECASH_REGTEST,
        Self::BITCOIN,
        Self::BITCOIN_TEST,
        Self::BITCOIN_TEST4,
        Self::BITCOIN_SIGNET,
        Self::BITCOIN_REGTEST,
    ];

    /// Returns the address that may spend an output with this locking script: of a public key
    /// (P2PKH) or of a script (P2SH). Other scripts have none.
    pub fn address(&self, script: &[u8]) -> Option<Fid> {
        let (version, hash) = match Lock::of(script) {
            Lock::Key(hash) => (self.key_version, hash),
            Lock::Script(hash) => (self.script_version, hash),
            Lock::Other => return None,
        };
        let mut payload = [0; 21];
        payload[0] = version;
        payload[1..].copy_from_slice(&hash);
        base58::encode_check(&payload).parse().ok()
    }

    /// Returns the locking script that lets only `address` spend; `None` if it is not an address of
    /// this network.
    pub fn script(&self, address: &Fid) -> Option<Vec<u8>> {
        let payload = base58::decode_check(address.as_str()).ok()?;
        let (version, hash) = payload.split_first()?;
        let hash: [u8; 20] = hash.try_into().ok()?;
        if *version == self.key_version {
            Lock::Key(hash).script()
        } else if *version == self.script_version {
            Lock::Script(hash).script()
        } else {
            None
        }
    }

    /// Says whether blocks hold transactions sorted by their ids, as those of Freecash do, instead of
    /// in an order in which none comes before one whose output it spends.
    pub(crate) fn sorts_transactions(&self) -> bool {
        self.first_header.chain == Chain::Freecash
    }

    /// Returns the network whose first block has this id.
    pub fn with_genesis(id: BlockId) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.genesis == id)
    }

    fn names() -> String {
        Self::ALL.map(|network| network.name).join(", ")
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|network| network.name == name)
            .ok_or_else(|| UnknownNetwork { name: name.to_owned() })
    }
}

/// Reads an id where it is written; a wrong digit does not compile.
const fn id(digits: &[u8; 64]) -> BlockId {
    let mut bytes = [0; 32];
    let mut position = 0;
    while position < 32 {
        bytes[position] = nibble(digits[2 * position]) << 4 | nibble(digits[2 * position + 1]);
        position += 1;
    }
    BlockId::from_shown(bytes)
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("an id has lower-case hexadecimal digits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{block::decode_block, encode::first_block};
    use tally_primitives::BlockNumber;

    /// Goal: the published raw first blocks of Freecash are the ones made here, and every network's
    /// id is the hash of its first block. Method: compare bytes, hash.
    #[test]
    fn each_network_begins_with_the_published_block() {
        let text = include_str!("../tests/vectors/genesis_blocks.json");
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        for (network, name) in [
            (Network::FREECASH, "mainnet"),
            (Network::FREECASH_TEST, "testnet"),
            (Network::FREECASH_REGTEST, "regtest"),
        ] {
            let raw = hex::encode(first_block(&network));
            assert_eq!(vectors[name]["rawBlockHex"], raw, "{name}");
            assert_eq!(vectors[name]["hash"], network.genesis.to_string(), "{name}");
            let magic = hex::encode(network.magic);
            let record = vectors[name]["rawBlkRecordHex"].as_str().unwrap();
            assert!(record.starts_with(&magic), "{name}");
        }
        for network in Network::ALL {
            let block = decode_block(&first_block(&network), BlockNumber(0)).unwrap();
            assert_eq!(block.id, network.genesis, "{}", network.name);
            assert_eq!(Network::with_genesis(block.id), Some(network));
            assert_eq!(network.name.parse(), Ok(network));
        }
        let first = decode_block(&first_block(&Network::FREECASH), BlockNumber(0)).unwrap();
        assert_eq!(vectors["mainnet"]["txid"], first.transactions[0].txid.to_string());
        let fund: Fid = "FTqiqAyXHnK7uDTXzMap3acvqADK4ZGzts".parse().unwrap();
        let outputs = &first.transactions[0].outputs;
        assert_eq!(Network::FREECASH.address(&outputs[0].script), Some(fund));
    }

    /// Goal: the fund's addresses on all networks, and that addresses and scripts name each other.
    #[test]
    fn scripts_have_the_addresses_of_their_network() {
        for (network, text) in [
            (Network::FREECASH, "FTqiqAyXHnK7uDTXzMap3acvqADK4ZGzts"),
            (Network::FREECASH_TEST, "n3XZfRdRFVXi4A47rEu2u7JifVo12WPE8d"),
            (Network::FREECASH_REGTEST, "mhf3NbUU8zFTCBg14D9tifsyiyyPrVYoDK"),
            (Network::BITCOIN, "19uwYXQejXqR3ALpsKEKF4xDc6h6xaBSA3"),
            (Network::FREECASH, "3MRS39FX8bpV9CCjJHavw586q6a9Rogpw2"),
        ] {
            let address: Fid = text.parse().unwrap();
            let script = network.script(&address).unwrap();
            assert_eq!(network.address(&script), Some(address), "{text}");
        }
        let foreign: Fid = "19uwYXQejXqR3ALpsKEKF4xDc6h6xaBSA3".parse().unwrap();
        assert_eq!(Network::FREECASH.script(&foreign), None);
        for script in [&b""[..], &[0x6a, 1, 2], &[0x76; 25], &[0xa9; 23], &[0; 22]] {
            assert_eq!(Network::FREECASH.address(script), None);
        }
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        let error = "fch".parse::<Network>().unwrap_err();
        assert!(error.to_string().contains("freecash-regtest"), "{error}");
    }
}
