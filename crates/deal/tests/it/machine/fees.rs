//! What others than the parties may take.

use super::terms::{SUM, new_deal, payee, service_keys};
use tally_deal::{Deal, Kind, NewDeal, Percent, Policy};

const ANYBODY: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";

/// Goal: whoever names a module for a deal of others cannot take their money by its fee.
#[test]
fn fees_are_bounded() {
    let policy = Policy::default();
    let with = |module: &str, service: &str| {
        let new = NewDeal {
            module: Some(payee(ANYBODY, module)),
            service: Some(payee(ANYBODY, service)),
            ..new_deal(Kind::Postpaid, service_keys())
        };
        Deal::new(new, &policy).map_err(|refused| refused.to_string())
    };
    let tenth = (SUM / 10).to_string();
    let more = (SUM / 10 + 1).to_string();
    for good in ["0", "0%", "0.1%", "10%", &tenth] {
        assert!(with(good, good).is_ok(), "{good}");
    }
    for bad in ["100%", "10.0001%", &more, "999999999"] {
        let refused = |of: &str| {
            Err(format!("The fee of the {of} is too high: {bad} is more than 10% of the sum."))
        };
        assert_eq!(with(bad, "0"), refused("module"));
        assert_eq!(with("0", bad), refused("service"));
    }
    let policy = Policy { fee_max: Percent::ZERO, ..policy };
    let new = new_deal(Kind::Postpaid, service_keys());
    assert!(Deal::new(new.clone(), &policy).is_err());
    assert!(Deal::new(NewDeal { module: None, service: None, ..new }, &policy).is_ok());
}
