mod grisu;
mod powers;

use std::{borrow::Cow, fmt::Write as _};

/// A JSON number, as it was written.
///
/// It follows the grammar of JSON, and it is finite as a double if it has a fraction or an exponent.
/// Two numbers are equal if they were written the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// How canonical text writes a number that has a fraction or an exponent.
///
/// Integers are written as they are in every style, however long, except `-0`: the libraries read
/// it as the integer zero, and so only [`NumberStyle::Literal`] keeps its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberStyle {
    /// As it was written.
    Literal,
    /// As RapidJSON 1.0 writes doubles: the digits that Grisu2 finds, which give the double back
    /// but are not always the closest; positional from 1e-6 to below 1e21 and with `.0` where there
    /// is no fraction, else `1e21`, `1e-7`.
    RapidJson,
    /// As `repr` of Python writes doubles: the shortest digits that give the double back, of several
    /// the closest; positional from 1e-4 to below 1e16 and with `.0` where
    /// there is no fraction, else `1e+16`, `1e-05`.
    Python,
}

impl<'a> Number<'a> {
    /// Takes a text that follows the grammar and is finite.
    pub(super) const fn from_checked(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns the number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the number has neither a fraction nor an exponent.
    pub fn is_integer(&self) -> bool {
        is_integer(&self.0)
    }

    /// Returns the number if it is an integer from 0 to 2^64 − 1, and not `-0`.
    pub fn as_u64(&self) -> Option<u64> {
        let is_unsigned = self.0.bytes().all(|byte| byte.is_ascii_digit());
        if is_unsigned { self.0.parse().ok() } else { None }
    }

    /// Returns whether styles can differ about the number.
    pub(super) fn is_special(&self) -> bool {
        !self.is_integer() || self.0 == "-0"
    }

    /// Returns the number in `style`.
    pub(super) fn in_style(&self, style: NumberStyle) -> String {
        let mut text = String::new();
        self.write(style, &mut text);
        text
    }

    /// Appends the number to `out` in `style`.
    pub(super) fn write(&self, style: NumberStyle, out: &mut String) {
        let is_float = !self.is_integer();
        match (style, is_float, self.0.as_ref()) {
            (NumberStyle::RapidJson | NumberStyle::Python, false, "-0") => out.push('0'),
            (NumberStyle::Literal, _, text) | (_, false, text) => out.push_str(text),
            (NumberStyle::RapidJson, true, text) => Digits::grisu(text).write_rapid_json(out),
            (NumberStyle::Python, true, text) => Digits::shortest(text).write_python(out),
        }
    }
}

impl From<u64> for Number<'_> {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

pub(super) fn is_integer(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// Decimal digits of a double: `0.digits × 10^point`, without zeros at the front unless it is zero.
struct Digits {
    is_negative: bool,
    digits: String,
    /// Where the decimal point is, counted from before the first digit. May be negative.
    point: i32,
}

impl Digits {
    /// The shortest digits that give the double back; of several as short, the closest.
    fn shortest(text: &str) -> Self {
        let double = double(text);
        let scientific = format!("{:e}", double.abs());
        let (mantissa, exponent) =
            scientific.split_once('e').expect("the format writes an exponent");
        let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
        let exponent: i32 = exponent.parse().expect("the exponent of a double");
        Self { is_negative: double.is_sign_negative(), digits, point: exponent + 1 }
    }

    /// The digits that RapidJSON finds.
    fn grisu(text: &str) -> Self {
        let double = double(text);
        let (digits, exponent) = match double.abs() {
            0.0 => ("0".to_owned(), 0),
            positive => grisu::digits(positive),
        };
        let point = exponent + i32::try_from(digits.len()).expect("at most 17 digits");
        Self { is_negative: double.is_sign_negative(), digits, point }
    }

    fn write_rapid_json(&self, out: &mut String) {
        if -6 < self.point && self.point <= 21 {
            return self.write_positional(out);
        }
        self.write_mantissa(out);
        write!(out, "e{}", self.point - 1).expect("writing to a string");
    }

    fn write_python(&self, out: &mut String) {
        if -4 < self.point && self.point <= 16 {
            return self.write_positional(out);
        }
        self.write_mantissa(out);
        let exponent = self.point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "e{sign}{:02}", exponent.abs()).expect("writing to a string");
    }

    fn write_positional(&self, out: &mut String) {
        self.write_sign(out);
        let (digits, length) = (self.digits.as_str(), self.digits.len());
        let zeros = |count: usize| std::iter::repeat_n('0', count);
        match usize::try_from(self.point) {
            Ok(point) if point >= length => {
                out.push_str(digits);
                out.extend(zeros(point - length));
                out.push_str(".0");
            }
            Ok(point) if point > 0 => {
                out.push_str(&digits[..point]);
                out.push('.');
                out.push_str(&digits[point..]);
            }
            Ok(_) | Err(_) => {
                out.push_str("0.");
                out.extend(zeros(self.point.unsigned_abs() as usize));
                out.push_str(digits);
            }
        }
    }

    fn write_mantissa(&self, out: &mut String) {
        self.write_sign(out);
        let (first, rest) = self.digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
    }

    fn write_sign(&self, out: &mut String) {
        if self.is_negative {
            out.push('-');
        }
    }
}

fn double(text: &str) -> f64 {
    text.parse().expect("the parser has read it as a double")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, style: NumberStyle) -> String {
        Number::from_checked(text).in_style(style)
    }

