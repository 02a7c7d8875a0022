use crate::{Epoch, Received};

/// Checks that the messages of one direction of one connection follow each other.
///
/// The first may be any that leaves no gap behind what the receiver has; every other one is the
/// successor of the one before.
#[derive(Debug)]
pub(crate) struct Sequence {
    last: Option<u64>,
    first_max: u64,
}

/// Where a message stands in its sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is its turn.
    Next,
    /// It, or one after it, was seen before.
    Before,
    /// A message before it is missing.
    Gap { expected: u64 },
}

impl Sequence {
    /// Starts the sequence of the messages that the node with `epoch` sends to a receiver which
    /// has `received` of them. A receiver that has none of this epoch takes any first one.
    pub(crate) fn new(epoch: Epoch, received: Received) -> Self {
        let has_some = received.epoch == epoch && received.seq > 0;
        let first_max = if has_some { received.seq.saturating_add(1) } else { u64::MAX };
        Self { last: None, first_max }
    }

    pub(crate) fn turn(&self, seq: u64) -> Turn {
        match self.last {
            Some(last) if seq <= last => Turn::Before,
            Some(last) if seq - last > 1 => Turn::Gap { expected: last + 1 },
            None if seq > self.first_max => Turn::Gap { expected: self.first_max },
            // Numbers start at 1, so that 0 can mean none.
            None if seq == 0 => Turn::Before,
            Some(_) | None => Turn::Next,
        }
    }

    pub(crate) fn advance(&mut self, seq: u64) {
        debug_assert_eq!(self.turn(seq), Turn::Next, "the caller asked first");
        self.last = Some(seq);
    }

    /// Returns the last message that was let through.
    pub(crate) const fn last(&self) -> Option<u64> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_follow_each_other() {
        let epoch = Epoch(7);
        let mut sequence = Sequence::new(epoch, Received { epoch, seq: 4 });
        assert_eq!(sequence.turn(6), Turn::Gap { expected: 5 });
        assert_eq!(sequence.turn(0), Turn::Before);
        assert_eq!(sequence.turn(3), Turn::Next);
        sequence.advance(3);
        assert_eq!(sequence.turn(3), Turn::Before);
        assert_eq!(sequence.turn(5), Turn::Gap { expected: 4 });
        assert_eq!(sequence.turn(4), Turn::Next);
    }

    #[test]
    fn a_receiver_without_this_epoch_takes_any_first_message() {
        let other = Received { epoch: Epoch(1), seq: 4 };
        assert_eq!(Sequence::new(Epoch(2), other).turn(57), Turn::Next);
        assert_eq!(Sequence::new(Epoch(0), Received::default()).turn(57), Turn::Next);
    }

    #[test]
    fn the_last_number_does_not_overflow() {
        let mut sequence = Sequence::new(Epoch(0), Received::default());
        sequence.advance(u64::MAX);
        assert_eq!(sequence.turn(u64::MAX), Turn::Before);
        let full = Received { epoch: Epoch(1), seq: u64::MAX };
        assert_eq!(Sequence::new(Epoch(1), full).turn(u64::MAX), Turn::Next);
    }
}
