use super::{Plot, random::Random};
use crate::support::{
    cheater::OldState,
    world::{World, units},
};
use std::collections::{BTreeMap, BTreeSet};
use tally_primitives::{BlockSpan, ChannelAddress, Hashlock, PaymentId, Secret};

/// Blocks that a node may be behind without neglecting its duties.
pub(crate) const LAG_MAX: u64 = 3;
/// Long enough for a claim that is seen [`LAG_MAX`] blocks and two confirmations late, twice, and
/// for a reorganisation in between.
const REVEAL: BlockSpan = BlockSpan(14);

/// The network and who plays which part in it.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) plot: Plot,
    pub(crate) world: World,
    pub(crate) channels: Vec<(usize, usize, ChannelAddress)>,
    /// What each node put into channels.
    pub(crate) deposits: BTreeMap<usize, u64>,
    /// The most each payment adds for mediators.
    pub(crate) fees: BTreeMap<PaymentId, u64>,
    /// Whether mediators keep anything.
    pub(crate) has_fees: bool,
    /// Nodes that will turn against the others.
    pub(crate) cheaters: BTreeSet<usize>,
    /// Cheaters that have turned.
    pub(crate) rogues: BTreeSet<usize>,
    /// Nodes that were away for too long at least once.
    pub(crate) negligent: BTreeSet<usize>,
    /// Nodes that may be away for long.
    pub(crate) sleepers: BTreeSet<usize>,
    /// Blocks mined since each node last looked.
    pub(crate) lag: BTreeMap<usize, u64>,
    /// What cheaters keep.
    pub(crate) old_states: Vec<(usize, OldState)>,
    /// Secrets that cheaters have seen.
    pub(crate) secrets: BTreeSet<Secret>,
    /// Hashes whose secrets were registered before a lock with them was made.
    pub(crate) public: BTreeSet<Hashlock>,
    /// Locks that cheaters gave up.
    pub(crate) given_up: BTreeSet<(usize, Hashlock)>,
    /// Until when those who turned lie low.
    pub(crate) silent_until: BTreeMap<usize, u64>,
    /// How many of each node's messages were searched for secrets.
    pub(crate) overheard: BTreeMap<usize, usize>,
}

impl Cast {
    pub(crate) fn new(random: &mut Random, plot: Plot) -> Self {
        let count = usize::try_from(random.between(3, 8)).unwrap();
        let mut world = World::new(count);
        let confirmations = random.below(3);
        let has_fees = random.percent(40);
        for number in 1..=count {
            let node = world.node_mut(number);
            let fee = if has_fees { random.below(3) } else { 0 };
            node.configure(|config| {
                config.reveal_timeout = REVEAL;
                config.mediation_fee = units(fee);
            });
            node.confirmations = confirmations;
        }
        let mut cast = Self {
            plot,
            world,
            channels: vec![],
            deposits: BTreeMap::new(),
            fees: BTreeMap::new(),
            has_fees,
            cheaters: BTreeSet::new(),
            rogues: BTreeSet::new(),
            negligent: BTreeSet::new(),
            sleepers: BTreeSet::new(),
            lag: (1..=count).map(|number| (number, 0)).collect(),
            old_states: vec![],
            secrets: BTreeSet::new(),
            public: BTreeSet::new(),
            given_up: BTreeSet::new(),
            silent_until: BTreeMap::new(),
            overheard: BTreeMap::new(),
        };
        for right in 2..=count {
            let left = 1 + usize::try_from(random.below(right as u64 - 1)).unwrap();
            cast.open(random, left, right);
        }
        for _ in 0..random.below(count as u64) {
            let [left, right] =
                [(); 2].map(|()| 1 + usize::try_from(random.below(count as u64)).unwrap());
            let known =
                |(l, r, _): &(usize, usize, _)| [*l, *r] == [left.min(right), left.max(right)];
            if left != right && !cast.channels.iter().any(known) {
                cast.open(random, left.min(right), left.max(right));
            }
        }
        for number in 1..=count {
            if plot.cheaters && random.percent(35) {
                cast.cheaters.insert(number);
            } else if plot.sleepers && random.percent(30) {
                cast.sleepers.insert(number);
            }
        }
        cast.world.mine(4);
        cast
    }

    /// Says whether the node follows the protocol and is never away for too long.
    pub(crate) fn is_diligent(&self, number: usize) -> bool {
        !self.cheaters.contains(&number) && !self.negligent.contains(&number)
    }

    pub(crate) fn honest(&self) -> Vec<usize> {
        (1..=self.world.count()).filter(|number| !self.rogues.contains(number)).collect()
    }

    fn open(&mut self, random: &mut Random, left: usize, right: usize) {
        let deposits = [random.below(120), random.below(120)];
        let settle_timeout = BlockSpan(random.between(45, 110));
        let channel = self.world.open(left, right, deposits, settle_timeout);
        self.channels.push((left, right, channel));
        for (number, amount) in [left, right].into_iter().zip(deposits) {
            *self.deposits.entry(number).or_default() += amount;
        }
    }
}
