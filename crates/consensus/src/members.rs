use crate::{Config, ConfigError, PARTICIPANTS_MAX, PAYLOAD_BYTES_MAX, PeerAddress, Timing};
use commonware_codec::{Copying, DecodeExt as _};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_cryptography::ed25519;
use commonware_utils::{Hostname, TryCollect as _, ordered::Set};
use std::collections::BTreeSet;
use tally_crypto::ed25519::{PublicKey, SigningKey};

/// Separates the signatures of this engine from those of everything else that uses the same keys.
const NAMESPACE: &[u8] = b"tallystick/consensus/1/";

/// Who takes part in which chain, and as whom this node does.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    /// All participants, sorted.
    pub(crate) all: Set<ed25519::PublicKey>,
    /// This node.
    pub(crate) me: ed25519::PublicKey,
    /// This node's votes.
    pub(crate) scheme: Scheme,
    /// This node's connections.
    pub(crate) signer: ed25519::PrivateKey,
    /// The chain.
    pub(crate) genesis: [u8; 32],
}

impl Members {
    /// Checks who takes part.
    pub(crate) fn new(
        key: &SigningKey,
        participants: &[PublicKey],
        genesis: [u8; 32],
    ) -> Result<Self, ConfigError> {
        let count = participants.len();
        if count == 0 || count > PARTICIPANTS_MAX {
            return Err(ConfigError::Participants { count, max: PARTICIPANTS_MAX });
        }
        let mut seen = BTreeSet::new();
        if let Some(&key) = participants.iter().find(|key| !seen.insert(**key)) {
            return Err(ConfigError::Duplicate { key });
        }
        if !seen.contains(&key.public_key()) {
            return Err(ConfigError::NotAParticipant { key: key.public_key() });
        }
        let keys = seen.iter().map(inward).collect::<Result<Vec<_>, _>>()?;
        let all: Set<_> = keys.into_iter().try_collect().expect("no key is there twice");
        let signer =
            ed25519::PrivateKey::decode(Copying(&key.seed()[..])).expect("every seed is a key");
        let me = inward(&key.public_key())?;
        let namespace = namespace(genesis, b"/votes");
        let scheme = Scheme::signer(&namespace, all.clone(), signer.clone())
            .expect("this node is a participant");
        Ok(Self { all, me, scheme, signer, genesis })
    }

    /// Returns the number of participants.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.all.len()).expect("there are few participants")
    }
}

/// Returns what separates one use of a key on one chain from all others.
pub(crate) fn namespace(genesis: [u8; 32], usage: &[u8]) -> Vec<u8> {
    [NAMESPACE, &genesis, usage].concat()
}

/// Translates a key for the engine.
pub(crate) fn inward(key: &PublicKey) -> Result<ed25519::PublicKey, ConfigError> {
    ed25519::PublicKey::decode(Copying(&key.as_bytes()[..]))
        .map_err(|_| ConfigError::Key { key: *key })
}

/// Translates a key of the engine.
pub(crate) fn outward(key: &ed25519::PublicKey) -> PublicKey {
    let bytes: &[u8] = key.as_ref();
    PublicKey::from_bytes(bytes.try_into().expect("a key has 32 bytes"))
}

/// Checks everything about a configuration that needs no look at the machine.
pub(crate) fn check(config: &Config) -> Result<Members, ConfigError> {
    let members = Members::new(&config.key, &config.participants, config.genesis)?;
    let mut seen = BTreeSet::from([config.key.public_key()]);
    for peer in &config.peers {
        if !config.participants.contains(&peer.key) {
            return Err(ConfigError::UnknownPeer { key: peer.key });
        }
        if !seen.insert(peer.key) {
            return Err(ConfigError::SecondAddress { key: peer.key });
        }
        if let PeerAddress::Name { host, .. } = &peer.address
            && Hostname::new(host.as_str()).is_err()
        {
            return Err(ConfigError::Address { text: peer.address.to_string() });
        }
    }
    check_timing(&config.timing)?;
    if config.payload_bytes_max == 0 || config.payload_bytes_max > PAYLOAD_BYTES_MAX {
        return Err(ConfigError::Range { name: "payload_bytes_max", range: "1 to 8 MiB" });
    }
    if config.threads == 0 || config.threads > 64 {
        return Err(ConfigError::Range { name: "threads", range: "1 to 64" });
    }
    Ok(members)
}

