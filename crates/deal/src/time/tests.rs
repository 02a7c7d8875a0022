use super::*;
use proptest::prelude::*;

fn time(text: &str) -> Option<u64> {
    text.parse::<Time>().ok().map(|time| time.0)
}

/// Moments whose numbers are known.
#[test]
fn known_moments() {
    for (text, seconds) in [
        ("1970-01-01 00:00:00 UTC", 0),
        ("2022-04-11 11:15:08 UTC", 0x6254_0DBC),
        ("2024-02-29 12:00:00 UTC", 1_709_208_000),
        ("2024-01-31 23:30:00 UTC", 1_706_743_800),
        ("2000-03-01 00:00:00 UTC", 951_868_800),
        ("9999-12-31 23:59:59 UTC", Time::MAX.0),
    ] {
        assert_eq!(time(text), Some(seconds));
        assert_eq!(Time(seconds).to_string(), text);
    }
}

#[test]
fn other_ways_to_write_a_moment() {
    let expected = time("2022-04-11 11:14:46 UTC");
    for text in [
        "2022-04-11 11:14:46",
        "2022-04-11T11:14:46",
        "2022-04-11T11:14:46Z",
        "2022-04-11t11:14:46z",
        "2022-04-11 11:14:46 utc",
        "2022-04-11 11:14:46 GMT",
        "2022-04-11T11:14:46.999Z",
        "2022-04-11 14:14:46+03:00",
        "2022-04-11 14:14:46 +0300",
        "2022-04-11 14:14:46+03",
        "2022-04-11 03:44:46 -07:30",
        "2022-04-10T23:14:46-12:00",
        "1649675686000",
        "1649675686999",
        " 2022-04-11 11:14:46 UTC ",
    ] {
        assert_eq!(time(text), expected, "{text}");
    }
}

/// What the protocol's first program read as some other moment is refused.
#[test]
fn what_is_no_moment_is_refused() {
    for text in [
        "",
        "now",
        "2022-04-11",
        "2022-04-11 11:14",
        "2022-04-31 11:14:46",
        "2023-02-29 12:00:00",
        "1900-02-28 12:00:00",
        "2022-13-01 12:00:00",
        "2022-00-01 12:00:00",
        "2022-01-00 12:00:00",
        "2022-04-11 24:00:00",
        "2022-04-11 23:60:00",
        "2022-04-11 23:59:60",
        "2022-04-11_23:59:00",
        "2022-04-11 23:59:00 MSK",
        "2022-04-11 23:59:00.",
        "2022-04-11 23:59:00 +3",
        "1970-01-01 00:00:00 +01:00",
        "9999-12-31 23:59:59 -00:01",
        "253402300800000",
        "99999999999999999999999",
        "2022-04-1\u{661} 11:14:46",
        "２022-04-11 11:14:46",
    ] {
        assert_eq!(time(text), None, "{text}");
    }
    let error = "2022-04-31 11:14:46".parse::<Time>().unwrap_err();
    assert_eq!(error.to_string(), "Invalid date value: \"2022-04-31 11:14:46\".");
}

#[test]
fn arithmetic_stays_within_what_can_be_written() {
    assert_eq!(Time::MAX.plus(1), Time::MAX);
    assert_eq!(Time(5).minus(6), Time(0));
    assert_eq!(Time(5).since(Time(6)), 0);
    assert_eq!(Time(u64::MAX).to_string(), Time::MAX.to_string());
}

#[test]
fn days() {
    let day: Date = "2024-08-25".parse().unwrap();
    assert_eq!(day.to_string(), "2024-08-25");
    assert_eq!(day.start().to_string(), "2024-08-25 00:00:00 UTC");
    assert_eq!(day.start().plus(86_399).date(), day);
    assert_eq!(day.start().minus(1).date().distance(day), 1);
    for text in ["2024-8-25", "2024-08-25 ", "2024-02-30", "2024/08/25", "", "24-08-25"] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn moments_are_read_back(seconds in 0..=Time::MAX.0) {
        let moment = Time(seconds);
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        prop_assert_eq!(moment.date().to_string().parse(), Ok(moment.date()));
        prop_assert!(moment.since(moment.date().start()) < 86_400);
    }

    #[test]
    fn no_text_is_too_much(text in ".*") {
        let _ = text.parse::<Time>();
        let _ = text.parse::<Date>();
    }
}
