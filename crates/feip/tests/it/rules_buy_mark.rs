//! Buy marks: docs/feip.md, section *Buy marks*.

use serde_json::{Value, json};
use tally_feip::{BuyMark, BuyMarkOp, buy_mark};

const SID: &str = "46c1df926598cf0b881f0f1ab2ac6340826a5f954dd690786459c36388d6c131";

fn mark(sn: Value, data: Value) -> Option<BuyMark> {
    let text = json!({"type": "APIP", "sn": sn, "ver": "1", "name": "OpenAPI", "data": data});
    buy_mark(text.to_string().as_bytes())
}

fn expected(via: &[&str], op: BuyMarkOp) -> Option<BuyMark> {
    Some(BuyMark { sid: SID.into(), via: via.iter().map(|&via| via.into()).collect(), op })
}

#[test]
fn both_versions_of_buy_marks_are_read() {
    for sn in [json!("0"), json!("1"), json!(0), json!(1)] {
        let data = json!({"op": "buy", "sid": SID});
        assert_eq!(mark(sn, data), expected(&[], BuyMarkOp::Buy));
    }
    for sn in [json!("2"), json!("5"), json!(null), json!([1]), json!("")] {
        assert_eq!(mark(sn, json!({"op": "buy", "sid": SID})), None);
    }
}

#[test]
fn a_buy_mark_says_who_brought_the_sale() {
    let cases = [
        (json!("a"), &["a"][..]),
        (json!(["a", "b"]), &["a", "b"]),
        (json!([]), &[]),
        (json!(null), &[]),
        // The payer paid, whatever this is.
        (json!({}), &[]),
        (json!([null]), &[]),
    ];
    for (via, read) in cases {
        let data = json!({"op": "buy", "sid": SID, "via": via});
        assert_eq!(mark(json!("1"), data), expected(read, BuyMarkOp::Buy));
    }
}

#[test]
fn a_buy_mark_can_say_that_it_buys_nothing() {
    let data = json!({"op": "ignore", "sid": SID});
    assert_eq!(mark(json!("0"), data), expected(&[], BuyMarkOp::Ignore));
    for data in [json!({"op": "ignore"}), json!({"op": "ignore", "sid": ""})] {
        let ignored = mark(json!("0"), data).unwrap();
        assert_eq!((&*ignored.sid, ignored.op), ("", BuyMarkOp::Ignore));
    }
    for op in [json!("Buy"), json!("sell"), json!(null), json!(["buy"])] {
        assert_eq!(mark(json!("1"), json!({"op": op, "sid": SID})), None);
    }
}

#[test]
fn a_buy_mark_names_a_service() {
    for sid in [json!(null), json!(""), json!([SID]), json!(5)] {
        assert_eq!(mark(json!("1"), json!({"op": "buy", "sid": sid})), None);
    }
}

#[test]
fn other_texts_are_no_buy_marks() {
    for text in [
        &b""[..],
        b"buy",
        b"{}",
        b"{\"type\":null}",
        b"{\"type\":\"APIP\"}",
        b"{\"type\":\"APIP\",\"sn\":\"1\"}",
        b"{\"type\":\"APIP\",\"sn\":\"1\",\"data\":null}",
        b"{\"type\":\"APIP\",\"sn\":\"1\",\"data\":\"buy\"}",
        b"\xff{\"type\":\"APIP\",\"sn\":\"1\",\"data\":{\"op\":\"buy\",\"sid\":\"a\"}}",
        b"{\"type\":\"FEIP\",\"sn\":\"1\",\"data\":{\"op\":\"buy\",\"sid\":\"a\"}}",
    ] {
        assert_eq!(buy_mark(text), None, "{text:?}");
    }
    let marked =
        b"via app {\"type\":\"APIP\",\"sn\":\"1\",\"data\":{\"op\":\"buy\",\"sid\":\"a\"}} ";
    assert_eq!(buy_mark(marked).unwrap().sid.as_ref(), "a");
}
