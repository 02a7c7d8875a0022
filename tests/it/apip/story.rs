//! What happens on the chain in these tests.

use serde_json::{Value, json};
use tally_chain_utxo::{DevBlock, DevChain, DevTransaction, Network};
use tally_crypto::fch::{AddressVersion, PrivateKey};
use tally_primitives::{Fid, Satoshi, Txid};

const DAY: u64 = 86_400;

/// Who publishes the service.
pub(crate) const PROVIDER: u8 = 1;
/// The address that is paid.
pub(crate) const ACCOUNT: u8 = 9;
/// The prefix of URLs that the service's record names; nobody can call it.
pub(crate) const URL_HEAD: &str = "http://directory.test/APIP/";
/// What a request costs in these tests, in satoshi.
pub(crate) const PRICE: i64 = 100_000;

/// The key of a user called after a number.
pub(crate) fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).expect("a key")
}

pub(crate) fn fid(number: u8) -> Fid {
    key(number).public_key().fid(AddressVersion::MAIN_P2PKH)
}

/// A chain on which users spend what they were given long ago.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) chain: DevChain,
    time: u64,
}

impl Story {
    /// A chain on which everybody has forty coins of 10 FCH each.
    pub(crate) fn new() -> Self {
        let chain = DevChain::new(Network::FREECASH);
        let time = 1_700_000_000;
        let users = [PROVIDER, 2, 3, 4, ACCOUNT].map(fid);
        let coin = |user: &Fid| (user.clone(), Satoshi(10 * Satoshi::COIN.0));
        let funded = users.iter().flat_map(|user| std::iter::repeat_n(coin(user), 40)).collect();
        chain.mine(DevBlock { time, funded, transactions: vec![] }).expect("a valid block");
        Self { chain, time: time + 3 * DAY }
    }

    /// The same with the service that the tests' servers give.
    pub(crate) fn with_service() -> (Self, Txid) {
        let mut story = Self::new();
        let params = json!({
            "urlHead": URL_HEAD, "account": fid(ACCOUNT).as_str(), "currency": "fch", "pricePerRequest": "0.001",
            "minPayment": "0.002", "sessionDays": "10",
        });
        let data = json!({ "op": "publish", "stdName": "Directory", "types": ["APIP"],
            "params": params });
        let sid = story.write(PROVIDER, &feip(5, &data));
        (story, sid)
    }

    /// Lets days go by.
    pub(crate) fn wait(&mut self, days: u64) {
        self.time += days * DAY;
    }

    /// Mines a block with a record, and returns its transaction.
    pub(crate) fn write(&mut self, signer: u8, text: &str) -> Txid {
        self.pay_and_write(signer, text, None)
    }

    /// Mines a block with a payment for a service.
    pub(crate) fn buy(&mut self, user: u8, sid: Txid, satoshi: u64) -> Txid {
        let mark = json!({
            "type": "APIP", "sn": "1", "ver": "1", "name": "OpenAPI",
            "data": { "op": "buy", "sid": sid.to_string() },
        });
        self.pay_and_write(user, &mark.to_string(), Some((fid(ACCOUNT), Satoshi(satoshi))))
    }

    fn pay_and_write(&mut self, signer: u8, text: &str, pay: Option<(Fid, Satoshi)>) -> Txid {
        self.time += 60;
        let coin = self.chain.coins(&fid(signer)).into_iter().next().expect("a coin");
        let mut transaction = DevTransaction::new().spend(coin.point);
        if let Some((to, value)) = pay {
            transaction = transaction.pay(to, value);
        }
        let transactions = vec![transaction.record(text)];
        let block = DevBlock { time: self.time, funded: vec![], transactions };
        self.chain.mine(block).expect("a valid block").transactions[1].txid
    }

    /// Mines blocks in which nothing happens.
    pub(crate) fn mine_empty(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.time += 60;
            self.chain.mine(DevBlock::empty(self.time)).expect("a valid block");
        }
    }

    /// Undoes the newest blocks and mines empty ones, one more than were undone.
    pub(crate) fn reorganise(&mut self, depth: u64) {
        self.time += 60;
        let blocks = (0..=depth).map(|number| DevBlock::empty(self.time + number)).collect();
        self.chain.reorganise(depth, blocks).expect("valid blocks");
        self.time += depth;
    }
}

/// A record of a FEIP protocol.
pub(crate) fn feip(sn: u8, data: &Value) -> String {
    json!({ "type": "FEIP", "sn": sn.to_string(), "ver": "1", "data": data }).to_string()
}
