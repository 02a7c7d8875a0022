//! Base64url without padding, where each byte string has exactly one text.

use crate::error::{ConditionError, Fault, Place};
use base64::{DecodeError, Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes a part of a text that begins at `start`.
pub(crate) fn decode(text: &str, start: usize) -> Result<Vec<u8>, ConditionError> {
    // The engine refuses padding and non-zero bits behind the last byte.
    URL_SAFE_NO_PAD.decode(text).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => at,
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len(),
        };
        ConditionError { place: Place::Text(start + at), fault: Fault::Base64 }
    })
}

/// Decodes the 32 bytes of a fingerprint.
pub(crate) fn decode_fingerprint(text: &str, start: usize) -> Result<[u8; 32], ConditionError> {
    let bytes = decode(text, start)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| ConditionError {
        place: Place::Text(start),
        fault: Fault::Length { expected: 32, found },
    })
}
