use super::*;
use proptest::prelude::*;

fn fee(text: &str) -> Fee {
    text.parse().unwrap()
}

fn divided(sum: u64, total: u64, refund: &str, module: &str, service: &str) -> [u64; 4] {
    let fees = [fee(module), fee(service)];
    let shares = divide(Satoshi(sum), Satoshi(total), refund.parse().unwrap(), fees);
    let of = |recipient| shares.iter().find(|(to, _)| *to == recipient).map_or(0, |(_, it)| it.0);
    [Recipient::Seller, Recipient::Customer, Recipient::Module, Recipient::Service].map(of)
}

/// Goal: each rule about shares, by example.
#[test]
fn shares_follow_the_rules() {
    // Fees are of the seller's money.
    assert_eq!(divided(100_000, 100_000, "0%", "0.1%", "1%"), [98_900, 0, 100, 1_000]);
    // Excess goes back.
    assert_eq!(divided(100_000, 130_000, "0%", "0", "0"), [100_000, 30_000, 0, 0]);
    // A refund is free of fees.
    assert_eq!(divided(100_000, 100_000, "100%", "5%", "500"), [0, 100_000, 0, 0]);
    assert_eq!(divided(100_000, 100_000, "50%", "1%", "1%"), [49_000, 50_000, 500, 500]);
    // The seller has what does not divide.
    assert_eq!(divided(100_001, 100_001, "50%", "0.1%", "0"), [49_951, 50_000, 50, 0]);
    assert_eq!(divided(1_001, 1_001, "33.3%", "0.1%", "0.1%"), [668, 333, 0, 0]);
    // The service has at most what the module leaves.
    assert_eq!(divided(1_000, 1_000, "0%", "900", "900"), [0, 0, 900, 100]);
}

proptest! {
    /// Goal: whatever the numbers, nothing is lost or made.
    #[test]
    fn shares_sum_up_to_the_total(
        sum in 1..2_100_000_000_000_000_u64,
        more in 0..1_000_000_u64,
        refund in 0..=100_u64,
        module in 0..=100_u64,
        service: u64,
    ) {
        let total = Satoshi(sum + more);
        let part = Percent::whole(refund).unwrap();
        let module = Fee::Percent(Percent::whole(module).unwrap());
        let shares = divide(Satoshi(sum), total, part, [module, Fee::Fixed(Satoshi(service))]);
        prop_assert_eq!(plan::sum(shares.iter().map(|(_, share)| *share)), total);
        prop_assert!(shares.is_sorted());
        let of = |to| shares.iter().find(|share| share.0 == to).map_or(0, |share| share.1.0);
        prop_assert_eq!(of(Recipient::Customer), part.of(Satoshi(sum)).0 + more);
    }
}
