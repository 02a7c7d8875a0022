use crate::Order;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a deal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for the payment.
    Created,
    /// The payment counts; what becomes of the money is not decided.
    Paid,
    /// It is decided; the payout is not out yet.
    Completed,
    /// The network has the payout.
    Executed,
    /// Nobody paid in time, or the seller canceled. What came or comes in goes back.
    Canceled,
    /// The money cannot be paid out; see [`Deal::failure`](crate::Deal::failure).
    Failed,
    /// It is no longer shown. What comes in goes back.
    Deleted,
}

impl State {
    /// All states, in order.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Paid,
        Self::Completed,
        Self::Executed,
        Self::Canceled,
        Self::Failed,
        Self::Deleted,
    ];

    /// Returns the word that answers carry for this state.
    pub const fn order(self) -> Order {
        match self {
            Self::Created => Order::Created,
            Self::Paid => Order::Paid,
            Self::Completed => Order::Completed,
            Self::Executed => Order::Executed,
            Self::Canceled => Order::Canceled,
            Self::Failed => Order::Failed,
            Self::Deleted => Order::Deleted,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.order(), f)
    }
}
