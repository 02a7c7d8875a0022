use super::{Json, Object, parse_object};
use proptest::prelude::*;
use serde_json::Value;

/// Text that is nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\n\"",
        "\"春\"",
        "0",
        "-0",
        "12",
        "1.50",
        "1e5",
        "01",
        "-",
        "1.",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "{\"a\":",
        "{}",
        "[]",
        "\"a\":1",
        "\"",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        prop::sample::select(vec!["0", "-1.50", "1E+3", "12345678901234567890123"])
            .prop_map(|digits| Json::Number(digits.into())),
        any::<String>().prop_map(Json::string),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| (name.into(), value));
                Json::Object(Object(members.collect()))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Goal: the parser takes what the standard calls an object and nothing else, and reads the same
    /// in it. Method: another library is asked.
    #[test]
    fn another_parser_agrees(text in nearly_json()) {
        let other: Result<serde_json::Map<String, Value>, _> = serde_json::from_str(&text);
        let own = parse_object(text.trim_start()).map(|object| Value::from(&object));
        prop_assert_eq!(own.ok(), other.ok().map(Value::Object));
    }

    /// Goal: what is written is read back, to the last digit.
    #[test]
    fn what_is_written_is_read_back(json in json()) {
        let mut object = Object::new();
        object.push("a", json);
        prop_assert_eq!(parse_object(&object.to_string()), Ok(object.clone()));
        prop_assert!(serde_json::from_str::<Value>(&object.to_string()).is_ok());
    }
}

#[test]
fn errors_say_where() {
    let problem = |text: &str| parse_object(text).unwrap_err().to_string();
    assert_eq!(problem("{\"a\":1,}"), "expected a string at byte 7");
    assert_eq!(problem("{\"a\" 1}"), "expected a colon at byte 5");
    assert_eq!(problem("{\"a\":1"), "expected a comma or the object's end at byte 6");
    assert_eq!(problem("[]"), "expected an object at byte 0");
    assert_eq!(problem("{} x"), "text after the object at byte 3");
    assert_eq!(problem("{\"a"), "unfinished string at byte 3");
}

#[test]
fn a_later_member_replaces_an_earlier_one_of_its_name() {
    let object = parse_object(r#"{"b":1,"a":2,"b":3,"c":4,"a":5}"#).unwrap();
    assert_eq!(object.to_string(), r#"{"b":3,"c":4,"a":5}"#);
    assert_eq!((object.len(), object.is_empty()), (3, false));
    // As many names as fit.
    let many: Vec<String> = (0..700).map(|n| format!("\"{}\":0", n % 7)).collect();
    let object = parse_object(&format!("{{{}}}", many.join(","))).unwrap();
    assert_eq!(object.len(), 7);
}
