use crate::handshake::Established;

/// What decides between two connections with the same peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rank {
    is_dialled: bool,
    instance: u64,
}

impl Rank {
    pub(crate) const fn of(established: &Established) -> Self {
        Self { is_dialled: established.is_dialled, instance: established.hello.instance }
    }

    /// Says whether a connection made now takes the place of `other`.
    ///
    /// A peer that was restarted, or that dials again, has lost the other one. If both sides
    /// dialled, both keep the dial of the lower address.
    pub(crate) fn supersedes(self, other: Self, is_lower: bool) -> bool {
        self.instance != other.instance
            || self.is_dialled == other.is_dialled
            || self.is_dialled == is_lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: two nodes that dialled each other keep the same connection, whichever they see first.
    #[test]
    fn both_sides_keep_the_dial_of_the_lower_address() {
        // Seen by the lower node and by the higher one: the lower one's dial and the higher one's.
        for (is_lower, instance) in [(true, 1), (false, 2)] {
            let by_lower = Rank { is_dialled: is_lower, instance };
            let by_higher = Rank { is_dialled: !is_lower, instance };
            assert!(by_lower.supersedes(by_higher, is_lower));
            assert!(!by_higher.supersedes(by_lower, is_lower));
        }
    }

    #[test]
    fn a_restarted_or_returning_peer_takes_over() {
        let old = Rank { is_dialled: true, instance: 1 };
        for is_lower in [true, false] {
            assert!(Rank { is_dialled: false, instance: 2 }.supersedes(old, is_lower));
            assert!(old.supersedes(old, is_lower));
        }
    }
}
