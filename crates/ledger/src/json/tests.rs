use super::*;
use proptest::prelude::*;

const LIMITS: Limits = Limits { bytes: 1 << 16, depth: 32 };

fn refused(text: impl AsRef<[u8]>) -> JsonError {
    let text = text.as_ref();
    match parse(text, LIMITS) {
        Err(error) => error,
        Ok(value) => panic!("{} was read as {value:?}", String::from_utf8_lossy(text)),
    }
}

fn rewritten(text: &str) -> String {
    canonical(&parse(text.as_bytes(), LIMITS).unwrap(), NumberStyle::Literal)
}

#[test]
fn canonical_text_is_sorted_dense_and_raw() {
    let text = " { \"b\" : [ 1 , 2.50, -3e+2 ] ,\n\t\"a\": {\"\u{e9}\":null,\"z\":true, \"\":false}, \
                \"B\":\"\\u00e9\\/\\ud83d\\ude00\" } ";
    let expected = "{\"B\":\"\u{e9}/\u{1f600}\",\"a\":{\"\":false,\"z\":true,\"\u{e9}\":null},\
                    \"b\":[1,2.50,-3e+2]}";
    assert_eq!(rewritten(text), expected);
}

#[test]
fn only_what_must_be_escaped_is() {
    let mut text = String::new();
    write_string("\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\"\\/\u{7f}\u{2028}\u{e9}", &mut text);
    let escaped = "\\u0000\\u0001\\b\\t\\n\\u000B\\f\\r\\u001F\\\"\\\\/\u{7f}\u{2028}\u{e9}";
    assert_eq!(text, format!("\"{escaped}\""));
}

