use super::*;

/// Detects with the signs given; each as `name`, `name=hash`, `name=uuid` or `name=number`.
fn speaks(path: &str, setting: ApiEra, signs: &[&str]) -> Option<ApiEra> {
    detect(path, setting, |sign| match sign {
        Sign::Has(name) => signs.iter().any(|s| s.split('=').next() == Some(name)),
        Sign::IsHash(name) => signs.contains(&format!("{name}=hash").as_str()),
        Sign::IsUuid(name) => signs.contains(&format!("{name}=uuid").as_str()),
        Sign::IsNumber(name) => signs.contains(&format!("{name}=number").as_str()),
        Sign::Always => true,
    })
}

/// A path, signs, what they mean by default, and what they mean with a setting.
type Case = (&'static str, &'static [&'static str], ApiEra, &'static [(ApiEra, ApiEra)]);

/// Goal: what each release's own client sends is understood as that release means it, with the
/// setting at its default and at the release's own.
#[test]
fn clients_of_every_release_are_understood() {
    use ApiEra::{Seed, V0_9, V0_10, V1, V2};
    let expected: &[Case] = &[
        ("/transactions", &[], Seed, &[(V0_9, V0_9), (V2, V2)]),
        ("/transactions", &["owners_after", "fulfilled"], Seed, &[(V2, Seed)]),
        ("/transactions", &["asset_id=uuid", "operation"], Seed, &[(V1, Seed)]),
        ("/transactions", &["asset_id=hash"], V2, &[(V0_9, V0_9), (V1, V1)]),
        ("/transactions", &["asset_id=hash", "owners_after"], Seed, &[(V2, Seed)]),
        ("/transactions", &["asset_id=hash", "last_tx"], V2, &[(V1, V2)]),
        ("/statuses", &["tx_id=hash"], V0_10, &[(V0_9, V0_9), (V2, V0_10)]),
        ("/statuses", &["transaction_id=hash"], V1, &[(V0_9, V1)]),
        ("/statuses", &["block_id=hash"], V1, &[(V0_10, V0_10)]),
        ("/blocks", &["tx_id=hash"], Seed, &[(V0_9, V0_9), (V2, V0_10)]),
        ("/blocks", &["transaction_id=hash"], V2, &[(V1, V1), (V0_9, V2)]),
        ("/blocks", &["transaction_id=hash", "status"], V1, &[(V2, V1)]),
        ("/blocks/{block_id}", &["block_id=hash"], Seed, &[(V1, V1), (V2, V1)]),
        ("/blocks/{block_id}", &["block_id=number"], V2, &[(V1, V2)]),
        ("/votes", &["block_id=hash"], Seed, &[(V2, V1)]),
        ("/outputs", &["public_key"], V2, &[(V0_9, V0_9), (V1, V1)]),
        ("/outputs", &["public_key", "unspent"], V0_10, &[(V0_9, V0_9), (V2, V0_10)]),
        ("/outputs", &["public_key", "spent"], V2, &[(V1, V1), (V0_9, V2)]),
    ];
    for (path, signs, by_default, by_setting) in expected {
        assert_eq!(speaks(path, Seed, signs), Some(*by_default), "{path} {signs:?}");
        for (setting, era) in *by_setting {
            assert_eq!(speaks(path, *setting, signs), Some(*era), "{path} {signs:?} {setting}");
        }
    }
}

#[test]
fn parameters_of_different_releases_contradict() {
    for (path, signs) in [
        ("/outputs", ["unspent", "spent"]),
        ("/blocks", ["tx_id", "transaction_id"]),
        ("/transactions", ["metadata_id", "last_tx"]),
    ] {
        for setting in ApiEra::ALL {
            assert_eq!(speaks(path, setting, &signs), None, "{path} {signs:?}");
        }
    }
}

#[test]
fn settings_are_read_as_they_are_written() {
    for era in ApiEra::ALL {
        assert_eq!(era.to_string().parse(), Ok(era));
    }
    for bad in ["", "Seed", "0.8", "2.0", "10"] {
        assert_eq!(bad.parse::<ApiEra>(), Err(ApiEraParseError));
    }
    assert_eq!(ApiEra::default(), ApiEra::Seed);
}

/// Goal: the table of docs/http-bigchain.md is this one. With `TALLY_UPDATE_ARTEFACTS` set the test
/// writes it instead.
#[test]
fn the_documented_table_is_the_table() {
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http-bigchain.md");
    const BEGIN: &str = "<!-- era rules: made by crates/bigchain-api/src/era -->\n";
    const END: &str = "<!-- end of the era rules -->\n";
    let row = |rule: &Rule| {
        let sign = match rule.sign {
            Sign::Has(name) => format!("has `{name}`"),
            Sign::IsHash(name) => format!("`{name}` is 64 hexadecimal digits"),
            Sign::IsUuid(name) => format!("`{name}` is a UUID"),
            Sign::IsNumber(name) => format!("`{name}` is a decimal number"),
            Sign::Always => "always".to_owned(),
        };
        let weak = if rule.weak { ", unless that leaves none" } else { "" };
        format!("| `{}` | {sign} | {}{weak} |\n", rule.path, rule.eras)
    };
    let rows: String = RULES.iter().map(row).collect();
    let table = format!("{BEGIN}| endpoint | the request | speaks |\n|---|---|---|\n{rows}{END}");
    let page = std::fs::read_to_string(PAGE).unwrap();
    let start = page.find(BEGIN).expect("the page has the table's first line");
    let end = page.find(END).expect("the page has the table's last line") + END.len();
    if std::env::var_os("TALLY_UPDATE_ARTEFACTS").is_some() {
        std::fs::write(PAGE, format!("{}{table}{}", &page[..start], &page[end..])).unwrap();
        return;
    }
    let hint = "run this test with TALLY_UPDATE_ARTEFACTS=1 and commit the result";
    assert!(page[start..end] == table, "docs/http-bigchain.md has an old table of eras: {hint}");
}
