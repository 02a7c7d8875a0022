//! Histories made of a seed: deals, payments of all kinds, reorganisations, crashes and commands in
//! any order; after each step nobody has been paid who should not have been, and at the end
//! everybody has who should.

use super::{
    money::{flow, transactions},
    world::{Broken, Terms, World},
};
use tally_chain::utxo::FeeRate;
use tally_chain_utxo::{DevBlock, RelayFault};
use tally_deal::{Action, Deal, DealCode, Order, Percent, State, Waiting};

/// Steps of one history.
const STEPS: usize = 120;

/// Histories of one run; `TALLY_HISTORIES` says another number.
const HISTORIES: u64 = 60;

/// Numbers made of a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).unwrap();
        (count > 0).then(|| &from[usize::try_from(self.below(count)).unwrap()])
    }
}

struct History {
    world: World,
    dice: Dice,
    deals: Vec<DealCode>,
}

impl History {
    /// Returns how many deals were executed and how many canceled.
    async fn run(seed: u64) -> [usize; 2] {
        let mut history = Self { world: World::new().await, dice: Dice(seed), deals: Vec::new() };
        for _ in 0..STEPS {
            history.step().await;
            history.check().await;
        }
        history.end().await
    }

    async fn step(&mut self) {
        let done = match self.dice.below(22) {
            0 | 1 => self.create().await,
            2..=4 => self.pay().await,
            5 => self.vanish(),
            6 | 7 => {
                self.world.mine();
                Ok(())
            }
            8 => self.reorganise(),
            9 => {
                let seconds = [5, 60, 700, 4_000, 40_000];
                let seconds = *self.dice.pick(&seconds).unwrap();
                self.world.clock.advance(seconds);
                Ok(())
            }
            10 | 11 => self.command().await,
            12 => {
                let rates = [1_000, 3_000, 20_000];
                let rate = *self.dice.pick(&rates).unwrap();
                self.world.estimates.set_fee_rate(Some(FeeRate::per_kvb(rate)));
                Ok(())
            }
            13 => {
                let faults = [RelayFault::Unreached, RelayFault::Unanswered];
                let fault = *self.dice.pick(&faults).unwrap();
                self.world.estimates.fail_next([fault]);
                Ok(())
            }
            14 => {
                self.world.memory.fail_commit_after(self.dice.below(4));
                Ok(())
            }
            15 => Err(Broken::Store),
            16 | 17 => self.world.follow().await,
            18 => self.world.look().await,
            19 => self.world.tick().await,
            20 => self.world.settle().await,
            _ => self.world.work().await,
        };
        match done {
            Ok(()) | Err(Broken::Network) => {}
            Err(Broken::Store) => self.world.restart(),
        }
    }

    async fn create(&mut self) -> Result<(), Broken> {
        if self.deals.len() >= 6 {
            return Ok(());
        }
        let until = *self.dice.pick(&[600, 3_600, 20_000]).unwrap();
        let terms = Terms {
            is_prepaid: self.dice.below(2) == 0,
            satoshi: 20_000 + self.dice.below(1_000_000),
            until,
            leave_before: until + self.dice.below(40_000),
            is_escrow: false,
        };
        let code = self.world.create(terms).await.ok_or(Broken::Store)?;
        if !self.deals.contains(&code) {
            self.deals.push(code);
        }
        Ok(())
    }

    async fn any_deal(&mut self) -> Result<Option<Deal>, Broken> {
        let Some(code) = self.dice.pick(&self.deals).copied() else { return Ok(None) };
        match self.world.server.find_deal(code).await {
            Ok(deal) => Ok(Some(deal.expect("a deal that was made is there"))),
            Err(_) => Err(Broken::Store),
        }
    }

    /// Exactly, in parts, too much, too little, too late.
    async fn pay(&mut self) -> Result<(), Broken> {
        let Some(deal) = self.any_deal().await? else { return Ok(()) };
        let sum = deal.terms().sum.satoshi().0;
        let part = self.dice.below(sum) + 1;
        let payments: &[u64] = match self.dice.below(6) {
            0..=2 => &[sum],
            3 => &[sum + part],
            4 => &[part],
            _ => &[part, sum - part],
        };
        for satoshi in payments.iter().filter(|satoshi| **satoshi > 0) {
            self.world.pay(&deal, *satoshi);
        }
        Ok(())
    }

    /// Something that waits for a block is dropped: a payment, or a settlement.
    fn vanish(&mut self) -> Result<(), Broken> {
        let waiting = self.world.chain.pending();
        if let Some(waiting) = self.dice.pick(&waiting) {
            self.world.chain.evict(waiting.txid);
        }
        Ok(())
    }

    fn reorganise(&mut self) -> Result<(), Broken> {
        let depth = 1 + self.dice.below(3);
        let now = crate::Clock::now(&*self.world.clock);
        let blocks = (0..=depth).map(|_| DevBlock::empty(now)).collect();
        // The chain is short at first.
        drop(self.world.chain.reorganise(depth, blocks));
        if self.dice.below(2) == 0 {
            return self.vanish();
        }
        Ok(())
    }

