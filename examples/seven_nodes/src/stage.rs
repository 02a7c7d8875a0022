use crate::{client::Client, network::Network};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The seed's channels and the deposits of their two ends.
pub(crate) const TOPOLOGY: [((usize, usize), (u64, u64)); 8] = [
    ((1, 2), (300, 300)),
    ((2, 3), (50, 50)),
    ((2, 4), (90, 90)),
    ((2, 7), (70, 70)),
    ((3, 6), (300, 50)),
    ((3, 7), (60, 60)),
    ((4, 5), (90, 90)),
    ((5, 6), (80, 80)),
];

/// Blocks of every channel's settlement window: enough for a detour over five hops.
const SETTLE_TIMEOUT: u64 = 100;

/// The nodes as their users see them, and what was opened between them. Nodes count from 1.
#[derive(Debug)]
pub(crate) struct Stage {
    clients: Vec<Client>,
    addresses: Vec<String>,
    /// The token of all channels of the topology.
    pub(crate) token: String,
    /// A token that only scene three uses.
    pub(crate) second_token: String,
    /// Channel addresses by their ends.
    pub(crate) channels: BTreeMap<(usize, usize), String>,
}

impl Stage {
    /// Asks every node for its address and registers the tokens.
    pub(crate) fn new(network: &Network) -> Result<Self> {
        let clients: Vec<Client> = network.urls().into_iter().map(Client::new).collect();
        let addresses = clients.iter().map(own_address).collect::<Result<_>>()?;
        let [token, second_token] = network.tokens();
        for token in [&token, &second_token] {
            clients[0].put(&format!("tokens/{token}"), None)?.expect(201)?;
        }
        Ok(Self { clients, addresses, token, second_token, channels: BTreeMap::new() })
    }

    pub(crate) fn node(&self, number: usize) -> &Client {
        &self.clients[number - 1]
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (usize, &Client, &str)> {
        let addresses = self.addresses.iter().map(String::as_str);
        self.clients.iter().zip(addresses).enumerate().map(|(i, (c, a))| (i + 1, c, a))
    }

    pub(crate) fn address(&self, number: usize) -> &str {
        &self.addresses[number - 1]
    }

    /// Opens the seed's channels; each end makes its deposit.
    pub(crate) fn open_channels(&mut self) -> Result<()> {
        for (ends, deposits) in TOPOLOGY {
            let channel = self.open(ends, deposits.0, &self.token.clone())?;
            let deposit = json!({ "balance": deposits.1 });
            self.node(ends.1)
                .patch(&format!("channels/{channel}"), &deposit)?
                .expect(200)
                .with_context(|| format!("deposit of node {}", ends.1))?;
            self.channels.insert(ends, channel);
        }
        Ok(())
    }

    /// Opens one channel and returns its address once both ends know it.
    pub(crate) fn open(&self, ends: (usize, usize), deposit: u64, token: &str) -> Result<String> {
        let order = json!({
            "partner_address": self.address(ends.1),
            "token_address": token,
            "balance": deposit,
            "settle_timeout": SETTLE_TIMEOUT,
        });
        let opened = self.node(ends.0).put("channels", Some(&order))?.expect(201)?;
        let channel = text(&opened, "channel_address")?;
        self.wait_until(&format!("node {} knows channel {channel}", ends.1), || {
            Ok(self.node(ends.1).get(&format!("channels/{channel}"))?.status == 200)
        })?;
        Ok(channel)
    }

    /// Pays and returns the status and the body.
    pub(crate) fn pay(&self, from: usize, to: usize, amount: u64) -> Result<crate::client::Reply> {
        let path = format!("transfers/{}/{}", self.token, self.address(to));
        self.node(from).post(&path, &json!({ "amount": amount }))
    }

    /// Pays over a direct channel, in one message and without a lock.
    pub(crate) fn pay_directly(&self, from: usize, to: usize, amount: u64) -> Result<()> {
        let path = format!("transfers/{}/{}", self.token, self.address(to));
        let order = json!({ "amount": amount, "is_direct": true });
        self.node(from).post(&path, &order)?.expect(200).map(drop)
    }

    /// Asks again until `done`; the nodes tell each other within milliseconds.
    pub(crate) fn wait_until(&self, what: &str, done: impl Fn() -> Result<bool>) -> Result<()> {
        for _ in 0..2_000 {
            if done()? {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        anyhow::bail!("waited ten seconds until {what}")
    }
}

fn own_address(client: &Client) -> Result<String> {
    text(&client.get("address")?.expect(200)?, "our_address")
}

fn text(object: &Value, field: &str) -> Result<String> {
    let value = object.get(field).and_then(Value::as_str);
    value.map(str::to_owned).with_context(|| format!("no {field} in {object}"))
}
