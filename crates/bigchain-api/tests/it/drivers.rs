//! What the clients of each generation of servers send, and what they are answered.

use crate::client::{Client, alice, asset, bob, node, to_bob};
use serde_json::{Value, json};
use tally_bigchain_api::ApiEra;
use tally_ledger::{Transaction, Version};

const FLAT: [Version; 4] =
    [Version::Flat0_9, Version::Flat0_10, Version::Flat1_0, Version::Flat2_0];
const MISSING: &str =
    "Missing required parameter in the JSON body or the post body or the query string";

/// Posts an asset and its transfer to bob.
async fn moved(client: &Client, version: Version) -> (Transaction, Transaction) {
    let created = client.commit_asset(version, 1).await;
    let transfer = to_bob(&created);
    client.commit(&transfer).await;
    (created, transfer)
}

#[tokio::test]
async fn transactions_of_every_version_are_taken_and_found() {
    let client = Client::new(ApiEra::Seed);
    for version in FLAT.into_iter().chain([Version::Nested1]) {
        let (created, transfer) = moved(&client, version).await;
        for posted in [created, transfer] {
            let found = client.get(&format!("/api/v1/transactions/{}", posted.id())).await;
            assert_eq!((found.status, found.text.as_str()), (200, posted.to_json()), "{version}");
        }
    }
}

/// Goal: the answer to a post has the headers of the transaction's own release.
#[tokio::test]
async fn only_the_seed_and_1_x_say_where_the_status_is() {
    let client = Client::new(ApiEra::Seed);
    let location = async |version| {
        let posted = asset(version, 1);
        let reply = client.call("POST", "/api/v1/transactions/", posted.to_json()).await;
        assert_eq!(reply.status, 202);
        reply.header("location").replace(&posted.id().to_string(), "ID")
    };
    assert_eq!(location(Version::Nested1).await, "/api/v1/statuses/ID");
    assert_eq!(location(Version::Flat0_9).await, "");
    assert_eq!(location(Version::Flat0_10).await, "");
    assert_eq!(location(Version::Flat1_0).await, "../statuses?transaction_id=ID");
    assert_eq!(location(Version::Flat2_0).await, "");
}

#[tokio::test]
async fn modes_are_known_and_others_refused() {
    let client = Client::new(ApiEra::Seed);
    for (n, mode) in (1..).zip(["async", "sync", "commit", "COMMIT"]) {
        let posted = asset(Version::Flat2_0, n);
        let path = format!("/api/v1/transactions?mode={mode}");
        assert_eq!(client.call("POST", &path, posted.to_json()).await.status, 202, "{mode}");
    }
    let reply = client.call("POST", "/api/v1/transactions?mode=xx", "{}").await;
    let why = r#"Mode must be "async", "sync" or "commit""#;
    let code = "invalid_parameter";
    assert_eq!(reply.said(), (400, json!({ "message": { "mode": why }, "code": code })));
}

#[tokio::test]
async fn the_root_and_the_index_have_the_names_of_every_release() {
    let client = Client::new(ApiEra::Seed);
    let root = client.get("/").await.json();
    assert_eq!(root["_links"]["api_v1"], "http://localhost:9984/api/v1/");
    assert_eq!(root["_links"]["docs"], root["docs"]);
    assert_eq!(root["api_endpoint"], "http://localhost:9984/api/v1");
    let v1 = &root["api"]["v1"];
    for name in ["assets", "blocks", "metadata", "outputs", "statuses", "transactions"] {
        assert_eq!(v1[name], format!("/api/v1/{name}/"));
    }
    assert_eq!(v1["validators"], "/api/v1/validators");
    assert_eq!(v1["streams"], "ws://localhost:9984/api/v1/streams/valid_transactions");

    for path in ["/api/v1", "/api/v1/"] {
        let index = client.get(path).await.json();
        let links = &index["_links"];
        assert_eq!(links["self"], "http://localhost:9984/api/v1/");
        assert_eq!(links["transactions"], "http://localhost:9984/api/v1/transactions/");
        assert_eq!(links["statuses"], "http://localhost:9984/api/v1/statuses/");
        assert_eq!(links["streams_v1"], "ws://localhost:9984/api/v1/streams/valid_tx");
        assert_eq!(
            (&index["assets"], &index["outputs"]),
            (&json!("/assets/"), &json!("/outputs/"))
        );
        assert_eq!(index["transactions"], "/transactions/");
    }
}

