//! How plans become transactions.

use super::{
    terms::{SUM, keys_of_the_parties, new_deal, prepaid},
    world::{World, transaction},
};
use tally_deal::{
    Action, Actor, Command, CommandRefused, Deal, Fact, Kind, Plan, Policy, Purpose, Recipient,
    SettlementId, State, Waiting, WrongSettlement,
};
use tally_primitives::{Satoshi, Txid};

fn planned() -> (World, Plan) {
    let mut world = World::of(prepaid());
    world.pay(SUM);
    world.mine();
    let plan = match &world.todo[..] {
        [Action::Settle(plan)] => plan.clone(),
        other => panic!("{other:?}"),
    };
    (world, plan)
}

/// What the plan says, with a miner's fee of 200 from the seller.
fn outputs(world: &World, plan: &Plan) -> Vec<(Vec<u8>, u64)> {
    let shares = plan.shares.iter().map(|(recipient, share)| {
        let fee = if *recipient == Recipient::Seller { 200 } else { 0 };
        (world.deal.address_of(*recipient).unwrap().script(), share.0 - fee)
    });
    shares.collect()
}

#[test]
fn one_settlement_is_planned_at_a_time() {
    let (mut world, plan) = planned();
    world.todo.clear();
    world.pay(SUM);
    world.mine();
    assert_eq!(world.todo, [], "the first one has to be signed before");
    assert_eq!(world.deal.waiting().len(), 2);
    assert!(world.deal.waiting().iter().any(|(.., why)| *why == Waiting::NextSettlement));
    world.sign(&plan, 200);
    let plans = world.todo.iter().filter_map(|action| {
        let Action::Settle(plan) = action else { return None };
        Some((plan.id, plan.purpose, plan.total()))
    });
    let plans: Vec<_> = plans.collect();
    assert_eq!(plans, [(SettlementId(2), Purpose::Refund, Satoshi(SUM))]);
}

#[test]
fn a_plan_without_its_inputs_is_dropped() {
    let (mut world, plan) = planned();
    world.undo(1);
    assert_eq!(world.state(), State::Created);
    assert!(world.deal.settlements().is_empty());
    let (txid, raw) = transaction(&plan, outputs(&world, &plan));
    let raw = bitcoin::consensus::serialize(&raw);
    let late = Fact::Settled { id: plan.id, txid, fee: Satoshi(200), raw };
    assert_eq!(world.tell(late), Err(CommandRefused::UnknownSettlement(plan.id)));
    world.mine();
    assert_eq!(world.deal.settlements()[0].plan.id, SettlementId(2), "an id is used once");
}

#[test]
fn a_transaction_that_is_not_the_plan_is_refused() {
    let (world, plan) = planned();
    let settled = |plan: &Plan, outputs: Vec<(Vec<u8>, u64)>, fee: u64| {
        let (txid, raw) = transaction(plan, outputs);
        let raw = bitcoin::consensus::serialize(&raw);
        let fact = Fact::Settled { id: plan.id, txid, fee: Satoshi(fee), raw };
        world.clone().tell(fact).map_err(|refused| {
            let CommandRefused::WrongSettlement { wrong, .. } = refused else {
                panic!("{refused}")
            };
            wrong
        })
    };
    let good = outputs(&world, &plan);
    assert_eq!(settled(&plan, good.clone(), 200), Ok(()));

    let mut stolen = good.clone();
    stolen[0].0 = vec![0x51];
    assert_eq!(settled(&plan, stolen, 200), Err(WrongSettlement::Stranger(0)));
    let mut twice = good.clone();
    twice.push((good[1].0.clone(), 1));
    twice[1].1 -= 1;
    assert_eq!(settled(&plan, twice, 200), Err(WrongSettlement::Stranger(3)));
    // The customer has no share of this plan.
    let customer = world.deal.terms().customer.script();
    let mut gift = good.clone();
    gift[1].1 -= 50;
    gift.push((customer, 50));
    assert_eq!(settled(&plan, gift, 200), Err(WrongSettlement::Stranger(3)));
    let mut greedy = good.clone();
    greedy[0].1 -= 1_000;
    greedy[1].1 += 1_000;
    assert_eq!(settled(&plan, greedy, 200), Err(WrongSettlement::Share(Satoshi(SUM - 1_800))));
    assert_eq!(settled(&plan, good.clone(), 199), Err(WrongSettlement::Sum));
    let mut more = good.clone();
    more[0].1 += 1;
    assert_eq!(settled(&plan, more, 200), Err(WrongSettlement::Sum));
    // Who is not paid leaves the share to the others.
    let mut without = good.clone();
    without[0].1 += without.remove(1).1;
    assert_eq!(settled(&plan, without, 200), Ok(()));

    let mut other = plan.clone();
    other.inputs[0].0.vout = 7;
    assert_eq!(settled(&other, good.clone(), 200), Err(WrongSettlement::Inputs));
    let mut doubled = plan.clone();
    doubled.inputs.push(doubled.inputs[0]);
    assert_eq!(settled(&doubled, good.clone(), 200), Err(WrongSettlement::Inputs));

    let (txid, raw) = transaction(&plan, good);
    let raw = bitcoin::consensus::serialize(&raw);
    for (txid, raw, wrong) in [
        (txid, raw[1..].to_vec(), WrongSettlement::NoTransaction),
        (txid, Vec::new(), WrongSettlement::NoTransaction),
        (Txid::default(), raw, WrongSettlement::OtherId),
    ] {
        let fact = Fact::Settled { id: plan.id, txid, fee: Satoshi(200), raw };
        let refused = CommandRefused::WrongSettlement { id: plan.id, txid, wrong };
        assert_eq!(world.clone().tell(fact), Err(refused));
    }
}

