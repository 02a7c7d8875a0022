/// Looks without a new block, while transactions wait, after which the federation stands still: a
/// few views with silent leaders in a row.
const LOOKS_STILL_MAX: u32 = 15;

/// What a member notices about its federation from one look to the next: who comes and goes, and
/// whether the chain stands still although transactions wait.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    connected: Option<usize>,
    height: u64,
    looks_still: u32,
}

/// What there is to see at one look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// Other members that are connected.
    pub(crate) connected: usize,
    /// How many members there are, this node included.
    pub(crate) members: usize,
    /// Height of the newest final block.
    pub(crate) height: u64,
    /// Whether a transaction waits that could be in the next block.
    pub(crate) is_waiting: bool,
}

/// Something that whoever runs the node wants to know, told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Members came or went; enough are here to go on.
    Connected,
    /// Members went; too few are left to make a block final.
    QuorumLost,
    /// Transactions wait, and no block has become final for a while.
    Stalled,
    /// A block has become final again.
    Resumed,
}

impl Watch {
    /// Takes in what is to be seen now, and returns what is new about it.
    pub(crate) fn look(&mut self, sight: Sight) -> Vec<Notice> {
        let mut notices = vec![];
        if self.connected.replace(sight.connected) != Some(sight.connected) {
            notices.push(if sight.has_quorum() { Notice::Connected } else { Notice::QuorumLost });
        }
        if sight.height > self.height || !sight.is_waiting {
            if self.is_stalled() && sight.height > self.height {
                notices.push(Notice::Resumed);
            }
            self.height = sight.height;
            self.looks_still = 0;
        } else {
            self.looks_still = self.looks_still.saturating_add(1);
            if self.looks_still == LOOKS_STILL_MAX {
                notices.push(Notice::Stalled);
            }
        }
        notices
    }

    /// Says whether transactions wait and the chain does not grow.
    pub(crate) const fn is_stalled(&self) -> bool {
        self.looks_still >= LOOKS_STILL_MAX
    }
}

impl Sight {
    /// Says whether those who are here can make a block final: all but less than a third.
    pub(crate) const fn has_quorum(&self) -> bool {
        let faulty_max = (self.members - 1) / 3;
        self.connected + 1 >= self.members - faulty_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Sight = Sight { connected: 3, members: 4, height: 1, is_waiting: false };

    #[test]
    fn members_that_come_and_go_are_told_once() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(WELL), [Notice::Connected]);
        assert_eq!(watch.look(WELL), []);
        assert_eq!(watch.look(Sight { connected: 2, ..WELL }), [Notice::Connected]);
        assert_eq!(watch.look(Sight { connected: 1, ..WELL }), [Notice::QuorumLost]);
        assert_eq!(watch.look(Sight { connected: 1, ..WELL }), []);
        assert_eq!(watch.look(WELL), [Notice::Connected]);
    }

    /// Goal: only waiting transactions make a standing chain remarkable, and it is told once.
    #[test]
    fn a_chain_that_stands_still_is_told_once() {
        let mut watch = Watch::default();
        let waiting = Sight { is_waiting: true, ..WELL };
        watch.look(WELL);
        let idle: Vec<_> = (0..100).flat_map(|_| watch.look(WELL)).collect();
        assert_eq!(idle, []);
        let told: Vec<_> = (0..100).flat_map(|_| watch.look(waiting)).collect();
        assert_eq!(told, [Notice::Stalled]);
        assert!(watch.is_stalled());
        assert_eq!(watch.look(Sight { height: 2, ..waiting }), [Notice::Resumed]);
        assert!(!watch.is_stalled());
    }

    #[test]
    fn a_quorum_is_all_but_less_than_a_third() {
        for (members, quorum) in [(1, 1), (2, 2), (3, 3), (4, 3), (6, 5), (7, 5), (10, 7)] {
            for here in 1..=members {
                let sight = Sight { connected: here - 1, members, ..WELL };
                assert_eq!(sight.has_quorum(), here >= quorum, "{here} of {members}");
            }
        }
    }
}
