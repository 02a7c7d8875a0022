//! What a filter asks of a deal, the same in all implementations.

use crate::{
    DealFilter, DealKeys, FeedbackFilter, FeedbackRecord, SEARCH_WORDS_MAX, state_number, words,
};

/// The most rows that are looked at for one page.
pub const EXAMINED_ROWS_MAX: usize = 10_000;

/// What a [`DealFilter`] asks of a deal; for implementations.
#[derive(Debug, Clone)]
pub struct Search {
    filter: DealFilter,
    words: Vec<String>,
}

impl Search {
    /// Reads a filter.
    #[must_use]
    pub fn of(filter: &DealFilter) -> Self {
        let words = words(filter.text.as_deref()).into_iter().take(SEARCH_WORDS_MAX).collect();
        Self { filter: filter.clone(), words }
    }

    /// Says whether there is no deal that the filter finds: it has a text in which there is no
    /// word, or an address without any.
    #[must_use]
    pub fn is_impossible(&self) -> bool {
        let filter = &self.filter;
        let mut addresses = [&filter.seller, &filter.customer, &filter.party].into_iter().flatten();
        (filter.text.is_some() && self.words.is_empty())
            || addresses.any(|address| words([address.as_str()]).is_empty())
    }

    /// Returns the words of the text, each once.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Returns a word that all deals have which the filter finds, and likely few others: of an
    /// address, or the longest of the text.
    #[must_use]
    pub fn rarest_word(&self) -> Option<String> {
        let filter = &self.filter;
        let address = filter.customer.as_ref().or(filter.party.as_ref()).or(filter.seller.as_ref());
        match address {
            Some(address) => words([address.as_str()]).pop_last(),
            None => self.words.iter().max_by_key(|word| word.len()).cloned(),
        }
    }

    /// Says whether the filter finds a deal.
    #[must_use]
    pub fn finds(&self, deal: &DealKeys) -> bool {
        let filter = &self.filter;
        is_wanted(filter.seller.as_ref(), &deal.seller)
            && is_wanted(filter.customer.as_ref(), &deal.customer)
            && filter
                .party
                .as_ref()
                .is_none_or(|party| *party == deal.seller || *party == deal.customer)
            && filter.state.is_none_or(|state| state_number(state) == deal.state)
            && is_wanted(filter.site.as_ref(), &deal.site)
            && filter.module.as_ref().is_none_or(|module| deal.module.as_ref() == Some(module))
            && filter.since.is_none_or(|since| deal.date >= since)
            && filter.before.is_none_or(|before| deal.date < before)
            && self.words.iter().all(|word| deal.words.contains(word))
    }
}

impl FeedbackFilter {
    /// Says whether the filter finds some feedback.
    #[must_use]
    pub fn finds(&self, feedback: &FeedbackRecord) -> bool {
        is_wanted(self.seller.as_ref(), &feedback.seller)
            && is_wanted(self.customer.as_ref(), &feedback.customer)
            && self.status.is_none_or(|status| status == feedback.status)
    }
}

fn is_wanted(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}
