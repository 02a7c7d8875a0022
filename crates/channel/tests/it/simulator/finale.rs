use super::{cast::Cast, random::Random};
use crate::support::world::small;
use tally_channel::{Event, Phase, Report, Side};

/// Blocks after which every lock made before is over: the longest window and some more.
const REST: u64 = 130;
/// Blocks from the last close to the last settlement.
const WINDOW: u64 = 120;

impl Cast {
    /// Everybody who follows the protocol comes back and listens, until nothing is left to say.
    pub(crate) fn come_to_rest(&mut self) {
        let honest = self.honest();
        for number in &honest {
            self.world.node_mut(*number).crash = None;
            self.look(*number);
        }
        for left in &honest {
            for right in honest.iter().filter(|right| *right > left) {
                self.world.mend(*left, *right);
            }
        }
        for _ in 0..REST {
            self.world.run();
            if self.is_quiet() {
                break;
            }
            self.settle_what_can_be();
            self.world.mine(1);
        }
        self.world.run();
        self.world.mine(4);
        self.assert_quiet();
    }

    fn is_quiet(&self) -> bool {
        let quiet = |number: &usize| {
            let node = self.world.node(*number);
            node.protocol.pending_transfers() == 0
                && node.protocol.channels().all(|channel| {
                    [Side::Ours, Side::Theirs]
                        .iter()
                        .all(|side| channel.end(*side).locks().is_empty())
                })
        };
        self.honest().iter().all(quiet)
    }

    /// Between two nodes that live and can hear each other there is no lock and no disagreement.
    fn assert_quiet(&self) {
        for (left, right, address) in &self.channels {
            if [left, right].into_iter().any(|number| self.rogues.contains(number)) {
                continue;
            }
            let ends = [left, right]
                .map(|number| self.world.node(*number).protocol.channel(*address).unwrap());
            if ends.iter().all(|channel| channel.phase() == Phase::Open) {
                for channel in ends {
                    assert!(channel.is_open(), "honest nodes refused each other: {channel:#?}");
                    for side in [Side::Ours, Side::Theirs] {
                        let locks = channel.end(side).locks();
                        assert!(locks.is_empty(), "{left}-{right} still hold {locks:?}");
                    }
                }
            }
        }
        self.world.assert_mirrored();
    }

    /// All channels close and settle, and everybody counts.
    pub(crate) fn settle_everything(&mut self, random: &mut Random) {
        for (left, right, channel) in self.channels.clone() {
            let ends = [left, right];
            let honest: Vec<usize> =
                ends.into_iter().filter(|number| !self.rogues.contains(number)).collect();
            match random.pick(&honest).copied() {
                // It may be closed already.
                Some(closer) => {
                    let _ = self.world.request(closer, Event::CloseRequested(channel));
                }
                None => self.attack(random, left),
            }
        }
        for _ in 0..WINDOW {
            for rogue in self.rogues.clone() {
                if random.percent(20) {
                    self.attack(random, rogue);
                }
            }
            self.settle_what_can_be();
            self.world.mine(1);
        }
        self.world.mine(3);
        self.assert_counted();
    }

    fn assert_counted(&self) {
        let mut total = 0;
        let is_calm = self.rogues.is_empty() && self.negligent.is_empty();
        for number in 1..=self.world.count() {
            let node = self.world.node(number);
            let got = small(self.world.chain.paid_out(node.address()));
            total += got;
            if !self.is_diligent(number) {
                continue;
            }
            let put_in = self.deposits.get(&number).copied().unwrap_or(0);
            let [mut sent, mut received] = [0, 0];
            for report in &node.reports {
                match report {
                    Report::PaymentSent { payment, amount, .. } => {
                        sent += small(*amount) + self.fees[&payment.identifier];
                    }
                    Report::PaymentReceived { amount, .. } => received += small(*amount),
                    _ => {}
                }
            }
            if self.all_settled() {
                // Whoever was told that it paid may still have the money: its hop forgot to claim.
                let (has, owed) = (got + sent, put_in + received);
                assert!(has >= owed, "node {number} has {has} and is owed {owed}");
                assert!(
                    !is_calm || self.has_fees || has == owed,
                    "node {number} has {has} instead of {owed}"
                );
                let pending = node.protocol.pending_transfers();
                assert_eq!(pending, 0, "node {number} still waits: {:#?}", node.protocol);
            }
        }
        if self.all_settled() {
            assert_eq!(total, self.deposits.values().sum::<u64>());
        }
    }

    /// Channels between two rogues may stay as they are.
    fn all_settled(&self) -> bool {
        self.world.chain.contracts().all(|(_, contract)| contract.is_settled())
    }
}
