/// Why a text is no key, or no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No armored block of the expected kind, whole and alone, with a right checksum.
    #[error("not an armored OpenPGP key")]
    NotArmored,
    /// Longer than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX).
    #[error("the armored key is longer than {} bytes", crate::KEY_BYTES_MAX)]
    TooLong,
    /// The packets inside of the armor are no key, or are damaged.
    #[error("the packets in the armor are not a key")]
    Damaged,
    /// A block with several keys, or with something after the key.
    #[error("the armor holds more than one key")]
    Several,
    /// A key of another version than 4.
    #[error("keys of this version are not supported")]
    Version,
    /// The passphrase does not open the secret key, or there is none and the key needs one.
    #[error("the passphrase does not open the secret key")]
    Passphrase,
    /// Neither the key nor one of its subkeys may sign, with an algorithm that is strong enough.
    #[error("the key has no part that can sign")]
    CannotSign,
    /// More user ids than [`USER_IDS_MAX`](crate::USER_IDS_MAX), or none.
    #[error("a key needs 1 to {} user ids", crate::USER_IDS_MAX)]
    UserIds,
    /// A user id that is empty, too long, or has control characters.
    #[error("a user id is empty, too long or has control characters")]
    UserId,
    /// A time that OpenPGP cannot write: its clock ends in 2106.
    #[error("the time is past 2106")]
    Time,
}

/// Why a text was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A carriage return that no line feed follows: there is no agreement on what is signed.
    #[error("the text has a carriage return without a line feed")]
    CarriageReturn,
    /// Longer than [`TEXT_BYTES_MAX`](crate::TEXT_BYTES_MAX).
    #[error("the text is longer than {} bytes", crate::TEXT_BYTES_MAX)]
    TooLong,
    /// A time that OpenPGP cannot write: its clock ends in 2106.
    #[error("the time is past 2106")]
    Time,
    /// The key made no signature.
    #[error("PGP: Generated bad cleartext signature.")]
    Failed,
}

/// Why a text is not taken for signed.
///
/// The variants tell precisely, [`VerifyError::reason`] says it in the four sentences of
/// `POST /api/v1/signature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The text is no message signed in the clear: a missing or second part, something before or
    /// after it, a line that should have been escaped, an armor header that does not belong there,
    /// or a carriage return without a line feed.
    #[error("Data does not form a meaningful PGP Cleartext Signature")]
    NotCleartext,
    /// Longer than [`TEXT_BYTES_MAX`](crate::TEXT_BYTES_MAX).
    #[error("the signed text is longer than {} bytes", crate::TEXT_BYTES_MAX)]
    TooLong,
    /// The block for the signature has none, or packets of another kind.
    #[error("there is no signature in the text")]
    NoSignature,
    /// More than one signature.
    #[error("there is more than one signature in the text")]
    SeveralSignatures,
    /// A signature of another version or kind, or with demands that are not understood.
    #[error("the signature is of an unknown kind")]
    UnknownKind,
    /// A hash that can be forged, such as MD5 or SHA-1, or one that the text does not announce.
    #[error("the hash of the signature is too weak or not the announced one")]
    WeakHash,
    /// No given key made it.
    #[error("the signature is by an unknown key")]
    UnknownKey,
    /// The key that made it is revoked.
    #[error("the key of the signature is revoked")]
    Revoked,
    /// The key that made it is past its time.
    #[error("the key of the signature has expired")]
    Expired,
    /// The signature is from before its key, from the future, or past its own time.
    #[error("the signature is not of its time")]
    Time,
    /// The signature is not by that key over that text.
    #[error("the signature does not belong to the text")]
    NotValid,
}

impl VerifyError {
    /// The sentence that answers `POST /api/v1/signature`, with its full stop.
    ///
    /// *Source:* the four reasons of the interface. A text that is no signed message at all
    /// ([`VerifyError::NotCleartext`], [`VerifyError::TooLong`]) has none of its own there: it is an
    /// error of the request, see [`NO_MEANINGFUL_MESSAGE`](crate::NO_MEANINGFUL_MESSAGE).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Revoked | Self::Expired => "PGP public key is not meaningful.",
            Self::WeakHash | Self::Time | Self::NotValid => "PGP signature not valid.",
            Self::NotCleartext | Self::TooLong | Self::NoSignature | Self::SeveralSignatures => {
                "PGP signature not found."
            }
            Self::UnknownKind | Self::UnknownKey => "PGP signature status: Unknown.",
        }
    }
}
