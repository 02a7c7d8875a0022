use super::*;
use alloy_primitives::keccak256;
use serde_json::Value;
use std::collections::BTreeMap;

const MANAGER: &str = include_str!("../../contracts/artifacts/ChannelManager.json");
const CHANNEL: &str = include_str!("../../contracts/artifacts/NettingChannel.json");

/// Events that the port does not deliver: a library's, and a payout that its token refused, which
/// its owner fetches later by hand and which changes nothing about the channel's end.
const UNREAD: [&str; 2] = ["EIP712DomainChanged", "PayoutRefused"];

/// Errors of libraries and of constructors, which callers of a deployed contract never meet.
const INTERNAL: [&str; 7] = [
    "CloneArgumentsTooLong",
    "Create2EmptyBytecode",
    "FailedDeployment",
    "InsufficientBalance",
    "InvalidShortString",
    "NotAContract",
    "StringTooLong",
];

/// The canonical type of a parameter: structures are spelled out.
fn canonical(parameter: &Value) -> String {
    let name = parameter["type"].as_str().unwrap();
    let Some(suffix) = name.strip_prefix("tuple") else { return name.to_owned() };
    format!("({}){suffix}", canonical_list(&parameter["components"]))
}

fn canonical_list(parameters: &Value) -> String {
    parameters.as_array().unwrap().iter().map(canonical).collect::<Vec<_>>().join(",")
}

/// The signatures of an artefact's functions, events or errors by their hashes. An event's says
/// which fields are indexed.
fn signatures(artefact: &str, kind: &str) -> BTreeMap<[u8; 32], String> {
    let artefact: Value = serde_json::from_str(artefact).unwrap();
    let entries = artefact["abi"].as_array().unwrap().iter();
    let signature = |entry: &Value| {
        let name = entry["name"].as_str().unwrap();
        format!("{name}({})", canonical_list(&entry["inputs"]))
    };
    let signatures = entries.filter(|entry| entry["type"] == kind).map(signature);
    signatures.map(|text| (keccak256(&text).0, text)).collect()
}

fn selectors(artefact: &str, kind: &str) -> BTreeMap<[u8; 4], String> {
    let signatures = signatures(artefact, kind).into_iter();
    signatures.map(|(hash, text)| ([hash[0], hash[1], hash[2], hash[3]], text)).collect()
}

/// Goal: what is written out here is what was compiled. Method: look every function and event up in
/// the artefacts.
#[test]
fn interfaces_are_those_of_the_artefacts() {
    let registry = Deployable::Registry.artefact();
    let secrets = Deployable::SecretRegistry.artefact();
    let endpoints = Deployable::EndpointRegistry.artefact();
    let token = Deployable::TestToken.artefact();
    let functions: [(&str, &[[u8; 4]]); 6] = [
        (registry, Registry::RegistryCalls::SELECTORS),
        (MANAGER, ChannelManager::ChannelManagerCalls::SELECTORS),
        (CHANNEL, NettingChannel::NettingChannelCalls::SELECTORS),
        (secrets, SecretRegistry::SecretRegistryCalls::SELECTORS),
        (endpoints, EndpointRegistry::EndpointRegistryCalls::SELECTORS),
        (token, Token::TokenCalls::SELECTORS),
    ];
    for (artefact, wanted) in functions {
        let compiled = selectors(artefact, "function");
        assert!(wanted.iter().all(|selector| compiled.contains_key(selector)), "{compiled:?}");
    }
    let events: [(&str, &[[u8; 32]]); 5] = [
        (registry, Registry::RegistryEvents::SELECTORS),
        (MANAGER, ChannelManager::ChannelManagerEvents::SELECTORS),
        (CHANNEL, NettingChannel::NettingChannelEvents::SELECTORS),
        (secrets, SecretRegistry::SecretRegistryEvents::SELECTORS),
        (endpoints, EndpointRegistry::EndpointRegistryEvents::SELECTORS),
    ];
    for (artefact, wanted) in events {
        let compiled = signatures(artefact, "event");
        assert!(wanted.iter().all(|hash| compiled.contains_key(hash)), "{compiled:?}");
        let is_unread = |text: &str| UNREAD.iter().any(|name| text.starts_with(name));
        let unread = compiled.iter().filter(|(hash, _)| !wanted.contains(hash));
        let unread: Vec<_> = unread.filter(|(_, text)| !is_unread(text)).collect();
        assert!(unread.is_empty(), "{unread:?}");
    }
}

/// Goal: every error a contract can refuse with is decoded. Method: look each up in the interface.
#[test]
fn all_errors_are_known() {
    let known = Refusals::RefusalsErrors::SELECTORS;
    let registry = Deployable::Registry.artefact();
    let endpoints = Deployable::EndpointRegistry.artefact();
    for artefact in [registry, MANAGER, CHANNEL, endpoints] {
        let unknown = selectors(artefact, "error").into_iter().filter(|(selector, text)| {
            let is_internal = INTERNAL.iter().any(|name| text.starts_with(name));
            !is_internal && !known.contains(selector)
        });
        let unknown: Vec<_> = unknown.map(|(_, text)| text).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

/// Goal: the artefacts can be deployed.
#[test]
fn artefacts_hold_code() {
    for contract in [
        Deployable::Registry,
        Deployable::SecretRegistry,
        Deployable::EndpointRegistry,
        Deployable::TestToken,
    ] {
        assert!(contract.creation_code().len() > 100, "{contract:?}");
    }
}
