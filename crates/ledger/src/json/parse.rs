use super::{JsonError, JsonProblem, Number, Object, Value, number};
use std::{borrow::Cow, ops::Range};

/// What a text may need at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The length of the text in bytes.
    pub bytes: usize,
    /// How many lists and objects may contain one another.
    pub depth: usize,
}

/// Returns what `text` says.
///
/// Of members with the same name the last one counts. Refused is whatever RFC 8259 does not allow,
/// and beyond that: invalid UTF-8 and a byte order mark, lone surrogates, and numbers with a
/// fraction or an exponent that are not finite as doubles.
///
/// # Errors
///
/// [`JsonError`]: the first problem and where it is.
pub fn parse(text: &[u8], limits: Limits) -> Result<Value<'_>, JsonError> {
    let outermost = |problem, offset| JsonError { problem, offset, path: String::new() };
    if text.len() > limits.bytes {
        return Err(outermost(JsonProblem::TooLong(limits.bytes), limits.bytes));
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| outermost(JsonProblem::Utf8, error.valid_up_to()))?;
    let mut parser = Parser { text, at: 0, depth: 0, depth_max: limits.depth };
    parser.skip_white_space();
    let value = parser.value().map_err(|failure| failure.into_error())?;
    parser.skip_white_space();
    if parser.at < text.len() {
        return Err(outermost(JsonProblem::Trailing, parser.at));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    depth_max: usize,
}

/// An error on its way out. Boxed, because results of success should be small.
struct Failure<'a>(Box<(JsonProblem, usize, Vec<Step<'a>>)>);

/// One step from a value to the one that contains it.
enum Step<'a> {
    Member(Cow<'a, str>),
    Element(usize),
}

impl<'a> Failure<'a> {
    fn within(mut self, step: Step<'a>) -> Self {
        self.0.2.push(step);
        self
    }

    fn into_error(self) -> JsonError {
        let (problem, offset, steps) = *self.0;
        let mut path = String::new();
        for step in steps.iter().rev().take(PATH_STEPS_MAX) {
            match step {
                Step::Member(name) => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.extend(name.chars().take(PATH_NAME_MAX));
                }
                Step::Element(index) => path.push_str(&format!("[{index}]")),
            }
        }
        JsonError { problem, offset, path }
    }
}

/// How many steps of a path are told: enough to find the place, too few to fill a log.
const PATH_STEPS_MAX: usize = 8;
/// How many characters of a member's name are told.
const PATH_NAME_MAX: usize = 40;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    #[cold]
    fn fail<T>(&self, problem: JsonProblem) -> Result<T, Failure<'a>> {
        let problem = if self.at >= self.text.len() { JsonProblem::End } else { problem };
        self.fail_at(problem, self.at.min(self.text.len()))
    }

    #[cold]
    fn fail_at<T>(&self, problem: JsonProblem, offset: usize) -> Result<T, Failure<'a>> {
        Err(Failure(Box::new((problem, offset, Vec::new()))))
    }

    fn value(&mut self) -> Result<Value<'a>, Failure<'a>> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) | None => self.fail(JsonProblem::Expected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Failure<'a>> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        self.fail(JsonProblem::Expected("a value"))
    }

    fn nested(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Value<'a>, Failure<'a>>,
    ) -> Result<Value<'a>, Failure<'a>> {
        if self.depth == self.depth_max {
            return self.fail(JsonProblem::TooDeep(self.depth_max));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_white_space();
        let value = parse(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value<'a>, Failure<'a>> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Object(Object::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail(JsonProblem::Expected("the name of a member"));
            }
            let name = self.string()?;
            self.skip_white_space();
            if !self.take(b':') {
                return self.fail(JsonProblem::Expected("a colon"));
            }
            self.skip_white_space();
            match self.value() {
                Ok(value) => members.push((name, value)),
                Err(failure) => return Err(failure.within(Step::Member(name))),
            }
            self.skip_white_space();
            if self.take(b'}') {
                return Ok(Value::Object(Object::new(members)));
            }
            if !self.take(b',') {
                return self.fail(JsonProblem::Expected("a comma or the end of the object"));
            }
            self.skip_white_space();
        }
    }

    fn array(&mut self) -> Result<Value<'a>, Failure<'a>> {
        let mut values = Vec::new();
        if self.take(b']') {
            return Ok(Value::Array(values));
        }
        loop {
            match self.value() {
                Ok(value) => values.push(value),
                Err(failure) => return Err(failure.within(Step::Element(values.len()))),
            }
            self.skip_white_space();
            if self.take(b']') {
                return Ok(Value::Array(values));
            }
            if !self.take(b',') {
                return self.fail(JsonProblem::Expected("a comma or the end of the list"));
            }
            self.skip_white_space();
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn number(&mut self) -> Result<Value<'a>, Failure<'a>> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _is_signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.fail(JsonProblem::Number);
        }
        let text = &self.text[start..self.at];
        let is_finite = number::is_integer(text) || text.parse().is_ok_and(f64::is_finite);
        if !is_finite {
            return self.fail_at(JsonProblem::NotFinite, start);
        }
        Ok(Value::Number(Number::from_checked(text)))
    }

    /// Takes one or more digits.
    fn digits(&mut self) -> Result<(), Failure<'a>> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.fail(JsonProblem::Number) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Failure<'a>> {
        self.at += 1;
        let plain = self.plain();
        if self.take(b'"') {
            return Ok(Cow::Borrowed(&self.text[plain]));
        }
        let mut unescaped = self.text[plain].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => unescaped.push(self.escaped()?),
                Some(_) | None => return self.fail(JsonProblem::Control),
            }
            let plain = self.plain();
            unescaped.push_str(&self.text[plain]);
        }
    }

    /// Takes characters up to the next one that means something in a string.
    fn plain(&mut self) -> Range<usize> {
        let start = self.at;
        let is_special = |&byte: &u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        let rest = &self.text.as_bytes()[start..];
        self.at += rest.iter().position(is_special).unwrap_or(rest.len());
        start..self.at
    }

    fn escaped(&mut self) -> Result<char, Failure<'a>> {
        let start = self.at;
        self.at += 1;
        let Some(byte) = self.peek() else { return self.fail(JsonProblem::End) };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{08}',
            b'f' => '\u{0c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(start),
            _ => return self.fail_at(JsonProblem::Escape, start),
        })
    }

    /// Takes the four digits after `\u`, and the second half if they are the first of a pair.
    fn unicode(&mut self, start: usize) -> Result<char, Failure<'a>> {
        let first = self.four_digits(start)?;
        let is_first_half = (0xd800..0xdc00).contains(&first);
        if !is_first_half {
            return match char::from_u32(first) {
                Some(character) => Ok(character),
                None => self.fail_at(JsonProblem::Surrogate, start),
            };
        }
        let is_followed = self.text.as_bytes()[self.at..].starts_with(b"\\u");
        if !is_followed {
            return self.fail_at(JsonProblem::Surrogate, start);
        }
        self.at += 2;
        let second = self.four_digits(start)?;
        if !(0xdc00..0xe000).contains(&second) {
            return self.fail_at(JsonProblem::Surrogate, start);
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        Ok(char::from_u32(code).expect("two halves make a character"))
    }

    fn four_digits(&mut self, start: usize) -> Result<u32, Failure<'a>> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let is_hex = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        if !is_hex {
            return self.fail_at(JsonProblem::Escape, start);
        }
        self.at += 4;
        let value = |byte: &u8| char::from(*byte).to_digit(16).expect("a hexadecimal digit");
        Ok(digits.iter().fold(0, |sum, digit| sum << 4 | value(digit)))
    }
}
