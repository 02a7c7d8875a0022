use super::*;
use proptest::{collection::vec, prelude::*};

fn yaml(text: &str) -> Result<Document, String> {
    Document::from_yaml(text).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    yaml(text).unwrap_err()
}

const DESCRIBED: &str = "\
deal:
  order: Created
  type: Prepaid
  at: http://placard.zr-code.com
  date: 2022-04-11 11:14:46 UTC
  seller:
    address: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
    rating: 0, 0%
  customer:
    address: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
    rating: 0, 0%
  payment:
    until: 2022-04-12 11:14:46 UTC
    address: 2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu
    sum: 0.00001 tBTC
  feedback:
    leave-before: 2022-04-12 11:14:46 UTC";

/// The text of the protocol's description is what its own document is written as.
#[test]
fn a_message_is_written_as_it_was() {
    let document = yaml(DESCRIBED).unwrap();
    assert_eq!(document.to_yaml(), DESCRIBED);
    assert_eq!(document.text("payment.sum"), Ok(Some("0.00001 tBTC")));
    let json = serde_json::to_string(&document).unwrap();
    assert!(json.starts_with(r#"{"order":"Created","type":"Prepaid","at":"http://"#), "{json}");
    assert_eq!(document.to_json()["seller"]["rating"], "0, 0%");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), document.to_json());
}

#[test]
fn other_ways_to_write_the_same_yaml() {
    let expected = yaml(DESCRIBED).unwrap();
    for text in [
        DESCRIBED.replace("deal:", "BitDeal:"),
        DESCRIBED.replace('\n', "\r\n"),
        format!("\u{feff}{DESCRIBED}\n"),
        format!("# a comment\n---\n{DESCRIBED}\n...\n"),
        DESCRIBED.replace("Prepaid", "'Prepaid'").replace("Created", "\"\\x43reated\""),
    ] {
        assert_eq!(Document::from_yaml(&text), Ok(expected.clone()), "{text}");
    }
    let flow = "{deal: {order: pay, seller: {address: x}, list: [a, {b: c}], none: ~}}";
    let block =
        "deal:\n  order: pay\n  seller:\n    address: x\n  list:\n    - a\n    - b: c\n  none: ~";
    assert_eq!(yaml(flow).unwrap().to_yaml(), block);
    assert_eq!(yaml(block), yaml(flow));
}

#[test]
fn texts_with_and_without_quotes() {
    for (text, written) in [
        ("a", "a"),
        ("0, 0%", "0, 0%"),
        ("2022-04-11 11:14:46 UTC", "2022-04-11 11:14:46 UTC"),
        ("-5", "-5"),
        ("--- a", "--- a"),
        ("a#b", "a#b"),
        ("it's \"so\"", "it's \"so\""),
        ("жж 漢字 \u{1f642}", "жж 漢字 \u{1f642}"),
        ("true", "true"),
        ("", "\"\""),
        ("~", "\"~\""),
        ("null", "\"null\""),
        ("- a", "\"- a\""),
        ("-", "\"-\""),
        ("? a", "\"? a\""),
        (": a", "\": a\""),
        ("a: b", "\"a: b\""),
        ("a:", "\"a:\""),
        ("a #b", "\"a #b\""),
        ("#a", "\"#a\""),
        ("[a]", "\"[a]\""),
        ("{a", "\"{a\""),
        ("&a", "\"&a\""),
        ("*a", "\"*a\""),
        ("!a", "\"!a\""),
        ("|", "\"|\""),
        ("> a", "\"> a\""),
        ("%a", "\"%a\""),
        ("@a", "\"@a\""),
        ("`a`", "\"`a`\""),
        ("'a'", "\"'a'\""),
        ("\"a\"", "\"\\\"a\\\"\""),
        (" a", "\" a\""),
        ("a ", "\"a \""),
        ("a\nb\n", "\"a\\nb\\n\""),
        ("a\\\tb\r\n", "\"a\\\\\\tb\\r\\n\""),
        ("\u{1}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}", "\"\\x01\\x7f\\x85\\xa0\\u2028\\ufeff\""),
    ] {
        let members = vec![("k".to_owned(), Node::Text(text.to_owned()))];
        let document = Document { members, spelling: Spelling::Path };
        let yaml = document.to_yaml();
        assert_eq!(yaml, format!("deal:\n  k: {written}"));
        assert_eq!(Document::from_yaml(&yaml), Ok(document), "{yaml}");
    }
}

#[test]
fn long_texts_of_yaml() {
    let document = yaml("deal:\n  a: |\n    one\n    two\n  b: >-\n    one\n    two\n").unwrap();
    assert_eq!(document.text("a"), Ok(Some("one\ntwo\n")));
    assert_eq!(document.text("b"), Ok(Some("one two")));
    assert_eq!(document.to_yaml(), "deal:\n  a: \"one\\ntwo\\n\"\n  b: one two");
}

