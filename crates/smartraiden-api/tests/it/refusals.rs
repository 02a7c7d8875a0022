//! Every refusal of the node has its status, in both modes, and none is a 500.

use crate::{client::Client, tiny_node::*};
use tally_chain::ChainError;
use tally_channel_node::RequestError as E;
use tally_primitives::{BlockNumber, BlockSpan, PaymentId, TokenAmount, TransactionHash, Wei};
use tally_smartraiden_api::Compat;

/// A maker of one refusal.
type Maker = fn() -> E;

fn insufficient() -> E {
    E::InsufficientTokens {
        available: TokenAmount::from_units(1),
        needed: TokenAmount::from_units(2),
    }
}

fn transaction() -> TransactionHash {
    TransactionHash::new([1; 32])
}

fn chain(is_permanent: bool) -> E {
    let (operation, source) = ("asking", "secret internals".into());
    E::Chain(if is_permanent {
        ChainError::Permanent { operation, source }
    } else {
        ChainError::Transient { operation, source }
    })
}

/// Every refusal and its statuses for a transfer and a deposit: documented, original.
fn table() -> Vec<(Maker, [u16; 2], [u16; 2])> {
    vec![
        (|| E::UnknownToken(token()), [409, 409], [409, 409]),
        (|| E::TokenAlreadyRegistered(token()), [409, 409], [409, 409]),
        (|| E::NotAToken(token()), [409, 409], [409, 409]),
        (|| E::UnknownChannel(no_channel()), [409, 409], [409, 409]),
        (|| E::OwnAddress { role: "target" }, [409, 409], [409, 409]),
        (|| E::ZeroAddress { role: "target" }, [409, 409], [409, 409]),
        (
            || E::InvalidSettleTimeout { given: BlockSpan(1), min: SETTLE_MIN, max: SETTLE_MAX },
            [409, 409],
            [409, 409],
        ),
        (|| E::ChannelExists { channel: no_channel(), partner: partner() }, [409, 409], [409, 409]),
        (
            || E::OpenedWithoutDeposit { channel: no_channel(), source: Box::new(insufficient()) },
            [402, 408],
            [402, 408],
        ),
        (|| E::AlreadyClosed(no_channel()), [409, 409], [409, 408]),
        (|| E::AlreadySettled(no_channel()), [409, 409], [409, 408]),
        (|| E::StillOpen(no_channel()), [409, 409], [409, 409]),
        (|| E::ClaimsPending(no_channel()), [409, 409], [409, 409]),
        (
            || E::SettlementWindowOpen { channel: no_channel(), until: BlockNumber(7) },
            [409, 409],
            [409, 409],
        ),
        (insufficient, [402, 409], [402, 408]),
        (|| E::InsufficientGas { balance: Wei::ZERO }, [402, 409], [402, 408]),
        (|| E::NoRoute, [409, 409], [409, 409]),
        (|| E::NoDirectChannel { token: token(), target: partner() }, [409, 409], [409, 409]),
        (|| E::RoutesExhausted, [409, 409], [409, 409]),
        (|| E::IdentifierInUse(PaymentId(1)), [409, 409], [409, 409]),
        (|| E::PaymentPending { identifier: PaymentId(1) }, [408, 409], [408, 408]),
        (|| E::PaymentExpired { identifier: PaymentId(1) }, [409, 409], [409, 409]),
        (|| E::UnknownPayment(PaymentId(1)), [404, 404], [404, 404]),
        (|| E::MeshOnly, [409, 409], [409, 409]),
        (|| E::KeyInUse, [409, 409], [409, 409]),
        (|| E::KeyPending, [408, 409], [408, 408]),
        (|| E::AmountOutOfRange { field: "amount" }, [400, 400], [400, 400]),
        (|| E::ContractRefused("paused".to_owned()), [409, 409], [409, 408]),
        (|| E::TransactionPending(transaction()), [408, 409], [408, 408]),
        (|| E::EventPending(transaction()), [408, 409], [408, 408]),
        (|| E::InvalidEndpoint("x".to_owned()), [400, 400], [400, 400]),
        (|| chain(false), [503, 503], [503, 503]),
        (|| chain(true), [502, 502], [502, 502]),
        (|| E::Busy, [503, 503], [503, 503]),
        (|| E::Stopping, [503, 503], [503, 503]),
    ]
}

