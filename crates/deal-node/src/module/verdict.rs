use std::fmt;
use tally_pgp::{PublicKey, VerifyError, verify_clear};

/// What is known of the signature of a server's payload: the header `Payload-Signature` of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of the known keys has signed exactly this.
    Valid,
    /// There is a signature, and it does not hold.
    Invalid,
    /// There is none, or it is by a key that is not known here.
    Unknown,
}

impl Verdict {
    /// Looks at a payload at a time, in Unix seconds.
    pub fn of(payload: &[u8], keys: &[PublicKey], now: u64) -> Self {
        let Ok(text) = std::str::from_utf8(payload) else { return Self::Unknown };
        match verify_clear(text, keys, now) {
            Ok(_) => Self::Valid,
            Err(
                VerifyError::NotCleartext
                | VerifyError::TooLong
                | VerifyError::NoSignature
                | VerifyError::UnknownKind
                | VerifyError::UnknownKey,
            ) => Self::Unknown,
            Err(
                VerifyError::SeveralSignatures
                | VerifyError::WeakHash
                | VerifyError::Revoked
                | VerifyError::Expired
                | VerifyError::Time
                | VerifyError::NotValid,
            ) => Self::Invalid,
        }
    }

    /// Returns the word that the header says.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tally_pgp::SecretKey;

    const NOW: u64 = 1_649_675_708;

    fn key(seed: u8) -> SecretKey {
        SecretKey::generate(&["server".to_owned()], &[seed; 32], NOW).unwrap()
    }

    #[test]
    fn only_what_a_known_key_signed_is_valid() {
        let (known, strange) = (key(1), key(2));
        let keys = [known.public().clone()];
        let signed = known.sign_clear("deal:\n  order: Created", NOW).unwrap();
        let of = |text: &str| Verdict::of(text.as_bytes(), &keys, NOW);
        assert_eq!(of(&signed), Verdict::Valid);
        assert_eq!(of(&signed.replace("Created", "Paid")), Verdict::Invalid);
        assert_eq!(of(&strange.sign_clear("x", NOW).unwrap()), Verdict::Unknown);
        for unsigned in ["", "deal:\n  order: Created", "<html>"] {
            assert_eq!(of(unsigned), Verdict::Unknown);
        }
        assert_eq!(Verdict::of(b"\xff", &keys, NOW), Verdict::Unknown);
        assert_eq!(Verdict::of(signed.as_bytes(), &[], NOW), Verdict::Unknown);
    }
}
