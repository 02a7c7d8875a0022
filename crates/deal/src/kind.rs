use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// When the seller gets the money: the `type` of a deal.
///
/// Read from any text that contains `prepaid`, `prepayment`, `postpaid` or `postpayment` in any
/// case, so that the names of servers' classes (`prepaid.deal`) are taken as well; written
/// `Prepaid` and `Postpaid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// As soon as the deal is paid.
    Prepaid = 0,
    /// After the customer's feedback, or when the time for it is over.
    Postpaid = 1,
}

/// A text is no type of a deal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid order type value: \"{0}\".")]
pub struct KindParseError(pub(crate) String);

impl Kind {
    /// Returns the word: `Prepaid`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepaid => "Prepaid",
            Self::Postpaid => "Postpaid",
        }
    }
}

impl FromStr for Kind {
    type Err = KindParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_lowercase();
        let has_one_of = |words: [&str; 2]| words.iter().any(|word| text.contains(word));
        if has_one_of(["prepaid", "prepayment"]) {
            Ok(Self::Prepaid)
        } else if has_one_of(["postpaid", "postpayment"]) {
            Ok(Self::Postpaid)
        } else {
            Err(KindParseError(crate::text::excerpt(&text)))
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_with_the_word_is_taken() {
        for (text, kind) in [
            ("Prepaid", Kind::Prepaid),
            ("prepaid.deal", Kind::Prepaid),
            ("PREPAYMENT", Kind::Prepaid),
            ("Postpaid", Kind::Postpaid),
            ("a postpayment of sorts", Kind::Postpaid),
        ] {
            assert_eq!(text.parse(), Ok(kind), "{text}");
        }
        let error = "Paid".parse::<Kind>().unwrap_err();
        assert_eq!(error.to_string(), "Invalid order type value: \"paid\".");
    }
}
