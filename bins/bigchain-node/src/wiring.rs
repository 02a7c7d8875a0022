//! Which library is plugged into which.

use crate::{
    command::own_key,
    config::{Config, Data, KEY_FILE, Key},
    key,
    ledger::{self, Folder},
};
use anyhow::{Context, anyhow};
use tally_crypto::ed25519::PublicKey;
use tally_daemon::{Failure, Kind};
use tally_ledger_node::{FederationConfig, LedgerNode, NodeConfig, Peer, StartError, Timing};

/// Starts the node. Blocks.
pub(crate) fn start(config: &Config) -> Result<LedgerNode, Failure> {
    let federation = &config.federation;
    let folder = Folder::of(&config.data).ok();
    let kept_genesis = folder.as_ref().map(Folder::genesis);
    // Read before a key is made: a mistake must not leave one behind.
    let genesis = match federation.genesis.as_ref().or(kept_genesis.as_ref()) {
        // What was named must be there; the folder's own file is there only in a federation.
        Some(path) if federation.genesis.is_some() => Some(ledger::read_given_genesis(path)?),
        Some(path) => ledger::read_genesis(path)?,
        None => None,
    };
    let key = own_key(config)?;
    let is_alone = ledger::members(federation, key.public_key()).len() == 1;
    let together = match (&config.data, &folder) {
        _ if is_alone => None,
        (Data::Folder { .. }, Some(folder)) => Some(FederationConfig {
            listen: federation.listen,
            peers: peers(config, key.public_key())?,
            data_dir: folder.consensus(),
            timing: Timing::default(),
        }),
        (Data::Memory | Data::Folder { .. }, _) => {
            return Err(Failure::settings(
                "a member of a federation must not forget: leave --memory-store away",
            ));
        }
    };
    if let (Some(_), None, Some(folder)) = (&together, &genesis, &folder)
        && !folder.store().exists()
    {
        return Err(Failure::new(
            Kind::Chain,
            anyhow!(
                "the federation's chain has no beginning here: run `bigchain-node init` on one \
                 member, and `bigchain-node init --genesis FILE` with its genesis.json on this one"
            ),
        ));
    }
    for member in &federation.keyring {
        let is_placed = federation.peers.iter().any(|peer| peer.key == *member);
        if !is_placed && *member != key.public_key() {
            tracing::warn!(%member, "no --peer says where this member is: it is never connected");
        }
    }
    let store = ledger::open(&config.data)?;
    let node_config = NodeConfig {
        keyring: federation.keyring.clone(),
        genesis,
        federation: together,
        search_dir: folder.as_ref().map(Folder::search),
        ..NodeConfig::default()
    };
    let own = key.public_key();
    LedgerNode::start(node_config, key, store).map_err(|error| match (error, &folder) {
        (StartError::OtherKey { owner }, Some(folder)) => other_key(config, folder, own, owner),
        (error, _) => not_started(error),
    })
}

/// Says which key a ledger belongs to, which one the node has, and what to do.
fn other_key(
    config: &Config,
    folder: &Folder,
    own: PublicKey,
    owner: Option<PublicKey>,
) -> Failure {
    let kept = config.effective().data_dir.as_ref().map(|data| data.join(KEY_FILE));
    let kept_key =
        kept.as_ref().and_then(|path| key::find(&Key::Kept(path.clone())).ok().flatten());
    let kept = kept.map(|path| path.display().to_string()).unwrap_or_default();
    let source = config.key_source.clone().unwrap_or_else(|| kept.clone());
    let cure = match owner {
        Some(owner) if kept_key.is_some_and(|key| key.public_key() == owner) => format!(
            "{kept} holds the ledger's key: take {source} away, and keypair.public with it, and \
             the node uses that one"
        ),
        Some(_) | None => format!(
            "put the ledger's private key into {source}, or leave this ledger and begin another \
             one with --database-name"
        ),
    };
    let owner = owner.map_or_else(|| "unknown".to_owned(), |owner| owner.to_string());
    Failure::new(
        Kind::Data,
        anyhow!(
            "the ledger in {} belongs to a node with another key: its key is {owner}, this node's \
             is {own}, from {source}; {cure}",
            folder.path().display()
        ),
    )
}

/// Returns where the others are. All members may share one list, so this node may be in it.
fn peers(config: &Config, own: PublicKey) -> Result<Vec<Peer>, Failure> {
    let others = config.federation.peers.iter().filter(|peer| peer.key != own);
    let peers = others.map(|peer| {
        let address = peer.endpoint.parse();
        let address = address.with_context(|| format!("--peer {peer}"));
        Ok(Peer { key: peer.key, address: address.map_err(Failure::of(Kind::Settings))? })
    });
    peers.collect()
}

fn not_started(error: StartError) -> Failure {
    let kind = match &error {
        StartError::Config { .. } => Kind::Settings,
        StartError::Open(_)
        | StartError::Read(_)
        | StartError::Commit(_)
        | StartError::OtherKey { .. }
        | StartError::Search(_)
        | StartError::SearchFolder { .. } => Kind::Data,
        StartError::NoGenesis
        | StartError::OtherGenesis { .. }
        | StartError::InvalidGenesis(_)
        | StartError::OtherMembers => Kind::Chain,
        StartError::Consensus(_) => Kind::Listen,
        StartError::Genesis(_) | StartError::Thread(_) | StartError::Random => Kind::Unexpected,
    };
    Failure::new(kind, error)
}
