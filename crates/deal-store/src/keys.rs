use crate::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tally_deal::{Deal, DealCode, State};
use tally_primitives::BlockNumber;

/// What a deal is found by; for implementations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealKeys {
    /// Its code.
    pub code: DealCode,
    /// Its date, Unix seconds.
    pub date: u64,
    /// The seller's address.
    pub seller: String,
    /// The customer's address.
    pub customer: String,
    /// Where it is paid.
    pub payment_address: String,
    /// The site where it was made.
    pub site: String,
    /// The address of the module that brought it.
    pub module: Option<String>,
    /// Its state; see [`state_number`].
    pub state: u8,
    /// The highest block in which its money came or went.
    pub height: Option<BlockNumber>,
    /// Whether nothing is left to be done.
    pub is_finished: bool,
    /// What a search finds it by.
    pub words: BTreeSet<String>,
}

impl DealKeys {
    /// Returns what a deal is found by.
    #[must_use]
    pub fn of(deal: &Deal) -> Self {
        let terms = deal.terms();
        let (seller, customer) = (terms.seller.to_string(), terms.customer.to_string());
        let payment_address = deal.address().to_string();
        let module = deal.module().map(|module| module.address.to_string());
        let comments = [
            deal.feedback().map(|feedback| feedback.comments.as_str()),
            deal.cancellation().map(|cancellation| cancellation.comments.as_str()),
            deal.dispute().map(|dispute| dispute.reason.as_str()),
        ];
        // The first words count: parties must be found, whatever was written.
        let texts = [seller.as_str(), &customer, &payment_address, &terms.url];
        let words = words(texts.into_iter().chain(comments.into_iter().flatten()));
        Self {
            code: deal.code(),
            date: terms.date.0,
            seller,
            customer,
            payment_address,
            site: terms.url.clone(),
            module,
            state: state_number(deal.state()),
            height: height(deal),
            is_finished: deal.is_finished(),
            words,
        }
    }
}

fn height(deal: &Deal) -> Option<BlockNumber> {
    let moves = deal.outputs().iter().flat_map(|output| {
        let came = output.confirmation.map(|confirmation| confirmation.height);
        [came, output.spend.map(|spend| spend.height)]
    });
    moves.flatten().max()
}

/// Returns the number of a state, as it is stored; for implementations.
#[must_use]
pub const fn state_number(state: State) -> u8 {
    match state {
        State::Created => 1,
        State::Paid => 2,
        State::Completed => 3,
        State::Executed => 4,
        State::Canceled => 5,
        State::Failed => 6,
        State::Deleted => 7,
    }
}
