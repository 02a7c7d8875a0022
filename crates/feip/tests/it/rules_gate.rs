//! How many coin-days a record needs: docs/feip.md, section *Coin-days*.

use crate::{
    support::{Chain, MASTER, OWNER, PUBLISHED, RATER, minimal, sn},
    vectors,
};
use serde_json::json;
use tally_feip::{Ignored, Kind, Rules};
use tally_primitives::BlockNumber;

fn chain_at(height: u64, rules: Rules) -> Chain {
    Chain { height, rules, ..Chain::default() }
}

#[test]
fn above_the_gate_every_record_needs_a_coin_day() {
    let cases = [
        (5, minimal(Kind::Service, "publish")),
        (3, json!({"op": "register", "name": "CY"})),
        (6, json!({"master": MASTER, "promise": tally_feip::MASTER_PROMISE})),
        (9, json!({"op": "register", "homepages": ["a"]})),
        (10, json!({"noticeFee": "0.1"})),
    ];
    for (sn, data) in cases {
        let gate = Rules::default().cdd_check_height.0;
        assert_eq!(gate, 4_000_000);
        // The next record comes at the gate's height, the one after it above.
        let mut chain = chain_at(gate - 1, Rules::default());
        assert!(chain.send_with(OWNER, sn, data.clone(), 0).is_ok(), "{sn}");
        let ignored = chain.send_with(OWNER, sn, data.clone(), 0);
        assert_eq!(ignored, Err(Ignored::TooFewCoinDays(1)), "{sn}");
        let accepted = chain_at(gate, Rules::default()).send_with(OWNER, sn, data, 1);
        assert!(accepted.is_ok(), "{sn}");
    }
}

#[test]
fn every_op_above_the_gate_needs_a_coin_day() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        chain.height = 5_000_000;
        for op in ["update", "stop", "recover", "close"] {
            let mut data = minimal(kind, op);
            data[kind.id_member()] = id.as_str().into();
            let ignored = chain.send_with(OWNER, sn(kind), data.clone(), 0);
            assert_eq!(ignored, Err(Ignored::TooFewCoinDays(1)), "{kind} {op}");
            assert!(chain.send_with(OWNER, sn(kind), data, 1).is_ok(), "{kind} {op}");
        }
    }
}

#[test]
fn publishing_above_the_gate_needs_the_factor() {
    let rules = Rules {
        cdd_check_height: BlockNumber(2_000_000),
        publish_cdd_factor: 100,
        ..Rules::default()
    };
    for kind in PUBLISHED {
        let mut chain = chain_at(2_000_000, rules);
        let mut publish = |cdd| chain.send_with(OWNER, sn(kind), minimal(kind, "publish"), cdd);
        assert_eq!(publish(99), Err(Ignored::TooFewCoinDays(100)), "{kind}");
        let outcome = publish(100).unwrap();
        // Anything else needs one.
        let id = outcome.changes[0].key.id.clone();
        let data = json!({"op": "stop", kind.id_member(): id});
        assert!(chain.send_with(OWNER, sn(kind), data, 1).is_ok(), "{kind}");
        let below = chain_at(5, rules).send_with(OWNER, sn(kind), minimal(kind, "publish"), 0);
        assert!(below.is_ok(), "{kind}");
    }
    let mut chain = chain_at(2_000_000, rules);
    let name = json!({"op": "register", "name": "CY"});
    assert!(chain.send_with(OWNER, 3, name, 1).is_ok());
}

/// Goal: the two real publishes of services without coin-days are ignored where the gate lies
/// below them, and count where it lies above.
#[test]
fn real_publishes_without_coin_days_depend_on_the_gate() {
    let records = vectors::records(&vectors::json("chain_feip5_2016618.json")["records"]);
    assert_eq!(records.len(), 3);
    for (gate, expected) in [(2_000_000, 0), (3_000_000, 2), (4_000_000, 2)] {
        let rules = Rules { cdd_check_height: BlockNumber(gate), ..Rules::default() };
        let mut chain = chain_at(0, rules);
        let verdicts: Vec<_> = records.iter().map(|record| chain.apply(record)).collect();
        assert_eq!(verdicts[0], Err(Ignored::NoObject));
        assert_eq!(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), expected, "{gate}");
        assert_eq!(chain.model.entities.len(), expected);
        if expected == 0 {
            assert_eq!(verdicts[1..], vec![Err(Ignored::TooFewCoinDays(1)); 2]);
        }
        for entity in chain.model.entities.values() {
            let service = entity.to_json();
            assert_eq!(service["stdName"], "Swap FCH/trxUSDT");
            assert_eq!(service["params"].as_object().unwrap().len(), 16);
            assert_eq!(service["waiters"], json!(["FErVBq2SzT4GGcH61wSvo6BofQ8U5JL3Cg"]));
        }
    }
}

#[test]
fn rating_needs_a_coin_day_at_any_height() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        assert_eq!(chain.rate(RATER, kind, &id, 5, 0), Err(Ignored::TooFewCoinDays(1)), "{kind}");
        assert!(chain.rate(RATER, kind, &id, 5, 1).is_ok(), "{kind}");
    }
}
