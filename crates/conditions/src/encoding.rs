use std::fmt;

/// The two families of crypto-conditions. They have nothing in common on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// `cc:` and `cf:`, of draft-thomas-crypto-conditions-00.
    Draft00,
    /// `ni:` and DER, of draft-thomas-crypto-conditions-02 and later.
    Asn1,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draft00 => "draft-00",
            Self::Asn1 => "ASN.1",
        })
    }
}
