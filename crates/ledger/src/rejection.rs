use std::fmt;

/// Why a transaction is refused: a stable code, and what is wrong where.
///
/// `message` is for people: it names the place in the transaction, as in
/// `transaction.conditions[1].amount: must be at least 1`, and never repeats more than a short
/// piece of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// What programs react to.
    pub code: RejectionCode,
    /// What people read.
    pub message: String,
}

impl Rejection {
    /// Makes a rejection.
    pub fn new(code: RejectionCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:literal;)+) => {
        /// The stable codes of refusals. Their texts are stored and served: never change one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RejectionCode {
            $($(#[$doc])* $name,)+
        }

        impl RejectionCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the code's text: lower-case words joined by `_`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Returns the name of the error class that clients of the old servers know: what
            /// stands in the brackets of `Invalid transaction (…): …`.
            pub const fn upstream_class(self) -> &'static str {
                match self {
                    $(Self::$name => $class,)+
                }
            }
        }
    };
}

codes! {
    /// The bytes are not JSON, or JSON that no node could write again the same way.
    MalformedJson = "malformed_json", "SchemaValidationError";
    /// A bound on size, number or work is exceeded.
    TooLarge = "too_large", "SchemaValidationError";
    /// No known format has this version.
    UnsupportedVersion = "unsupported_version", "SchemaValidationError";
    /// A member is missing, too much, or of the wrong type or form.
    SchemaViolation = "schema_violation", "SchemaValidationError";
    /// A name in the data of the user contains what databases of the time could not store, or a
    /// language is not one of those that their text search knew.
    InvalidData = "invalid_data", "ValidationError";
    /// The id is not the hash of the body.
    InvalidId = "invalid_id", "InvalidHash";
    /// A fulfilment cannot be read.
    InvalidFulfillment = "invalid_fulfillment", "InvalidSignature";
    /// A condition's URI is not that of its details.
    ConditionMismatch = "condition_mismatch", "InvalidSignature";
    /// The named owners are not the keys of the condition, or of the fulfilment.
    OwnersMismatch = "owners_mismatch", "TransactionOwnerError";
    /// The transaction has no output.
    NoOutputs = "no_outputs", "ValueError";
    /// The operation and the inputs do not fit: a CREATE without exactly one input or with one
    /// that spends, a TRANSFER without inputs or with one that does not spend.
    InvalidInputs = "invalid_inputs", "ValueError";
    /// An amount is out of range, or the sum of amounts is.
    InvalidAmount = "invalid_amount", "AmountError";
    /// The sums of what is spent and what is paid differ, or a sum does not fit the asset's
    /// divisibility.
    AmountMismatch = "amount_mismatch", "AmountError";
    /// The asset is to be refillable or updatable, which nothing supports.
    UnsupportedAsset = "unsupported_asset", "NotImplementedError";
    /// A GENESIS transaction came from a client.
    GenesisRefused = "genesis_refused", "OperationError";
    /// An input names a transaction that does not exist.
    InputNotFound = "input_not_found", "InputDoesNotExist";
    /// An input names a transaction that is not in a valid block.
    InputNotValid = "input_not_valid", "TransactionNotInValidBlock";
    /// An input names an output that its transaction does not have.
    OutputNotFound = "output_not_found", "InputDoesNotExist";
    /// An output is spent already, or twice in the transaction.
    DoubleSpend = "double_spend", "DoubleSpend";
    /// Inputs belong to another asset than the transaction says.
    AssetMismatch = "asset_mismatch", "AssetIdMismatch";
    /// Another CREATE transaction has this asset id.
    DuplicateAsset = "duplicate_asset", "ValidationError";
    /// The transaction is in the chain already.
    DuplicateTransaction = "duplicate_transaction", "DuplicateTransaction";
    /// A signature is wrong, or a fulfilment does not satisfy its condition.
    InvalidSignature = "invalid_signature", "InvalidSignature";
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_snake_case() {
        let texts: BTreeSet<_> = RejectionCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), RejectionCode::ALL.len());
        let is_snake = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(texts.iter().all(is_snake), "{texts:?}");
    }
}
