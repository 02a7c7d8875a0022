use crate::{Fingerprint, PublicKey, VerifyError, certificate, cleartext};

/// Longest signed text, with its signature, in bytes.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// How far in the future the time of a signature may be, in seconds: clocks differ.
pub const CLOCK_SKEW_SECONDS: u64 = 300;
/// The answer to a text that is no signed message at all.
pub const NO_MEANINGFUL_MESSAGE: &str =
    "Error: Data does not form a meaningful PGP Cleartext Signature";

/// A text, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed text: unescaped, LF line ends, without trailing blanks in its lines (they are not
    /// signed) and without a line end after the last one.
    pub text: String,
    /// The key: the primary one, if a subkey made the signature.
    pub fingerprint: Fingerprint,
    /// When it was signed, in Unix seconds, as the signer says.
    pub created: u64,
}

/// Verifies a text signed in the clear by one of `keys`.
///
/// Line ends may be LF or CRLF. `now`, in Unix seconds, decides about times: a key counts if it is
/// neither revoked nor past its time at `now`, whenever it signed.
///
/// # Errors
///
/// [`VerifyError`], for the first reason found.
pub fn verify_clear(message: &str, keys: &[PublicKey], now: u64) -> Result<Verified, VerifyError> {
    let parts = cleartext::read(message)?;
    let signature = certificate::TextSignature::read(&parts.packets, &parts.hashes)?;
    let canonical = cleartext::canonical(&parts.text);
    let key = signature.verify(keys, &canonical, now)?;
    let lines = parts.text.split('\n').map(|line| line.trim_end_matches([' ', '\t']));
    Ok(Verified {
        text: lines.collect::<Vec<_>>().join("\n"),
        fingerprint: key.fingerprint(),
        created: signature.created(),
    })
}
