use super::*;
use crate::store::TABLES;
use tally_storage::{Durability, MemoryStore};

const NODE: NodeAddress = NodeAddress::new([7; 20]);

fn peer(endpoint: &str) -> PeerEndpoint {
    PeerEndpoint { node: NODE, endpoint: endpoint.to_owned() }
}

/// Takes the last address that a group tells the transport.
fn told(group: &mut Group) -> Option<String> {
    let effects = std::mem::take(&mut group.effects);
    let Some(Effect::Locate(node, address)) = effects.into_iter().next_back() else {
        panic!("nothing was told");
    };
    assert_eq!(node, NODE);
    address.map(|address| address.to_string())
}

/// Goal: the operator outweighs the configuration, the configuration the chain; only what the chain
/// says outlasts a restart.
#[test]
fn the_operator_outweighs_the_rest() {
    let store = MemoryStore::new(TABLES);
    let mut group = Group::default();
    let mut endpoints = Endpoints::load(&store, &[peer("configured:1")]).unwrap();
    endpoints.published(NODE, "chain:1", &mut group);
    assert_eq!(told(&mut group).as_deref(), Some("configured:1"));
    assert!(endpoints.is_published(NODE, "chain:1"));
    endpoints.replace_operators(&[peer("operator:1")], &mut group).unwrap();
    assert_eq!(told(&mut group).as_deref(), Some("operator:1"));
    endpoints.replace_operators(&[], &mut group).unwrap();
    assert_eq!(told(&mut group).as_deref(), Some("configured:1"));
    endpoints.replace_operators(&[peer("operator:2")], &mut group).unwrap();
    store.commit(std::mem::take(&mut group.batch), Durability::Synced).unwrap();

    let endpoints = Endpoints::load(&store, &[]).unwrap();
    endpoints.locate_all(&mut group);
    assert_eq!(told(&mut group).as_deref(), Some("chain:1"));
}

/// Goal: a list with an unusable address changes nothing; an unusable publication is ignored.
#[test]
fn unusable_addresses_change_nothing() {
    let mut group = Group::default();
    let mut endpoints = Endpoints::default();
    endpoints.published(NODE, "nowhere", &mut group);
    let list = [peer("operator:1"), peer("operator:0")];
    let error = endpoints.replace_operators(&list, &mut group).unwrap_err();
    assert_eq!(error.to_string(), "operator:0 is not a usable host:port");
    assert!(group.is_empty());
}