#[test]
fn yaml_without_a_deal() {
    for text in [
        "",
        "deal",
        "- deal",
        "~",
        "other:\n  order: pay",
        "deal: pay",
        "deal: [a]",
        "Deal:\n  order: pay",
        "deal: {}\nother: {}",
        "deal: {}\nBitDeal: {}",
    ] {
        assert_eq!(refused(text), "Invalid YAML format: Need node \"deal\".", "{text}");
    }
    assert_eq!(yaml("deal:").unwrap().to_yaml(), "deal: {}");
    assert_eq!(yaml("deal: {}").unwrap().text("order"), Ok(None));
}

/// What is legal YAML and no message: it is refused where it stands, before anything is made of it.
#[test]
fn yaml_that_messages_do_not_have() {
    for (text, what, line) in [
        ("deal: &a\n  order: pay", "anchors are not supported", 1),
        ("deal:\n  a: &x [1]\n  b: *x", "anchors are not supported", 2),
        ("deal:\n  a: &x 1", "anchors are not supported", 2),
        ("deal:\n  &x a: 1", "anchors are not supported", 2),
        ("deal:\n  a: !!str x", "tags are not supported", 2),
        ("deal: !x {}", "tags are not supported", 1),
        ("deal: !x []", "tags are not supported", 1),
        ("deal: {}\n---\ndeal: {}", "one document is expected", 2),
        ("deal:\n  ? [a]\n  : b", "a key must be a text", 2),
    ] {
        let start = format!("Invalid YAML format: {what} (line {line}, column ");
        assert!(refused(text).starts_with(&start), "{}", refused(text));
    }
    for text in
        ["deal: *x", "deal: [", "deal:\n\torder: pay", "deal: \"", "deal: {a: b", "%", "a: b: c"]
    {
        let message = refused(text);
        assert!(
            message.starts_with("Invalid YAML format: ") && message.contains("(line "),
            "{message}"
        );
    }
    assert_eq!(refused("deal:\n  a: b\n  a: c"), "Invalid format: key \"a\" is given twice.");
    assert_eq!(refused("deal:\n  a: {b: 1, 'b': 2}"), "Invalid format: key \"b\" is given twice.");
    assert_eq!(refused("deal:\n  ~: b"), "Invalid format: a key has 1 to 64 bytes.");
    let long = format!("deal:\n  {}: b", "k".repeat(65));
    assert_eq!(refused(&long), "Invalid format: a key has 1 to 64 bytes.");
}

/// Bodies that others use to make a parser work or grow for long.
#[test]
fn large_bodies_are_refused() {
    let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n";
    assert!(refused(laughs).contains("anchors are not supported"));
    let body = format!("deal:\n  a: {}", "x".repeat(Document::BYTES_MAX));
    assert_eq!(refused(&body), "Invalid format: a message has at most 65536 bytes.");
    // Within brackets the parser has a limit of its own.
    for (open, times) in [("[", 10), ("[", 100), ("{a: ", 10), ("{a: ", 100), ("- ", 30_000)] {
        let deep = format!("deal:\n  {}", open.repeat(times));
        assert_eq!(refused(&deep), "Invalid format: values are at most 8 deep.", "{open}");
    }
    for open in ["[", "{a: ", "[{a: "] {
        let deep = format!("deal: {}", open.repeat(10_000));
        assert!(
            refused(&deep).contains("values are at most 8 deep")
                || refused(&deep).contains("recursion limit")
        );
    }
    let many = format!("deal: [{}]", "a,".repeat(300));
    assert_eq!(refused(&many), "Invalid format: a message has at most 256 values.");
    let many: String = (0..300).map(|number| format!("  k{number}: v\n")).collect();
    assert_eq!(
        refused(&format!("deal:\n{many}")),
        "Invalid format: a message has at most 256 values."
    );
    assert_eq!(Document::from_yaml(b"deal: \xff"), Err(DocumentError::NotText));
    let longest = format!("deal:\n  a: {}", "x".repeat(Document::BYTES_MAX - 11));
    assert_eq!(yaml(&longest).unwrap().to_yaml(), longest);
}

fn json(text: &str) -> Result<Document, String> {
    Document::from_json(text.as_bytes(), None).map_err(|error| error.to_string())
}

