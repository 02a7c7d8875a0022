use std::collections::BTreeSet;

/// The most words that one text is found by.
const WORDS_MAX: usize = 64;

/// Words of nearly all texts, by which nothing is found.
const COMMON: [&str; 2] = ["http", "https"];

/// The most bytes of a word; longer ones are cut.
const WORD_BYTES_MAX: usize = 64;

/// Splits texts into the words that they are found by: runs of letters and digits in lower case,
/// each once, the first 64, cut to 64 bytes each; without `http` and `https`, which all sites begin
/// with. So are the words of a search.
#[must_use]
pub fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let runs = texts.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    for run in runs.filter(|run| !run.is_empty()) {
        if words.len() == WORDS_MAX {
            break;
        }
        let word = word(run);
        if !COMMON.contains(&word.as_str()) {
            words.insert(word);
        }
    }
    words
}

fn word(run: &str) -> String {
    let mut word = String::new();
    // Cut before lower-casing, too: the run may be as long as the text.
    for c in run.chars().take(WORD_BYTES_MAX).flat_map(char::to_lowercase) {
        if word.len() + c.len_utf8() > WORD_BYTES_MAX {
            break;
        }
        word.push(c);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_come_once() {
        let found = words(["HTTP://Shop.example/a-b", "ÄRGER shop 42"]);
        let expected = ["42", "a", "b", "example", "shop", "ärger"];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn long_words_are_cut_and_many_are_left_out() {
        let long = "é".repeat(1000);
        assert_eq!(words([long.as_str()]).first().map(String::len), Some(64));
        let many: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        assert_eq!(words(many.iter().map(String::as_str)).len(), WORDS_MAX);
    }
}
