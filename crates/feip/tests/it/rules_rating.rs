//! Ratings: docs/feip.md, section *Ratings*.

use crate::support::{Chain, OWNER, PUBLISHED, RATER, STRANGER, published};
use serde_json::{Value, json};
use tally_feip::{Ignored, Kind, Rating, Rules, average_rate};

#[test]
fn owners_do_not_rate_what_they_own() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        assert_eq!(chain.rate(OWNER, kind, &id, 5, 10), Err(Ignored::OwnRating), "{kind}");
        assert!(chain.rate(STRANGER, kind, &id, 5, 10).is_ok(), "{kind}");
    }
}

#[test]
fn rates_range_from_0_to_5() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for rate in [0, 1, 5] {
            assert!(chain.rate(RATER, kind, &id, rate, 1).is_ok(), "{kind} {rate}");
        }
        for rate in [json!(6), json!(-1), json!("6"), json!(1e300), json!(255), json!(256)] {
            let ignored = chain.rate(RATER, kind, &id, rate, 1);
            assert_eq!(ignored, Err(Ignored::RateOutOfRange), "{kind}");
        }
    }
}

#[test]
fn a_rate_is_an_integer_however_it_is_written() {
    let mut chain = Chain::default();
    let id = chain.publish(Kind::Service);
    let mut rate = |rate: &str| {
        let text = format!(r#"{{"type":"FEIP","sn":5,"data":{{"op":"rate","sid":"{id}"{rate}}}}}"#);
        let outcome = chain.send_text(RATER, &text)?;
        Ok(outcome.history.unwrap().rating.unwrap().rate)
    };
    for written in ["4", "\"4\"", "4.0", "\"4.0\"", "40e-1", "0.4E+1"] {
        assert_eq!(rate(&format!(",\"rate\":{written}")), Ok(4), "{written}");
    }
    for nothing in ["", ",\"rate\":null", ",\"rate\":-0", ",\"rate\":0"] {
        assert_eq!(rate(nothing), Ok(0), "{nothing}");
    }
    let wrong = [
        "4.5", "\"4.5\"", "\"\"", "\"four\"", "\" 4\"", "\"+4\"", "\".4e1\"", "true", "[4]",
        "1e999",
    ];
    for written in wrong {
        let ignored = rate(&format!(",\"rate\":{written}"));
        assert_eq!(ignored, Err(Ignored::WrongShape("rate")), "{written}");
    }
}

#[test]
fn ratings_are_averaged_by_coin_days() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        // 5; (5·2 + 4·1) / 3; (14 + 0·1) / 4
        for (rate, cdd, expected, total) in
            [(5, 2, "5.0", 2), (4, 1, "4.6666665", 3), (0, 1, "3.5", 4)]
        {
            let outcome = chain.rate(RATER, kind, &id, rate, cdd).unwrap();
            let text = outcome.changes[0].after.to_text();
            assert!(text.contains(&format!("\"tCdd\":{total},\"tRate\":{expected},")), "{text}");
            let row = outcome.history.unwrap().to_json();
            assert_eq!(
                (&row["op"], &row["rate"], &row["cdd"]),
                (&json!("rate"), &json!(rate), &json!(cdd))
            );
        }
    }
}

/// Goal: the digits are those of 32-bit arithmetic with each product rounded once, not of a wider
/// one. Method: cases where the two differ, computed apart from this code.
#[test]
fn averages_have_the_digits_of_single_precision() {
    let average =
        |rate: f32, total, mark, cdd| average_rate(rate, total, Rating { rate: mark, cdd });
    assert_eq!(average(0.0, 0, 5, 3456), 5.0);
    assert_eq!(average(5.0, 3456, 5, 5), 5.0);
    // 4.6666665 · 3 is 14.0 again; 14 + 3·7 over 10.
    assert_eq!(average(4.666_666_5, 3, 3, 7), 3.5);
    // 2^24 + 1 has no place in 24 bits: a rating of weight 1 is lost.
    assert_eq!(average(3.0, 1 << 24, 0, 1), 3.0);
    // 16,777,217 · 5 = 83,886,085 becomes 83,886,088; the total becomes 16,777,216.
    assert_eq!(average(0.0, 0, 5, (1 << 24) + 1).to_bits(), 5.000_000_5_f32.to_bits());
    assert!(average(5.0, u64::MAX, 5, u64::MAX).is_finite());
}

#[test]
fn anybody_else_rates_repeatedly() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for times in 1..=3 {
            let rated = chain.rate(RATER, kind, &id, 2, 7).unwrap();
            assert_eq!((published(&rated).rated_cdd, published(&rated).rate), (7 * times, 2.0));
        }
    }
}

#[test]
fn what_is_stopped_or_closed_is_rated() {
    for kind in PUBLISHED {
        let mut chain = Chain::default();
        let id = chain.publish(kind);
        for op in ["stop", "close"] {
            chain.operate(OWNER, kind, &id, op).unwrap();
            let rated = chain.rate(RATER, kind, &id, 3, 1).unwrap();
            assert_eq!(published(&rated).is_closed, op == "close");
            assert!(!published(&rated).is_active);
        }
    }
}

#[test]
fn rating_leaves_the_latest_operation_alone() {
    for (touches, expected) in [(false, 1), (true, 2)] {
        for kind in PUBLISHED {
            let rules = Rules { rating_touches_last: touches, ..Rules::default() };
            let mut chain = Chain { rules, ..Chain::default() };
            let id = chain.publish(kind);
            let rated = chain.rate(RATER, kind, &id, 3, 1).unwrap();
            assert_eq!(published(&rated).last.height.0, expected, "{kind}");
            assert_eq!(published(&rated).birth.height.0, 1);
        }
    }
}

#[test]
fn coin_days_beyond_any_supply_count_up_to_a_signed_integer() {
    let mut chain = Chain::default();
    let id = chain.publish(Kind::Service);
    for _ in 0..2 {
        let rated = chain.rate(RATER, Kind::Service, &id, 4, u64::MAX).unwrap();
        assert_eq!((published(&rated).rated_cdd, published(&rated).rate), (i64::MAX as u64, 4.0));
        assert_eq!(chain.last_row()["cdd"], i64::MAX);
    }
}

#[test]
fn small_averages_are_written_without_exponents() {
    let mut chain = Chain::default();
    let id = chain.publish(Kind::Service);
    chain.rate(RATER, Kind::Service, &id, 1, 1).unwrap();
    let outcome = chain.rate(RATER, Kind::Service, &id, 0, 1 << 40).unwrap();
    let text = outcome.changes[0].after.to_text();
    assert!(text.contains("\"tRate\":0.0000000000009094947,"), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["tRate"], outcome.changes[0].after.to_json()["tRate"]);
}
