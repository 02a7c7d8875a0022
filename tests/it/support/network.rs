use super::{Chain, Daemon, daemon::Settings};
use serde_json::{Value, json};
use tally_chain::{ChannelContracts, Proof};
use tally_primitives::{Nonce, Signature, TokenAddress, TokenAmount};
use tempfile::TempDir;

/// What every account holds outside of channels at first.
pub(crate) const TOKENS_EACH: u64 = 10_000;

/// A chain with a token, and the folder of all that belongs to one test.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) chain: Chain,
    pub(crate) token: TokenAddress,
    pub(crate) folder: TempDir,
}

impl Network {
    /// Starts a chain with a token that is not registered; accounts 1 to `accounts` hold it.
    pub(crate) fn with_unregistered_token(accounts: u8) -> Self {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        let chain = Chain::start(folder.path());
        let holders: Vec<u8> = (1..=accounts).collect();
        let token = chain.create_token(&holders, TOKENS_EACH);
        Self { chain, token, folder }
    }

    /// Starts a chain with a registered token; accounts 1 to `accounts` hold it.
    pub(crate) fn start(accounts: u8) -> Self {
        let network = Self::with_unregistered_token(accounts);
        network.chain.register(network.token);
        network
    }

    /// Returns how to start the daemon of an account.
    pub(crate) fn settings(&self, number: u8) -> Settings {
        Settings::new(self, number)
    }

    /// Starts the daemon of an account and waits until it has caught up with the chain.
    pub(crate) fn daemon(&self, number: u8) -> Daemon {
        self.settings(number).start()
    }

    /// Starts daemons of the accounts 1 to `N` that know where the others listen.
    pub(crate) fn daemons<const N: usize>(&self) -> [Daemon; N] {
        let daemons =
            std::array::from_fn(|index| self.daemon(u8::try_from(index + 1).expect("few daemons")));
        introduce(&daemons.each_ref());
        daemons
    }

    /// Opens a channel from `opener` with a deposit, adds the partner's deposit, and waits until
    /// both know of both. Returns its address.
    pub(crate) fn channel(&self, opener: (&Daemon, u64), partner: (&Daemon, u64)) -> String {
        let (opener, deposit) = opener;
        let (partner, partners_deposit) = partner;
        let opened = opener.open(&self.token(), partner, deposit).expect(201);
        let channel = opened["channel_address"].as_str().expect("an address").to_owned();
        partner.sees_channel(&channel, |seen| seen["partner_balance"] == deposit);
        if partners_deposit > 0 {
            partner.deposit(&channel, partners_deposit).expect(200);
            opener.sees_channel(&channel, |seen| seen["partner_balance"] == partners_deposit);
        }
        channel
    }

    /// Closes a channel as an account without its node, with a proof of the other participant that
    /// the API has shown.
    pub(crate) fn close_by_hand(&self, number: u8, channel: &str, proof: &Value) {
        let text = |name: &str| proof[name].as_str().expect("a text");
        let signature = hex::decode(text("Signature").trim_start_matches("0x"));
        let proof = Proof {
            nonce: Nonce(proof["Nonce"].as_u64().expect("a number")),
            transferred: TokenAmount::from_units(proof["TransferAmount"].as_u64().expect("small")),
            locksroot: text("LocksRoot").parse().expect("a hash"),
            message_hash: text("MessageHash").parse().expect("a hash"),
            signature: Signature(signature.expect("digits").try_into().expect("65 bytes")),
        };
        let contracts = self.chain.contracts(number);
        let channel = channel.parse().expect("an address");
        self.chain.run(contracts.close(channel, Some(proof))).expect("closed");
    }

    /// Writes a file for one of the daemons and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the folder is writable");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Returns the token's address, as the API writes it.
    pub(crate) fn token(&self) -> String {
        self.token.to_string()
    }
}

/// Tells each daemon where the others listen.
pub(crate) fn introduce(daemons: &[&Daemon]) {
    for daemon in daemons {
        let others = daemons.iter().filter(|other| other.number() != daemon.number());
        let peers: Vec<Value> = others.map(|other| other.as_peer()).collect();
        daemon.api().post("/api/1/updatenodes", &json!(peers)).expect_text(200, "ok");
    }
}
