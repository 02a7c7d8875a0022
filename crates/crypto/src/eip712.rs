use crate::{keccak256, keccak256_parts};
use alloy_primitives::{Address, B256};
use std::sync::LazyLock;
use tally_primitives::ChainId;

static DOMAIN_TYPE: LazyLock<B256> = LazyLock::new(|| {
    type_hash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
});

/// Where a piece of typed data is valid: one contract on one chain.
///
/// Source: EIP-712, *Definition of domainSeparator*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain<'a> {
    /// The name the contract gives its signatures.
    pub name: &'a str,
    /// The version of those signatures.
    pub version: &'a str,
    /// The chain.
    pub chain_id: ChainId,
    /// The contract that checks them.
    pub verifying_contract: Address,
}

impl Domain<'_> {
    /// Returns the domain separator. Costs three hashes; keep it per contract.
    pub fn separator(&self) -> B256 {
        struct_hash(
            &DOMAIN_TYPE,
            &[
                keccak256(self.name).0,
                keccak256(self.version).0,
                word_u64(self.chain_id.0),
                word_address(&self.verifying_contract),
            ],
        )
    }
}

/// Returns the hash of a type's encoding, such as `Withdrawal(address participant,uint256 amount)`.
///
/// A type that uses other structures lists their encodings behind its own, sorted by name.
pub fn type_hash(encoded_type: &str) -> B256 {
    keccak256(encoded_type)
}

/// Returns the hash of one structure: its type's hash and its fields, one word each.
///
/// Numbers are 32 bytes big-endian, addresses are padded on the left, strings, bytes and nested
/// structures are replaced by their hash.
pub fn struct_hash(type_hash: &B256, fields: &[[u8; 32]]) -> B256 {
    keccak256_parts(&[type_hash.as_slice(), fields.as_flattened()])
}

/// Returns the digest to sign: `keccak256(0x19 ‖ 0x01 ‖ separator ‖ struct hash)`.
pub fn typed_data_digest(separator: &B256, struct_hash: &B256) -> B256 {
    keccak256_parts(&[&[0x19, 0x01], separator.as_slice(), struct_hash.as_slice()])
}

/// Returns a number of up to 64 bits as a word.
pub fn word_u64(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// Returns an address as a word.
pub fn word_address(address: &Address) -> [u8; 32] {
    address.into_word().0
}
