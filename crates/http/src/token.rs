use std::{fmt, io, path::Path};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Why a bearer token cannot be used. Never says what it is.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its file cannot be read.
    #[error("the token file cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is short enough to be guessed.
    #[error("the token has fewer than {} characters", BearerToken::LENGTH_MIN)]
    TooShort,
    /// It cannot be sent in a header.
    #[error("the token may hold only visible ASCII characters")]
    NotVisible,
}

/// The secret that a client must show: `Authorization: Bearer <token>`.
///
/// `Debug` does not show it, it is compared in constant time and wiped when dropped.
#[derive(Clone)]
pub struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// The fewest characters.
    pub const LENGTH_MIN: usize = 16;

    /// Makes a token of its text.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if it is too short or holds spaces or other invisible characters.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if text.len() < Self::LENGTH_MIN {
            return Err(TokenError::TooShort);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::NotVisible);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Reads a token from a file; white space around it does not count.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(TokenError::Unreadable)?);
        Self::new(text.trim())
    }

    /// Says whether `header`, the value of `Authorization`, shows this token.
    pub(crate) fn is_shown_in(&self, header: &[u8]) -> bool {
        const SCHEME: &[u8] = b"bearer ";
        let (scheme, shown) = header.split_at_checked(SCHEME.len()).unwrap_or((&[], &[]));
        scheme.eq_ignore_ascii_case(SCHEME) && bool::from(shown.ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        let token = BearerToken::new("0123456789abcdef").unwrap();
        assert!(token.is_shown_in(b"Bearer 0123456789abcdef"));
        assert!(token.is_shown_in(b"bearer 0123456789abcdef"));
        for other in ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Basic 0123456789abcdef"] {
            assert!(!token.is_shown_in(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{token:?}"), "BearerToken(..)");
    }

    #[test]
    fn weak_tokens_are_refused() {
        assert!(matches!(BearerToken::new("short"), Err(TokenError::TooShort)));
        assert!(matches!(BearerToken::new("0123456789 abcdef"), Err(TokenError::NotVisible)));
    }

    #[test]
    fn a_file_may_end_with_a_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        assert!(BearerToken::from_file(&path).unwrap().is_shown_in(b"Bearer 0123456789abcdef"));
        let absent = BearerToken::from_file(&folder.path().join("absent"));
        assert!(matches!(absent, Err(TokenError::Unreadable(_))));
    }
}
