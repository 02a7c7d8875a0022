use super::*;
use tally_chain::utxo::Record;
use tally_feip::{Rules, View, ViewError};
use tally_primitives::{BlockNumber, Txid};

struct Nothing;

impl View for Nothing {
    fn entity(&self, _: &tally_feip::EntityKey) -> Result<Option<Entity>, ViewError> {
        Ok(None)
    }

    fn cid_holder(&self, _: &str) -> Result<Option<Fid>, ViewError> {
        Ok(None)
    }
}

const OWNER: &str = "FPL44YJRwPdd2ipziFvqq6y2tw4VnVvpAv";

/// Reads the terms of a service that was published with these params.
fn terms(params: &str) -> Result<ServiceTerms, TermsError> {
    let text =
        format!(r#"{{"type":"FEIP","sn":"5","data":{{"op":"publish","stdName":"S"{params}}}}}"#);
    let record = Record {
        txid: Txid::default(),
        height: BlockNumber(1),
        index: 1,
        time: 1,
        signer: OWNER.parse().ok(),
        recipient: None,
        cdd: 1,
        text: text.into_bytes(),
        payments: vec![],
    };
    let outcome = tally_feip::apply(&record, &Nothing, &Rules::default()).unwrap().unwrap();
    ServiceTerms::of(&outcome.changes[0].after)
}

#[test]
fn the_sample_is_read() {
    let sample = r#","params":{"urlHead":"http://localhost:8080/APIP/","currency":"fch",
        "account":"FEk41Kqjar45fLDriztUDTUkdki7mmcjWK","pricePerRequest":"0.001",
        "minPayment":"10.0","sessionDays":365.0,"own":{"x":1}}"#;
    let expected = ServiceTerms {
        account: "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK".parse().unwrap(),
        price: Price::PerRequest(Satoshi(100_000)),
        min_payment: Satoshi(1_000_000_000),
        session_days: 365,
        url_head: Some("http://localhost:8080/APIP/".into()),
        is_active: true,
    };
    assert_eq!(terms(sample), Ok(expected));
}

#[test]
fn what_is_not_said_has_a_default() {
    for params in ["", r#","params":{}"#, r#","params":{"account":null,"minPayment":""}"#] {
        let terms = terms(params).unwrap();
        assert_eq!(terms.account.as_str(), OWNER, "{params}");
        assert!(terms.price.is_free(), "{params}");
        assert_eq!((terms.min_payment, terms.session_days), (Satoshi(0), 365), "{params}");
        assert_eq!(terms.url_head, None);
    }
    let both = terms(r#","params":{"pricePerRequest":"1","pricePerKBytes":0.00001}"#).unwrap();
    assert_eq!(both.price, Price::PerKilobyte(Satoshi(1000)), "the price per size wins");
}

#[test]
fn what_is_wrong_is_named() {
    let message =
        |params: &str| terms(&format!(r#","params":{{{params}}}"#)).unwrap_err().to_string();
    for (params, expected) in [
        (r#""pricePerRequest":"cheap""#, "params.pricePerRequest is cheap: not a decimal number"),
        (r#""pricePerKBytes":"0.000000001""#, "params.pricePerKBytes is 0.000000001: more exact"),
        (r#""minPayment":true"#, "params.minPayment is true, not a text"),
        (r#""account":"someone else""#, "params.account is someone else, not an address"),
        (r#""currency":"CNY""#, "params.currency is CNY"),
        (r#""sessionDays":"36501""#, "params.sessionDays is 36501: too large"),
        (r#""sessionDays":1.5"#, "params.sessionDays is 1.5: more exact"),
        (r#""urlHead":["a"]"#, r#"params.urlHead is ["a"], not a text"#),
    ] {
        let found = message(params);
        assert!(found.starts_with(expected), "{params}: {found}");
    }
    let long = message(&format!(r#""currency":"{}""#, "é".repeat(1000)));
    assert!(long.len() < 300, "{long}");
}
