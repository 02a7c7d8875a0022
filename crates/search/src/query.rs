//! What a user may write into the search box.

use crate::{
    SearchError,
    words::{analyzer, words},
};
use tantivy::{
    Term,
    query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

/// Words of one query, those of phrases included. A search reads the list of documents of each.
pub const QUERY_WORDS_MAX: usize = 64;

/// A part of a query.
#[derive(Debug, PartialEq, Eq)]
struct Part<'a> {
    negated: bool,
    phrase: bool,
    text: &'a str,
}

/// Reads a query over one field. `None` if nothing can fit it.
pub(crate) fn parse(text: &str, field: Field) -> Result<Option<Box<dyn Query>>, SearchError> {
    let mut analyzer = analyzer();
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut count = 0;
    for part in parts(text) {
        let words = words(&mut analyzer, part.text);
        count += words.len();
        if count > QUERY_WORDS_MAX {
            return Err(SearchError::TooManyWords);
        }
        let single = |word: &str| -> Box<dyn Query> {
            let term = Term::from_field_text(field, word);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
        };
        let occur = match (part.negated, part.phrase) {
            (true, _) => Occur::MustNot,
            (false, true) => Occur::Must,
            (false, false) => Occur::Should,
        };
        if part.phrase && words.len() > 1 {
            let terms = words.iter().map(|(at, word)| (*at, Term::from_field_text(field, word)));
            clauses.push((occur, Box::new(PhraseQuery::new_with_offset(terms.collect()))));
        } else {
            clauses.extend(words.iter().map(|(_, word)| (occur, single(word))));
        }
    }
    let asks = clauses.iter().any(|(occur, _)| *occur != Occur::MustNot);
    Ok(asks.then(|| Box::new(BooleanQuery::new(clauses)) as Box<dyn Query>))
}

/// Cuts a query at its spaces and quotes. A quote without an end goes on to the end of the text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let negated = rest.starts_with('-');
        let body = rest.strip_prefix('-').unwrap_or(rest);
        let phrase = body.starts_with('"');
        let (part, after) = if let Some(quoted) = body.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else {
            let end = body.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(body.len());
            body.split_at(end)
        };
        parts.push(Part { negated, phrase, text: part });
        rest = after.trim_start();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_negations_are_told_apart() {
        let read = |text| {
            let parts = parts(text).into_iter();
            parts.map(|part| (part.negated, part.phrase, part.text)).collect::<Vec<_>>()
        };
        assert_eq!(
            read(r#" red "two wheels" -bell pre-war -"old town"x"#),
            [
                (false, false, "red"),
                (false, true, "two wheels"),
                (true, false, "bell"),
                (false, false, "pre-war"),
                (true, true, "old town"),
                (false, false, "x"),
            ]
        );
        assert_eq!(read("\"open end"), [(false, true, "open end")]);
        assert_eq!(read("- \""), [(true, false, ""), (false, true, "")]);
    }

    #[test]
    fn a_query_has_a_bounded_number_of_words() {
        let field = Field::from_field_id(0);
        let many = "word ".repeat(QUERY_WORDS_MAX + 1);
        assert!(matches!(parse(&many, field), Err(SearchError::TooManyWords)));
        assert!(parse(&many[5..], field).unwrap().is_some());
        for nothing in ["", "  ", "-red", "the", "\"\"", "!!"] {
            assert!(parse(nothing, field).unwrap().is_none(), "{nothing}");
        }
    }

    proptest::proptest! {
        /// Goal: no query makes it panic or loop.
        #[test]
        fn any_text_is_a_query(text in r#"(["\- aé\x{1f600}x]|[a-z]{1,3}){0,60}"#) {
            let _ = parse(&text, Field::from_field_id(0));
        }
    }
}
