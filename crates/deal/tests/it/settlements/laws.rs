//! What holds for every plan, every rate and both schemes.

use super::fixture::{Locked, addresses, both, decode, is_valid, plan};
use bitcoin::{Sequence, absolute::LockTime};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tally_chain::utxo::FeeRate;
use tally_deal::{
    Percent, Plan, Recipient,
    settlement::{FeeRules, SettlementError, UnsignedSettlement},
};
use tally_primitives::Satoshi;

const RECIPIENTS: [Recipient; 4] =
    [Recipient::Seller, Recipient::Customer, Recipient::Module, Recipient::Service];

/// Any plan of up to six outputs; some shares are nothing, many are dust.
fn plans() -> impl Strategy<Value = Plan> {
    let value = prop_oneof![546_u64..3_000, 3_000_u64..5_000_000];
    let weight = prop_oneof![Just(0_u64), 1_u64..10, 1_000_u64..100_000];
    let parts = (prop::collection::vec(value, 1..6), prop::array::uniform4(weight));
    parts.prop_map(|(values, weights)| {
        let total: u64 = values.iter().sum();
        let all: u64 = weights.iter().sum::<u64>().max(1);
        let mut left = total;
        let mut shares = Vec::new();
        for (recipient, weight) in RECIPIENTS.into_iter().zip(weights).skip(1) {
            let share = total * weight / all;
            left -= share;
            shares.push((recipient, share));
        }
        shares.insert(0, (Recipient::Seller, left));
        plan(&values, &shares)
    })
}

fn rules() -> impl Strategy<Value = FeeRules> {
    (0_u64..2_000, 0_u64..50_000, 1_u64..=100).prop_map(|(min, more, part)| {
        let rules = FeeRules::new(Satoshi(min), Satoshi(min + more)).unwrap();
        rules.with_part_max(Percent::whole(part).unwrap())
    })
}

