use super::{NumberStyle, Value};

/// Returns the canonical text of `value`: members sorted, no white space, raw UTF-8, numbers in
/// `style`.
pub fn canonical(value: &Value<'_>, style: NumberStyle) -> String {
    let mut writer = Writer::new(style, 0);
    writer.value(value);
    writer.into_text()
}

/// Appends the JSON string that says `text`.
///
/// Escaped are `"`, `\` and the characters below 0x20: as `\b \f \n \r \t` where there is such a
/// form, else as `\u00` and two upper-case hexadecimal digits. Nothing else is.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(needs_escape) {
        out.push_str(&rest[..at]);
        escape(rest.as_bytes()[at], out);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let short = match byte {
        b'"' | b'\\' => char::from(byte),
        0x08 => 'b',
        0x0c => 'f',
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        _ => {
            out.push_str("\\u00");
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

/// Writes canonical text piece by piece, for those who need to know where the pieces are.
pub(crate) struct Writer {
    style: NumberStyle,
    text: String,
    /// The style that numbers are compared with.
    other: Option<NumberStyle>,
    differs: bool,
}

impl Writer {
    pub(crate) fn new(style: NumberStyle, capacity: usize) -> Self {
        Self { style, text: String::with_capacity(capacity), other: None, differs: false }
    }

    /// Finds out meanwhile whether the same text in the style `other` would differ.
    pub(crate) fn comparing(self, other: NumberStyle) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Where the next piece begins.
    pub(crate) fn position(&self) -> usize {
        self.text.len()
    }

    /// Whether the other style would have written a number otherwise.
    pub(crate) fn differs(&self) -> bool {
        self.differs
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Number(number) => {
                let start = self.text.len();
                number.write(self.style, &mut self.text);
                self.differs |= self.other.is_some_and(|other| {
                    number.is_special() && number.in_style(other) != self.text[start..]
                });
            }
            Value::String(text) => write_string(text, &mut self.text),
            Value::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    self.separate(at, '[');
                    self.value(value);
                }
                self.close(values.len(), "[]");
            }
            Value::Object(object) => {
                for (at, (name, value)) in object.members().iter().enumerate() {
                    self.separate(at, '{');
                    self.name(name);
                    self.value(value);
                }
                self.close(object.members().len(), "{}");
            }
        }
    }

    /// Writes what comes before the element or member number `at`: `open` or a comma.
    pub(crate) fn separate(&mut self, at: usize, open: char) {
        self.text.push(if at == 0 { open } else { ',' });
    }

    /// Writes the name of a member and the colon.
    pub(crate) fn name(&mut self, name: &str) {
        write_string(name, &mut self.text);
        self.text.push(':');
    }

    /// Writes what comes after the last of `count` elements or members; `brackets` are both.
    pub(crate) fn close(&mut self, count: usize, brackets: &str) {
        self.text.push_str(if count == 0 { brackets } else { &brackets[1..] });
    }
}