#[tokio::test]
async fn statuses_are_found_by_parameter() {
    let client = Client::new(ApiEra::Seed);
    let posted = client.commit_asset(Version::Flat0_10, 1).await;
    let (id, block) = (posted.id(), client.block_of(&posted).await);
    let status =
        async |query: String| client.get(&format!("/api/v1/statuses?{query}")).await.said();
    let links = json!({ "tx": format!("/transactions/{id}") });
    assert_eq!(
        status(format!("tx_id={id}")).await.1,
        json!({ "status": "valid", "_links": links })
    );
    assert_eq!(status(format!("transaction_id={id}")).await.1, json!({ "status": "valid" }));
    assert_eq!(status(format!("block_id={block}")).await.1, json!({ "status": "valid" }));
    let unknown = "f".repeat(64);
    for name in ["tx_id", "transaction_id", "block_id"] {
        let (code, body) = status(format!("{name}={unknown}")).await;
        assert_eq!((code, &body["message"]), (404, &json!("Not found")));
        let (code, body) = status(format!("{name}=abc")).await;
        assert_eq!((code, &body["message"]), (404, &json!("Not found")));
    }
    let (code, body) = status(format!("foo=1&tx_id={id}")).await;
    assert_eq!((code, &body["message"]), (400, &json!("Unknown arguments: foo")));
}

#[tokio::test]
async fn statuses_need_exactly_one_parameter() {
    let choices = "Provide exactly one query parameter. Choices are: block_id, ";
    let (tx, block) = (format!("tx_id={}", "f".repeat(64)), format!("block_id={}", "f".repeat(64)));
    for (era, query, last) in [
        (ApiEra::V0_9, String::new(), "tx_id"),
        (ApiEra::V1, String::new(), "transaction_id"),
        (ApiEra::Seed, format!("?{tx}&{block}"), "tx_id"),
        (ApiEra::Seed, format!("?transaction_{}&{block}", &tx[3..]), "transaction_id"),
    ] {
        let (status, body) = Client::new(era).get(&format!("/api/v1/statuses{query}")).await.said();
        let message = format!("{choices}{last}");
        assert_eq!(
            (status, &body["status"], &body["message"]),
            (400, &json!(400), &json!(message))
        );
    }
}

/// Goal: blocks by transaction come as whole blocks, ids or heights, as the request's release
/// writes them.
#[tokio::test]
async fn blocks_are_written_as_the_release_writes_them() {
    for (setting, parameter, kind) in [
        (ApiEra::Seed, "tx_id", "whole"),
        (ApiEra::V0_9, "tx_id", "ids"),
        (ApiEra::V0_10, "tx_id", "ids"),
        (ApiEra::V2, "tx_id", "ids"),
        (ApiEra::V1, "transaction_id", "ids"),
        (ApiEra::V2, "transaction_id", "heights"),
        (ApiEra::Seed, "transaction_id", "heights"),
    ] {
        let client = Client::new(setting);
        let posted = client.commit_asset(Version::Flat1_0, 1).await;
        let id = client.block_of(&posted).await;
        let listed =
            client.get(&format!("/api/v1/blocks?{parameter}={}", posted.id())).await.json();
        match kind {
            "whole" => assert_eq!(listed[0]["id"], id.as_str()),
            "ids" => assert_eq!(listed, json!([id])),
            _ => assert_eq!(listed, json!([1])),
        }
        let none = client.get(&format!("/api/v1/blocks?{parameter}={}", "f".repeat(64))).await;
        assert_eq!(none.text, "[]");
    }
}

#[tokio::test]
async fn blocks_are_found_by_height() {
    let client = Client::new(ApiEra::Seed);
    let posted = client.commit_asset(Version::Flat2_0, 1).await;
    let block = client.get("/api/v1/blocks/1").await;
    let expected = format!("{{\"height\":1,\"transactions\":[{}]}}", posted.to_json());
    assert_eq!((block.status, block.text), (200, expected));
    assert_eq!(client.get("/api/v1/blocks/0").await.json()["height"], 0);
    for height in ["2", "9999", &"9".repeat(40), "-1"] {
        assert_eq!(client.get(&format!("/api/v1/blocks/{height}")).await.status, 404, "{height}");
    }
}

