use std::{fmt, str::FromStr};
use tally_primitives::Fid;
use zeroize::Zeroizing;

/// The secret that a user and the directory share: 32 bytes. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    /// Makes a key of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the name of the session that has this key: its first six bytes.
    #[must_use]
    pub fn name(&self) -> SessionName {
        let [a, b, c, d, e, f, ..] = *self.0;
        SessionName([a, b, c, d, e, f])
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(hidden)")
    }
}

/// Names a session: the first six bytes of its key, written as twelve lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionName(pub [u8; 6]);

/// A text is not a session's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a session has 12 lower-case hexadecimal digits")]
pub struct SessionNameParseError;

impl FromStr for SessionName {
    type Err = SessionNameParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: &[u8; 12] = text.as_bytes().try_into().map_err(|_| SessionNameParseError)?;
        let mut name = [0; 6];
        for (byte, pair) in name.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [digit(pair[0])?, digit(pair[1])?];
            *byte = high << 4 | low;
        }
        Ok(Self(name))
    }
}

fn digit(text: u8) -> Result<u8, SessionNameParseError> {
    match text {
        b'0'..=b'9' => Ok(text - b'0'),
        b'a'..=b'f' => Ok(text - b'a' + 10),
        _ => Err(SessionNameParseError),
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A user's permission to ask, until it expires or a new one takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The secret that signs requests and answers.
    pub key: SessionKey,
    /// The user.
    pub fid: Fid,
    /// From when on it does not count any more, Unix milliseconds.
    pub expires_ms: u64,
}

impl Session {
    /// Returns the name by which requests refer to it.
    #[must_use]
    pub fn name(&self) -> SessionName {
        self.key.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the sample of the documents, and nothing that is not lower-case hexadecimal.
    #[test]
    fn names_are_the_first_digits_of_the_key() {
        let mut bytes = [0x34; 32];
        bytes[..6].copy_from_slice(&[0xd2, 0xc0, 0x3b, 0xbc, 0x1b, 0xa1]);
        let key = SessionKey::new(bytes);
        assert_eq!(key.name().to_string(), "d2c03bbc1ba1");
        assert_eq!("d2c03bbc1ba1".parse(), Ok(key.name()));
        for bad in
            ["", "d2c03bbc1ba", "d2c03bbc1ba1d2", "D2C03BBC1BA1", "d2c03bbc1bag", "é2c03bbc1ba"]
        {
            assert_eq!(bad.parse::<SessionName>(), Err(SessionNameParseError), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "SessionKey(hidden)");
    }
}