#[tokio::test]
async fn every_refusal_has_its_status_in_both_modes() {
    let pay = format!("/api/1/transfers/{}/{}", token(), partner());
    let channel = format!("/api/1/channels/{}", no_channel());
    for (refuse, paying, depositing) in table() {
        for (mode, compat) in [Compat::Document, Compat::Upstream].into_iter().enumerate() {
            let client = Client::refusing(compat, refuse);
            let paid = client.call("POST", &pay, r#"{"amount": 5}"#).await;
            assert_eq!(paid.status, paying[mode], "{compat:?} {}", paid.text);
            assert!(!paid.error().contains("internals"), "{}", paid.text);
            let deposited = client.call("PATCH", &channel, r#"{"balance": 5}"#).await;
            assert_eq!(deposited.status, depositing[mode], "{compat:?} {}", deposited.text);
        }
    }
}

/// Goal: whatever the node refuses with, wherever, the answer is an error in shape and no 500.
#[tokio::test]
async fn no_refusal_anywhere_is_a_500() {
    let (token, channel, partner) = (token(), no_channel(), partner());
    let open = format!("{{\"partner_address\": \"{partner}\", \"token_address\": \"{token}\"}}");
    let calls = [
        ("GET", "/api/1/tokens".to_owned(), ""),
        ("PUT", format!("/api/1/tokens/{token}"), ""),
        ("GET", format!("/api/1/tokens/{token}/partners"), ""),
        ("GET", "/api/1/channels".to_owned(), ""),
        ("GET", format!("/api/1/channels/{channel}"), ""),
        ("PUT", "/api/1/channels".to_owned(), open.as_str()),
        ("PATCH", format!("/api/1/channels/{channel}"), r#"{"state": "closed"}"#),
        ("PATCH", format!("/api/1/channels/{channel}"), r#"{"state": "settled"}"#),
        ("GET", "/api/1/events/network".to_owned(), ""),
        ("GET", format!("/api/1/events/tokens/{token}"), ""),
        ("GET", format!("/api/1/events/channels/{channel}"), ""),
        ("GET", format!("/api/1/debug/balance/{token}/{partner}"), ""),
        ("GET", format!("/api/1/debug/transfer/{token}/{partner}/1"), ""),
        ("POST", "/api/1/updatenodes".to_owned(), "[]"),
        ("POST", "/api/1/switch".to_owned(), "[]"),
        ("GET", "/api/1/switch/true".to_owned(), ""),
        ("GET", "/api/1/payments".to_owned(), ""),
        ("GET", format!("/api/1/payments/{token}/{partner}/1"), ""),
        ("POST", format!("/api/1/transfers/{token}/{partner}?async=true"), r#"{"amount": 5}"#),
        ("GET", "/api/1/querysenttransfer".to_owned(), ""),
        ("GET", "/api/1/queryreceivedtransfer".to_owned(), ""),
        ("GET", "/api/1/pending_transfers".to_owned(), ""),
        ("GET", "/api/1/stream".to_owned(), ""),
        ("GET", "/api/1/debug/ethstatus".to_owned(), ""),
        ("GET", format!("/api/1/debug/ethbalance/{partner}"), ""),
    ];
    for (refuse, _, _) in table() {
        for compat in [Compat::Document, Compat::Upstream] {
            let client = Client::refusing(compat, refuse);
            for (method, path, body) in &calls {
                let reply = client.call(method, path, body).await;
                let case = format!("{compat:?} {method} {path}: {}", reply.text);
                assert_ne!(reply.status, 500, "{case}");
                if reply.status == 200 {
                    assert_eq!((compat, reply.text.as_str()), (Compat::Upstream, "[]"), "{case}");
                } else {
                    assert!(reply.status >= 400, "{case}");
                    assert!(!reply.error().is_empty());
                }
            }
        }
    }
}

/// Goal: a deposit that failed after the opening is told with the channel and the cause.
#[tokio::test]
async fn a_half_success_says_what_was_done() {
    let client = Client::refusing(Compat::Document, || E::OpenedWithoutDeposit {
        channel: no_channel(),
        source: Box::new(insufficient()),
    });
    let body = format!(
        "{{\"partner_address\": \"{}\", \"token_address\": \"{}\", \"balance\": 2}}",
        partner(),
        token()
    );
    let reply = client.call("PUT", "/api/1/channels", &body).await;
    assert_eq!(reply.status, 402);
    let error = reply.error();
    for words in ["balance: ", &no_channel().to_string(), "was opened", "insufficient tokens"] {
        assert!(error.contains(words), "{words} is not in {error}");
    }
}
