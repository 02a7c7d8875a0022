use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The `order` word of a message about a deal: what is to be done, or what has been done.
///
/// Read in any case, written with one capital letter (`Canceled` has one `l`). Orders to do
/// something have even numbers, except that `Feedback` is the last of all; results have odd ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Order {
    /// Make a deal.
    Create = 0,
    /// The deal is made.
    Created = 1,
    /// The deal is being paid.
    Pay = 2,
    /// The deal is paid.
    Paid = 3,
    /// End the deal.
    Complete = 4,
    /// The deal has ended.
    Completed = 5,
    /// Give the deal up.
    Cancel = 6,
    /// The deal was given up.
    Canceled = 7,
    /// Pay the deal's money out.
    Execute = 8,
    /// The deal's money is paid out.
    Executed = 9,
    /// Forget the deal.
    Delete = 10,
    /// The deal is forgotten.
    Deleted = 11,
    /// Mark the deal as failed.
    Fail = 12,
    /// The deal failed.
    Failed = 13,
    /// Say what the deal was like.
    Feedback = 14,
}

/// A text is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid deal order value: \"{0}\".")]
pub struct OrderParseError(pub(crate) String);

impl Order {
    /// All orders, by their numbers.
    pub const ALL: [Self; 15] = [
        Self::Create,
        Self::Created,
        Self::Pay,
        Self::Paid,
        Self::Complete,
        Self::Completed,
        Self::Cancel,
        Self::Canceled,
        Self::Execute,
        Self::Executed,
        Self::Delete,
        Self::Deleted,
        Self::Fail,
        Self::Failed,
        Self::Feedback,
    ];

    /// Returns the word with a capital letter: `Created`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Created => "Created",
            Self::Pay => "Pay",
            Self::Paid => "Paid",
            Self::Complete => "Complete",
            Self::Completed => "Completed",
            Self::Cancel => "Cancel",
            Self::Canceled => "Canceled",
            Self::Execute => "Execute",
            Self::Executed => "Executed",
            Self::Delete => "Delete",
            Self::Deleted => "Deleted",
            Self::Fail => "Fail",
            Self::Failed => "Failed",
            Self::Feedback => "Feedback",
        }
    }

    /// Returns the word as paths and requests have it: `create`.
    pub fn to_lowercase(self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    /// Says whether a module takes a message with this order: the others are results, or orders
    /// that only a server gives.
    pub const fn is_request(self) -> bool {
        matches!(self, Self::Create | Self::Pay | Self::Complete | Self::Cancel | Self::Feedback)
    }
}

impl FromStr for Order {
    type Err = OrderParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|order| order.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| OrderParseError(crate::text::excerpt(text)))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_written_in_one() {
        for (number, order) in Order::ALL.into_iter().enumerate() {
            assert_eq!(order as usize, number);
            for text in [order.to_string(), order.to_lowercase(), order.as_str().to_uppercase()] {
                assert_eq!(text.parse(), Ok(order), "{text}");
            }
        }
        let error = "Cancelled".parse::<Order>().unwrap_err();
        assert_eq!(error.to_string(), "Invalid deal order value: \"Cancelled\".");
    }

    #[test]
    fn five_orders_are_requests() {
        let requests: Vec<_> = Order::ALL.into_iter().filter(|order| order.is_request()).collect();
        let expected = [Order::Create, Order::Pay, Order::Complete, Order::Cancel, Order::Feedback];
        assert_eq!(requests, expected);
    }
}
