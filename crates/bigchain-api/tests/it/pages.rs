//! Lists in pages: every item once, in order, and the old shape where nobody asks for pages.

use crate::client::{Client, Reply, alice, asset, bob, key};
use serde_json::Value;
use tally_bigchain_api::ApiEra;
use tally_ledger::{Version, build::Draft};

/// Follows a list from page to page, by the header and by the link, and returns its items.
async fn follow(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = format!("{path}&limit={limit}");
    loop {
        let page: Reply = client.get(&next).await;
        assert_eq!(page.status, 200, "{next}: {}", page.text);
        let found = page.json().as_array().unwrap().clone();
        assert!(found.len() <= limit);
        items.extend(found);
        let cursor = page.header("x-next-cursor");
        if cursor.is_empty() {
            assert_eq!(page.header("link"), "");
            return items;
        }
        let link = page.header("link").strip_suffix(">; rel=\"next\"").unwrap();
        next = link.strip_prefix('<').unwrap().to_owned();
        assert_eq!(next, format!("{path}&limit={limit}&cursor={cursor}"));
    }
}

/// Goal: each list in pages of 2 is the list without pages. Method: 5 assets, moved one by one.
#[tokio::test]
async fn pages_hold_every_item_once() {
    let client = Client::new(ApiEra::Seed);
    let create = Draft::create(Version::Flat2_0, &[alice()])
        .asset_data(r#"{"name":"bicycle"}"#)
        .output(5, &[alice()])
        .sign(&[&key(1)])
        .unwrap();
    client.commit(&create).await;
    let mut last = create.clone();
    for n in 0..4 {
        client.commit_asset(Version::Flat2_0, n).await;
        last = Draft::transfer(Version::Flat2_0, create.asset_id())
            .input(&last, 0)
            .output(5, &[alice()])
            .sign(&[&key(1)])
            .unwrap();
        client.commit(&last).await;
    }
    for (path, length) in [
        (format!("/api/v1/transactions?asset_id={}", create.id()), 5),
        (format!("/api/v1/transactions?asset_id={}&operation=TRANSFER", create.id()), 4),
        (format!("/transactions?owners_after={}", alice()), 9),
        (format!("/transactions?owners_after={}&fulfilled=true", alice()), 4),
        (format!("/transactions?owners_after={}&asset_id={}", alice(), create.id()), 5),
        (format!("/transactions?owners_after={}&asset_id={}", bob(), create.id()), 0),
        (format!("/api/v1/outputs?public_key={}", alice()), 9),
        (format!("/api/v1/outputs?public_key={}&spent=false", alice()), 5),
        (format!("/api/v1/unspents?public_key={}", alice()), 5),
        ("/api/v1/assets?search=bicycle".to_owned(), 5),
        ("/api/v1/metadata?search=bought".to_owned(), 4),
    ] {
        let whole = client.get(&path).await;
        assert_eq!(whole.header("x-next-cursor"), "", "{path}");
        let whole = whole.json().as_array().unwrap().clone();
        assert_eq!(whole.len(), length, "{path}");
        for limit in [1, 2, 3, 100] {
            assert_eq!(follow(&client, &path, limit).await, whole, "{path} by {limit}");
        }
        let all = client.get(&format!("{path}&limit=0")).await.json();
        assert_eq!(all.as_array().unwrap().len(), length, "{path}");
    }
}

#[tokio::test]
async fn bad_pages_are_refused() {
    let client = Client::new(ApiEra::Seed);
    let posted = asset(Version::Flat2_0, 1);
    client.commit(&posted).await;
    let lists = [
        format!("/transactions?asset_id={}", posted.id()),
        format!("/outputs?public_key={}", alice()),
        "/assets?search=x".to_owned(),
        format!("/blocks?tx_id={}", posted.id()),
    ];
    for list in lists {
        for bad in ["limit=-1", "limit=1.5", "limit=", "cursor=x", "cursor=-1", "cursor="] {
            let reply = client.get(&format!("{list}&{bad}")).await;
            assert_eq!(reply.status, 400, "{list} {bad}: {}", reply.text);
        }
        let huge = client.get(&format!("{list}&limit=99999999999999999999")).await;
        assert_eq!(huge.status, 200, "{list}: {}", huge.text);
    }
}
