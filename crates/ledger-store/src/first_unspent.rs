use crate::OutputPlace;
use std::collections::{HashMap, VecDeque};
use tally_crypto::ed25519::PublicKey;

/// Owners that are remembered: some 10 MiB.
const OWNERS_MAX: usize = 65_536;

/// Before which place the owners that were asked about last have nothing unspent.
///
/// A database keeps a mark for each row that was removed until it gets round to merging, and a scan
/// has to step over it. Who spends the oldest outputs first has thousands of marks in front of what
/// is left. They need to be stepped over once: rows are added at the end of the chain only, so what
/// was empty stays empty.
#[derive(Debug, Default)]
pub(crate) struct FirstUnspent {
    places: HashMap<PublicKey, OutputPlace>,
    oldest_first: VecDeque<PublicKey>,
}

impl FirstUnspent {
    /// Returns a place before which `owner` has nothing unspent, if one is known.
    pub(crate) fn get(&self, owner: &PublicKey) -> Option<OutputPlace> {
        self.places.get(owner).copied()
    }

    /// Remembers that `owner` has nothing unspent before `place`.
    pub(crate) fn set(&mut self, owner: &PublicKey, place: OutputPlace) {
        match self.places.get_mut(owner) {
            Some(known) => *known = place.max(*known),
            None => {
                self.places.insert(*owner, place);
                self.oldest_first.push_back(*owner);
            }
        }
        if self.oldest_first.len() > OWNERS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.places.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    #[test]
    fn what_was_empty_stays_empty_and_the_number_of_owners_is_bounded() {
        let mut first = FirstUnspent::default();
        let owner = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            PublicKey::from_bytes(bytes)
        };
        let place = |height| OutputPlace { transaction: Place::new(height, 0).unwrap(), index: 0 };
        first.set(&owner(0), place(5));
        first.set(&owner(0), place(3));
        assert_eq!(first.get(&owner(0)), Some(place(5)));
        (1..=OWNERS_MAX).for_each(|number| first.set(&owner(number), place(1)));
        assert_eq!(first.get(&owner(0)), None);
        assert_eq!(first.get(&owner(1)), Some(place(1)));
        assert_eq!(first.places.len(), OWNERS_MAX);
    }
}
