//! The rules that need a state, each in every version, each with a transaction that breaks it and
//! nothing else.

use serde_json::Value;
use tally_conditions::Policy;
use tally_ledger::{
    AssetId, Operation, OutputRef, RejectionCode as Code, Transaction, TransactionId, Version,
    build::Draft,
};

use crate::chain::{
    Chain, NOW, VERSIONS, create, created, pay, public, sign, spend, transfer, uuid,
};

/// A chain in which alice created asset 1 with 3 for herself and 4 for bob.
fn chain(version: Version) -> (Chain, Transaction) {
    let mut chain = Chain::default();
    let source = chain.append(created(version, 1, &[(3, "alice"), (4, "bob")]));
    (chain, Transaction::clone(&source))
}

#[test]
fn valid_transactions_of_every_version_are_accepted() {
    for version in VERSIONS {
        let (mut chain, source) = chain(version);
        let both = [(&source, 0), (&source, 1)];
        let next = transfer(version, &both, &[(5, "carol"), (2, "bob")], &["alice", "bob"]);
        let next = chain.append(next);
        chain.append(transfer(version, &[(&next, 0)], &[(5, "dave")], &["carol"]));
    }
}

#[test]
fn an_input_that_does_not_exist_is_refused() {
    for version in VERSIONS {
        let (chain, source) = chain(version);
        let unknown = created(version, 9, &[(3, "alice")]);
        let draft = spend(version, source.asset_id(), &[(&unknown, 0)]);
        let refused = sign(&pay(draft, &[(3, "bob")]), &["alice"]);
        assert_eq!(chain.refusal(&refused), Code::InputNotFound, "{version}");
    }
}

#[test]
fn an_output_index_out_of_range_is_refused() {
    for version in VERSIONS {
        let (chain, source) = chain(version);
        for index in [2, u32::MAX] {
            let spends = OutputRef { transaction: source.id(), index };
            let alice = public("alice");
            let draft = Draft::transfer(version, source.asset_id())
                .input_of(spends, vec![alice], Policy::ed25519(alice))
                .output(3, &[alice]);
            assert_eq!(chain.refusal(&sign(&draft, &["alice"])), Code::OutputNotFound);
        }
    }
}

#[test]
fn an_output_that_is_spent_is_refused() {
    for version in VERSIONS {
        let (mut chain, source) = chain(version);
        chain.append(transfer(version, &[(&source, 0)], &[(3, "carol")], &["alice"]));
        let again = transfer(version, &[(&source, 0)], &[(3, "dave")], &["alice"]);
        assert_eq!(chain.refusal(&again), Code::DoubleSpend, "{version}");
        // Also as one of several inputs.
        let both = [(&source, 1), (&source, 0)];
        let again = transfer(version, &both, &[(7, "dave")], &["alice", "bob"]);
        assert_eq!(chain.refusal(&again), Code::DoubleSpend, "{version}");
        // The other output is still there.
        chain.append(transfer(version, &[(&source, 1)], &[(4, "dave")], &["bob"]));
    }
}

#[test]
fn a_transaction_in_the_chain_is_refused() {
    for version in VERSIONS {
        let (mut chain, source) = chain(version);
        assert_eq!(chain.refusal(&source), Code::DuplicateTransaction, "{version}");
        let spending = transfer(version, &[(&source, 0)], &[(3, "carol")], &["alice"]);
        let spending = chain.append(spending);
        assert_eq!(chain.refusal(&spending), Code::DuplicateTransaction, "{version}");
    }
}

#[test]
fn inputs_of_another_asset_are_refused() {
    for version in VERSIONS {
        let (mut chain, source) = chain(version);
        let other = chain.append(created(version, 2, &[(3, "alice")]));
        // All inputs of an asset that is not the named one.
        let draft = spend(version, other.asset_id(), &[(&source, 0)]);
        let refused = sign(&pay(draft, &[(3, "bob")]), &["alice"]);
        assert_eq!(chain.refusal(&refused), Code::AssetMismatch, "{version}");
        // One of two.
        let draft = spend(version, source.asset_id(), &[(&source, 0), (&other, 0)]);
        let refused = sign(&pay(draft, &[(6, "bob")]), &["alice"]);
        assert_eq!(chain.refusal(&refused), Code::AssetMismatch, "{version}");
    }
}

