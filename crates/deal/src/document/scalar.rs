//! Texts within YAML: without quotes where nobody can take them for something else.

use std::fmt::Write as _;

/// Says whether a text without quotes means no value.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Writes a text, in double quotes if it needs them.
pub(super) fn write(out: &mut String, text: &str) {
    if is_plain(text) { out.push_str(text) } else { quote(out, text) }
}

/// Says whether a text within a block can stand without quotes.
///
/// *Source:* YAML 1.2.2, 7.3.3, for texts of one line.
fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let (Some(first), second) = (chars.next(), chars.next()) else { return false };
    let starts = match first {
        '-' | '?' | ':' => second.is_some_and(|second| second != ' '),
        _ => !",[]{}#&*!|>'\"%@` ".contains(first),
    };
    let is_marked = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    starts && !is_marked && !is_null(text) && !text.chars().any(is_escaped)
}

/// Says whether a character cannot stand for itself.
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if is_escaped(c) => escape(out, u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(out: &mut String, code: u32) {
    let _ = if code <= 0xff { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{code:04x}") };
}