#[test]
fn json_is_written_in_the_order_of_the_protocol() {
    let document = json(
        r#"{"payment": {"sum": 0.00001, "until": null, "address": ""}, "order": "CREATE",
        "feedback": {"comments": "a\nb", "refund": "50%", "status": "Positive"},
        "customer": {"signature": "s", "rating": "1, 2%"}, "type": "Prepaid", "more": [{}],
        "date": 1649675686000, "seller": {}}"#,
    );
    let expected = "deal:\n  order: create\n  type: Prepaid\n  date: 1649675686000\n  customer:\n    \
        rating: 1, 2%\n    signature: s\n  payment:\n    sum: 0.00001\n  feedback:\n    \
        status: Positive\n    refund: 50%\n    comments: \"a\\nb\"";
    assert_eq!(document.unwrap().to_yaml(), expected);
}

#[test]
fn numbers_of_json_keep_their_literals() {
    for literal in ["0.00001", "1e-5", "0.10000000000000000001", "-0", "10", "1.0", "true"] {
        let document = json(&format!(r#"{{"payment": {{"sum": {literal} }} }}"#)).unwrap();
        assert_eq!(document.text("payment.sum"), Ok(Some(literal)));
    }
}

#[test]
fn the_order_of_the_path_goes_first() {
    let body = br#"{"order": "Pay", "type": "x"}"#;
    let document = Document::from_json(body, Some(Order::Create)).unwrap();
    assert_eq!(document.text("order"), Ok(Some("create")));
    let fields = [("order".to_owned(), "Create".to_owned())];
    let document = Document::from_fields(&fields, Some(Order::Feedback)).unwrap();
    assert_eq!(document.to_yaml(), "deal:\n  order: feedback");
    let document = Document::from_fields(&fields, None).unwrap();
    assert_eq!(document.to_yaml(), "deal:\n  order: create");
}

#[test]
fn json_that_is_no_message() {
    for (text, message) in [
        ("[]", "Invalid JSON format: an object is expected."),
        ("1", "Invalid JSON format: an object is expected."),
        (r#"{"a": 1, "a": 2}"#, "Invalid format: key \"a\" is given twice."),
        (r#"{"x": [{"a": 1, "\u0061": 2}]}"#, "Invalid format: key \"a\" is given twice."),
        (r#"{"": 1}"#, "Invalid format: a key has 1 to 64 bytes."),
        (r#"{"seller": "x"}"#, "Invalid format: key \"seller\" must be an object."),
        (r#"{"seller": ["x"]}"#, "Invalid format: key \"seller\" must be an object."),
        (r#"{"type": {"a": 1}}"#, "Invalid format: key \"type\" must be a text."),
        (
            r#"{"seller": {"address": ["x"]}}"#,
            "Invalid format: key \"seller.address\" must be a text.",
        ),
    ] {
        assert_eq!(json(text), Err(message.to_owned()), "{text}");
    }
    for text in
        ["", "{", "{\"a\": 01}", "{\"a\": tru}", "{\"a\": \"\\ud800\"}", "{} {}", "\"a", "nul"]
    {
        assert!(json(text).unwrap_err().starts_with("Invalid JSON format: "), "{text}");
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(json(&deep).unwrap_err(), "Invalid format: values are at most 8 deep.");
    let many = format!("{{\"a\": [{}0]}}", "0,".repeat(300));
    assert_eq!(json(&many).unwrap_err(), "Invalid format: a message has at most 256 values.");
    assert_eq!(Document::from_json(b"{\"a\": \"\xff\"}", None), Err(DocumentError::NotText));
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(Document::BYTES_MAX));
    assert_eq!(json(&long).unwrap_err(), "Invalid format: a message has at most 65536 bytes.");
}

/// The limit of depth is the same in both formats; brackets within texts do not count.
#[test]
fn values_are_as_deep_in_json_as_in_yaml() {
    for (levels, is_read) in [(8, true), (9, false)] {
        let nested = format!("{}{}", "{\"a\": ".repeat(levels), "\"[{\\\"[[[[[[[[[\"");
        let nested = format!("{nested}{}", "}".repeat(levels));
        assert_eq!(json(&format!("{{\"a\": {nested}}}")).is_ok(), is_read);
        assert_eq!(yaml(&format!("{{\"deal\": {{\"a\": {nested}}}}}")).is_ok(), is_read);
    }
}

#[test]
fn fields_of_a_form() {
    let fields = |fields: &[(&str, &str)]| {
        let fields: Vec<_> =
            fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Document::from_fields(&fields, Some(Order::Complete)).map_err(|error| error.to_string())
    };
    let document = fields(&[
        ("feedback_comments", "- a: #b\n"),
        ("feedback_leave_before", "x"),
        ("feedback_status", ""),
        ("payment_sum", "0.1"),
        ("payment_scheme", "escrow"),
        ("unknown", "y"),
        ("seller_address", "s"),
    ])
    .unwrap();
    let expected = "deal:\n  order: complete\n  seller:\n    address: s\n  payment:\n    sum: 0.1\n    \
        scheme: escrow\n  feedback:\n    leave-before: x\n    comments: \"- a: #b\\n\"";
    assert_eq!(document.to_yaml(), expected);
    assert_eq!(document.name("feedback.leave-before"), "feedback_leave_before");
    let twice = fields(&[("type", "a"), ("type", "a")]);
    assert_eq!(twice.unwrap_err(), "Invalid format: key \"type\" is given twice.");
    let long = "x".repeat(Document::BYTES_MAX);
    assert_eq!(fields(&[("type", &long)]).unwrap_err(), DocumentError::TooLong.to_string());
    assert_eq!(fields(&[("a", "b"); 257]).unwrap_err(), DocumentError::TooMany.to_string());
}

#[test]
fn members_are_put_where_they_belong() {
    let mut document =
        yaml("deal:\n  order: pay\n  seller:\n    address: a\n    signature: s").unwrap();
    document.set("order", "Paid");
    document.set_behind("address", "seller.rating", "0, 0%");
    document.set_behind("address", "customer.rating", "0, 0%");
    document.set("error.message", "no: funds");
    document.remove("seller.signature");
    document.remove("nothing.here");
    let expected = "deal:\n  order: Paid\n  seller:\n    address: a\n    rating: 0, 0%\n  customer:\n    \
        rating: 0, 0%\n  error:\n    message: \"no: funds\"";
    assert_eq!(document.to_yaml(), expected);
    document.set_behind("address", "seller.rating", "1, 1%");
    assert_eq!(document.text("seller.rating"), Ok(Some("1, 1%")));
    document.set("order.of.things", "x");
    assert_eq!(document.text("order.of.things"), Ok(Some("x")));
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        ".*".prop_map(Node::Text),
        "[-?:,#&*!|>'\"%@` a\n\\[\\]{}~\u{85}\u{a0}\u{feff}\t\r]{0,8}".prop_map(Node::Text),
    ];
    leaf.prop_recursive(3, 30, 4, |node| {
        prop_oneof![
            members(node.clone()).prop_map(Node::Map),
            vec(node, 0..4).prop_map(Node::List),
        ]
    })
}

fn members(node: impl Strategy<Value = Node>) -> impl Strategy<Value = Vec<(String, Node)>> {
    let name = prop_oneof!["[a-z.-]{1,12}", ".{1,12}", "[-?:,#&*!|>'\"%@` a\n]{1,4}"];
    vec((name, node), 0..5).prop_map(|members| {
        let mut unique: Vec<(String, Node)> = Vec::new();
        for (name, node) in members {
            if unique.iter().all(|(other, _)| *other != name) {
                unique.push((name, node));
            }
        }
        unique
    })
}

proptest! {
    #[test]
    fn documents_are_read_back(members in members(node())) {
        let document = Document { members, spelling: Spelling::Path };
        let text = document.to_yaml();
        prop_assert!(!text.ends_with('\n'));
        prop_assert_eq!(Document::from_yaml(&text), Ok(document), "{}", text);
    }

    /// The same texts by JSON and by fields are the same message.
    #[test]
    fn json_and_fields_say_the_same(
        kind in ".{0,20}", address in ".{0,20}", leave in ".{0,20}", comments in "(?s).{0,40}",
    ) {
        let object = serde_json::json!({
            "feedback": {"comments": &comments, "leave-before": &leave},
            "seller": {"address": &address}, "type": &kind,
        });
        let by_json = Document::from_json(object.to_string().as_bytes(), Some(Order::Pay)).unwrap();
        let fields = [
            ("feedback_comments", comments), ("seller_address", address), ("type", kind),
            ("feedback_leave_before", leave),
        ].map(|(name, text)| (name.to_owned(), text));
        let by_fields = Document::from_fields(&fields, Some(Order::Pay)).unwrap();
        prop_assert_eq!(by_json.to_yaml(), by_fields.to_yaml());
        prop_assert_eq!(Document::from_yaml(by_json.to_yaml()), Ok(by_json));
    }

    #[test]
    fn no_text_is_too_much(
        any in "(?s).*", yamlish in "(deal:)?([ \n]{0,3}[a-c&*!|>'\"\\[\\]{},:#?%-]{0,3}){0,20}",
        bytes in vec(any::<u8>(), 0..100),
    ) {
        for text in [any.as_bytes(), yamlish.as_bytes(), &bytes] {
            if let Ok(document) = Document::from_yaml(text) {
                prop_assert_eq!(Document::from_yaml(document.to_yaml()), Ok(document));
            }
            let _ = Document::from_json(text, None);
        }
    }
}