/// An asset of the flat formats is named by its CREATE, not by a transfer of it.
#[test]
fn an_asset_named_by_a_transfer_is_refused() {
    let version = Version::Flat2_0;
    let (mut chain, source) = chain(version);
    let next = transfer(version, &[(&source, 0)], &[(3, "alice")], &["alice"]);
    let next = chain.append(next);
    let draft = spend(version, AssetId::Transaction(next.id()), &[(&next, 0)]);
    let refused = sign(&pay(draft, &[(3, "bob")]), &["alice"]);
    assert_eq!(chain.refusal(&refused), Code::AssetMismatch);
}

#[test]
fn sums_that_differ_are_refused() {
    for version in VERSIONS {
        let (chain, source) = chain(version);
        for (alice, bob) in [(3, 1), (1, 1), (2, 2), (1, 8_999_999_999_999_999_999)] {
            let outputs = [(alice, "alice"), (bob, "bob")];
            let wrong = transfer(version, &[(&source, 0)], &outputs, &["alice"]);
            assert_eq!(chain.refusal(&wrong), Code::AmountMismatch, "{version} {alice} {bob}");
        }
    }
}

#[test]
fn the_largest_amount_can_be_transferred() {
    let largest = tally_ledger::AMOUNT_MAX;
    for version in VERSIONS {
        let mut chain = Chain::default();
        let source = chain.append(created(version, 1, &[(largest, "alice")]));
        let refused = transfer(version, &[(&source, 0)], &[(largest - 1, "bob")], &["alice"]);
        assert_eq!(chain.refusal(&refused), Code::AmountMismatch, "{version}");
        chain.append(transfer(version, &[(&source, 0)], &[(largest, "bob")], &["alice"]));
    }
}

/// Upstream refused it in the nested format; here a single unit can be paid on its own.
#[test]
fn one_unit_of_a_divisible_asset_can_be_transferred() {
    for version in VERSIONS {
        let mut chain = Chain::default();
        let source = chain.append(created(version, 1, &[(1, "alice"), (1, "bob")]));
        chain.append(transfer(version, &[(&source, 0)], &[(1, "carol")], &["alice"]));
    }
}

#[test]
fn an_indivisible_asset_moves_as_one() {
    let version = Version::Nested1;
    let draft = Draft::create(version, &[public("alice")]).asset_uuid(uuid(1));
    let mut chain = Chain::default();
    let source = chain.append(sign(&pay(draft, &[(1, "alice")]), &["alice"]));
    let halves = [(1, "bob"), (1, "carol")];
    let refused = transfer(version, &[(&source, 0)], &halves, &["alice"]);
    assert_eq!(chain.refusal(&refused), Code::AmountMismatch);
    let next = transfer(version, &[(&source, 0)], &[(1, "bob")], &["alice"]);
    let next = chain.append(next);
    let refused = transfer(version, &[(&next, 0)], &halves, &["bob"]);
    assert_eq!(chain.refusal(&refused), Code::AmountMismatch);
}

#[test]
fn a_fulfilment_of_another_condition_is_refused() {
    for version in VERSIONS {
        let (chain, source) = chain(version);
        let erin = public("erin");
        let spends = OutputRef { transaction: source.id(), index: 1 };
        let draft = Draft::transfer(version, source.asset_id())
            .input_of(spends, vec![erin], Policy::ed25519(erin))
            .output(4, &[erin]);
        let refused = sign(&draft, &["erin"]);
        assert_eq!(chain.refusal(&refused), Code::InvalidSignature, "{version}");
    }
}

