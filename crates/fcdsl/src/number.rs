//! Numbers of queries.

/// The integer that `text` says, or else the finite float.
pub(crate) fn parse(text: &str) -> Option<Number> {
    if let Ok(long) = text.parse() {
        return Some(Number::Long(long));
    }
    // "inf", "nan" and their like are numbers to the library only.
    if !text.contains(|char: char| char.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|float: &f64| float.is_finite()).map(Number::Float)
}

/// The finite 32-bit float that `text` says; -0 is 0.
pub(crate) fn parse_f32(text: &str) -> Option<f32> {
    parse(text)?;
    text.parse().ok().filter(|float: &f32| float.is_finite()).map(|float| float + 0.0)
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Long(i64),
    Float(f64),
}

/// 2^63: the first float above all integers.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// The integer of this value, if it is one.
    pub(crate) fn as_long(self) -> Option<i64> {
        match self {
            Self::Long(long) => Some(long),
            Self::Float(float) if float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float) => {
                Some(truncate(float))
            }
            Self::Float(_) => None,
        }
    }

    /// The least integer that is greater than this, or not less than it. `None`: there is none.
    pub(crate) fn least_above(self, is_included: bool) -> Option<i64> {
        match self {
            Self::Long(long) if is_included => Some(long),
            Self::Long(long) => long.checked_add(1),
            Self::Float(float) if float < -LIMIT => Some(i64::MIN),
            Self::Float(float) if float >= LIMIT => None,
            Self::Float(float) if is_included || float.fract() != 0.0 => {
                Some(truncate(float.ceil()))
            }
            Self::Float(float) => truncate(float).checked_add(1),
        }
    }

    /// The greatest integer that is less than this, or not greater than it. `None`: there is none.
    pub(crate) fn greatest_below(self, is_included: bool) -> Option<i64> {
        match self {
            Self::Long(long) if is_included => Some(long),
            Self::Long(long) => long.checked_sub(1),
            Self::Float(float) if float < -LIMIT => None,
            Self::Float(float) if float >= LIMIT => Some(i64::MAX),
            Self::Float(float) if is_included || float.fract() != 0.0 => {
                Some(truncate(float.floor()))
            }
            Self::Float(float) => truncate(float).checked_sub(1),
        }
    }
}

fn truncate(float: f64) -> i64 {
    // Saturates; all callers have excluded what is out of range.
    float as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_integers_or_finite_floats() {
        assert_eq!(parse("12"), Some(Number::Long(12)));
        assert_eq!(parse("-1.5"), Some(Number::Float(-1.5)));
        assert_eq!(parse("1e3").and_then(Number::as_long), Some(1000));
        for text in ["", "abc", "NaN", "inf", "infinity", "1e999", "0x1", " 1", "1,5"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse_f32("1e39"), None);
        assert_eq!(parse_f32("-0.0").map(f32::to_bits), Some(0));
    }

    #[test]
    fn bounds_between_integers_and_beyond_all() {
        let bounds = |text, is_included| {
            let number = parse(text).unwrap();
            (number.least_above(is_included), number.greatest_below(is_included))
        };
        assert_eq!(bounds("5", true), (Some(5), Some(5)));
        assert_eq!(bounds("5", false), (Some(6), Some(4)));
        assert_eq!(bounds("5.0", false), (Some(6), Some(4)));
        assert_eq!(bounds("-5.5", true), (Some(-5), Some(-6)));
        assert_eq!(bounds("-5.5", false), (Some(-5), Some(-6)));
        assert_eq!(bounds("1e30", true), (None, Some(i64::MAX)));
        assert_eq!(bounds("-1e30", true), (Some(i64::MIN), None));
        assert_eq!(bounds("9223372036854775807", false), (None, Some(i64::MAX - 1)));
        assert_eq!(parse("1e30").and_then(Number::as_long), None);
    }
}
