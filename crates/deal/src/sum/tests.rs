use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Option<(u64, String)> {
    let sum = Sum::parse(text, Network::Test).ok()?;
    Some((sum.satoshi().0, sum.text(Network::Test)))
}

#[test]
fn sums_without_a_symbol_have_one_text() {
    for (text, satoshi, written) in [
        ("0.00001", 1000, "0.00001 tBTC"),
        ("0.50000000", 50_000_000, "0.5 tBTC"),
        ("10", 1_000_000_000, "10 tBTC"),
        ("100", 10_000_000_000, "100 tBTC"),
        ("1.0", 100_000_000, "1 tBTC"),
        ("0.29", 29_000_000, "0.29 tBTC"),
        (".5", 50_000_000, "0.5 tBTC"),
        ("5.", 500_000_000, "5 tBTC"),
        ("007.10", 710_000_000, "7.1 tBTC"),
        ("1e-5", 1000, "0.00001 tBTC"),
        ("1.5E-5", 1500, "0.000015 tBTC"),
        ("2e3", 200_000_000_000, "2000 tBTC"),
        ("0.0001e+2", 1_000_000, "0.01 tBTC"),
        ("1000e-8", 1000, "0.00001 tBTC"),
        ("0.1000000000000", 10_000_000, "0.1 tBTC"),
        ("21000000", Sum::MAX.0, "21000000 tBTC"),
    ] {
        assert_eq!(read(text), Some((satoshi, written.to_owned())), "{text}");
    }
}

/// What comes with the symbol is hashed as it came, so that messages of other modules keep their
/// addresses.
#[test]
fn sums_with_a_symbol_keep_their_text() {
    for (text, satoshi) in [
        ("0.00001 tBTC", 1000),
        ("0.50000000 tBTC", 50_000_000),
        ("1.0 tBTC", 100_000_000),
        ("0.5tBTC", 50_000_000),
    ] {
        assert_eq!(read(text), Some((satoshi, text.to_owned())));
    }
    assert_eq!(
        Sum::parse("0.5 tBTC", Network::Test).unwrap(),
        Sum::parse("0.500", Network::Test).unwrap()
    );
    let main = Sum::parse("0.50 BTC", Network::Main).unwrap();
    assert_eq!(main.text(Network::Main), "0.50 BTC");
}

#[test]
fn what_is_no_sum_is_refused() {
    let message = |text: &str| Sum::parse(text, Network::Test).unwrap_err().to_string();
    for text in [
        "",
        " ",
        "tBTC",
        ".",
        "-1",
        "+1",
        "1,5",
        "0x10",
        "1 000",
        "NaN",
        "inf",
        "1e",
        "1e-",
        "e5",
        "1e1000",
        "1e--5",
        "1 BTC",
        "1 xBTC",
        "1e-5 tBTC",
        "1..5",
        "1.5.5",
        "١",
        "1\n",
        " 1",
    ] {
        assert_eq!(
            message(text),
            format!("Invalid payment sum value: \"{}\".", crate::text::excerpt(text))
        );
    }
    assert!(message(&"0".repeat(65)).starts_with("Invalid payment sum value: \"000"));
    for text in ["0.000010001", "1e-9", "0.123456789 tBTC"] {
        assert!(message(text).ends_with("(at most 8 decimal places)."), "{text}");
    }
    for text in ["21000000.00000001", "21000001", "99999999999999999999", "1e300", "1e999"] {
        assert!(message(text).ends_with("(at most 21000000)."), "{text}");
    }
    for text in ["0", "0.00000999", "0.00000000", "0e999", "0 tBTC"] {
        assert!(message(text).ends_with("(at least 1000 satoshi)."), "{text}");
    }
    assert!(Sum::parse("0.0000054", Network::Main).is_ok());
    assert!(Sum::parse("0.00000539", Network::Main).is_err());
}

#[test]
fn sums_of_satoshi() {
    assert_eq!(Sum::from_satoshi(Satoshi(0)), None);
    assert_eq!(Sum::from_satoshi(Satoshi(Sum::MAX.0 + 1)), None);
    let sum = Sum::from_satoshi(Satoshi(1000)).unwrap();
    assert_eq!(Some(sum), Sum::parse("0.00001", Network::Test).ok());
}

proptest! {
    #[test]
    fn sums_are_exact(satoshi in 1000..=Sum::MAX.0, exponent in 0..=12_i32) {
        let sum = Sum::from_satoshi(Satoshi(satoshi)).unwrap();
        let text = sum.text(Network::Test);
        prop_assert_eq!(&Sum::parse(&text, Network::Test), &Ok(sum.clone()));
        let plain = coins(Satoshi(satoshi));
        prop_assert_eq!(Sum::parse(&plain, Network::Test), Ok(sum.clone()));
        // The same number, with the point moved.
        let moved = format!("{satoshi}{}e-{}", "0".repeat(exponent as usize), exponent + 8);
        prop_assert_eq!(Sum::parse(&moved, Network::Test), Ok(sum));
    }

    #[test]
    fn no_text_is_too_much(text in "[0-9.e+ -]{0,30}(tBTC)?", any in ".*") {
        for text in [text, any] {
            if let Ok(sum) = Sum::parse(&text, Network::Test) {
                let written = sum.text(Network::Test);
                prop_assert_eq!(Sum::parse(&written, Network::Test), Ok(sum));
            }
        }
    }
}