/// Goal: every input is held against its own output. Upstream forgot those beyond the last output.
#[test]
fn a_fulfilment_of_another_condition_is_refused_in_every_input() {
    for version in VERSIONS {
        let mut chain = Chain::default();
        let amounts = [(1, "alice"), (2, "alice"), (4, "alice")];
        let source = chain.append(created(version, 1, &amounts));
        let erin = public("erin");
        for forged in 0..3 {
            let mut draft = Draft::transfer(version, source.asset_id());
            for index in 0..3 {
                let spends = OutputRef { transaction: source.id(), index };
                let owner = if index == forged { erin } else { public("alice") };
                draft = draft.input_of(spends, vec![owner], Policy::ed25519(owner));
            }
            let refused = sign(&draft.output(7, &[erin]), &["alice", "erin"]);
            assert_eq!(chain.refusal(&refused), Code::InvalidSignature, "{version} {forged}");
        }
    }
}

#[test]
fn owners_before_that_are_not_the_owners_are_refused() {
    for version in VERSIONS {
        let (chain, source) = chain(version);
        let owners = vec![public("alice"), public("bob")];
        let spends = OutputRef { transaction: source.id(), index: 0 };
        let draft = Draft::transfer(version, source.asset_id())
            .input_of(spends, owners, Policy::ed25519(public("alice")))
            .output(3, &[public("carol")]);
        let refused = sign(&draft, &["alice"]);
        assert_eq!(chain.refusal(&refused), Code::OwnersMismatch, "{version}");
    }
}

#[test]
fn owners_before_in_another_order_are_the_owners() {
    for version in VERSIONS {
        let mut chain = Chain::default();
        let owners = [public("bob"), public("carol")];
        let source = sign(&create(version, 1).output(3, &owners), &["alice"]);
        let source = chain.append(source);
        let spends = OutputRef { transaction: source.id(), index: 0 };
        let policy = source.outputs()[0].policy.clone();
        let reversed = owners.into_iter().rev().collect();
        let draft = Draft::transfer(version, source.asset_id())
            .input_of(spends, reversed, policy)
            .output(3, &owners);
        chain.append(sign(&draft, &["bob", "carol"]));
    }
}

#[test]
fn a_second_create_of_an_asset_uuid_is_refused() {
    let version = Version::Nested1;
    let (mut chain, source) = chain(version);
    let again = created(version, 1, &[(5, "alice")]);
    assert_ne!(again.id(), source.id());
    assert_eq!(chain.refusal(&again), Code::DuplicateAsset);
    chain.append(created(version, 2, &[(5, "alice")]));
}

/// In the flat formats the same content is a different asset when its transaction differs.
#[test]
fn a_second_create_of_the_same_data_is_accepted() {
    for version in VERSIONS.into_iter().filter(|version| *version != Version::Nested1) {
        let (mut chain, _) = chain(version);
        chain.append(created(version, 1, &[(5, "alice")]));
    }
}

#[test]
fn a_client_genesis_is_refused() {
    for version in VERSIONS.into_iter().filter(|version| *version != Version::Flat2_0) {
        let genesis = Draft::genesis(version, public("alice"))
            .asset_uuid(uuid(7))
            .metadata_id(tally_ledger::MetadataId::from_random([7; 16]));
        let genesis = sign(&genesis, &["alice"]);
        assert_eq!(genesis.operation(), Operation::Genesis);
        assert_eq!(Chain::default().refusal(&genesis), Code::GenesisRefused, "{version}");
    }
}