#[tokio::test]
async fn outputs_are_objects_or_paths() {
    let client = Client::new(ApiEra::Seed);
    let (created, transfer) = moved(&client, Version::Flat2_0).await;
    let kept = client.commit_asset(Version::Flat2_0, 2).await;
    let outputs =
        async |query: String| client.get(&format!("/api/v1/outputs?{query}")).await.json();
    let object =
        |tx: &Transaction| json!({ "transaction_id": tx.id().to_string(), "output_index": 0 });
    let path = |tx: &Transaction| json!(format!("../transactions/{}/outputs/0", tx.id()));
    let owner = alice();
    assert_eq!(
        outputs(format!("public_key={owner}")).await,
        json!([object(&created), object(&kept)])
    );
    assert_eq!(outputs(format!("public_key={owner}&spent=true")).await, json!([object(&created)]));
    assert_eq!(outputs(format!("public_key={owner}&spent=False")).await, json!([object(&kept)]));
    assert_eq!(outputs(format!("public_key={owner}&unspent=true")).await, json!([path(&kept)]));
    let all = json!([path(&created), path(&kept)]);
    assert_eq!(outputs(format!("public_key={owner}&unspent=false&foo=1")).await, all);
    assert_eq!(outputs(format!("public_key={}", bob())).await, json!([object(&transfer)]));
    let unspents = client.get(&format!("/api/v1/unspents?public_key={owner}")).await.json();
    assert_eq!(unspents, json!([path(&kept)]));

    for (query, message) in [
        (String::new(), json!({ "public_key": MISSING })),
        ("?public_key=abc".to_owned(), json!({ "public_key": "Invalid base58 ed25519 key" })),
        (format!("?public_key={owner}&foo=1"), json!("Unknown arguments: foo")),
        (
            format!("?public_key={owner}&spent=maybe"),
            json!({ "spent": "Boolean value must be \"true\" or \"false\" (lowercase)" }),
        ),
    ] {
        let (status, body) = client.get(&format!("/api/v1/outputs{query}")).await.said();
        assert_eq!((status, &body["message"]), (400, &message), "{query}");
    }
    let both = client.get(&format!("/outputs?public_key={owner}&spent=true&unspent=true")).await;
    assert_eq!((both.status, &both.json()["code"]), (400, &json!("contradicting_parameters")));
}

#[tokio::test]
async fn transactions_are_listed_by_the_hash_that_names_an_asset() {
    for version in FLAT {
        let client = Client::new(ApiEra::Seed);
        let (created, transfer) = moved(&client, version).await;
        let (id, upper) = (created.id(), created.id().to_string().to_uppercase());
        let (create, transfer) = (created.to_json(), transfer.to_json());
        for (query, list) in [
            (format!("asset_id={id}"), format!("[{create},{transfer}]")),
            (format!("asset_id={upper}&operation=CREATE"), format!("[{create}]")),
            (format!("asset_id={id}&operation=transfer&foo=1"), format!("[{transfer}]")),
            (format!("asset_id={id}&last_tx=true"), format!("[{transfer}]")),
            (format!("asset_id={}", "f".repeat(64)), "[]".to_owned()),
        ] {
            let reply = client.get(&format!("/api/v1/transactions?{query}")).await;
            assert_eq!((reply.status, reply.text), (200, list), "{version} {query}");
        }
        let genesis = client.get(&format!("/transactions?asset_id={id}&operation=GENESIS")).await;
        let why = json!({ "operation": "Operation must be \"CREATE\" or \"TRANSFER\"" });
        assert_eq!((genesis.status, &genesis.json()["message"]), (400, &why));
    }
}

/// Goal: a client that asks for it need not fetch every transaction to know what it has.
#[tokio::test]
async fn outputs_can_have_details() {
    let client = Client::new(ApiEra::Seed);
    let (created, _) = moved(&client, Version::Nested1).await;
    let kept = client.commit_asset(Version::Flat0_9, 2).await;
    let detailed = |tx: &Transaction, spent| {
        json!({
            "transaction_id": tx.id().to_string(),
            "output_index": 0,
            "amount": "1",
            "asset_id": tx.asset_id().to_string(),
            "spent": spent,
        })
    };
    let path = format!("/api/v1/outputs?public_key={}&details=true", alice());
    let all = json!([detailed(&created, true), detailed(&kept, false)]);
    assert_eq!(client.get(&path).await.json(), all);
    let unspent = client.get(&format!("{path}&spent=false&limit=1")).await.json();
    assert_eq!(unspent, json!([detailed(&kept, false)]));
    let strange = client.get(&format!("/unspents?public_key={}&foo=1", alice())).await;
    assert_eq!((strange.status, &strange.json()["code"]), (400, &json!("unknown_parameter")));
}

/// Goal: where requests say nothing, the setting decides what is missing and how that is said.
#[tokio::test]
async fn bare_lists_say_what_is_missing_since_0_9() {
    for (era, of_blocks) in [
        (ApiEra::V0_9, "tx_id"),
        (ApiEra::V0_10, "tx_id"),
        (ApiEra::V1, "transaction_id"),
        (ApiEra::V2, "transaction_id"),
    ] {
        let client = Client::new(era);
        for (path, name) in [("/transactions/", "asset_id"), ("/blocks", of_blocks)] {
            let (status, body) = client.get(&format!("/api/v1{path}")).await.said();
            assert_eq!((status, &body["message"]), (400, &json!({ name: MISSING })), "{era}");
        }
    }
}