/// Checks a settlement and the transaction that one pair of keys makes of it.
fn check(
    locked: &Locked,
    plan: &Plan,
    rules: FeeRules,
    built: &UnsignedSettlement,
) -> Result<(), TestCaseError> {
    let pair = [locked.keys[2].clone(), locked.keys[0].clone()];
    let signed = built.sign(&pair).unwrap();
    let transaction = decode(&signed);

    // The money: exactly the plan's inputs, and not a satoshi is lost.
    prop_assert!(is_valid(&transaction, locked, plan));
    prop_assert_eq!(transaction.input.len(), plan.inputs.len());
    let paid: u64 = transaction.output.iter().map(|output| output.value.to_sat()).sum();
    prop_assert_eq!(paid + signed.fee.0, plan.total().0);
    prop_assert_eq!(signed.fee, built.fee());

    // The outputs: recipients of the plan only, each once, no dust, as reported.
    let known = addresses();
    let mut seen = BTreeSet::new();
    prop_assert_eq!(transaction.output.len(), built.payments().len());
    for (output, payment) in transaction.output.iter().zip(built.payments()) {
        prop_assert!(output.value >= output.script_pubkey.minimal_non_dust());
        prop_assert_eq!(output.value.to_sat(), payment.amount.0);
        prop_assert_eq!(output.script_pubkey.as_bytes(), &payment.address.script()[..]);
        for recipient in &payment.recipients {
            prop_assert!(plan.share(*recipient).0 > 0);
            prop_assert!(seen.insert(*recipient));
            prop_assert!(known.contains(&(*recipient, payment.address.clone())));
        }
    }

    // Every share is paid or was moved to somebody who is, and the fee is borne in proportion.
    for (recipient, share) in plan.shares.iter().filter(|(_, share)| share.0 > 0) {
        let moved = built.moved().iter().find(|moved| moved.from == *recipient);
        prop_assert_eq!(moved.is_none(), seen.contains(recipient));
        prop_assert!(moved.is_none_or(|moved| moved.amount == *share && seen.contains(&moved.to)));
    }
    let total = u128::from(plan.total().0);
    for payment in built.payments() {
        let planned = payment.recipients.iter().map(|recipient| plan.share(*recipient).0);
        let moved = built.moved().iter().filter(|moved| payment.recipients.contains(&moved.to));
        let gross = planned.sum::<u64>() + moved.map(|moved| moved.amount.0).sum::<u64>();
        let exact = u128::from(gross) * (total - u128::from(signed.fee.0));
        let borne = exact.abs_diff(u128::from(payment.amount.0) * total);
        prop_assert!(borne < total, "{gross} became {}", payment.amount);
    }

    // The size: what was estimated, or at most two bytes less an input.
    prop_assert_eq!(signed.vsize, transaction.vsize() as u64);
    prop_assert!(signed.vsize <= built.vsize());
    prop_assert!(built.vsize() - signed.vsize <= 2 * plan.inputs.len() as u64);
    prop_assert!(signed.fee.0 >= signed.vsize, "nodes relay it");
    let max = rules.max().min(rules.part_max().of(plan.total()));
    prop_assert!(signed.fee >= rules.min().min(max));
    prop_assert!(signed.fee <= max || signed.fee.0 == built.vsize());

    // The form.
    prop_assert_eq!(signed.txid, built.txid());
    prop_assert_eq!(transaction.lock_time, LockTime::ZERO);
    prop_assert!(transaction.input.iter().all(|input| input.sequence == Sequence(0xffff_fffd)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_settlement_pays_what_was_planned_to_the_satoshi(
        plan in plans(), per_kvb in 0_u64..60_000, rules in rules(), is_escrow: bool,
    ) {
        let locked = &both()[usize::from(is_escrow)];
        let rate = FeeRate::per_kvb(per_kvb);
        match UnsignedSettlement::build(&plan, &locked.payment, &addresses(), rate, rules) {
            Ok(built) => check(locked, &plan, rules, &built)?,
            Err(SettlementError::BelowDust { inputs, needed }) => {
                prop_assert_eq!(inputs, plan.total());
                prop_assert!(inputs < needed);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    /// The order in which a plan and the addresses are written down changes nothing.
    #[test]
    fn the_same_plan_makes_the_same_transaction(plan in plans(), per_kvb in 0_u64..60_000) {
        let locked = &both()[0];
        let rules = FeeRules::new(Satoshi(200), Satoshi(20_000)).unwrap();
        let rate = FeeRate::per_kvb(per_kvb);
        let mut turned = plan.clone();
        turned.inputs.reverse();
        turned.shares.reverse();
        let mut known = addresses();
        let built = UnsignedSettlement::build(&plan, &locked.payment, &known, rate, rules);
        known.reverse();
        let again = UnsignedSettlement::build(&turned, &locked.payment, &known, rate, rules);
        prop_assert_eq!(&built, &again);
        if let (Ok(built), Ok(again)) = (built, again) {
            let [first, second, _] = locked.keys.clone();
            let pair = [first.clone(), second.clone()];
            prop_assert_eq!(built.sign(&pair).unwrap(), again.sign(&[second, first]).unwrap());
        }
    }

    /// A replacement spends the same, pays the same recipients, and pays for its own relaying.
    #[test]
    fn a_replacement_is_worth_more_to_nodes(plan in plans(), per_kvb in 0_u64..60_000) {
        let locked = &both()[0];
        let rules = FeeRules::new(Satoshi(200), Satoshi(20_000)).unwrap();
        let build = |plan: &Plan| {
            let rate = FeeRate::per_kvb(per_kvb);
            UnsignedSettlement::build(plan, &locked.payment, &addresses(), rate, rules)
        };
        let Ok(first) = build(&plan) else { return Ok(()) };
        let replaces_fee = Some(first.fee());
        match build(&Plan { replaces_fee, ..plan.clone() }) {
            Ok(second) => {
                check(locked, &plan, rules, &second)?;
                prop_assert!(second.fee().0 >= first.fee().0 + second.vsize());
                // The rate, too, is higher: an output less never makes up for the fee.
                let rates = [&first, &second].map(|it| it.fee().0 * 1_000 / it.vsize());
                prop_assert!(rates[1] > rates[0]);
            }
            Err(SettlementError::FeeAboveMax { needed, max }) => {
                prop_assert!(needed > max && max == rules.max().min(plan.total()));
            }
            Err(SettlementError::BelowDust { .. }) => {}
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
