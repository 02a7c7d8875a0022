//! The string values of a JSON text, found without building a tree: depth costs nothing.

use std::{iter::Peekable, str::Chars};

/// Returns every string that is a value, in order; strings that name a field are left out.
pub(crate) fn string_values(json: &str) -> Vec<String> {
    let mut rest = json.chars().peekable();
    let mut values = Vec::new();
    while let Some(next) = rest.next() {
        if next != '"' {
            continue;
        }
        let text = string(&mut rest);
        while rest.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let names_a_field = rest.peek() == Some(&':');
        if !names_a_field && !text.trim().is_empty() {
            values.push(text);
        }
    }
    values
}

/// Reads a string whose opening quote was read, up to and with its closing one.
fn string(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        match next {
            '"' => break,
            '\\' => text.push(escaped(rest)),
            plain => text.push(plain),
        }
    }
    text
}

fn escaped(rest: &mut Peekable<Chars<'_>>) -> char {
    match rest.next() {
        Some('u') => unicode(rest),
        Some('b' | 'f' | 'n' | 'r' | 't') => ' ',
        Some(plain) => plain,
        None => char::REPLACEMENT_CHARACTER,
    }
}

/// Reads the rest of `\uXXXX`, or of a pair of them.
fn unicode(rest: &mut Peekable<Chars<'_>>) -> char {
    let first = unit(rest);
    let paired = (0xD800..0xDC00).contains(&first)
        && rest.next_if_eq(&'\\').is_some()
        && rest.next_if_eq(&'u').is_some();
    let code = if paired {
        let second = unit(rest);
        0x1_0000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF)
    } else {
        first
    };
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn unit(rest: &mut Peekable<Chars<'_>>) -> u32 {
    let mut value = 0;
    for _ in 0..4 {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(16)) else { break };
        rest.next();
        value = value * 16 + digit;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_any_depth_are_found_and_names_are_not() {
        let json = r#"{"name": "Fahrrad", "parts":[{"kind":"wheel","n":2},["bell",null,true]]}"#;
        assert_eq!(string_values(json), ["Fahrrad", "wheel", "bell"]);
        assert_eq!(string_values(r#""alone""#), ["alone"]);
        for nothing in ["null", "{}", "[1,2.5e9]", r#"{"a":" "}"#, ""] {
            assert_eq!(string_values(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        let json = r#"["quote\" bs\\ slash\/ A\u0041\u00e9", "\ud83d\ude00", "tab\tnl\n"]"#;
        assert_eq!(string_values(json), ["quote\" bs\\ slash/ AAé", "\u{1f600}", "tab nl "]);
    }

    /// Goal: depth costs no stack. Method: far more levels than a stack has frames.
    #[test]
    fn depth_costs_nothing() {
        let json = format!("{}\"deep\"{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert_eq!(string_values(&json), ["deep"]);
    }

    proptest::proptest! {
        /// Goal: no text makes it panic.
        #[test]
        fn any_text_is_read(text in r#"[\[\]{}":,\\u0-9a-fA-Fx ]{0,40}"#) {
            let _ = string_values(&text);
        }
    }
}
