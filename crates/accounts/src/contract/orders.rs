//! Orders that come, move and go.

use super::{NOW, Outcome, charge, fid, on_other_branch, order};
use crate::{Accounts, AccountsError, Balance, Charged, Order, OrderPlace};

pub(super) async fn an_order_counts_once(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    assert!(accounts.credit(order(&user, 1, 10, 100)).await?);
    assert!(!accounts.credit(order(&user, 1, 10, 100)).await?);
    let moved = order(&user, 1, 12, 999);
    assert!(!accounts.credit(moved).await?, "the output decides, not its place or amount");
    assert!(accounts.credit(order(&user, 2, 10, 1)).await?);
    assert_eq!(accounts.balance(&user).await?, Balance(101));
    let id = order(&user, 1, 10, 100).cash_id;
    let moved = Some(order(&user, 1, 12, 100));
    assert_eq!(accounts.order(id).await?, moved, "known by the last block, worth what it was");
    assert!(!accounts.credit(order(&user, 1, 10, 100)).await?, "and back");
    assert_eq!(accounts.order(id).await?, Some(order(&user, 1, 10, 100)));
    assert_eq!(accounts.orders(None, 9).await?.len(), 2, "in one place each");
    assert_eq!(accounts.order(order(&user, 3, 10, 100).cash_id).await?, None);
    Ok(())
}

pub(super) async fn orders_are_taken_back_by_name(accounts: &dyn Accounts) -> Outcome {
    let (user, other) = (fid("FUser"), fid("FOther"));
    let orders: Vec<Order> = [(1, 10), (2, 11), (u64::MAX, 11), (3, 12), (4, 1000)]
        .map(|(number, height)| order(&user, number, height, 100))
        .to_vec();
    for order in &orders {
        accounts.credit(order.clone()).await?;
    }
    accounts.credit(order(&other, 5, 12, 7)).await?;
    let absent = order(&user, 9, 10, 100).place();
    let elsewhere = order(&user, 1, 11, 100).place();
    let sibling = on_other_branch(&orders[0], 10).place();
    let unnamed = OrderPlace { block: None, ..orders[0].place() };
    assert_eq!(accounts.revoke(vec![absent, elsewhere, sibling, unnamed]).await?, 0);
    assert_eq!(accounts.revoke(vec![]).await?, 0);
    assert_eq!(accounts.balance(&user).await?, Balance(500));
    let undone = vec![orders[3].place(), absent, orders[3].place(), orders[1].place()];
    assert_eq!(accounts.revoke(undone.clone()).await?, 2, "each once");
    assert_eq!(accounts.revoke(undone).await?, 0, "repeating it does no harm");
    assert_eq!(accounts.balance(&user).await?, Balance(300));
    assert_eq!(accounts.balance(&other).await?, Balance(7), "others keep theirs");
    assert!(accounts.credit(order(&user, 3, 13, 100)).await?, "it may be paid in another block");
    assert_eq!(accounts.balance(&user).await?, Balance(400));
    let unknown_block = Order { block: None, ..order(&user, 6, 14, 1) };
    accounts.credit(unknown_block.clone()).await?;
    let all: Vec<Order> = accounts.orders(None, 9).await?;
    assert_eq!(accounts.revoke(all.iter().map(Order::place).collect()).await?, 6);
    assert_eq!(all.last(), Some(&orders[4]));
    assert!(all.contains(&unknown_block));
    assert_eq!(accounts.balance(&user).await?, Balance(0));
    assert_eq!(accounts.orders(None, 9).await?, []);
    Ok(())
}

pub(super) async fn impossible_orders_change_nothing(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    let most = u64::try_from(i64::MAX).expect("it is positive");
    accounts.credit(order(&user, 1, 10, 1)).await?;
    for (number, amount) in [(2, most), (3, most + 1), (4, u64::MAX)] {
        let refused = accounts.credit(order(&user, number, 10, amount)).await;
        assert!(matches!(refused, Err(AccountsError::Overflow { .. })), "{refused:?}");
    }
    assert_eq!(accounts.balance(&user).await?, Balance(1));
    assert_eq!(accounts.orders(None, 9).await?, [order(&user, 1, 10, 1)]);
    let charged = accounts.charge(charge(&user, 1, 1, u64::MAX), NOW).await?;
    assert_eq!(charged, Charged::Insufficient(Balance(1)));
    assert!(accounts.credit(order(&user, 5, 10, most - 1)).await?, "others still count");
    assert_eq!(accounts.balance(&user).await?, Balance(i64::MAX));
    Ok(())
}

pub(super) async fn orders_are_paged(accounts: &dyn Accounts) -> Outcome {
    let user = fid("FUser");
    let all: Vec<Order> =
        (0..7).map(|number| order(&user, 100 - number, 10 + number / 3, 1)).collect();
    for order in &all {
        accounts.credit(order.clone()).await?;
    }
    let mut expected = all;
    expected.sort_by_key(Order::position);
    let (mut found, mut after) = (vec![], None);
    loop {
        let page = accounts.orders(after, 2).await?;
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.position());
        found.extend(page);
    }
    assert_eq!(found, expected);
    assert_eq!(accounts.orders(None, 0).await?, []);
    Ok(())
}
