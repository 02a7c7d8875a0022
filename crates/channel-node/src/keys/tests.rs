use super::*;

#[test]
fn keys_are_short_and_visible() {
    for good in ["a", "3f0e-77", "~", &"k".repeat(200)] {
        assert!(IdempotencyKey::new(good).is_some(), "{good}");
    }
    for bad in ["", " ", "a b", "ä", "a\n", &"k".repeat(201)] {
        assert!(IdempotencyKey::new(bad).is_none(), "{bad}");
    }
}

/// Goal: a deposit is recognised among others, and not made up of several.
#[test]
fn a_deposit_is_one_step_of_the_total() {
    let units = TokenAmount::from_units;
    let found = |totals: &[u64], amount| {
        has_step(units(100), totals.iter().copied().map(units), units(amount))
    };
    assert!(found(&[150], 50));
    assert!(found(&[120, 170, 200], 50));
    assert!(!found(&[], 50));
    assert!(!found(&[120, 150], 50));
    assert!(!found(&[200], 50));
}

/// Goal: after what may still happen the key stays taken; after a refusal it is free.
#[test]
fn only_refusals_free_a_key() {
    let pending = RequestError::TransactionPending(tally_primitives::TransactionHash::new([1; 32]));
    assert!(!is_without_effect(&pending));
    assert!(!is_without_effect(&RequestError::Stopping));
    let lost = ChainError::Transient { operation: "sending", source: "gone".into() };
    assert!(!is_without_effect(&RequestError::Chain(lost)));
    assert!(is_without_effect(&RequestError::UnknownChannel(ChannelAddress::new([1; 20]))));
    let (available, needed) = (TokenAmount::ZERO, TokenAmount::MAX);
    assert!(is_without_effect(&RequestError::InsufficientTokens { available, needed }));
}
