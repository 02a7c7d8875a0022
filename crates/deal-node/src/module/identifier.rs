use std::{fmt, str::FromStr};

/// How many random bytes make an identifier.
pub const IDENTIFIER_RANDOM_BYTES: usize = 21;

/// Where which letter stands, whatever is random around it.
const FIXED: [(usize, u8); 13] = [
    (0, b'A'),
    (5, b'-'),
    (6, b'P'),
    (11, b'-'),
    (12, b'O'),
    (17, b'-'),
    (18, b'S'),
    (23, b'-'),
    (24, b'T'),
    (29, b'-'),
    (30, b'O'),
    (35, b'-'),
    (36, b'L'),
];

/// The identifier of a request: 42 characters,
/// `A????-P????-O????-S????-T????-O????-L?????` with random upper-case hexadecimal digits.
///
/// It is random, not a hash of anything: 29 digits, 116 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PackageId(String);

/// A text is no identifier of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 42 characters: A0000-P0000-O0000-S0000-T0000-O0000-L00000")]
pub struct PackageIdParseError;

impl PackageId {
    /// Makes an identifier of random bytes that the caller drew.
    pub fn new(random: [u8; IDENTIFIER_RANDOM_BYTES]) -> Self {
        let mut text = hex::encode_upper(random).into_bytes();
        for (at, letter) in FIXED {
            text[at] = letter;
        }
        Self(text.into_iter().map(char::from).collect())
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackageId {
    type Err = PackageIdParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
        let fits = |(at, byte): (usize, u8)| match FIXED.iter().find(|(place, _)| *place == at) {
            Some((_, letter)) => byte == *letter,
            None => is_digit(&byte),
        };
        let good = text.len() == 2 * IDENTIFIER_RANDOM_BYTES && text.bytes().enumerate().all(fits);
        if good { Ok(Self(text.to_owned())) } else { Err(PackageIdParseError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the pattern of §3.4, whatever the bytes. Method: the extremes, and the examples.
    #[test]
    fn identifiers_have_their_pattern() {
        assert_eq!(
            PackageId::new([0; IDENTIFIER_RANDOM_BYTES]).as_str(),
            "A0000-P0000-O0000-S0000-T0000-O0000-L00000"
        );
        assert_eq!(
            PackageId::new([0xff; IDENTIFIER_RANDOM_BYTES]).as_str(),
            "AFFFF-PFFFF-OFFFF-SFFFF-TFFFF-OFFFF-LFFFFF"
        );
        for known in [
            "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370",
            "A4406-PDF10-OE2BC-SF8AA-T918F-OC9BC-L9EB00",
        ] {
            assert_eq!(known.parse::<PackageId>().unwrap().as_str(), known);
        }
        for bad in ["", "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L9837", "aeeab-pee95"] {
            assert_eq!(bad.parse::<PackageId>(), Err(PackageIdParseError), "{bad}");
        }
        let lower = "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L9837f";
        assert!(lower.parse::<PackageId>().is_err());
    }

    /// Goal: every random digit that is shown differs with the bytes.
    #[test]
    fn every_byte_shows() {
        let base = PackageId::new([0; IDENTIFIER_RANDOM_BYTES]);
        let mut digits = 0;
        for at in 0..IDENTIFIER_RANDOM_BYTES {
            for bits in [0x0f, 0xf0] {
                let mut random = [0; IDENTIFIER_RANDOM_BYTES];
                random[at] = bits;
                digits += usize::from(PackageId::new(random) != base);
            }
        }
        assert_eq!(digits, 29);
    }
}
