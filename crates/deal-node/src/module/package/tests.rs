use super::*;
use proptest::prelude::*;

fn answer() -> Package {
    Package {
        id: "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370".to_owned(),
        address: None,
        action: Some("Created".to_owned()),
        token: None,
        result: Some(PackageResult { success: true, message: "New deal submitted".to_owned() }),
        payload: Some(b"deal:".to_vec()),
    }
}

/// Goal: the text of requests and answers is that of §3.1 and §3.2, byte for byte.
#[test]
fn packages_are_written_as_published() {
    let id = "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370".parse().unwrap();
    let request = Package {
        address: Some("mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8".to_owned()),
        payload: Some(b"x\n".to_vec()),
        ..Package::request(&id, "new")
    };
    assert_eq!(
        request.to_text(),
        r#"{"id": "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370", "address": "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8", "action": "new", "payload": "eAo="}"#
    );
    assert_eq!(
        answer().to_text(),
        r#"{"id": "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370", "action": "Created", "result": {"success": true, "message": "New deal submitted"}, "payload": "ZGVhbDo="}"#
    );
    let status = Package { payload: None, ..Package::request(&id, "help") };
    assert_eq!(
        status.to_text(),
        r#"{"id": "AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370", "action": "help"}"#
    );
}

#[test]
fn tokens_are_json_of_their_own() {
    let text = r#"{"id": "x", "action": "Token", "token": {"access_token": "a", "expires_in": 3600}, "result": {"success": true, "message": "m"}}"#;
    let package = Package::parse(text.as_bytes()).unwrap();
    assert_eq!(package.token.as_deref(), Some(r#"{"access_token": "a", "expires_in": 3600}"#));
    assert_eq!(package.to_text(), text);
}

/// Goal: what other servers write in their own way is understood; what is ambiguous is refused.
#[test]
fn packages_are_read_with_tolerance_and_without_doubt() {
    let odd =
        br#"{"result":{"message":"m","success":"false"},"later":[1,{}],"id":"x","payload":null}"#;
    let read = Package::parse(odd).unwrap();
    assert_eq!(read.result, Some(PackageResult { success: false, message: "m".to_owned() }));
    assert_eq!((read.id.as_str(), read.payload), ("x", None));
    for bad in [
        &b""[..],
        b"[]",
        b"{\"id\": 1}",
        br#"{"id": "a", "id": "b"}"#,
        br#"{"payload": "eA==", "payload": "eQ=="}"#,
        br#"{"result": {"success": 1}}"#,
        br#"{"id": "a"} x"#,
        b"{\"id\": \"\xff\"}",
    ] {
        let error = Package::parse(bad).unwrap_err();
        assert!(matches!(error, PackageError::Malformed(_)), "{error}");
    }
    for bad in [&br#"{"payload": "eA"}"#[..], br#"{"payload": "e A=="}"#, br#"{"payload": "-"}"#] {
        assert_eq!(Package::parse(bad), Err(PackageError::Payload));
    }
    let long = vec![b' '; PACKAGE_BYTES_MAX + 1];
    assert_eq!(Package::parse(&long), Err(PackageError::TooLong));
}

proptest! {
    /// Law: reading what was written gives the same package.
    #[test]
    fn written_packages_are_read_back(
        id in ".{0,42}",
        address in proptest::option::of(".{0,10}"),
        message in ".{0,20}",
        success: bool,
        payload in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..100)),
    ) {
        let result = Some(PackageResult { success, message });
        let package = Package { id, address, action: None, token: None, result, payload };
        prop_assert_eq!(Package::parse(package.to_text().as_bytes()), Ok(package));
    }
}
