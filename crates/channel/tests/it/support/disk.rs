//! What survives a crash.

use super::node::Mailbox;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use tally_channel::{Changes, Config, PaymentKey, Protocol, Snapshot};
use tally_primitives::{BlockNumber, ChannelAddress, Hashlock};

/// A store: each record encoded by itself, written only where the core says something changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    channels: BTreeMap<ChannelAddress, Vec<u8>>,
    payments: BTreeMap<PaymentKey, Vec<u8>>,
    mediations: BTreeMap<Hashlock, Vec<u8>>,
    receipts: BTreeMap<Hashlock, Vec<u8>>,
    registered: BTreeMap<Hashlock, BlockNumber>,
    head: BlockNumber,
    confirmed: BlockNumber,
    pub(crate) mailbox: Mailbox,
}

impl Disk {
    /// Writes what changed, and proves that a restart would find exactly `protocol`.
    pub(crate) fn commit(&mut self, protocol: &Protocol, changes: &Changes, mailbox: &Mailbox) {
        for key in &changes.channels {
            put(&mut self.channels, *key, protocol.channel(*key));
        }
        for key in &changes.payments {
            put(&mut self.payments, *key, protocol.payment(key));
        }
        for key in &changes.mediations {
            put(&mut self.mediations, *key, protocol.mediation(key));
        }
        for key in &changes.receipts {
            put(&mut self.receipts, *key, protocol.receipt(key));
        }
        for key in &changes.registered {
            match protocol.registered_at(key) {
                Some(at) => self.registered.insert(*key, at),
                None => self.registered.remove(key),
            };
        }
        self.head = protocol.head();
        self.confirmed = protocol.confirmed();
        self.mailbox = mailbox.clone();
        assert_eq!(&self.restore(*protocol.config()), protocol, "a restart would lose something");
    }

    pub(crate) fn restore(&self, config: Config) -> Protocol {
        let snapshot = Snapshot {
            channels: all(&self.channels),
            payments: all(&self.payments),
            mediations: all(&self.mediations),
            receipts: all(&self.receipts),
            registered: self.registered.iter().map(|(hash, at)| (*hash, *at)).collect(),
            head: self.head,
            confirmed: self.confirmed,
        };
        Protocol::restore(config, snapshot)
    }
}

fn put<K: Ord, V: Serialize>(table: &mut BTreeMap<K, Vec<u8>>, key: K, value: Option<&V>) {
    match value {
        Some(value) => table.insert(key, postcard::to_allocvec(value).unwrap()),
        None => table.remove(&key),
    };
}

fn all<K: Ord, V: DeserializeOwned>(table: &BTreeMap<K, Vec<u8>>) -> Vec<V> {
    table.values().map(|bytes| postcard::from_bytes(bytes).unwrap()).collect()
}
