//! How a text becomes words: the same for documents and for queries.

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer,
    StopWordFilter, TextAnalyzer,
};

/// The name under which the index's schema knows the analyzer.
pub(crate) const ANALYZER: &str = "english-1";

/// Bytes of a word. Longer ones are keys and encoded files, which nobody searches for.
const WORD_BYTES_MAX: usize = 128;

/// Words that say nothing about an English text. They are not indexed, and a search for nothing
/// else finds nothing.
const STOP_WORDS: &str = "a an and are as at be been but by for from had has have he her his if in \
    into is it its no not of on or our she so such than that the their them then there these they \
    this to was we were what when which who will with would you your";

/// Makes the analyzer: words of letters and digits, in lower case and without accents, without
/// stop words, each cut to its English stem.
pub(crate) fn analyzer() -> TextAnalyzer {
    let stop_words = STOP_WORDS.split_whitespace().map(str::to_owned);
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(StopWordFilter::remove(stop_words))
        .filter(Stemmer::new(Language::English))
        .build()
}

/// Cuts a text into words, each with its position in the text.
pub(crate) fn words(analyzer: &mut TextAnalyzer, text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut stream = analyzer.token_stream(text);
    while let Some(token) = stream.next() {
        words.push((token.position, token.text.clone()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        words(&mut analyzer(), text).into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn words_are_stems_without_case_and_accents() {
        assert_eq!(said("Running THE Bicycles, café-owner"), ["run", "bicycl", "cafe", "owner"]);
        assert_eq!(said("the of and"), [""; 0]);
        assert_eq!(said(&"x".repeat(WORD_BYTES_MAX + 1)), [""; 0]);
    }
}
