//! Texts inside of HTML and XML.

use std::borrow::Cow;

/// The text with `& < > " '` as references, and with what XML 1.0 has no character for (control
/// characters but tab and line ends, U+FFFE, U+FFFF) replaced.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let is_plain =
        |letter: char| !matches!(letter, '&' | '<' | '>' | '"' | '\'') && is_allowed(letter);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 32);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ if is_allowed(letter) => escaped.push(letter),
            _ => escaped.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(escaped)
}

fn is_allowed(letter: char) -> bool {
    match letter {
        '\t' | '\n' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => !letter.is_control(),
    }
}
