//! The laws of the money of a deal, over arbitrary histories.

use super::{
    terms::{UNTIL, keys_of_the_parties, new_deal, payee, service_keys},
    world::{BLOCK_SECONDS, World},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{FileFailurePersistence, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet};
use tally_deal::{
    Action, Actor, Command, Deal, Fact, FeedbackStatus, Kind, NewDeal, Opinion, Percent, Policy,
    Purpose, Recipient, State,
};
use tally_primitives::{BlockNumber, Satoshi};

/// Something that happens to the chain, the server, or the parties.
#[derive(Debug, Clone)]
enum Step {
    /// A payment that spends one of a few coins, so that payments replace each other.
    Pay { coin: u32, value: u64 },
    /// The owner of a coin spends it elsewhere.
    SpendElsewhere { coin: u32 },
    /// Some of the mempool are mined, so many seconds after the last block.
    Mine { chosen: u8, seconds: u64 },
    /// Blocks are undone; others are mined instead, after a coin was spent elsewhere or not.
    Reorganise { depth: usize, double_spend: Option<u32>, chosen: u8, seconds: u64 },
    /// A miner mines what it likes of all that was ever made.
    MineAny { at: usize },
    /// Many blocks are mined.
    MineMany { blocks: u64 },
    /// The mempool forgets a transaction.
    Forget { at: usize },
    /// Time passes.
    Wait { seconds: u64 },
    /// Somebody wants something.
    Command { command: Command, by: Actor },
    /// The server does something of what it has to do, or everything.
    Work { all: bool },
    /// The network refuses the next broadcasts, or does not any more.
    Refuse { refuses: bool },
    /// The server crashes.
    Crash,
    /// The server reads the chain again.
    Rescan { from: usize },
    /// Somebody else spends money of the deal.
    Steal { at: usize },
}

fn values() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => Just(100_000_u64),
        2 => 30_000..70_000_u64,
        1 => 100_001..200_000_u64,
        1 => 1..6_000_u64,
    ]
}

fn seconds() -> impl Strategy<Value = u64> {
    prop_oneof![0..200_u64, 1_000..4_000_u64, Just(86_400_u64), Just(31 * 86_400_u64)]
}

fn actors() -> impl Strategy<Value = Actor> {
    prop::sample::select(vec![
        Actor::Seller,
        Actor::Customer,
        Actor::Site,
        Actor::Arbiter,
        Actor::Operator,
    ])
}

fn opinions() -> impl Strategy<Value = Opinion> {
    let refund = prop::option::of((0..=100_u64).prop_map(|it| Percent::whole(it).unwrap()));
    (prop::sample::select(FeedbackStatus::ALL.to_vec()), refund, "[ab]{0,2}")
        .prop_map(|(status, refund, comments)| Opinion { status, refund, comments })
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => opinions().prop_map(Command::Complete),
        2 => opinions().prop_map(Command::Feedback),
        1 => Just(Command::Cancel { comments: String::new() }),
        1 => Just(Command::Dispute { reason: String::new() }),
        2 => (0..=100_u64).prop_map(|it| Command::Resolve { refund: Percent::whole(it).unwrap() }),
        1 => Just(Command::Bump),
        2 => Just(Command::Retry),
        1 => Just(Command::Delete),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let short = (0..200_u64).boxed();
    let depth = prop_oneof![9 => 1..6_usize, 1 => 6..101_usize];
    prop_oneof![
        5 => (0..4_u32, values()).prop_map(|(coin, value)| Step::Pay { coin, value }),
        1 => (0..4_u32).prop_map(|coin| Step::SpendElsewhere { coin }),
        6 => (any::<u8>(), prop_oneof![5 => short, 1 => seconds().boxed()])
            .prop_map(|(chosen, seconds)| Step::Mine { chosen: chosen | 1, seconds }),
        3 => (depth, prop::option::of(0..4_u32), any::<u8>()).prop_map(
            |(depth, double_spend, chosen)| Step::Reorganise { depth, double_spend, chosen, seconds: BLOCK_SECONDS }
        ),
        1 => (0..4_usize).prop_map(|at| Step::Forget { at }),
        1 => (10..101_u64).prop_map(|blocks| Step::MineMany { blocks }),
        2 => (0..8_usize).prop_map(|at| Step::MineAny { at }),
        2 => seconds().prop_map(|seconds| Step::Wait { seconds }),
        6 => (commands(), actors()).prop_map(|(command, by)| Step::Command { command, by }),
        2 => prop::sample::select(vec![Command::Bump, Command::Retry])
            .prop_map(|command| Step::Command { command, by: Actor::Operator }),
        6 => any::<bool>().prop_map(|all| Step::Work { all }),
        1 => any::<bool>().prop_map(|refuses| Step::Refuse { refuses }),
        1 => Just(Step::Crash),
        1 => (0..20_usize).prop_map(|from| Step::Rescan { from }),
    ]
}

