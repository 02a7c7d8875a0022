//! Words of a text.

use unicode_segmentation::UnicodeSegmentation;

/// Longest word in characters; longer ones are cut into pieces of this length.
const WORD_CHARS_MAX: usize = 255;

/// The words of `text` in their order: Unicode's word segments (UAX #29) that hold a letter or a
/// digit, lower-cased. An ideograph is a word of its own.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().flat_map(pieces).map(|word| word.to_lowercase())
}

fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(WORD_CHARS_MAX).map_or(rest.len(), |(at, _)| at);
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    fn list(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_lower_cased_and_without_punctuation() {
        assert_eq!(list("AES-256 CBC, don't!"), ["aes", "256", "cbc", "don't"]);
        assert_eq!(list(" ..., "), Vec::<String>::new());
    }

    #[test]
    fn each_ideograph_is_a_word() {
        assert_eq!(list("API服务x"), ["api", "服", "务", "x"]);
    }

    #[test]
    fn a_long_word_is_cut() {
        let lengths: Vec<_> = words(&"a".repeat(600)).map(|word| word.len()).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }
}