#[test]
fn of_equal_names_the_last_one_counts() {
    assert_eq!(rewritten(r#"{"a":1,"b":2,"a":3}"#), r#"{"a":3,"b":2}"#);
    assert_eq!(rewritten(r#"{"a":1,"\u0061":2}"#), r#"{"a":2}"#);
    assert_eq!(rewritten(r#"{"a":1,"a":2,"a":3,"A":0}"#), r#"{"A":0,"a":3}"#);
}

#[test]
fn members_are_found_by_name() {
    let value = parse(br#"{"b":1,"a":[],"c":null}"#, LIMITS).unwrap();
    let Value::Object(object) = value else { panic!("{value:?}") };
    assert_eq!(object.get("a"), Some(&Value::Array(vec![])));
    assert_eq!(object.get("d"), None);
    assert_eq!(object.members().len(), 3);
}

#[test]
fn malformed_texts_are_refused_where_they_are_wrong() {
    let table = [
        ("", "unexpected end at byte 0"),
        ("   ", "unexpected end at byte 3"),
        ("[1,2", "unexpected end at byte 4"),
        ("[1,]", "expected a value at byte 3 in [1]"),
        ("[1 2]", "expected a comma or the end of the list at byte 3"),
        ("{\"a\":1,}", "expected the name of a member at byte 7"),
        ("{a:1}", "expected the name of a member at byte 1"),
        ("{\"a\" 1}", "expected a colon at byte 5"),
        ("{\"a\":{\"b\":[0,nul]}}", "expected a value at byte 13 in a.b[1]"),
        ("nullx", "unexpected text after the value at byte 4"),
        ("{} {}", "unexpected text after the value at byte 3"),
        ("NaN", "expected a value at byte 0"),
        ("-Infinity", "malformed number at byte 1"),
        ("+1", "expected a value at byte 0"),
        (".5", "expected a value at byte 0"),
        ("1.", "unexpected end at byte 2"),
        ("[1.]", "malformed number at byte 3 in [0]"),
        ("01", "malformed number at byte 1"),
        ("-01", "malformed number at byte 2"),
        ("1e", "unexpected end at byte 2"),
        ("[1e400]", "number out of range at byte 1 in [0]"),
        ("-1e400", "number out of range at byte 0"),
        ("0x10", "unexpected text after the value at byte 1"),
        ("\"a", "unexpected end at byte 2"),
        ("\"a\nb\"", "unescaped control character at byte 2"),
        ("\"a\\nb\n\"", "unescaped control character at byte 5"),
        ("\"\\x\"", "invalid escape sequence at byte 1"),
        ("\"\\u12g4\"", "invalid escape sequence at byte 1"),
        ("\"\\u+123\"", "invalid escape sequence at byte 1"),
        ("\"\\ud800\"", "lone surrogate at byte 1"),
        ("\"\\udc00\"", "lone surrogate at byte 1"),
        ("\"\\ud800\\u0041\"", "lone surrogate at byte 1"),
        ("\"\\ud800\\ud800\"", "lone surrogate at byte 1"),
        ("\u{feff}{}", "expected a value at byte 0"),
        ("'a'", "expected a value at byte 0"),
        ("[1] // one", "unexpected text after the value at byte 4"),
    ];
    for (text, expected) in table {
        assert_eq!(refused(text).to_string(), expected, "{text:?}");
    }
}

#[test]
fn invalid_utf_8_is_refused() {
    assert_eq!(refused(b"{\"a\":\"\xff\"}").to_string(), "invalid UTF-8 at byte 6");
    // A surrogate in UTF-8.
    assert_eq!(refused(b"\"\xed\xa0\x80\"").problem, JsonProblem::Utf8);
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(32).as_bytes(), LIMITS).is_ok());
    assert_eq!(refused(nested(33)).problem, JsonProblem::TooDeep(32));
    assert_eq!(refused("{\"a\":".repeat(60_00)).problem, JsonProblem::TooDeep(32));
    let long = format!("\"{}\"", "a".repeat((1 << 16) - 2));
    assert!(parse(long.as_bytes(), LIMITS).is_ok());
    assert_eq!(refused(format!("{long} ")).problem, JsonProblem::TooLong(1 << 16));
}

#[test]
fn a_path_is_short_however_long_the_names() {
    let text = format!("{{\"{}\":", "n".repeat(1000)).repeat(20) + "x";
    assert!(refused(text).to_string().len() < 500);
}

#[test]
fn numbers_say_what_they_are() {
    let number = |text: &'static str| match parse(text.as_bytes(), LIMITS) {
        Ok(Value::Number(number)) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
    for text in ["18446744073709551616", "-1", "1.0", "1e2", "-0"] {
        assert_eq!(number(text).as_u64(), None, "{text}");
    }
    assert!(number("12345678901234567890123").is_integer());
    assert!(!number("1E2").is_integer());
}

/// Any JSON value, with names and strings that need escapes.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = "[a-c\"\\\\/\u{0}-\u{1f}\u{7f}\u{e9}\u{2028}\u{1f600}]{0,6}";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        // serde_json reads doubles with few digits exactly, others only with a feature.
        any::<i16>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(text, inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    /// What serde_json writes is read as serde_json reads it, and canonical text says the same.
    #[test]
    fn values_are_those_of_serde_json(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        let own = parse(text.as_bytes(), LIMITS).unwrap();
        let literal = canonical(&own, NumberStyle::Literal);
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&literal).unwrap(), &value);
        // Canonical text is its own canonical text, and the same for all who say the same.
        let again = parse(literal.as_bytes(), LIMITS).unwrap();
        prop_assert_eq!(canonical(&again, NumberStyle::Literal), literal);
        for style in [NumberStyle::RapidJson, NumberStyle::Python] {
            let text = canonical(&own, style);
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(canonical(&parse(text.as_bytes(), LIMITS).unwrap(), style), text);
        }
    }

    /// A double is written with the shortest digits that give it back, whatever the style.
    #[test]
    fn doubles_survive(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        let text = format!("{double:?}");
        let text = if text.contains(['.', 'e']) { text } else { format!("{text}.0") };
        for style in [NumberStyle::RapidJson, NumberStyle::Python] {
            let own = canonical(&parse(text.as_bytes(), LIMITS).unwrap(), style);
            prop_assert_eq!(own.parse::<f64>().unwrap().to_bits(), bits, "{}", own);
            prop_assert!(own.contains(['.', 'e']));
        }
    }

    /// Texts with one byte changed are read as serde_json reads them, or refused as it refuses
    /// them; numbers that are no doubles apart.
    #[test]
    fn damaged_texts_are_judged_as_serde_json_does(
        value in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut text = value.to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let own = parse(&text, LIMITS);
        match serde_json::from_slice::<serde_json::Value>(&text) {
            Ok(theirs) => {
                let own = canonical(&own.unwrap(), NumberStyle::Literal);
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&own).unwrap(), theirs);
            }
            Err(_) => prop_assert!(own.is_err(), "{}", String::from_utf8_lossy(&text)),
        }
    }

    /// Nothing makes the parser panic.
    #[test]
    fn any_bytes_are_judged(text in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&text, LIMITS);
    }
}