/// Steps with some by those who have the keys too.
fn steps_with_thieves() -> impl Strategy<Value = Step> {
    prop_oneof![12 => steps(), 1 => (0..4_usize).prop_map(|at| Step::Steal { at })]
}

fn deals() -> impl Strategy<Value = NewDeal> {
    let fees = prop::sample::select(vec!["0.1%", "0", "500", "100%", "100000"]);
    (any::<bool>(), any::<bool>(), fees.clone(), fees).prop_map(
        |(is_prepaid, is_escrow, module, service)| {
            let kind = if is_prepaid { Kind::Prepaid } else { Kind::Postpaid };
            let scheme = if is_escrow { keys_of_the_parties() } else { service_keys() };
            NewDeal {
                module: Some(payee("mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8", module)),
                service: Some(payee("mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ", service)),
                ..new_deal(kind, scheme)
            }
        },
    )
}

fn policies() -> impl Strategy<Value = Policy> {
    // The laws hold whatever fees the operator lets modules take.
    let fee_max = Percent::HUNDRED;
    (1..4_u64).prop_map(move |confirmations| Policy { confirmations, fee_max, ..Policy::default() })
}

fn take(world: &mut World, step: Step) {
    let is_chosen = |chosen: u8| move |at: usize| chosen >> (at % 8) & 1 == 1;
    match step {
        Step::Pay { coin, value } => {
            world.pay_with(coin, value);
        }
        Step::SpendElsewhere { coin } => {
            world.spend_elsewhere(World::coin(coin));
        }
        Step::Mine { chosen, seconds } => {
            let time = world.now.plus(seconds);
            world.mine_at(time, is_chosen(chosen));
        }
        Step::Reorganise { depth, double_spend, chosen, seconds } => {
            let blocks = depth.min(world.chain.len() - 1);
            world.undo(depth);
            if let Some(coin) = double_spend {
                world.spend_elsewhere(World::coin(coin));
            }
            let time = world.now.plus(seconds);
            world.mine_at(time, is_chosen(chosen));
            if blocks > 0 {
                world.mine_many(blocks as u64);
            }
        }
        Step::MineAny { at } => world.mine_any(at),
        Step::MineMany { blocks } => world.mine_many(blocks),
        Step::Forget { at } => {
            if let Some(txid) = world.mempool.get(at).copied() {
                world.forget(txid);
            }
        }
        Step::Wait { seconds } => world.wait(seconds),
        Step::Command { command, by } => {
            let _ = world.command(command, by);
        }
        Step::Work { all: true } => world.work(),
        Step::Work { all: false } => {
            if !world.todo.is_empty() {
                let action = world.todo.remove(0);
                world.perform(action);
            }
        }
        Step::Refuse { refuses } => world.is_refusing = refuses,
        Step::Crash => world.crash(),
        Step::Rescan { from } => world.rescan(from),
        Step::Steal { at } => {
            let there: Vec<_> =
                world.deal.waiting().iter().map(|(outpoint, ..)| *outpoint).collect();
            if let Some(outpoint) = there.get(at) {
                world.spend_elsewhere(*outpoint);
            }
        }
    }
}

