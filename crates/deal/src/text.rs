//! Helpers for texts that others wrote.

/// Characters of somebody else's text that a message shows at most.
const EXCERPT_CHARS_MAX: usize = 128;

/// Returns the beginning of a text for a message, with control characters replaced.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(EXCERPT_CHARS_MAX).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_plain() {
        assert_eq!(excerpt("a\nb"), "a\u{fffd}b");
        assert_eq!(excerpt(&"ж".repeat(1000)), "ж".repeat(EXCERPT_CHARS_MAX));
    }
}
