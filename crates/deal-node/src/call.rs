use crate::Payload;
use std::fmt;
use tally_deal::{CheckedRequest, Order, account::AccountAction};

/// Where a call comes from, as the module tells it with its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The site on whose behalf the module asks (`Origin`), a URL.
    pub site: Option<String>,
    /// The module's Bitcoin address (`Module-Address`).
    pub module: Option<String>,
    /// What the module takes of a deal (`Module-Fee`): `0.1%`, or a number of satoshi.
    pub fee: Option<String>,
    /// Whether the module is this process itself: then its messages need no PGP signature.
    pub is_own: bool,
    /// Whether the front has made sure, by a token or a session, that the caller may speak for the
    /// site where deals are made: complete them without the customer's signature, and say what goes
    /// back to the customer. Of a module elsewhere the server wants its PGP signature as well.
    pub speaks_for_site: bool,
    /// The client of the module within the process that asks, as the front has made sure; `None`
    /// where nobody has to say it. What it makes only it completes in the name of the site.
    pub client: Option<String>,
    /// Whether the front has made sure that the operator asks, who completes all deals.
    pub is_operator: bool,
}

/// A call about an account.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountCall {
    /// What is asked; `None` lets the message tell by what it holds.
    pub action: Option<AccountAction>,
    /// The account, as the caller wrote it; if absent, the message or the module says which.
    pub address: Option<String>,
    /// The message, with or without a PGP cleartext signature around it; empty if there is none. It
    /// may have a password in it, and is no part of [`Debug`].
    pub text: String,
    /// Where the call comes from.
    pub origin: Origin,
}

impl fmt::Debug for AccountCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountCall")
            .field("action", &self.action)
            .field("address", &self.address)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// A call about a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealCall {
    /// What is asked.
    pub message: DealMessage,
    /// Where the call comes from.
    pub origin: Origin,
    /// Whether the answer is to be signed with the server's PGP key.
    pub is_signed: bool,
}

/// A message about a deal, read already or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DealMessage {
    /// One that [`DealServer::check`](crate::DealServer::check) has checked, for modules within the
    /// process.
    Checked(Box<CheckedRequest>),
    /// One as another module sends it.
    Text {
        /// YAML, with or without a PGP cleartext signature around it.
        text: String,
        /// The order that the path of the request says; it goes before the one of the text.
        order: Option<Order>,
    },
}

/// An answer to a call that was understood: a refusal in the sense of the business is one too.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was done, capitalised as packages have it: `Status`, `Created`, …
    pub action: &'static str,
    /// Whether it was.
    pub success: bool,
    /// What a reader is told; the reason if it was not done.
    pub message: String,
    /// What was asked for.
    pub payload: Payload,
    /// The address of the account whose key was proven, if the front is to issue a token to it.
    pub grant: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let text = "password: hidden".to_owned();
        let (address, origin) = (Some("null".to_owned()), Origin::default());
        let call = AccountCall { action: None, address, text, origin };
        let shown = format!("{call:?}");
        assert!(shown.contains("null") && !shown.contains("hidden"), "{shown}");
    }
}