/// Checks the laws of `docs/deal-rules.md` against the chain.
fn check(world: &World) {
    let deal = &world.deal;
    let outputs: Vec<_> = world
        .txs
        .keys()
        .filter(|txid| world.height_of(**txid).is_some())
        .flat_map(|txid| world.deal_outputs(*txid))
        .filter(|(_, value)| *value >= world.policy.output_min.0)
        .collect();

    // The deal knows what the chain has, and nothing else.
    let known: BTreeSet<_> = deal
        .outputs()
        .iter()
        .filter_map(|output| {
            let height = output.confirmation?.height;
            Some((output.outpoint, output.value.0, height, output.spend.map(|spend| spend.by)))
        })
        .collect();
    let real: BTreeSet<_> = outputs
        .iter()
        .map(|(outpoint, value)| {
            let height = world.height_of(outpoint.txid).unwrap();
            (*outpoint, *value, height, world.spender(*outpoint))
        })
        .collect();
    assert_eq!(known, real, "the deal knows what the chain has");

    // 1. Everything is either unspent for a reason, or spent by one settlement, or by others.
    let waiting = deal.waiting();
    let named: BTreeSet<_> = waiting.iter().map(|(outpoint, ..)| *outpoint).collect();
    assert_eq!(named.len(), waiting.len(), "an output waits for one reason");
    let (mut paid, mut fees, mut spent) = (0, 0, 0);
    let mut settlements = BTreeSet::new();
    for (outpoint, value) in &outputs {
        let Some(spender) = world.spender(*outpoint) else {
            assert!(named.contains(outpoint), "unspent money waits for a reason");
            continue;
        };
        assert!(!named.contains(outpoint), "spent money waits for nothing");
        let owners = deal.settlements().iter().filter(|owner| owner.is_made_by(spender));
        if owners.count() == 1 {
            spent += value;
            settlements.insert(spender);
        } else {
            let tx = &world.txs[&spender];
            assert_eq!(tx.outputs[0].0, [0x51], "only a stranger is not a settlement");
        }
    }

    // 2. and 3. What comes out is what went in, and those who are paid are the deal's.
    let own: Vec<_> = deal.recipients().iter().map(|(_, address)| address.script()).collect();
    for txid in &settlements {
        let tx = &world.txs[txid];
        assert!(tx.outputs.iter().all(|(script, _)| own.contains(script)), "nobody else is paid");
        paid += tx.outputs.iter().map(|(_, value)| value).sum::<u64>();
        fees += tx.fee;
    }
    assert_eq!(paid + fees, spent, "nothing is made, nothing is lost");

    // 4. The seller is paid once.
    if !world.has_lost {
        assert!(world.mined(Purpose::Payout) <= 1, "there is one payout");
        let sum = deal.terms().sum.satoshi().0;
        assert!(world.received(Recipient::Seller) <= sum, "the seller gets the sum at most");
    }
    if world.mined(Purpose::Payout) == 0 {
        for recipient in [Recipient::Seller, Recipient::Module, Recipient::Service] {
            assert_eq!(world.received(recipient), 0, "refunds are the customer's");
        }
    }

    // Stored and read again it is the same.
    let stored = serde_json::to_string(deal).unwrap();
    assert_eq!(&serde_json::from_str::<Deal>(&stored).unwrap(), deal);
}

/// Lets everything come to its end: all that can be mined is, all times pass.
fn finish(world: &mut World) {
    world.is_refusing = false;
    for _ in 0..12 {
        world.crash();
        world.work();
        if world.deal.failure().is_some() {
            let _ = world.command(Command::Retry, Actor::Operator);
            world.work();
        }
        world.mine_blocks(3);
        world.work();
        world.wait(40 * 86_400);
        check(world);
        if is_over(world) {
            return;
        }
    }
}

/// Nothing stays but what is too little, and nobody waits for anything.
fn is_over(world: &World) -> bool {
    let deal = &world.deal;
    let left: u64 = deal.waiting().iter().map(|(_, value, _)| value.0).sum();
    let is_open = matches!(deal.state(), State::Created | State::Paid | State::Completed);
    left < world.policy.refund_min.0 && deal.pending().is_empty() && !is_open
}

