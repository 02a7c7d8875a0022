//! Shares that are too small to be paid, shared addresses, and plans that cannot be carried out.

use super::fixture::{address, addresses, build, outpoint, plan, rules, service};
use Recipient::{Customer, Module, Seller, Service};
use tally_chain::utxo::FeeRate;
use tally_deal::{
    Recipient,
    settlement::{FeeRules, INPUTS_MAX, Moved, Payment, SettlementError, UnsignedSettlement},
};
use tally_primitives::Satoshi;

fn paid(built: &UnsignedSettlement) -> Vec<(Vec<Recipient>, u64)> {
    built.payments().iter().map(|it| (it.recipients.clone(), it.amount.0)).collect()
}

#[test]
fn the_fee_is_borne_in_proportion_and_the_rest_by_the_largest_remainders() {
    let plan = plan(&[100_000], &[(Seller, 74_900), (Customer, 25_000), (Module, 100)]);
    let built = build(&service(), &plan).unwrap();
    // One input and two outputs, 2 satoshi a virtual byte; the module's 100 are the seller's.
    assert_eq!((built.vsize(), built.fee()), (216, Satoshi(432)));
    assert_eq!(paid(&built), [(vec![Seller], 74_676), (vec![Customer], 24_892)]);
    assert_eq!(built.moved(), [Moved { from: Module, to: Seller, amount: Satoshi(100) }]);
}

#[test]
fn what_is_too_small_goes_to_the_larger_party() {
    let shares = [(Seller, 20_000), (Customer, 79_700), (Module, 200), (Service, 100)];
    let built = build(&service(), &plan(&[100_000], &shares)).unwrap();
    let moved = |from, amount| Moved { from, to: Customer, amount: Satoshi(amount) };
    assert_eq!(built.moved(), [moved(Service, 100), moved(Module, 200)]);
    // A party gets it before a richer service does.
    let shares = [(Seller, 20_000), (Customer, 300), (Service, 79_700)];
    let built = build(&service(), &plan(&[100_000], &shares)).unwrap();
    assert_eq!(built.moved(), [Moved { from: Customer, to: Seller, amount: Satoshi(300) }]);
    assert_eq!(built.payments()[0].recipients, [Seller]);
}

#[test]
fn shares_that_are_all_small_make_one_output_and_the_report_names_the_last_owner() {
    let shares = [(Seller, 500), (Customer, 500), (Module, 400), (Service, 300)];
    let built = build(&service(), &plan(&[1_700], &shares)).unwrap();
    assert_eq!(built.payments().len(), 1);
    let owner = built.payments()[0].recipients[0];
    assert_eq!(built.moved().len(), 3);
    assert!(built.moved().iter().all(|moved| moved.to == owner && moved.from != owner));
    assert_eq!(built.payments()[0].amount.0 + built.fee().0, 1_700);
}

#[test]
fn money_that_is_not_worth_its_fee_is_not_spent() {
    let shares = [(Seller, 500), (Customer, 300)];
    let error = build(&service(), &plan(&[800], &shares)).unwrap_err();
    // The seller's output, P2PKH, is dust below 546; the fee is 2 × 184.
    assert_eq!(
        error,
        SettlementError::BelowDust { inputs: Satoshi(800), needed: Satoshi(546 + 368) }
    );
}

#[test]
fn the_same_address_is_paid_once() {
    let mut known = addresses();
    known[2].1 = known[0].1.clone();
    let shares = [(Seller, 50_000), (Customer, 49_900), (Module, 100)];
    let plan = plan(&[100_000], &shares);
    let rate = FeeRate::per_kvb(1_000);
    let built =
        UnsignedSettlement::build(&plan, &service().payment, &known, rate, rules()).unwrap();
    assert_eq!(built.moved(), []);
    let first = &built.payments()[0];
    assert_eq!(
        (&first.recipients, &first.address),
        (&vec![Seller, Module], &address("n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK")),
    );
    let sum = |payments: &[Payment]| payments.iter().map(|it| it.amount.0).sum::<u64>();
    assert_eq!(sum(built.payments()) + built.fee().0, 100_000);
}

#[test]
fn a_plan_that_does_not_add_up_is_refused() {
    let locked = service();
    let refused = |values: &[u64], shares: &[(Recipient, u64)]| {
        build(&locked, &plan(values, shares)).unwrap_err()
    };
    assert_eq!(refused(&[], &[]), SettlementError::NoInputs);
    let (inputs, shares) = (Satoshi(1_000), Satoshi(1_001));
    assert_eq!(
        refused(&[1_000], &[(Seller, 1_001)]),
        SettlementError::Unbalanced { inputs, shares }
    );
    assert_eq!(refused(&[u64::MAX, 1], &[(Seller, 1)]), SettlementError::Overflow);

    let mut twice = plan(&[1_000, 1_000], &[(Seller, 2_000)]);
    twice.inputs[1].0 = outpoint(1);
    assert_eq!(build(&locked, &twice).unwrap_err(), SettlementError::DuplicateInput(outpoint(1)));

    let many = plan(&[1_000], &[(Seller, 1_000)]);
    let inputs = vec![many.inputs[0]; INPUTS_MAX + 1];
    let many = tally_deal::Plan { inputs, ..many };
    let count = INPUTS_MAX + 1;
    assert_eq!(build(&locked, &many).unwrap_err(), SettlementError::TooManyInputs { count });

    let one = plan(&[10_000], &[(Seller, 10_000)]);
    let rate = FeeRate::per_kvb(1_000);
    let built = UnsignedSettlement::build(&one, &locked.payment, &[], rate, rules());
    assert_eq!(built.unwrap_err(), SettlementError::NoAddress(Seller));

    let mut other = locked.payment.clone();
    other.witness_script[104] = 0xaf;
    let built = UnsignedSettlement::build(&one, &other, &addresses(), rate, rules());
    assert_eq!(built.unwrap_err(), SettlementError::Script);
    other.witness_script.truncate(50);
    let built = UnsignedSettlement::build(&one, &other, &addresses(), rate, rules());
    assert_eq!(built.unwrap_err(), SettlementError::Script);
}

/// The largest settlement stays below the weight that nodes relay.
#[test]
fn the_most_inputs_are_relayed() {
    let locked = service();
    let mut plan = plan(&[1_000], &[(Seller, 1_000 * INPUTS_MAX as u64)]);
    plan.inputs = (0..INPUTS_MAX as u32)
        .map(|vout| (tally_chain::utxo::OutPoint { vout, ..outpoint(1) }, Satoshi(1_000)))
        .collect();
    let rules = FeeRules::new(Satoshi(0), Satoshi(0)).unwrap();
    let rate = FeeRate::per_kvb(1_000);
    let built =
        UnsignedSettlement::build(&plan, &locked.payment, &addresses(), rate, rules).unwrap();
    assert!(built.vsize() * 4 <= 400_000, "{}", built.vsize());
    // A highest fee of nothing does not lock the money up.
    assert_eq!(built.fee().0, built.vsize());
}
