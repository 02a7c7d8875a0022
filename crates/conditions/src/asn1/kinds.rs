use crate::Kind;

/// A set of kinds, without the kind of the condition it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Kinds(u8);

/// The kinds of this encoding by name, as addresses list them.
pub(super) const BY_NAME: [Kind; 5] =
    [Kind::Ed25519, Kind::Prefix, Kind::Preimage, Kind::Rsa, Kind::Threshold];

impl Kinds {
    /// The kinds of this encoding, from the first bit to the last.
    const BITS: u16 = 5;

    /// Returns a set of kinds. Kinds that ASN.1 does not know are left out.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | Self::bit(kind)))
    }

    /// Whether a kind is in the set.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first kind is the highest bit, as in a bit string.
    fn bit(kind: Kind) -> u8 {
        if kind.id() < Self::BITS { 0x80 >> kind.id() } else { 0 }
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, kind: Kind) -> Self {
        Self(self.0 & !Self::bit(kind))
    }

    /// Returns the bit string: how many bits of the last byte are unused, and the byte if any bit
    /// is set.
    pub(super) fn to_bit_string(self) -> Vec<u8> {
        if self.is_empty() { vec![0] } else { vec![self.0.trailing_zeros() as u8, self.0] }
    }

    pub(super) fn from_bit_string(bytes: &[u8]) -> Option<Self> {
        let kinds = match bytes {
            [_] => Self(0),
            [_, bits] => Self(*bits),
            _ => return None,
        };
        let is_known = kinds.0 & (0xff >> Self::BITS) == 0;
        (is_known && kinds.to_bit_string() == bytes).then_some(kinds)
    }
}

/// Returns the kind of a name.
pub(super) fn kind_of_name(name: &str) -> Option<Kind> {
    BY_NAME.into_iter().find(|kind| kind.name() == name)
}