    async fn command(&mut self) -> Result<(), Broken> {
        let Some(deal) = self.any_deal().await? else { return Ok(()) };
        let status = *self.dice.pick(&["Positive", "Neutral", "Negative"]).unwrap();
        let refund = *self.dice.pick(&["0%", "30%", "100%"]).unwrap();
        let comments = ("feedback_comments", "as said");
        let done = match self.dice.below(6) {
            0 => self.world.order(Order::Cancel, &deal, &[comments]).await,
            1 => self.world.order(Order::Pay, &deal, &[]).await,
            2 => {
                let words = [("feedback_status", status), comments];
                self.world.order(Order::Feedback, &deal, &words).await
            }
            3 => {
                let words = [("feedback_status", status), ("feedback_refund", refund)];
                self.world.order(Order::Complete, &deal, &words).await
            }
            4 => {
                let percent: Percent = refund.parse().unwrap();
                let authority = crate::Authority::Operator;
                let decided = self.world.server.resolve(deal.code(), percent, &authority).await;
                return decided.map(|_| ()).map_err(|_| Broken::Store);
            }
            _ => {
                let retried = self.world.server.retry(deal.code()).await;
                return retried.map(|_| ()).map_err(|_| Broken::Store);
            }
        };
        done.map(|_| ()).ok_or(Broken::Store)
    }

    /// What must hold at every moment, by what the chain says.
    async fn check(&mut self) {
        let all = transactions(&self.world, true);
        for code in &self.deals {
            if let Ok(found) = self.world.server.find_deal(*code).await {
                flow(&found.expect("a deal that was made is there"), &all);
            }
        }
    }

    /// Lets everything come to its end, and looks whether it did.
    async fn end(&mut self) -> [usize; 2] {
        let mut counts = [0, 0];
        self.world.restart();
        self.world.estimates.set_fee_rate(Some(FeeRate::per_kvb(2_000)));
        for _ in 0..12 {
            self.world.persist().await;
            self.world.mine();
            self.world.clock.advance(20_000);
        }
        // Disputes end by themselves.
        self.world.clock.advance(40 * 86_400);
        for _ in 0..6 {
            self.world.persist().await;
            self.world.mine();
            self.world.clock.advance(1_000);
        }
        self.world.persist().await;
        let all = transactions(&self.world, true);
        for code in self.deals.clone() {
            let deal = self.world.deal(code).await;
            let flow = flow(&deal, &all);
            let sent = deal.pending().into_iter().filter_map(|action| match action {
                Action::Broadcast { raw, .. } => Some(self.world.chain.broadcast(&raw)),
                Action::Settle(_) | Action::Notify(_) => None,
            });
            let sent: Vec<_> = sent.collect();
            let waiting = deal.waiting();
            let shown = format!("{code}: {} {flow:?} {waiting:?} {sent:?}", deal.state());
            // What is too little to be worth sending stays until more comes.
            let is_little = |(_, _, why): &(_, _, Waiting)| *why == Waiting::NextSettlement;
            assert!(deal.waiting().iter().all(is_little), "{shown}");
            assert!(deal.pending().is_empty(), "{shown}");
            // What is not even noted, as it would cost more than it brings.
            let little = 2 * self.world.config.policy.output_min.0;
            assert!(flow.unspent < little, "{shown}");
            match deal.state() {
                State::Executed => {
                    assert!(flow.settlements > 0, "{shown}");
                    counts[0] += 1;
                }
                State::Canceled => {
                    assert_eq!((flow.seller, flow.fees), (0, 0), "{shown}");
                    counts[1] += 1;
                }
                State::Created
                | State::Paid
                | State::Completed
                | State::Failed
                | State::Deleted => {
                    panic!("a deal does not end: {shown}")
                }
            }
        }
        counts
    }
}

/// Goal: the invariants of money hold for a whole server, whatever happens. Method: histories made
/// of seeds; one that fails names its seed.
#[tokio::test]
async fn money_goes_where_it_should() {
    let count = std::env::var("TALLY_HISTORIES").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("TALLY_HISTORY").ok().and_then(|text| text.parse().ok());
    let seeds = match first {
        Some(seed) => seed..seed + 1,
        None => 0..count.unwrap_or(HISTORIES),
    };
    let mut ends = [0, 0];
    for seed in seeds {
        // The failure of a history is of use with its seed only.
        let local = tokio::task::LocalSet::new();
        let ended = local.run_until(async { tokio::task::spawn_local(History::run(seed)).await });
        match ended.await {
            Ok(counts) => ends = [ends[0] + counts[0], ends[1] + counts[1]],
            Err(error) => panic!("TALLY_HISTORY={seed} ends badly: {error}"),
        }
    }
    if first.is_none() {
        assert!(ends.iter().all(|count| *count > 0), "deals end in both ways: {ends:?}");
    }
}
