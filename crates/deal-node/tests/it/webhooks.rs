//! Webhooks: what is delivered, how it is signed, and that it is repeated.

use crate::support::{Site, own, sale, site};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tally_chain::utxo::Source;
use tally_deal::Order;
use tally_deal_node::{
    DELIVERY_HEADER, HookError, NewWebhook, SIGNATURE_HEADER, Sources, TargetError,
    webhook_signature,
};
use tally_deal_store::EventId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Reads one request and answers with a status; returns its head and its body.
async fn receive(listener: &TcpListener, status: &str) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = vec![];
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = header(head, "content-length").unwrap().parse().unwrap();
        if body.len() >= length {
            let answer = format!(
                "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned()).next()
}

fn hook(url: String, kinds: &[&str]) -> NewWebhook {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    NewWebhook { owner: "shop".to_owned(), url, secret: None, kinds }
}

/// Goal: an event is delivered until the receiver takes it, signed, under the same name; what is
/// not asked for is not delivered; a redirect is not followed. Method: a receiver that refuses,
/// redirects, and takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_repeated_until_they_are_taken() {
    let mut site = site(|config| config.webhooks.allows_loopback = true);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let webhook = site.server.add_webhook(hook(url.clone(), &["created"])).await.unwrap();
    site.server.add_webhook(hook(url, &["payment_seen"])).await.unwrap();
    site.json(Order::Create, &sale(&site, "Prepaid"), own()).await;
    let stop = run(&mut site);
    let mut names = BTreeSet::new();
    for (attempt, status) in [(1, "500 No"), (2, "302 Found"), (3, "204 Yes")] {
        let (head, body) = timeout(PATIENCE, receive(&listener, status)).await.unwrap();
        let signature = webhook_signature(&webhook.secret, body.as_bytes());
        assert_eq!(header(&head, SIGNATURE_HEADER), Some(signature));
        names.insert(header(&head, DELIVERY_HEADER).unwrap());
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["type"], "created");
        assert_eq!(body["attempt"], attempt);
        assert_eq!(body["isRedelivery"], attempt > 1);
        assert_eq!(body["data"]["state"], "Created");
        if attempt < 3 {
            // Once the failure is noted, its pause passes.
            let noted = async {
                while attempts(&site, &webhook.id).await != Some(attempt) {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, noted).await.expect("a failure is noted");
            site.clock.advance(100);
        }
    }
    assert_eq!(names.len(), 1);
    let gone = async {
        while !site.server.deliveries(&webhook.id, EventId(0), 10).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("what was taken is not kept");
    assert!(site.server.redeliver(&webhook.id, EventId(1)).await.unwrap());
    timeout(PATIENCE, receive(&listener, "200 OK")).await.unwrap();
    assert!(!site.server.redeliver(&webhook.id, EventId(99)).await.unwrap());
    stop.send(()).unwrap();
}

async fn attempts(site: &Site, webhook: &str) -> Option<u32> {
    let waiting = site.server.deliveries(webhook, EventId(0), 1).await.unwrap();
    waiting.first().map(|delivery| delivery.attempts)
}

fn run(site: &mut Site) -> oneshot::Sender<()> {
    let chain = site.chain.clone();
    let sources: Sources = Arc::new(move |start| Box::new(chain.source(start)) as Box<dyn Source>);
    let (stop, stopped) = oneshot::channel::<()>();
    let runner = site.runner.take().unwrap();
    tokio::spawn(async move {
        let ended = runner.run(sources, async {
            drop(stopped.await);
        });
        ended.await.expect("the runner goes on until it is stopped");
    });
    stop
}

/// Targets inside of the network are refused when they are registered.
#[tokio::test]
async fn targets_are_checked() {
    let site = site(|_| {});
    for url in ["http://127.0.0.1/", "https://10.0.0.1/", "https://localhost/"] {
        let refused = site.server.add_webhook(hook(url.to_owned(), &[])).await;
        assert!(matches!(refused, Err(HookError::Target(_))), "{url}");
    }
    let refused = site.server.add_webhook(hook("http://shop.example".to_owned(), &[])).await;
    assert!(matches!(refused, Err(HookError::Target(TargetError::NotEncrypted))));
    let made = site.server.add_webhook(hook("https://shop.example/x".to_owned(), &[])).await;
    let made = made.unwrap();
    assert_eq!(made.secret.len(), 64);
    let shops = site.server.webhooks(Some("shop")).await.unwrap();
    assert_eq!(shops, std::slice::from_ref(&made));
    assert!(site.server.webhooks(Some("other")).await.unwrap().is_empty());
    assert!(site.server.enable_webhook(&made.id, false).await.unwrap());
    assert!(!site.server.webhook(&made.id).await.unwrap().unwrap().is_enabled);
    site.server.remove_webhook(&made.id).await.unwrap();
    assert_eq!(site.server.webhook(&made.id).await.unwrap(), None);
}