/// Checks the times that the engine waits.
pub(crate) const fn check_timing(timing: &Timing) -> Result<(), ConfigError> {
    /// An hour: longer waits are mistakes.
    const MAX: u64 = 3_600_000;
    let Timing { leader_ms, agreement_ms, retry_ms, fetch_ms } = *timing;
    if leader_ms == 0 || leader_ms > MAX {
        return Err(ConfigError::Range { name: "leader_ms", range: "1 to 3600000" });
    }
    if agreement_ms <= leader_ms || agreement_ms > MAX {
        return Err(ConfigError::Range {
            name: "agreement_ms",
            range: "more than leader_ms, up to 3600000",
        });
    }
    if retry_ms == 0 || retry_ms > MAX {
        return Err(ConfigError::Range { name: "retry_ms", range: "1 to 3600000" });
    }
    if fetch_ms == 0 || fetch_ms > MAX {
        return Err(ConfigError::Range { name: "fetch_ms", range: "1 to 3600000" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Peer;
    use std::net::{Ipv4Addr, SocketAddr};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn config(count: u8) -> Config {
        let participants = (0..count).map(|seed| key(seed).public_key()).collect();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Config::new(key(0), participants, [0; 32], listen, "unused".into())
    }

    fn peer(seed: u8) -> Peer {
        Peer { key: key(seed).public_key(), address: SocketAddr::from(([127, 0, 0, 1], 1)).into() }
    }

    /// The engine and the ledger order the same keys in the same way, and mean the same key.
    #[test]
    fn keys_agree() {
        let config = config(20);
        let members = check(&config).unwrap();
        let mut sorted = config.participants.clone();
        sorted.sort();
        assert_eq!(members.all.iter().map(outward).collect::<Vec<_>>(), sorted);
        assert_eq!(outward(&members.me), config.key.public_key());
        assert_eq!(members.count(), 20);
    }

    /// Every mistake in a configuration is named.
    #[test]
    fn mistakes() {
        let wrong = |change: &dyn Fn(&mut Config)| {
            let mut config = config(4);
            change(&mut config);
            check(&config).map(|_| ()).unwrap_err()
        };
        assert_eq!(
            wrong(&|config| config.participants.clear()),
            ConfigError::Participants { count: 0, max: 100 }
        );
        let repeated = key(1).public_key();
        assert_eq!(
            wrong(&|config| config.participants.push(repeated)),
            ConfigError::Duplicate { key: repeated }
        );
        let stranger = key(99).public_key();
        assert_eq!(
            wrong(&|config| config.key = key(99)),
            ConfigError::NotAParticipant { key: stranger }
        );
        assert_eq!(
            wrong(&|config| config.peers = vec![peer(99)]),
            ConfigError::UnknownPeer { key: stranger }
        );
        assert_eq!(
            wrong(&|config| config.peers = vec![peer(1), peer(1)]),
            ConfigError::SecondAddress { key: repeated }
        );
        // The y-coordinate 2 belongs to no point of the curve.
        let mut bytes = [0; 32];
        bytes[0] = 2;
        let none = PublicKey::from_bytes(bytes);
        assert_eq!(wrong(&|config| config.participants.push(none)), ConfigError::Key { key: none });
        let range = |error| {
            let ConfigError::Range { name, .. } = error else { panic!("{error}") };
            name
        };
        assert_eq!(range(wrong(&|config| config.payload_bytes_max = 0)), "payload_bytes_max");
        assert_eq!(range(wrong(&|config| config.timing.leader_ms = 0)), "leader_ms");
        assert_eq!(range(wrong(&|config| config.timing.agreement_ms = 2_000)), "agreement_ms");
        assert_eq!(range(wrong(&|config| config.timing.retry_ms = 0)), "retry_ms");
        assert_eq!(range(wrong(&|config| config.timing.fetch_ms = 0)), "fetch_ms");
        assert_eq!(range(wrong(&|config| config.threads = 0)), "threads");
    }
}
