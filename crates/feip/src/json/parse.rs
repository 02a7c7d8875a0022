use super::{Json, Object};

/// How deep objects and lists may lie in each other.
pub const DEPTH_MAX: usize = 64;

/// A text is not one JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct JsonError {
    /// Where, counted from the first `{`.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Reads one object: RFC 8259, except that strings may hold raw control characters, because
/// wallets let people type them. Of members with the same name the last one counts. White space
/// may follow, nothing else. The work is linear in the length, up to a logarithm for the names.
pub(crate) fn parse_object(text: &str) -> Result<Object, JsonError> {
    let mut parser = Parser { text, at: 0 };
    let object = parser.object(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(object),
        Some(_) => Err(parser.error("text after the object")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

type Result<T, E = JsonError> = std::result::Result<T, E>;

impl Parser<'_> {
    fn error(&self, problem: &'static str) -> JsonError {
        JsonError { at: self.at, problem }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes this byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.error(problem)) }
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        match self.peek() {
            Some(b'{') => self.object(depth).map(Json::Object),
            Some(b'[') => self.array(depth).map(Json::Array),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn deeper(&self, depth: usize) -> Result<usize> {
        if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(self.error("too deep")) }
    }

    fn object(&mut self, depth: usize) -> Result<Object> {
        let depth = self.deeper(depth)?;
        self.expect(b'{', "expected an object")?;
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.expect(b':', "expected a colon")?;
            self.skip_space();
            members.push((name, self.value(depth)?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Object(last_of_each(members)));
            }
            self.expect(b',', "expected a comma or the object's end")?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Json>> {
        let depth = self.deeper(depth)?;
        self.expect(b'[', "expected a list")?;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(items);
            }
            self.expect(b',', "expected a comma or the list's end")?;
        }
    }

    fn number(&mut self) -> Result<Box<str>> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(self.text[start..self.at].into())
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.error("expected a digit")) }
    }

    fn string(&mut self) -> Result<Box<str>> {
        self.expect(b'"', "expected a string")?;
        let mut unescaped = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                None => return Err(self.error("unfinished string")),
                Some(b'"') => {
                    unescaped.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(unescaped.into());
                }
                Some(b'\\') => {
                    unescaped.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    start = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let byte = self.peek();
        let plain = match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.error("unknown escape")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char> {
        let first = self.unit()?;
        if let Some(char) = char::from_u32(first) {
            return Ok(char);
        }
        let is_pair = first < 0xdc00 && self.take(b'\\') && self.take(b'u');
        let second = if is_pair { self.unit()? } else { 0 };
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.error("lone surrogate"));
        }
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).ok_or_else(|| self.error("lone surrogate"))
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.error("expected a hexadecimal digit"))?;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// Drops every member whose name comes again later.
fn last_of_each(members: Vec<(Box<str>, Json)>) -> Vec<(Box<str>, Json)> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|&a, &b| members[a].0.cmp(&members[b].0).then(a.cmp(&b)));
    let mut is_last = vec![true; members.len()];
    for pair in order.windows(2) {
        is_last[pair[0]] = members[pair[0]].0 != members[pair[1]].0;
    }
    members
        .into_iter()
        .zip(is_last)
        .filter_map(|(member, is_last)| is_last.then_some(member))
        .collect()
}
