use super::script::SIGNATURES;
use crate::PublicKey;
use tally_primitives::Txid;

/// The longest text of a PSBT that is read, in bytes.
///
/// The largest settlement with all signatures takes a third of it; wallets add what they know
/// about their keys.
pub const PSBT_TEXT_LENGTH_MAX: usize = 2 * 1024 * 1024;

/// A text cannot be taken as signatures of a settlement, or the settlement cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PsbtError {
    /// The text is too long.
    #[error("a PSBT text has at most {PSBT_TEXT_LENGTH_MAX} bytes, not {0}")]
    TooLong(usize),
    /// The text is not Base64.
    #[error("a PSBT is a Base64 text")]
    Text,
    /// The bytes are no PSBT of version 0 (BIP-174).
    #[error("not a PSBT of version 0: {0}")]
    NotPsbt(
        /// What the decoder says.
        String,
    ),
    /// The PSBT is of another transaction, or of this one with something changed.
    #[error("the PSBT is of transaction {found}, not of {expected}")]
    AnotherTransaction {
        /// Id of the unsigned transaction that is to be signed.
        expected: Txid,
        /// Id of the unsigned transaction that was given.
        found: Txid,
    },
    /// The stored PSBT lacks what its inputs spend, or spends something else than the deal's money.
    #[error("input {input} does not spend the deal's payment address")]
    AnotherPayment {
        /// Position of the input.
        input: usize,
    },
    /// The stored PSBT pays more than it spends.
    #[error("the stored PSBT pays more than it spends")]
    Overspent,
    /// A signature that does not commit to the whole transaction.
    #[error("input {input} is signed with a hash type other than SIGHASH_ALL")]
    HashType {
        /// Position of the input.
        input: usize,
    },
    /// A signature by none of the three keys.
    #[error("input {input} is signed by key {key}, which is none of the deal's")]
    ForeignKey {
        /// Position of the input.
        input: usize,
        /// The key, in hexadecimal digits.
        key: String,
    },
    /// A signature that is not of this transaction by the key it is filed under.
    #[error("input {input} has a bad signature by key {key}")]
    BadSignature {
        /// Position of the input.
        input: usize,
        /// The key that is said to have made it.
        key: PublicKey,
    },
    /// A finished input whose witness is not two good signatures and the script.
    #[error("input {input} is finished with a bad witness")]
    BadWitness {
        /// Position of the input.
        input: usize,
    },
    /// A key signed some inputs only, which is of no use.
    #[error("input {input} is not signed by key {key}, which signed others")]
    PartlySigned {
        /// Position of the first input without its signature.
        input: usize,
        /// The key.
        key: PublicKey,
    },
    /// The PSBT has no signature at all.
    #[error("the PSBT has no signature")]
    NotSigned,
    /// Signatures are missing. The first input of which this is so is named.
    #[error("input {input} has {signatures} of {SIGNATURES} signatures")]
    Incomplete {
        /// Position of the input.
        input: usize,
        /// How many signatures it has.
        signatures: usize,
    },
    /// The number of private keys.
    #[error("Invalid count of secret keys (2 or 3 expected).")]
    KeyCount,
    /// What is signed is not a settlement of this payment address.
    #[error("the payment address is not of two of three keys")]
    Script,
}
