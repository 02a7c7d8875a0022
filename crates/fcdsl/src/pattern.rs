//! What a `part` clause looks for.

/// A piece of text to be found anywhere in a value: `*` stands for any characters, `?` for one,
/// `\` takes the meaning from the character after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    tokens: Vec<Token>,
    is_case_insensitive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Token {
    Char(char),
    AnyChar,
    AnyChars,
}

impl Pattern {
    /// Reads a pattern. Without case, ASCII letters only are the same in upper and lower case.
    pub fn new(value: &str, is_case_insensitive: bool) -> Self {
        let mut tokens = vec![Token::AnyChars];
        let mut chars = value.chars();
        while let Some(char) = chars.next() {
            let token = match char {
                '*' => Token::AnyChars,
                '?' => Token::AnyChar,
                // Nothing to escape at the end: the backslash means itself.
                '\\' => Token::Char(fold(chars.next().unwrap_or('\\'), is_case_insensitive)),
                char => Token::Char(fold(char, is_case_insensitive)),
            };
            if token != Token::AnyChars || tokens.last() != Some(&Token::AnyChars) {
                tokens.push(token);
            }
        }
        if tokens.last() != Some(&Token::AnyChars) {
            tokens.push(Token::AnyChars);
        }
        Self { tokens, is_case_insensitive }
    }

    /// Whether ASCII letters of both cases are the same.
    pub fn is_case_insensitive(&self) -> bool {
        self.is_case_insensitive
    }

    /// Runs of fixed characters that each match must contain, in order, lower-cased (ASCII) where
    /// case does not count.
    pub fn literals(&self) -> Vec<String> {
        let runs = self.tokens.split(|token| !matches!(token, Token::Char(_)));
        let char = |token: &Token| match token {
            Token::Char(char) => Some(*char),
            Token::AnyChar | Token::AnyChars => None,
        };
        let runs = runs.map(|run| run.iter().filter_map(char).collect::<String>());
        runs.filter(|run| !run.is_empty()).collect()
    }

    /// The text to be found, if the pattern has no wildcards inside; empty if every value matches.
    pub fn plain(&self) -> Option<String> {
        let inner = self.tokens.get(1..self.tokens.len() - 1).unwrap_or_default();
        inner
            .iter()
            .map(|token| match token {
                Token::Char(char) => Some(*char),
                Token::AnyChar | Token::AnyChars => None,
            })
            .collect()
    }

    /// Whether `value` holds the pattern. Work is at most the product of both lengths.
    pub fn matches(&self, value: &str) -> bool {
        let mut position = 0;
        let mut rest = value.chars();
        // Where to go on with one character more for the newest `*`: an older one need never be
        // tried again, because the newest takes over all it could do.
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut ahead = rest.clone();
            match (self.tokens.get(position), ahead.next()) {
                (Some(Token::AnyChars), _) => {
                    retry = Some((position, rest.clone()));
                    position += 1;
                    continue;
                }
                (Some(Token::AnyChar), Some(_)) => {
                    (position, rest) = (position + 1, ahead);
                    continue;
                }
                (Some(Token::Char(wanted)), Some(char))
                    if *wanted == fold(char, self.is_case_insensitive) =>
                {
                    (position, rest) = (position + 1, ahead);
                    continue;
                }
                (None, None) => return true,
                (Some(Token::Char(_) | Token::AnyChar) | None, _) => {}
            }
            let Some((star, mut from)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            retry = Some((star, from.clone()));
            (position, rest) = (star + 1, from);
        }
    }
}

fn fold(char: char, is_case_insensitive: bool) -> char {
    if is_case_insensitive { char.to_ascii_lowercase() } else { char }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern, false).matches(value)
    }

    #[test]
    fn a_pattern_is_found_anywhere() {
        assert!(matches("pip", "ApipServer"));
        assert!(matches("", "anything") && matches("", "") && matches("**", ""));
        assert!(!matches("pip", "PIP") && Pattern::new("pip", true).matches("aPIPb"));
        assert!(Pattern::new("Ä", true).matches("xÄ") && !Pattern::new("Ä", true).matches("ä"));
    }

    #[test]
    fn wildcards_and_escapes() {
        assert!(matches("a?c", "xabcx") && !matches("a?c", "ac") && matches("a*c", "ac"));
        assert!(matches("a*c", "a1c2c") && !matches("a*cd", "acc"));
        assert!(matches("?", "x") && !matches("?", ""));
        assert!(matches(r"\*", "a*b") && !matches(r"\*", "ab"));
        assert!(matches(r"a\", r"xa\") && matches(r"\\", r"\"));
        assert!(matches("ab*ab", "abab") && !matches("ab*ab", "ab"));
    }

    #[test]
    fn literals_are_what_every_match_contains() {
        assert_eq!(Pattern::new("aB*c?d", true).literals(), ["ab", "c", "d"]);
        assert_eq!(Pattern::new("*ar*", false).plain().as_deref(), Some("ar"));
        assert_eq!(Pattern::new("", false).plain().as_deref(), Some(""));
        assert_eq!(Pattern::new("a?b", false).plain(), None);
    }
}
