//! The texts of moments and days.

use super::{Date, Time, calendar};

/// The longest text of a moment that is looked at.
const LENGTH_MAX: usize = 64;

pub(super) fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.len() > LENGTH_MAX || !text.is_ascii() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let milliseconds: u64 = text.parse().ok()?;
        return within(milliseconds / 1000);
    }
    let (start, zone) = text.split_at_checked("YYYY-MM-DD HH:MM:SS".len())?;
    let (day, clock) = start.split_at_checked("YYYY-MM-DD".len())?;
    let clock = clock.strip_prefix([' ', 'T', 't'])?;
    let seconds = date(day)?.start().0 + second_of_day(clock)?;
    let (ahead, difference) = offset(without_fraction(zone)?)?;
    within(if ahead {
        seconds.checked_sub(difference)?
    } else {
        seconds.checked_add(difference)?
    })
}

pub(super) fn date(text: &str) -> Option<Date> {
    let &[y, c, e, n, b'-', m, o, b'-', d, a] = text.as_bytes() else { return None };
    let days = calendar::days(number(&[y, c, e, n])?, number(&[m, o])?, number(&[d, a])?)?;
    Some(Date(days))
}

fn within(seconds: u64) -> Option<Time> {
    Some(Time(seconds)).filter(|time| *time <= Time::MAX)
}

fn second_of_day(text: &str) -> Option<u64> {
    let &[h, o, b':', m, i, b':', s, e] = text.as_bytes() else { return None };
    let (hour, minute, second) = (number(&[h, o])?, number(&[m, i])?, number(&[s, e])?);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Drops a fraction of a second, which needs at least one digit.
fn without_fraction(text: &str) -> Option<&str> {
    let Some(fraction) = text.strip_prefix('.') else { return Some(text) };
    let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < fraction.len()).then_some(rest)
}

/// Returns whether the clock that the text was read from is ahead of UTC, and the seconds between.
fn offset(text: &str) -> Option<(bool, u64)> {
    let text = text.trim_start();
    if ["", "z", "utc", "gmt"].iter().any(|zone| zone.eq_ignore_ascii_case(text)) {
        return Some((true, 0));
    }
    let (ahead, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (true, digits),
        ("-", digits) => (false, digits),
        _ => return None,
    };
    let (hours, minutes) = match *digits.as_bytes() {
        [h, o] => (number(&[h, o])?, 0),
        [h, o, m, i] | [h, o, b':', m, i] => (number(&[h, o])?, number(&[m, i])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some((ahead, hours * 3600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}
