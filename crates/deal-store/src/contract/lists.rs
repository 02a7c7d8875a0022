//! Lists, their filters and pages.

use super::{
    ADDRESSES, NOW_MS, Outcome, address, canceled, change, creation, deal, empty, opening, paid,
};
use crate::{
    Commit, DealFilter, DealStore, DealStoreError, FeedbackFilter, FeedbackRecord, PAGE_ROWS_MAX,
};
use tally_deal::{FeedbackStatus, State};
use tally_primitives::{BlockNumber, Satoshi};

/// Reads a whole list of deals in pages; returns their numbers.
async fn numbers(
    store: &dyn DealStore,
    filter: &DealFilter,
    limit: usize,
) -> Result<Vec<u64>, DealStoreError> {
    let (mut found, mut after) = (vec![], None);
    loop {
        let page = store.deals(filter, after, limit).await?;
        assert!(page.rows.len() <= limit);
        found.extend(page.rows.iter().map(|deal| deal.value.terms().date.0 - super::DATE));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Goal: every filter finds what it says, newest first, alone and with others.
pub(super) async fn deals_are_filtered(store: &dyn DealStore) -> Outcome {
    for number in 0..12 {
        let made = deal(number);
        let version = store.commit(creation(made.clone())).await?.version;
        if number == 4 {
            store.commit(change(version, canceled(made))).await?;
        } else if number == 7 {
            store.commit(change(version, paid(made, 50))).await?;
        }
    }
    let text = |text: &str| Some(text.to_owned());
    let none = DealFilter::default();
    let filters = [
        (none.clone(), vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (DealFilter { seller: text(ADDRESSES[1]), ..none.clone() }, vec![7, 1]),
        (DealFilter { customer: text(ADDRESSES[1]), ..none.clone() }, vec![6, 0]),
        (DealFilter { party: text(ADDRESSES[1]), ..none.clone() }, vec![7, 6, 1, 0]),
        (DealFilter { seller: text(&ADDRESSES[1].to_lowercase()), ..none.clone() }, vec![]),
        (DealFilter { seller: text(""), ..none.clone() }, vec![]),
        (DealFilter { state: Some(State::Canceled), ..none.clone() }, vec![4]),
        (DealFilter { state: Some(State::Paid), ..none.clone() }, vec![7]),
        (
            DealFilter { site: text("https://shop1.example/goods"), ..none.clone() },
            vec![10, 7, 4, 1],
        ),
        (DealFilter { site: text("https://shop1.example"), ..none.clone() }, vec![]),
        (DealFilter { module: text(ADDRESSES[5]), ..none.clone() }, vec![10, 8, 6, 4, 2, 0]),
        (DealFilter { module: text(ADDRESSES[4]), ..none.clone() }, vec![]),
        (DealFilter { text: text("PURPLE sold"), ..none.clone() }, vec![4]),
        (DealFilter { text: text("shop2 goods"), ..none.clone() }, vec![11, 8, 5, 2]),
        (DealFilter { text: text("shop2 purple"), ..none.clone() }, vec![]),
        (DealFilter { text: text(ADDRESSES[1]), ..none.clone() }, vec![7, 6, 1, 0]),
        (DealFilter { text: text(deal(3).address().as_str()), ..none.clone() }, vec![3]),
        (DealFilter { text: text(" - %_'\\"), ..none.clone() }, vec![]),
    ];
    for (filter, expected) in filters {
        assert_eq!(numbers(store, &filter, 100).await?, expected, "{filter:?}");
        assert_eq!(numbers(store, &filter, 1).await?, expected, "one by one: {filter:?}");
        let (since, before) = (Some(super::DATE + 2), Some(super::DATE + 7));
        let range = DealFilter { since, before, ..filter };
        let within: Vec<u64> =
            expected.into_iter().filter(|number| (2..7).contains(number)).collect();
        assert_eq!(numbers(store, &range, 2).await?, within, "{range:?}");
    }
    let both = DealFilter { seller: text(ADDRESSES[1]), state: Some(State::Paid), ..none.clone() };
    assert_eq!(numbers(store, &both, 5).await?, [7]);
    let crossed = DealFilter { since: Some(u64::MAX), before: Some(0), ..none };
    assert_eq!(numbers(store, &crossed, 5).await?, [0; 0]);
    Ok(())
}

/// Goal: pages neither repeat nor miss a deal while others come, and no page is larger than pages
/// are.
pub(super) async fn deals_are_paged(store: &dyn DealStore) -> Outcome {
    let deals = (0..10).map(|number| crate::Put::new(deal(number))).collect();
    store.commit(Commit { deals, ..empty() }).await?;
    let all = DealFilter::default();
    let first = store.deals(&all, None, 4).await?;
    store.commit(creation(deal(20))).await?;
    let second = store.deals(&all, first.next, 100).await?;
    let dates = [first.rows, second.rows].concat();
    let dates: Vec<u64> =
        dates.iter().map(|deal| deal.value.terms().date.0 - super::DATE).collect();
    assert_eq!(dates, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(second.next, None);
    assert!(store.deals(&all, None, 0).await?.rows.is_empty());
    assert_eq!(store.deals(&all, None, usize::MAX).await?.rows.len(), 11);

    let many = (100..100 + PAGE_ROWS_MAX as u64).map(|number| crate::Put::new(deal(number)));
    store.commit(Commit { deals: many.collect(), ..empty() }).await?;
    let page = store.deals(&all, None, usize::MAX).await?;
    assert_eq!((page.rows.len(), page.next.is_some()), (PAGE_ROWS_MAX, true));
    let page = store.unfinished(None, usize::MAX).await?;
    assert_eq!((page.rows.len(), page.next.is_some()), (PAGE_ROWS_MAX, true));
    Ok(())
}

/// Goal: who starts finds all deals about which something is to be done, and no other.
pub(super) async fn unfinished_deals_are_listed(store: &dyn DealStore) -> Outcome {
    for number in 0..9 {
        let made = deal(number);
        let version = store.commit(creation(made.clone())).await?.version;
        if number % 3 == 0 {
            store.commit(change(version, canceled(made))).await?;
        }
    }
    let (mut found, mut after) = (vec![], None);
    loop {
        let page = store.unfinished(after, 2).await?;
        found.extend(page.rows.iter().map(|deal| deal.value.code()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let unfinished = (0..9).filter(|number| number % 3 != 0);
    let mut expected: Vec<_> = unfinished.map(|number| deal(number).code()).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);

    let old = store.deal(deal(3).code()).await?.expect("it is there");
    store.commit(change(old.version, paid(old.value, 10))).await?;
    let page = store.unfinished(None, 100).await?;
    let is_back = page.rows.iter().any(|found| found.value.code() == deal(3).code());
    assert!(is_back, "money that came to a canceled deal has to go back");
    Ok(())
}

/// Goal: all deals are found whose money moved in blocks above a height.
pub(super) async fn undone_blocks_name_their_deals(store: &dyn DealStore) -> Outcome {
    for number in 0..6 {
        let made = deal(number);
        let version = store.commit(creation(made.clone())).await?.version;
        if number > 0 {
            store.commit(change(version, paid(made, 100 + number / 2))).await?;
        }
    }
    let mut found = vec![];
    let mut after = None;
    loop {
        let page = store.touched_above(BlockNumber(100), after, 1).await?;
        found.extend(page.rows.iter().map(|deal| deal.value.terms().date.0 - super::DATE));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.sort_unstable();
    assert_eq!(found, [2, 3, 4, 5]);
    let rest = store.touched_above(BlockNumber(101), None, 100).await?;
    assert_eq!(rest.rows.len(), 2);
    assert!(store.touched_above(BlockNumber(102), None, 9).await?.rows.is_empty());
    assert!(store.touched_above(BlockNumber(u64::MAX), None, 9).await?.rows.is_empty());
    Ok(())
}

/// Goal: the accounts of a module come in order, those of others do not.
pub(super) async fn accounts_of_a_module_are_paged(store: &dyn DealStore) -> Outcome {
    let accounts = (0..4).map(|number| opening(number, Some(address(5))));
    let others = [opening(4, None), opening(5, Some(address(4)))];
    store.commit(Commit { accounts: accounts.chain(others).collect(), ..empty() }).await?;
    let mut expected: Vec<&str> = ADDRESSES[..4].to_vec();
    expected.sort_unstable();
    let (mut found, mut after) = (vec![], None::<String>);
    loop {
        let page = store.accounts(ADDRESSES[5], after.as_deref(), 3).await?;
        found.extend(page.rows.iter().map(|account| account.value.address().to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert!(store.accounts("", None, 10).await?.rows.is_empty());
    Ok(())
}

/// Goal: feedback is found by seller, customer and status, newest first; a deal has one.
pub(super) async fn feedback_is_listed(store: &dyn DealStore) -> Outcome {
    let opinion = |number: u64, at_ms: u64| {
        let at = usize::try_from(number % 3).expect("it is small");
        FeedbackRecord {
            code: deal(number).code(),
            seller: ADDRESSES[usize::from(number >= 6)].to_owned(),
            customer: ADDRESSES[2 + at].to_owned(),
            status: FeedbackStatus::ALL[at],
            comments: format!("opinion {number}"),
            sum: Satoshi(1000 + number),
            at_ms,
        }
    };
    let feedback = (0..9).map(|number| opinion(number, NOW_MS + number)).collect();
    store.commit(Commit { feedback, ..empty() }).await?;
    let text = |text: &str| Some(text.to_owned());
    let none = FeedbackFilter::default();
    let list = async |filter: &FeedbackFilter| -> Result<Vec<u64>, DealStoreError> {
        let (mut found, mut after) = (vec![], None);
        loop {
            let page = store.feedback(filter, after, 2).await?;
            found.extend(page.rows.iter().map(|row| row.sum.0 - 1000));
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    };
    let by_seller = FeedbackFilter { seller: text(ADDRESSES[0]), ..none.clone() };
    let by_customer = FeedbackFilter { customer: text(ADDRESSES[2]), ..none.clone() };
    let positive = Some(FeedbackStatus::Positive);
    let by_status = FeedbackFilter { status: positive, ..none.clone() };
    let by_all = FeedbackFilter {
        seller: text(ADDRESSES[0]),
        customer: text(ADDRESSES[4]),
        status: positive,
    };
    assert_eq!(list(&none).await?, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(list(&by_seller).await?, [5, 4, 3, 2, 1, 0]);
    assert_eq!(list(&by_customer).await?, [6, 3, 0]);
    assert_eq!(list(&by_status).await?, [8, 5, 2]);
    assert_eq!(list(&by_all).await?, [5, 2]);
    let newer = FeedbackRecord { status: FeedbackStatus::Positive, ..opinion(3, NOW_MS + 100) };
    store.commit(Commit { feedback: vec![newer.clone()], ..empty() }).await?;
    assert_eq!(list(&none).await?, [3, 8, 7, 6, 5, 4, 2, 1, 0], "it was given again");
    assert_eq!(list(&by_status).await?, [3, 8, 5, 2]);
    assert_eq!(store.feedback(&none, None, 1).await?.rows, [newer]);
    Ok(())
}
