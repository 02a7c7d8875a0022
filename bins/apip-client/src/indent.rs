//! JSON for people: the same text, with lines and indentation. The order of members and the digits
//! of numbers stay as they were sent.

/// Returns valid JSON text with a line for each member and element.
pub(crate) fn indent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            out.push(letter);
            in_string = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        match letter {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => {
                in_string = other == '"';
                out.push(other);
            }
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stays_the_same_but_for_spaces() {
        let text = r#"{"b":[1.0,{"x":"a, {b}: \" \\"}],"a":[],"c":{ },"d":null}"#;
        let expected = r#"{
  "b": [
    1.0,
    {
      "x": "a, {b}: \" \\"
    }
  ],
  "a": [],
  "c": {},
  "d": null
}"#;
        assert_eq!(indent(text), expected);
        assert_eq!(indent(expected), expected);
        assert_eq!(indent("7"), "7");
        assert_eq!(indent(r#""\\""#), r#""\\""#);
    }
}
