//! The vector file: its shape, and an encoder that knows nothing of the crate but the names of
//! Solidity's types.

use serde::{Deserialize, Serialize};
use std::fs;
use tally_crypto::SecretKey;
use tally_primitives::U256;

/// Where the file lies.
pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/formats.json");

/// `vectors/formats.json`. Hashes, addresses and bytes are `0x` and hexadecimal digits, numbers are
/// decimal strings.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vectors {
    pub(crate) about: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) locks: Vec<LockVector>,
    pub(crate) trees: Vec<TreeVector>,
    pub(crate) typed_data: Vec<TypedData>,
    pub(crate) messages: Vec<MessageVector>,
    pub(crate) refused: Vec<Refused>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) secret_key: String,
    pub(crate) address: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockVector {
    pub(crate) expiration: String,
    pub(crate) amount: String,
    pub(crate) secret: String,
    pub(crate) hashlock: String,
    pub(crate) encoded: String,
    pub(crate) leaf: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeVector {
    /// In no order.
    pub(crate) leaves: Vec<String>,
    pub(crate) root: String,
    /// Of every leaf.
    pub(crate) proofs: Vec<ProofVector>,
    /// One after the other.
    pub(crate) spent: Vec<SpentVector>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofVector {
    pub(crate) leaf: String,
    pub(crate) proof: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpentVector {
    pub(crate) leaf: String,
    /// In the tree as the ones before left it.
    pub(crate) proof: Vec<String>,
    pub(crate) marker: String,
    /// With the marker in the leaf's place.
    pub(crate) root: String,
}

/// Something signed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypedData {
    pub(crate) chain_id: String,
    pub(crate) channel: String,
    pub(crate) domain_separator: String,
    #[serde(rename = "type")]
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) struct_hash: String,
    pub(crate) digest: String,
    /// The name of a key.
    pub(crate) signer: String,
    pub(crate) signature: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageVector {
    pub(crate) name: String,
    /// In their order, from the version to the signature.
    pub(crate) fields: Vec<Field>,
    pub(crate) encoded: String,
    /// Of envelopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_hash: Option<String>,
    /// Of messages with a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<SignedDigest>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedDigest {
    pub(crate) chain_id: String,
    pub(crate) digest: String,
    /// The name of a key.
    pub(crate) signer: String,
}

/// Bytes that are no message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    pub(crate) bytes: String,
    pub(crate) error: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// As in Solidity; `signature` is `bytes` of length 65.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl Field {
    pub(crate) fn new(name: &str, kind: &str, value: impl ToString) -> Self {
        Self { name: name.into(), kind: kind.into(), value: value.to_string() }
    }

    /// Returns the field's bytes in a message, which are Solidity's packed encoding.
    pub(crate) fn packed(&self) -> Vec<u8> {
        let length = match self.kind.as_str() {
            "uint8" => 1,
            "uint64" => 8,
            "address" => 20,
            "uint256" | "bytes32" => 32,
            "signature" => 65,
            other => panic!("no type {other}"),
        };
        let bytes = if self.kind.starts_with("uint") {
            let number: U256 = self.value.parse().unwrap();
            let bytes = number.to_be_bytes::<32>();
            assert!(bytes[..32 - length].iter().all(|byte| *byte == 0), "{self:?} is too large");
            bytes[32 - length..].to_vec()
        } else {
            unhex(&self.value)
        };
        assert_eq!(bytes.len(), length, "{self:?}");
        bytes
    }

    /// Returns the field's word in EIP-712 data.
    pub(crate) fn word(&self) -> [u8; 32] {
        let packed = self.packed();
        let mut word = [0; 32];
        word[32 - packed.len()..].copy_from_slice(&packed);
        word
    }
}

impl TypedData {
    /// Returns the type as EIP-712 encodes it.
    pub(crate) fn encoded_type(&self) -> String {
        let fields: Vec<_> =
            self.fields.iter().map(|field| format!("{} {}", field.kind, field.name)).collect();
        format!("{}({})", self.name, fields.join(","))
    }
}

impl Vectors {
    /// Reads the file at run time, so that a missing or outdated one can be written anew.
    pub(crate) fn committed() -> Self {
        serde_json::from_str(&fs::read_to_string(PATH).unwrap()).unwrap()
    }

    /// Returns the key with this name.
    pub(crate) fn key(&self, name: &str) -> SecretKey {
        let key = self.keys.iter().find(|key| key.name == name).unwrap();
        SecretKey::from_bytes(&unhex(&key.secret_key).try_into().unwrap()).unwrap()
    }
}

/// Returns `0x` and the digits of `bytes`.
pub(crate) fn to_hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    hex::decode(digits.strip_prefix("0x").unwrap()).unwrap()
}