    /// The table of what genuine servers wrote, and the boundaries between the forms.
    #[test]
    fn doubles_are_written_as_each_era_did() {
        let table = [
            ("1.0", "1.0", "1.0"),
            ("1.50", "1.5", "1.5"),
            ("-0.0", "-0.0", "-0.0"),
            ("0e5", "0.0", "0.0"),
            ("1e5", "100000.0", "100000.0"),
            ("1E-4", "0.0001", "0.0001"),
            ("1e15", "1000000000000000.0", "1000000000000000.0"),
            ("1e16", "10000000000000000.0", "1e+16"),
            ("1e17", "100000000000000000.0", "1e+17"),
            ("1e20", "100000000000000000000.0", "1e+20"),
            ("1e21", "1e21", "1e+21"),
            ("1e22", "1e22", "1e+22"),
            ("1e-5", "0.00001", "1e-05"),
            ("0.000001", "0.000001", "1e-06"),
            ("1e-7", "1e-7", "1e-07"),
            ("-1.25e-7", "-1.25e-7", "-1.25e-07"),
            ("5e-324", "5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e308", "1.7976931348623157e+308"),
            ("123456.789", "123456.789", "123456.789"),
            ("12345678901234567890.0", "12345678901234568000.0", "1.2345678901234567e+19"),
            ("0.1234", "0.1234", "0.1234"),
            ("0.012", "0.012", "0.012"),
            ("9999999999999998.0", "9999999999999998.0", "9999999999999998.0"),
            ("1e-400", "0.0", "0.0"),
        ];
        for (text, rapid_json, python) in table {
            assert_eq!(written(text, NumberStyle::RapidJson), rapid_json, "{text}");
            assert_eq!(written(text, NumberStyle::Python), python, "{text}");
            assert_eq!(written(text, NumberStyle::Literal), text);
        }
    }

    /// What a genuine library wrote, for random doubles of several kinds.
    #[test]
    fn doubles_are_written_as_rapidjson_wrote_them() {
        let path = format!("{}/tests/vectors/rapidjson-doubles.txt", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in file.lines().skip(1) {
            let (bits, expected) = line.split_once(' ').unwrap();
            let double = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(written(&format!("{double:?}"), NumberStyle::RapidJson), expected);
            count += 1;
        }
        assert!(count > 2800);
    }

    #[test]
    fn integers_are_written_as_they_are() {
        let long = "1".repeat(1000);
        for text in ["0", "-1", "12345678901234567890", &long] {
            for style in [NumberStyle::Literal, NumberStyle::RapidJson, NumberStyle::Python] {
                assert_eq!(written(text, style), text);
            }
        }
        assert_eq!(written("-0", NumberStyle::Literal), "-0");
        assert_eq!(written("-0", NumberStyle::RapidJson), "0");
        assert_eq!(written("-0", NumberStyle::Python), "0");
    }
}
