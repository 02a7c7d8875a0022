use crate::{Code, reply::Envelope};
use serde_json::Value;
use std::{fmt, time::Duration};

/// The directory answered that it does not answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Why, in the directory's words.
    pub message: String,
    /// What is left of the user's money, in satoshi; 0 also where the directory did not look.
    pub balance: i64,
    /// The highest block that the directory knows; 0 where it did not look.
    pub best_height: u64,
    /// What goes with the code.
    pub data: Option<Value>,
    /// Whether the answer was signed with the session's key. Directories need not sign refusals, so
    /// an unsigned one may be anybody's.
    pub is_signed: bool,
}

/// How to buy more requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The address to pay to.
    pub account: String,
    /// What to write into the payment's `OP_RETURN`.
    pub buy_mark: String,
    /// The smallest payment that counts, in the service's currency.
    pub payment_min: Option<String>,
}

impl Refusal {
    pub(crate) fn of(envelope: &Envelope, is_signed: bool) -> Self {
        let data = envelope.data.as_ref().and_then(|data| serde_json::from_str(data.get()).ok());
        Self {
            code: Code::from(envelope.code),
            message: envelope.message.clone(),
            balance: envelope.balance,
            best_height: envelope.best_height,
            data,
            is_signed,
        }
    }

    /// Returns where to pay and what to write, if the money is used up and the directory says so.
    ///
    /// Reads the words of early servers (`account`, `WriteInOpReturn`) and of later ones (`sendTo`,
    /// `writeInOpReturn`).
    pub fn payment(&self) -> Option<Payment> {
        let account = self.text("account").or_else(|| self.text("sendTo"))?;
        let buy_mark = self.text("WriteInOpReturn").or_else(|| self.text("writeInOpReturn"))?;
        Some(Payment { account, buy_mark, payment_min: self.text("minPayment") })
    }

    /// Returns the URL that the directory sees, if it is not the one that was signed.
    pub fn requested_url(&self) -> Option<String> {
        self.text("requestedURL")
    }

    /// Returns by how much the clocks may differ, if they differ by more.
    pub fn window(&self) -> Option<Duration> {
        self.text("windowTime")?.parse().ok().map(Duration::from_millis)
    }

    /// Returns how many ids may be asked for at once, if there were more.
    pub fn ids_max(&self) -> Option<u64> {
        self.text("maxSize")?.parse().ok()
    }

    /// Returns a member of the data. Numbers count as texts: servers write both.
    fn text(&self, member: &str) -> Option<String> {
        match self.data.as_ref()?.get(member)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the directory refused with code {}", self.code)?;
        let message = self.message.trim().trim_end_matches('.');
        if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
    }
}

impl std::error::Error for Refusal {}