#[tokio::test]
async fn assets_and_metadata_are_searched() {
    let client = Client::new(ApiEra::Seed);
    let first = client.commit_asset(Version::Flat2_0, 1).await;
    let second = client.commit_asset(Version::Nested1, 2).await;
    let search = async |path: &str| {
        let reply = client.get(&format!("/api/v1/{path}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let mut found = reply.json().as_array().unwrap().clone();
        found.sort_by_key(|item| item["id"] != first.id().to_string());
        found
    };
    let item = |tx: &Transaction, name: &str, data: Value| json!({ "id": tx.id().to_string(), name: data });
    let data = |n| json!({ "name": format!("bicycle {n}"), "colour": "red" });
    let both = [item(&first, "data", data(1)), item(&second, "data", data(2))];
    assert_eq!(search("assets?search=Bicycles").await, both);
    assert_eq!(search("assets?search=bicycle&limit=0").await, both);
    assert_eq!(search("assets?search=%22bicycle+2%22").await, both[1..]);
    assert_eq!(search("assets?search=bicycle+-2").await, both[..1]);
    assert_eq!(search("assets?search=bicycle&limit=1").await.len(), 1);
    assert_eq!(search("assets?search=bought").await, [] as [Value; 0]);
    let note = json!({ "note": "bought 2" });
    assert_eq!(search("metadata/?search=%22bought+2%22").await, [item(&second, "metadata", note)]);

    for endpoint in ["assets", "metadata"] {
        let int = "invalid literal for int() with base 10: 'abc'";
        let long = format!("search={}", "word+".repeat(100));
        for (query, message) in [
            ("", json!({ "search": MISSING })),
            ("search=", json!("text_search cannot be empty")),
            ("search=x&limit=abc", json!({ "limit": int })),
            (&long, json!("a search has at most 64 words")),
        ] {
            let (status, body) = client.get(&format!("/api/v1/{endpoint}?{query}")).await.said();
            assert_eq!((status, &body["message"]), (400, &message), "{endpoint} {query}");
        }
    }
}

#[tokio::test]
async fn validators_are_the_members() {
    let validators = Client::new(ApiEra::V2).get("/api/v1/validators").await.json();
    assert_eq!(validators[0]["voting_power"], 10);
    assert_eq!(validators[0]["public_key"]["type"], "ed25519-base64");
    let value = validators[0]["public_key"]["value"].as_str().unwrap();
    assert_eq!((value.len(), validators.as_array().unwrap().len()), (44, 1));
    assert_eq!(node().as_bytes().len(), 32);
}

#[tokio::test]
async fn methods_are_named() {
    let client = Client::new(ApiEra::Seed);
    let id = "f".repeat(64);
    for (path, allowed) in [
        ("/api/v1/transactions".to_owned(), ["GET", "HEAD", "OPTIONS", "POST"].as_slice()),
        (format!("/transactions/{id}"), &["GET", "HEAD", "OPTIONS"]),
        ("/".to_owned(), &["GET", "HEAD", "OPTIONS"]),
    ] {
        let refused = client.call("DELETE", &path, "").await;
        let said = json!({
            "message": "The method is not allowed for the requested URL.",
            "code": "method_not_allowed",
        });
        assert_eq!(refused.said(), (405, said));
        let options = client.call("OPTIONS", &path, "").await;
        assert_eq!((options.status, options.text.as_str()), (200, ""));
        for reply in [refused, options] {
            let mut named: Vec<_> = reply.header("allow").split(',').map(str::trim).collect();
            named.sort_unstable();
            assert_eq!(named, allowed, "{path}");
        }
    }
    let nowhere = client.get("/nope").await;
    assert_eq!((nowhere.status, &nowhere.json()["message"]), (404, &json!("Not found")));
}

#[tokio::test]
async fn health_and_metrics_look_into_the_node() {
    let client = Client::new(ApiEra::Seed);
    client.commit_asset(Version::Flat2_0, 1).await;
    assert_eq!(client.get("/healthz").await.status, 200);
    assert_eq!(client.get("/readyz").await.status, 200);
    let metrics = client.get("/metrics").await.text;
    for line in [
        "tally_ledger_height 1",
        "tally_ledger_transactions 2",
        "tally_ledger_backlog 0",
        "tally_ledger_accepted_total 1",
        "tally_ledger_peers_connected 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}
