//! What is stored with a change of deals: what happened, the feedback, and how the deal counts for
//! the ratings of its parties; all in one commit with the deal.

use crate::{
    ServerError,
    core::{Core, read_failed},
};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tally_deal::{Action, Deal, Event, account::Account};
use tally_deal_store::{
    AccountChange, Commit, Expected, FeedbackRecord, NewEvent, Put, Version, Versioned,
};
use tally_primitives::Txid;

/// The kind of the event that a deal was made.
pub(crate) const CREATED: &str = "created";

/// Collects what one commit stores.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    core: &'a Core,
    commit: Commit,
    /// Accounts as they will be: one commit may change one several times.
    accounts: BTreeMap<String, Versioned<Account>>,
}

impl<'a> Record<'a> {
    /// Starts with changes of other kinds.
    pub(crate) fn new(core: &'a Core, mut commit: Commit) -> Self {
        commit.now_ms = core.clock.now_ms();
        Self { core, commit, accounts: BTreeMap::new() }
    }

    /// Adds a deal that was told something.
    pub(crate) async fn add(
        &mut self,
        version: Version,
        before: &Deal,
        after: &Deal,
        actions: &[Action],
    ) -> Result<(), ServerError> {
        let happened = actions.iter().filter_map(|action| match action {
            Action::Notify(event) => Some(event),
            Action::Settle(_) | Action::Broadcast { .. } => None,
        });
        for event in happened {
            self.commit.events.push(new_event(after, event, self.commit.now_ms));
        }
        if before.feedback() != after.feedback()
            && let Some(feedback) = after.feedback()
        {
            self.commit.feedback.push(FeedbackRecord {
                code: after.code(),
                seller: after.terms().seller.to_string(),
                customer: after.terms().customer.to_string(),
                status: feedback.status,
                comments: feedback.comments.clone(),
                sum: after.terms().sum.satoshi(),
                at_ms: feedback.time.0.saturating_mul(1000),
            });
        }
        if before.marks() != after.marks() {
            self.rate(before, after).await?;
        }
        if before != after {
            self.commit.deals.push(Put::over(version, after.clone()));
        }
        Ok(())
    }

    /// Whether there is nothing to store.
    pub(crate) fn is_empty(&self) -> bool {
        let Commit { now_ms, .. } = self.commit;
        self.accounts.is_empty() && self.commit == Commit { now_ms, ..Commit::default() }
    }

    /// How many changes there are to store.
    pub(crate) fn len(&self) -> usize {
        let Commit { deals, feedback, events, .. } = &self.commit;
        self.accounts.len() + deals.len() + feedback.len() + events.len()
    }

    pub(crate) fn into_commit(mut self) -> Commit {
        let rows = self.accounts.into_iter();
        self.commit.accounts.extend(rows.map(|(address, Versioned { version, value })| {
            AccountChange { address, expected: Expected::At(version), account: Some(value) }
        }));
        self.commit
    }

    /// Counts a deal for the ratings of its parties, once; those that have no account have none.
    async fn rate(&mut self, before: &Deal, after: &Deal) -> Result<(), ServerError> {
        let Some(marks) = after.marks() else { return Ok(()) };
        let earlier = before.marks();
        if let Some(account) = self.account(after.terms().seller.as_str()).await? {
            match earlier {
                None => account.record_sale(marks.seller),
                Some(earlier) if earlier.seller == marks.seller => {}
                Some(_) => account.correct_sale(marks.seller),
            }
        }
        if let Some(account) = self.account(after.terms().customer.as_str()).await? {
            match earlier {
                None => account.record_purchase(marks.customer),
                Some(earlier) if earlier.customer == marks.customer => {}
                Some(_) => account.correct_purchase(marks.customer),
            }
        }
        Ok(())
    }

    async fn account(&mut self, address: &str) -> Result<Option<&mut Account>, ServerError> {
        if !self.accounts.contains_key(address)
            && let Some(found) = self.core.store.account(address).await.map_err(read_failed)?
        {
            self.accounts.insert(address.to_owned(), found);
        }
        Ok(self.accounts.get_mut(address).map(|found| &mut found.value))
    }
}

/// Makes the event that a deal was made.
pub(crate) fn created(deal: &Deal, now_ms: u64) -> NewEvent {
    event_of(deal, CREATED, Value::Null, now_ms)
}

fn new_event(deal: &Deal, event: &Event, now_ms: u64) -> NewEvent {
    // An enum of named fields is an object with one member, the fields of the event.
    let details = match json!(event) {
        Value::Object(members) => members.into_iter().next().map(|(_, fields)| fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    };
    let mut details = details.unwrap_or_default();
    show_ids(&mut details);
    event_of(deal, event.name(), details, now_ms)
}

/// Writes the ids of transactions as people know them, in the place of their bytes.
fn show_ids(details: &mut Value) {
    let Value::Object(members) = details else { return };
    for (name, value) in members {
        match Txid::deserialize(&*value) {
            Ok(txid) if name == "txid" => *value = txid.to_string().into(),
            Ok(_) | Err(_) => show_ids(value),
        }
    }
}

/// Makes an event of a deal: what everybody may know of it, and the details of the event.
pub(crate) fn event_of(deal: &Deal, kind: &str, details: Value, now_ms: u64) -> NewEvent {
    let terms = deal.terms();
    let data = json!({
        "code": deal.code().to_string(),
        "state": deal.state().order().as_str(),
        "paymentAddress": deal.address().to_string(),
        "seller": terms.seller.to_string(),
        "customer": terms.customer.to_string(),
        "site": terms.url,
        "sum": terms.sum.text(terms.network),
        "details": details,
    });
    NewEvent {
        deal: Some(deal.code()),
        kind: kind.to_owned(),
        at_ms: now_ms,
        data: data.to_string(),
    }
}