#[test]
fn what_was_to_be_done_is_known_after_a_crash() {
    let (mut world, plan) = planned();
    world.crash();
    assert_eq!(world.todo, [Action::Settle(plan.clone())]);
    world.todo.clear();
    let txid = world.sign(&plan, 200).unwrap();
    let broadcast = world.todo.clone();
    assert!(matches!(broadcast[..], [Action::Broadcast { txid: signed, .. }] if signed == txid));
    world.crash();
    assert_eq!(world.todo, broadcast, "the same transaction, not another one");
    world.work();
    world.crash();
    assert_eq!(world.todo, broadcast, "until a block has it");
    world.mine();
    world.crash();
    assert_eq!(world.todo, []);
}

#[test]
fn a_slow_settlement_is_replaced() {
    let (mut world, plan) = planned();
    world.work();
    let first = world.deal.settlements()[0].newest().unwrap();
    world.command(Command::Bump, Actor::Operator).unwrap();
    let [Action::Settle(again)] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!(again.replaces_fee, Some(first.fee));
    assert_eq!((again.id, &again.inputs, &again.shares), (plan.id, &plan.inputs, &plan.shares));
    let again = again.clone();
    // A replacement that pays the miner no more is refused.
    let before = world.deal.clone();
    assert_eq!(world.sign(&again, 200), Some(first.txid), "the same one is no replacement");
    assert_eq!(world.deal, before);
    assert_eq!(world.sign(&again, 199), None);
    assert_eq!(world.deal, before);
    world.todo.clear();
    let second = world.sign(&again, 900).unwrap();
    let mut other = world.clone();
    world.work();
    assert_eq!(world.mempool, [second], "the network has the new one");
    world.mine();
    assert_eq!(world.state(), State::Executed);
    assert_eq!(world.received(Recipient::Seller), SUM - 600 - 900);
    // A miner may have taken the old one.
    other.mine();
    assert_eq!(other.height_of(first.txid), Some(other.tip()));
    assert_eq!(other.state(), State::Executed);
    assert!(other.deal.waiting().is_empty());
}

#[test]
fn a_failed_settlement_is_planned_again() {
    // One that cannot be built leaves no trace.
    let (mut world, plan) = planned();
    let reason = "too expensive".to_owned();
    world.todo.clear();
    world.tell(Fact::Rejected { id: plan.id, reason }).unwrap();
    assert_eq!(world.state(), State::Failed);
    world.command(Command::Retry, Actor::Operator).unwrap();
    assert_eq!(world.state(), State::Completed);
    world.work();
    assert_eq!(world.state(), State::Executed);

    // One that was signed may be in the hands of a miner: the new one spends the same.
    let (mut world, _) = planned();
    world.is_refusing = true;
    world.work();
    assert_eq!(world.state(), State::Failed);
    let refused = world.deal.settlements()[0].clone();
    world.command(Command::Retry, Actor::Operator).unwrap();
    let [Action::Settle(again)] = &world.todo[..] else { panic!("{:?}", world.todo) };
    assert_eq!(again.inputs, refused.plan.inputs);
    assert_eq!(again.replaces_fee, Some(Satoshi(200)));
    world.is_refusing = false;
    world.work();
    world.mine();
    assert_eq!(world.state(), State::Executed);
    assert_eq!(world.mined(Purpose::Payout), 1);
}

#[test]
fn others_spend_the_money() {
    for (scheme, state) in
        [(super::terms::service_keys(), State::Failed), (keys_of_the_parties(), State::Executed)]
    {
        let deal = Deal::new(new_deal(Kind::Prepaid, scheme), &Policy::default()).unwrap();
        let mut world = World::of(deal);
        let outpoint = world.pay(SUM);
        world.mine();
        let thief = world.spend_elsewhere(outpoint);
        assert_eq!(world.state(), State::Completed, "the mempool proves nothing");
        world.todo.clear();
        world.mine();
        assert_eq!(world.spender(outpoint), Some(thief));
        assert_eq!(world.state(), state);
        assert_eq!(world.deal.failure().is_some(), state == State::Failed);
        assert!(world.events.iter().any(|event| event.name() == "spent_by_others"));
        // The chain takes it back, and so does the deal.
        world.undo(1);
        assert_eq!(world.state(), State::Completed);
    }
}
