//! The string values of a JSON text, found without building a tree: depth costs nothing.

/// Returns every string that is a value, in order; strings that name a field are left out, and so
/// are those that are no JSON.
pub(crate) fn string_values(json: &str) -> Vec<String> {
    let mut rest = json;
    let mut values = Vec::new();
    while let Some(start) = rest.find('"') {
        let quoted = quoted(&rest[start..]);
        rest = &rest[start + quoted.len()..];
        let names_a_field = rest.trim_start().starts_with(':');
        if !names_a_field
            && let Ok(text) = serde_json::from_str::<String>(quoted)
            && !text.trim().is_empty()
        {
            values.push(text);
        }
    }
    values
}

/// Returns the string at the start of `text`, its quotes included.
fn quoted(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    });
    end.map_or(text, |end| &text[..end + 2])
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
        assert_eq!(string_values(json), ["quote\" bs\\ slash/ AAé", "\u{1f600}", "tab\tnl\n"]);
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
