//! What a record must look like: docs/feip.md, section *The text*.

use crate::support::{Chain, OWNER};
use serde_json::{Value, json};
use tally_feip::{DEPTH_MAX, Ignored, Kind, TEXT_BYTES_MAX};

/// A text that publishes a service, with one more member.
fn with(member: &str) -> String {
    format!(r#"{{"type":"FEIP","sn":5,"data":{{"op":"publish","stdName":"a"{member}}}}}"#)
}

fn ignored(text: &str) -> Ignored {
    Chain::default().send_text(OWNER, text).expect_err(text)
}

/// What becomes of the text's service.
fn published(text: &str) -> Value {
    let mut chain = Chain::default();
    let outcome = chain.send_text(OWNER, text).unwrap_or_else(|why| panic!("{text}: {why}"));
    chain.json(Kind::Service, &outcome.changes[0].key.id)
}

#[test]
fn texts_longer_than_4096_bytes_are_ignored() {
    let padded = |length: usize| {
        let text = with("");
        let padding = " ".repeat(length - text.len());
        text + &padding
    };
    assert_eq!(published(&padded(TEXT_BYTES_MAX))["stdName"], "a");
    assert_eq!(ignored(&padded(TEXT_BYTES_MAX + 1)), Ignored::TooLong);
}

#[test]
fn texts_that_are_not_utf_8_are_ignored() {
    for (place, byte) in [("a", 0xff), ("FEIP", 0xc3)] {
        let text = with("");
        let at = text.find(place).unwrap();
        let mut bytes = text.into_bytes();
        bytes[at] = byte;
        let mut chain = Chain::default();
        let record = chain.record(OWNER, &bytes);
        assert_eq!(chain.apply(&record), Err(Ignored::NotText));
    }
}

#[test]
fn memos_are_ignored() {
    for memo in ["", "test", "FEIP|3|1|freer|#test", "}", "\"{"] {
        let expected = if memo.contains('{') { "malformed" } else { "no_object" };
        assert_eq!(ignored(memo).code(), expected, "{memo}");
    }
}

#[test]
fn what_stands_before_the_first_brace_does_not_matter() {
    for prefix in ["L", "\u{0}\u{3}", "  \n", "春花 [1,", "}\""] {
        assert_eq!(published(&(prefix.to_owned() + &with("")))["stdName"], "a", "{prefix:?}");
    }
}

#[test]
fn what_follows_the_object_spoils_it() {
    assert_eq!(published(&(with("") + " \r\n\t"))["stdName"], "a");
    for suffix in ["}", " x", ",", "{}", "\u{0}", "\u{a0}", "//"] {
        assert_eq!(ignored(&(with("") + suffix)).code(), "malformed", "{suffix:?}");
    }
}

#[test]
fn json_is_read_strictly() {
    for member in [
        ",'desc':\"a\"",
        ",desc:\"a\"",
        ",\"desc\":'a'",
        ",\"desc\":a",
        ",\"desc\"=\"a\"",
        ",\"desc\":\"a\",",
        ",\"desc\":\"a\";\"did\":\"b\"",
        ",/* */\"desc\":\"a\"",
        ",#\n\"desc\":\"a\"",
        ",\"desc\":\"\\x41\"",
        ",\"desc\":\"\\u12g4\"",
        ",\"desc\":\"\\ud800\"",
        ",\"desc\":\"\\udc00\\ud800\"",
        ",\"desc\":\"\\ud800\\u0041\"",
        ",\"desc\":01",
        ",\"desc\":1.",
        ",\"desc\":.5",
        ",\"desc\":+1",
        ",\"desc\":-",
        ",\"desc\":1e",
        ",\"desc\":NaN",
        ",\"desc\":True",
        ",\"desc\":nul",
        ",\"types\":[1,]",
        ",\"types\":[,1]",
        ",\"types\":[1 2]",
        ",\"desc\"",
        ",\"desc\":",
        ",",
    ] {
        assert_eq!(ignored(&with(member)).code(), "malformed", "{member}");
    }
    let escapes = published(&with(r#","desc":"\"\\\/\b\f\n\r\t\u6625\ud83d\ude00\u0000""#));
    assert_eq!(escapes["desc"], "\"\\/\u{8}\u{c}\n\r\t春\u{1f600}\u{0}");
}

#[test]
fn raw_control_characters_in_strings_are_read() {
    assert_eq!(published(&with(",\"desc\":\"a\tb\nc\u{1}\""))["desc"], "a\tb\nc\u{1}");
}

#[test]
fn objects_deeper_than_64_are_ignored() {
    let nested = |depth: usize| {
        // The object, its data and the params lie around the lists.
        let (open, close) = ("[".repeat(depth - 3), "]".repeat(depth - 3));
        with(&format!(r#","params":{{"a":{open}{close}}}"#))
    };
    assert!(published(&nested(DEPTH_MAX))["params"]["a"].is_array());
    assert_eq!(ignored(&nested(DEPTH_MAX + 1)).code(), "malformed");
    let braces = "{\"a\":".repeat(700);
    assert_eq!(ignored(&braces).code(), "malformed");
}

#[test]
fn other_types_are_ignored() {
    for kind in ["\"FBBP\"", "\"APIP\"", "\"feip\"", "\" FEIP\"", "5", "null", "[\"FEIP\"]", "{}"] {
        let text = with("").replace("\"FEIP\"", kind);
        assert_eq!(ignored(&text), Ignored::NotFeip, "{kind}");
    }
    assert_eq!(ignored("{\"sn\":5,\"data\":{}}"), Ignored::NotFeip);
    assert_eq!(ignored("{}"), Ignored::NotFeip);
}

#[test]
fn the_serial_number_is_a_number_or_a_text() {
    for sn in ["5", "\"5\""] {
        let text = with("").replace("\"sn\":5", &format!("\"sn\":{sn}"));
        assert_eq!(published(&text)["stdName"], "a", "{sn}");
    }
    let sn = |sn: &str| ignored(&with("").replace("\"sn\":5", sn));
    assert_eq!(sn("\"sn\":[5]"), Ignored::WrongShape("sn"));
    assert_eq!(sn("\"sn\":null"), Ignored::Missing("sn"));
    assert_eq!(sn("\"SN\":5"), Ignored::Missing("sn"));
}

#[test]
fn unknown_serial_numbers_are_ignored() {
    for sn in ["0", "4", "7", "8", "16", "17", "26", "30", "05", "5.0", "-5", "1e1"] {
        let quoted = format!("\"sn\":\"{sn}\"");
        let text = with("").replace("\"sn\":5", &quoted);
        assert_eq!(ignored(&text), Ignored::UnknownFamily, "{sn}");
    }
}

#[test]
fn the_version_is_never_checked() {
    for ver in ["", "\"ver\":1,", "\"ver\":\"99\",", "\"ver\":null,", "\"version\":{},"] {
        let text = with("").replace("\"sn\"", &format!("{ver}\"sn\""));
        assert_eq!(published(&text)["stdName"], "a", "{ver}");
    }
}

#[test]
fn the_documents_name_and_ids_are_never_checked() {
    let text = with("").replace("\"sn\"", r#""name":"x","pid":7,"did":"","hash":[],"sn""#);
    assert_eq!(published(&text)["stdName"], "a");
}

#[test]
fn members_of_the_wrong_shape_are_ignored() {
    for member in ["ver", "name", "pid", "did"] {
        for value in ["{}", "[]", "true"] {
            let text = with("").replace("\"sn\"", &format!("\"{member}\":{value},\"sn\""));
            assert_eq!(ignored(&text), Ignored::WrongShape(member), "{value}");
        }
    }
    for (member, value) in [
        ("desc", "{}"),
        ("desc", "[\"a\"]"),
        ("desc", "true"),
        ("types", "{}"),
        ("types", "[[]]"),
        ("types", "[null]"),
        ("types", "[\"a\",{}]"),
        ("params", "[]"),
        ("params", "\"{}\""),
        ("params", "0"),
        ("rate", "{}"),
        ("closeStatement", "[]"),
    ] {
        let text = with(&format!(",\"{member}\":{value}"));
        assert_eq!(ignored(&text), Ignored::WrongShape(member), "{value}");
    }
    // An op that does not look at the member does not matter either.
    let stop = with(",\"urls\":\"a\"").replace("publish", "stop");
    assert_eq!(ignored(&stop), Ignored::WrongShape("urls"));
    let map = with(r#","localNames":{"zh":"a"}"#);
    assert_eq!(ignored(&map), Ignored::WrongShape("localNames"));
}

#[test]
fn lists_must_be_lists() {
    for member in ["localNames", "localName", "types", "urls", "waiters", "protocols", "codes"] {
        let text = with(&format!(",\"{member}\":\"a\""));
        assert_eq!(ignored(&text).code(), "wrong_shape", "{member}");
        let text = with(&format!(",\"{member}\":[]"));
        assert_eq!(published(&text)["stdName"], "a", "{member}");
    }
}

#[test]
fn data_is_an_object() {
    let data = |data: &str| ignored(&format!("{{\"type\":\"FEIP\",\"sn\":5{data}}}"));
    assert_eq!(data(""), Ignored::Missing("data"));
    assert_eq!(data(",\"data\":null"), Ignored::Missing("data"));
    for value in ["[]", "\"{}\"", "1", "true"] {
        assert_eq!(data(&format!(",\"data\":{value}")), Ignored::WrongShape("data"));
    }
    assert_eq!(data(",\"data\":{}"), Ignored::Missing("op"));
    assert_eq!(data(",\"data\":{\"op\":\"sell\"}"), Ignored::UnknownOp);
}

#[test]
fn numbers_are_read_as_text_as_they_were_written() {
    let mut chain = Chain::default();
    for sn in ["3", "3.0", "1E-4", "007", "12345678901234567890123"] {
        let value = if sn == "007" { "\"007\"".to_owned() } else { sn.to_owned() };
        let text = format!(
            r#"{{"type":"FEIP","sn":1,"data":{{"op":"publish","sn":{value},"name":8,"waiters":[1.50]}}}}"#
        );
        let outcome = chain.send_text(OWNER, &text).unwrap();
        let protocol = chain.json(Kind::Protocol, &outcome.changes[0].key.id);
        let shown = json!([protocol["sn"], protocol["name"], protocol["waiters"]]);
        assert_eq!(shown, json!([sn, "8", ["1.50"]]));
    }
}

#[test]
fn params_are_kept_as_they_were_written() {
    let params = r#"{"sessionDays":365.0,"z":[1,{"a":null}],"n":1E+2,"big":12345678901234567890123,"a":"\u6625"}"#;
    let mut chain = Chain::default();
    let outcome = chain.send_text(OWNER, &with(&format!(",\"params\":{params}"))).unwrap();
    let expected = format!("\"params\":{}", params.replace("\\u6625", "春"));
    let entity = outcome.changes[0].after.to_text();
    assert!(entity.contains(&expected), "{entity}");
    let row = outcome.history.unwrap().to_text();
    assert!(row.contains(&expected), "{row}");
}

#[test]
fn unknown_members_are_left_out() {
    let text = with(r#","pubKeyAdmin":"02","dealer":{},"ver":3,"title":"x","owner":"y""#);
    let service = published(&text);
    assert_eq!(service["owner"], OWNER);
    for member in ["pubKeyAdmin", "dealer", "ver", "title"] {
        assert_eq!(service.get(member), None);
    }
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    let text = with(r#","desc":"1","desc":[],"stdName":"b","desc":"3""#);
    let service = published(&text);
    assert_eq!([&service["stdName"], &service["desc"]], ["b", "3"]);
}

#[test]
fn null_is_the_same_as_nothing() {
    let service = published(&with(r#","sid":null,"desc":null,"types":null,"params":null"#));
    for member in ["desc", "types", "params"] {
        assert_eq!(service.get(member), None);
    }
    let text = with("").replace("\"a\"", "null");
    assert_eq!(ignored(&text), Ignored::Missing("stdName"));
}

#[test]
fn records_without_a_signer_are_ignored() {
    for text in
        [with(""), with("").replace("\"sn\":5", "\"sn\":3").replace("publish", "unregister")]
    {
        let mut chain = Chain::default();
        let mut record = chain.record(OWNER, text.as_bytes());
        record.signer = None;
        assert_eq!(chain.apply(&record), Err(Ignored::NoSigner));
    }
}

#[test]
fn the_recipient_does_not_matter() {
    let text = with("");
    let [mut chain, mut other] = [Chain::default(), Chain::default()];
    let mut record = chain.record(OWNER, text.as_bytes());
    let outcome = chain.apply(&record);
    record.recipient = Some(OWNER.parse().unwrap());
    assert_eq!(other.apply(&record), outcome);
    assert!(outcome.is_ok());
}
