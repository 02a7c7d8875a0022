use std::{fmt, str::FromStr};

/// Where a transaction is in the chain: the height of its block and its position there, both from 0.
///
/// Places compare in chain order. They are what lists are continued from, so a place has a text:
/// `height.position`, such as `41.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

impl Place {
    /// The bits of a position; the others are the height's.
    const POSITION_BITS: u32 = 16;
    /// The greatest height that has places: 2^48 - 1.
    pub const HEIGHT_MAX: u64 = u64::MAX >> Self::POSITION_BITS;

    /// Makes a place; `None` if the height is above [`HEIGHT_MAX`](Self::HEIGHT_MAX).
    #[must_use]
    pub const fn new(height: u64, position: u16) -> Option<Self> {
        if height > Self::HEIGHT_MAX {
            return None;
        }
        Some(Self((height << Self::POSITION_BITS) | position as u64))
    }

    /// Returns the height of the block.
    #[must_use]
    pub const fn height(self) -> u64 {
        self.0 >> Self::POSITION_BITS
    }

    /// Returns the position in the block.
    #[must_use]
    pub const fn position(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// 8 bytes, big-endian: height in the upper 6, position in the lower 2.
    pub(crate) const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(crate) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// The first place whose position is `step` times the same number as this one's.
    pub(crate) const fn round_down(self, step: u16) -> Self {
        Self(self.0 - (self.position() % step) as u64)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.height(), self.position())
    }
}

impl FromStr for Place {
    type Err = PlaceParseError;

    fn from_str(text: &str) -> Result<Self, PlaceParseError> {
        let (height, position) = text.split_once('.').ok_or(PlaceParseError)?;
        let (height, position) = (number(height)?, number(position)?);
        let position = u16::try_from(position).map_err(|_| PlaceParseError)?;
        Self::new(height, position).ok_or(PlaceParseError)
    }
}

/// Where an output is: its transaction's place and its index there.
///
/// Its text is `height.position.index`, such as `41.7.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputPlace {
    /// The transaction's place.
    pub transaction: Place,
    /// The output's index in the transaction.
    pub index: u32,
}

impl OutputPlace {
    /// 12 bytes, big-endian: place, index.
    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.transaction.to_bytes());
        bytes[8..].copy_from_slice(&self.index.to_be_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let (place, index) = bytes.split_first_chunk::<8>()?;
        let index = u32::from_be_bytes(index.try_into().ok()?);
        Some(Self { transaction: Place::from_bytes(*place), index })
    }
}

impl fmt::Display for OutputPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.transaction, self.index)
    }
}

impl FromStr for OutputPlace {
    type Err = PlaceParseError;

    fn from_str(text: &str) -> Result<Self, PlaceParseError> {
        let (transaction, index) = text.rsplit_once('.').ok_or(PlaceParseError)?;
        let index = u32::try_from(number(index)?).map_err(|_| PlaceParseError)?;
        Ok(Self { transaction: transaction.parse()?, index })
    }
}

/// Decimal digits, and nothing else.
fn number(text: &str) -> Result<u64, PlaceParseError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PlaceParseError);
    }
    text.parse().map_err(|_| PlaceParseError)
}

/// A text is not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected decimal numbers joined by dots, as an earlier page gave them")]
pub struct PlaceParseError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = Place::new(41, 7).unwrap();
        assert_eq!(place.to_string(), "41.7");
        assert_eq!("41.7".parse(), Ok(place));
        assert_eq!(Place::from_bytes(place.to_bytes()), place);
        let output = OutputPlace { transaction: place, index: u32::MAX };
        assert_eq!(output.to_string().parse(), Ok(output));
        assert_eq!(OutputPlace::from_slice(&output.to_bytes()), Some(output));
        assert_eq!(OutputPlace::from_slice(&[0; 11]), None);
        for wrong in ["", "1", "1.", ".1", "1.65536", "+1.2", "1.2.3", "281474976710656.0"] {
            assert_eq!(wrong.parse::<Place>(), Err(PlaceParseError), "{wrong}");
        }
        assert_eq!("1.2".parse::<OutputPlace>(), Err(PlaceParseError));
    }

    #[test]
    fn places_are_in_chain_order_as_bytes_too() {
        let places = [(0, 0), (0, 1), (0, u16::MAX), (1, 0), (256, 0), (Place::HEIGHT_MAX, 65535)]
            .map(|(height, position)| Place::new(height, position).unwrap());
        assert!(places.is_sorted());
        assert!(places.map(Place::to_bytes).is_sorted());
        assert_eq!(Place::new(Place::HEIGHT_MAX + 1, 0), None);
        assert_eq!(Place::new(3, 130).unwrap().round_down(64), Place::new(3, 128).unwrap());
    }
}
