//! `application/x-www-form-urlencoded`, strictly: what is not UTF-8 is refused, not replaced.

/// Why a text is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("the text is not UTF-8")]
    NotText,
    #[error("there are more than {0} fields")]
    TooMany(usize),
}

/// Reads a form into its fields, in their order: `+` is a space and `%XX` a byte. A percent sign
/// that begins no byte stands for itself.
pub(crate) fn read(text: &str, fields_max: usize) -> Result<Vec<(String, String)>, FormError> {
    let mut fields = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if fields.len() == fields_max {
            return Err(FormError::TooMany(fields_max));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.push((unescape(name)?, unescape(value)?));
    }
    Ok(fields)
}

/// Returns a text as it stands in a form or a query.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let coded = (*first == b'%').then(|| after.get(..2)).flatten().and_then(hexadecimal);
        match coded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| FormError::NotText)
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some(digit(*digits.first()?)? << 4 | digit(*digits.get(1)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_decoded() {
        let fields = read("b=1+2&a=%D0%B6%2B&c&&url%5B0%5D=http%3a//x&refund=50%", 10).unwrap();
        let expected =
            [("b", "1 2"), ("a", "ж+"), ("c", ""), ("url[0]", "http://x"), ("refund", "50%")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields, expected);
        assert_eq!(read("", 0), Ok(vec![]));
    }

    #[test]
    fn what_is_no_text_or_too_much_is_refused() {
        assert_eq!(read("a=%FF", 10), Err(FormError::NotText));
        assert_eq!(read("a=1&b=2", 1), Err(FormError::TooMany(1)));
    }

    #[test]
    fn escaped_texts_are_read_back() {
        for text in ["", "a b", "100%", "%41", "ж&=+\n", "a/b?c#d"] {
            assert_eq!(unescape(&escape(text)).unwrap(), text);
        }
    }
}
