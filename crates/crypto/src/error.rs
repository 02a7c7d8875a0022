/// A signature is not one this network accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The last byte is neither 27 nor 28.
    #[error("the recovery byte is {0} instead of 27 or 28")]
    RecoveryByte(u8),
    /// `s` is in the upper half of its range: the mirror image of a valid signature, which would
    /// give one message two signatures.
    #[error("s is in the upper half of its range")]
    HighS,
    /// `r` or `s` is zero or not below the order of the curve, or no point has this `r`.
    #[error("r and s are no signature")]
    Malformed,
    /// The signature is well formed but another key made it, or another digest was signed.
    #[error("the signature is not by the expected signer")]
    WrongSigner,
}

/// Bytes are not a secret key: zero, or not below the order of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret key is a number from 1 to the order of the curve")]
pub struct KeyError;
