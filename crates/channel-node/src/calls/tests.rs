use super::*;
use tally_chain::ChainError;
use tally_primitives::{ChannelAddress, TransactionHash};

const CHANNEL: ChannelAddress = ChannelAddress::new([3; 20]);

fn close() -> Call {
    Call::Close { channel: CHANNEL, partner_proof: None }
}

fn mined(block: u64) -> CallResult {
    let transaction = TransactionHash::new([1; 32]);
    let receipt = Receipt { transaction, block: BlockNumber(block), gas_used: 1 };
    CallResult { subject: close().subject(), result: Ok(receipt) }
}

fn failed() -> CallResult {
    let error = ChainError::Transient { operation: "closing", source: "busy".into() };
    CallResult { subject: close().subject(), result: Err(error.into()) }
}

/// Goal: what the core repeats reaches the chain once, until its event was processed.
#[test]
fn a_call_is_made_once() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    assert!(calls.order(close(), now).is_some());
    assert!(calls.order(close(), now).is_none(), "it runs");
    let other = Call::RegisterEndpoint("host:1".to_owned());
    assert!(calls.order(other, now).is_some(), "another matter");
    calls.finish(&mined(9), now);
    calls.block_reached(BlockNumber(8));
    assert!(calls.order(close(), now).is_none(), "its event is on the way");
    calls.block_reached(BlockNumber(9));
    assert!(calls.order(close(), now).is_some());
}

/// Goal: a failed call is made again, after a pause that grows.
#[test]
fn a_failed_call_rests() {
    let (mut calls, mut now) = (Calls::default(), Instant::now());
    for failures in 1..=8 {
        assert!(calls.order(close(), now).is_some());
        calls.finish(&failed(), now);
        now += pause(failures);
        let early = now - std::time::Duration::from_millis(1);
        assert!(!calls.is_due(early) && calls.order(close(), early).is_none());
        assert!(calls.is_due(now));
    }
    assert_eq!(pause(8), pause(80), "the pause has an end");
    calls.forget_unwanted(now);
    assert!(!calls.is_due(now));
}

/// Goal: a reorganisation lets mined calls be made again.
#[test]
fn an_undone_call_is_made_again() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    assert!(calls.order(close(), now).is_some());
    calls.finish(&mined(9), now);
    calls.reorged();
    assert!(calls.order(close(), now).is_some());
}
