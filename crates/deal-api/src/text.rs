//! Texts of clients, before they are said back.

/// Cuts and cleans a text.
pub(crate) fn printable(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    text.chars().take(SHOWN_MAX).map(|it| if it.is_control() { '?' } else { it }).collect()
}