/// Goal: an output can be spent in every format that has the same kind of asset id, whichever it
/// was made in: the details describe the condition in both encodings.
#[test]
fn an_output_can_be_spent_in_another_flat_version() {
    let flat = || VERSIONS.into_iter().filter(|version| *version != Version::Nested1);
    for (from, to) in flat().flat_map(|from| flat().map(move |to| (from, to))) {
        let (mut chain, source) = chain(from);
        let refused = {
            let erin = public("erin");
            let spends = OutputRef { transaction: source.id(), index: 0 };
            let draft = Draft::transfer(to, source.asset_id());
            let draft = draft.input_of(spends, vec![erin], Policy::ed25519(erin));
            sign(&draft.output(3, &[erin]), &["erin"])
        };
        assert_eq!(chain.refusal(&refused), Code::InvalidSignature, "{from} {to}");
        let next = transfer(to, &[(&source, 0)], &[(3, "carol")], &["alice"]);
        chain.append(next);
    }
}

/// The nested format names assets by uuids, the flat ones by transactions: they never match.
#[test]
fn an_output_cannot_be_spent_across_kinds_of_asset_ids() {
    let (chain, source) = chain(Version::Nested1);
    let asset = AssetId::Transaction(source.id());
    let draft = spend(Version::Flat2_0, asset, &[(&source, 0)]);
    let refused = sign(&pay(draft, &[(3, "bob")]), &["alice"]);
    assert_eq!(chain.refusal(&refused), Code::AssetMismatch);
}

/// Goal: a timeout counts at the time of the check, not at that of signing.
#[test]
fn a_condition_that_has_timed_out_is_refused() {
    let version = Version::Flat0_10;
    let alice = Policy::ed25519(public("alice"));
    let spending = |expire_time: u64| {
        let timeout = Policy::Timeout { expire_time: expire_time.to_string() };
        let policy = Policy::threshold(2, [alice.clone(), timeout]);
        let mut chain = Chain::default();
        let source = sign(&create(version, 1).output_to(3, policy), &["alice"]);
        let source = chain.append(source);
        let next = transfer(version, &[(&source, 0)], &[(3, "bob")], &["alice"]);
        (chain, next)
    };
    let (mut chain, next) = spending(NOW);
    chain.append(next);
    let (chain, next) = spending(NOW - 1);
    assert_eq!(chain.refusal(&next), Code::InvalidSignature);
}

/// Goal: a refusal names the input and what is wrong with it.
#[test]
fn refusals_say_where() {
    let (mut chain, source) = chain(Version::Nested1);
    chain.append(transfer(Version::Nested1, &[(&source, 1)], &[(4, "carol")], &["bob"]));
    let both = [(&source, 0), (&source, 1)];
    let refused = transfer(Version::Nested1, &both, &[(7, "dave")], &["alice", "bob"]);
    let message = chain.check(&refused).unwrap_err().message;
    assert!(message.starts_with("transaction.fulfillments[1]: output "), "{message}");
    assert!(message.contains("was spent by"), "{message}");

    let missing = TransactionId::from_bytes([9; 32]);
    let alice = public("alice");
    let draft = Draft::transfer(Version::Flat2_0, AssetId::Transaction(missing))
        .input_of(OutputRef { transaction: missing, index: 0 }, vec![alice], Policy::ed25519(alice))
        .output(1, &[alice]);
    let message = chain.check(&sign(&draft, &["alice"])).unwrap_err().message;
    assert_eq!(message, format!("inputs[0]: transaction {missing} does not exist"));
}

/// Goal: a fulfilment that says nothing about the body that it stands in is refused: here the same
/// transaction with other metadata.
#[test]
fn a_signature_of_another_body_is_refused() {
    for version in [Version::Flat0_9, Version::Flat0_10, Version::Flat1_0] {
        let (chain, source) = chain(version);
        let signed = transfer(version, &[(&source, 0)], &[(3, "bob")], &["alice"]);
        let mut value: Value = serde_json::from_str(signed.to_json()).unwrap();
        value["metadata"] = serde_json::json!({"note": "other"});
        let forged = crate::raw::with_id(value);
        let forged = Transaction::parse(forged.as_bytes()).unwrap();
        assert_eq!(chain.refusal(&forged), Code::InvalidSignature, "{version}");
    }
}