/// 7. Everything ends.
fn check_end(world: &World) {
    let deal = &world.deal;
    let (state, waiting, pending) = (deal.state(), deal.waiting(), deal.pending());
    assert!(is_over(world), "{state}: {waiting:?} stayed, {pending:?} is to be done");
    let wakeup = deal.wakeup(&world.policy);
    assert_eq!(wakeup.time, None, "a deal that is over waits for no time");
}

/// Goal: the histories of the laws are not all dull.
/// Method: the same steps with a fixed seed; each situation that the rules know has to occur.
#[test]
fn histories_reach_every_situation() {
    let mut runner = TestRunner::deterministic();
    let strategy = (deals(), policies(), prop::collection::vec(steps(), 20..40));
    let mut reached = BTreeMap::<String, u32>::new();
    for _ in 0..1_000 {
        let (new, policy, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let mut world = World::new(Deal::new(new, &policy).unwrap(), policy);
        for step in steps {
            take(&mut world, step);
            *reached.entry(format!("{:?}", world.state())).or_default() += 1;
            for settlement in world.deal.settlements() {
                let is_mined = world.deal.is_confirmed(settlement);
                let versions = settlement.versions.len();
                for (name, is_so) in [
                    ("mined", is_mined),
                    ("replaced", versions > 1),
                    ("an old version mined", {
                        let mut old = settlement.versions.iter().rev().skip(1);
                        old.any(|version| world.height_of(version.txid).is_some())
                    }),
                    ("given up", settlement.is_given_up),
                    ("given up and mined", settlement.is_given_up && is_mined),
                    ("refused and signed", settlement.rejected.is_some() && versions > 0),
                    ("refused unsigned", settlement.rejected.is_some() && versions == 0),
                    ("a mix", settlement.plan.shares.len() > 2),
                ] {
                    *reached.entry(name.to_owned()).or_default() += u32::from(is_so);
                }
            }
            *reached.entry("lost".to_owned()).or_default() += u32::from(world.has_lost);
            for (.., why) in world.deal.waiting() {
                let name = format!("{why:?}");
                let name = name.split('(').next().unwrap().to_owned();
                *reached.entry(format!("waits for {name}")).or_default() += 1;
            }
        }
        for event in &world.events {
            *reached.entry(event.name().to_owned()).or_default() += 1;
        }
    }
    let rare: Vec<_> = reached.iter().filter(|(_, times)| **times == 0).collect();
    assert_eq!(rare, [], "{reached:#?}");
    // 7 states, 9 situations, 8 reasons to wait, and 11 kinds of events: all but theft.
    assert_eq!(reached.len(), 7 + 9 + 8 + 11, "{reached:#?}");
}

/// What a deal is but for the number of events that it made on the way.
fn without_told(deal: &Deal) -> serde_json::Value {
    let mut stored = serde_json::to_value(deal).unwrap();
    assert!(stored.as_object_mut().unwrap().remove("payments_told").is_some());
    stored
}

fn config(cases: u32) -> ProptestConfig {
    let file = FileFailurePersistence::Direct("tests/it/machine/money.proptest-regressions");
    // `PROPTEST_CASES` asks for more than what a usual run takes.
    let cases = ProptestConfig::default().cases.max(cases);
    ProptestConfig { cases, failure_persistence: Some(Box::new(file)), ..Default::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    /// Goal: laws 1 to 6 hold after every step, and law 7 at the end, with an honest server.
    #[test]
    fn money_is_neither_lost_nor_made_nor_paid_twice(
        new in deals(),
        policy in policies(),
        steps in prop::collection::vec(steps(), 1..40),
    ) {
        let mut world = World::new(Deal::new(new, &policy).unwrap(), policy);
        for step in steps {
            take(&mut world, step);
            check(&world);
        }
        finish(&mut world);
        check_end(&world);
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// Goal: the same when those who have the keys spend behind the server's back.
    #[test]
    fn what_others_spend_breaks_no_law(
        new in deals(),
        policy in policies(),
        steps in prop::collection::vec(steps_with_thieves(), 1..30),
    ) {
        let mut world = World::new(Deal::new(new, &policy).unwrap(), policy);
        for step in steps {
            take(&mut world, step);
            check(&world);
        }
        finish(&mut world);
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// Goal: a deal that nobody has decided about is what the surviving chain makes of it.
    /// Method: a history of blocks and reorganisations, deep ones too, in the time to pay; then a
    /// new deal is told the surviving chain only.
    #[test]
    fn the_state_is_that_of_the_surviving_chain(
        policy in policies(),
        steps in prop::collection::vec(chain_steps(), 1..40),
    ) {
        let new = new_deal(Kind::Postpaid, service_keys());
        let mut world = World::new(Deal::new(new.clone(), &policy).unwrap(), policy.clone());
        for step in steps {
            take(&mut world, step);
            check(&world);
        }
        for txid in world.mempool.clone() {
            world.forget(txid);
        }
        let mut fresh = Deal::new(new, &policy).unwrap();
        for (height, block) in (0..).zip(&world.chain) {
            for txid in &block.txids {
                for (outpoint, value) in world.deal_outputs(*txid) {
                    let (height, value) = (BlockNumber(height), Satoshi(value));
                    let fact = Fact::Confirmed { outpoint, value, height, time: block.time };
                    fresh.apply(fact, &policy).unwrap();
                }
            }
        }
        let clock = Fact::Clock { now: world.now, tip: world.tip() };
        fresh.apply(clock.clone(), &policy).unwrap();
        world.tell(clock).unwrap();
        prop_assert!(world.now < UNTIL);
        prop_assert_eq!(without_told(&fresh), without_told(&world.deal));
    }

    /// Goal: facts about different outputs may come in any order.
    #[test]
    fn the_order_of_outputs_does_not_matter(
        values in prop::collection::vec(1_000..60_000_u64, 1..8),
        order in any::<prop::sample::Index>(),
        kind in prop::sample::select(vec![Kind::Prepaid, Kind::Postpaid]),
    ) {
        let policy = Policy { confirmations: 2, ..Policy::default() };
        let facts = |rotation: usize| {
            let mut facts: Vec<_> = (1..).zip(&values).map(|(at, value)| Fact::Confirmed {
                outpoint: World::coin(at),
                value: Satoshi(*value),
                height: BlockNumber(5),
                time: UNTIL,
            }).collect();
            facts.rotate_left(rotation);
            facts
        };
        let told = |facts: Vec<Fact>| {
            let mut deal = Deal::new(new_deal(kind, service_keys()), &policy).unwrap();
            let clock = Fact::Clock { now: UNTIL, tip: BlockNumber(9) };
            let mut plans = Vec::new();
            for fact in facts.into_iter().chain([clock]) {
                let actions = deal.apply(fact, &policy).unwrap();
                plans.extend(actions.into_iter().filter(|it| matches!(it, Action::Settle(_))));
            }
            (deal, plans)
        };
        let rotation = order.index(values.len());
        prop_assert_eq!(told(facts(rotation)), told(facts(0)));
    }
}

/// Steps of the chain alone, short enough for the time to pay; reorganisations are up to 100 deep.
fn chain_steps() -> impl Strategy<Value = Step> {
    let depth = prop_oneof![5 => 1..6_usize, 1 => 6..101_usize];
    prop_oneof![
        5 => (0..6_u32, values()).prop_map(|(coin, value)| Step::Pay { coin, value }),
        6 => (any::<u8>(), 0..20_u64).prop_map(|(chosen, seconds)| Step::Mine { chosen, seconds }),
        2 => (depth, prop::option::of(0..6_u32), any::<u8>()).prop_map(
            |(depth, double_spend, chosen)| Step::Reorganise { depth, double_spend, chosen, seconds: 0 }
        ),
        1 => (0..4_usize).prop_map(|at| Step::Forget { at }),
        1 => (10..101_u64).prop_map(|blocks| Step::MineMany { blocks }),
        1 => (0..20_usize).prop_map(|from| Step::Rescan { from }),
    ]
}
