//! The vocabulary of these tests.

use std::{collections::VecDeque, fmt, future::pending, sync::Arc};
use tally_accounts::Accounts;
use tally_apip_node::{
    AddressVersions, Answer, Best, Directory, DirectoryConfig, FollowError, Follower, TABLES,
    TableId,
};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Source, Update},
};
use tally_chain_utxo::{DevBlock, DevChain, DevTransaction, Network};
use tally_fcdsl::{Forced, Rules, Search};
use tally_primitives::{BlockId, BlockNumber, Fid, Satoshi, Txid};
use tally_storage::{Direction, KeyRange, MemoryStore, Store};

pub(crate) const DAY: u64 = 86_400;

/// A user called after a number.
pub(crate) fn user(number: u8) -> Fid {
    let version = tally_crypto::fch::AddressVersion::MAIN_P2PKH;
    tally_crypto::fch::fid_of_hash(version, &[number; 20])
}

pub(crate) fn config() -> DirectoryConfig {
    DirectoryConfig::new(AddressVersions::FREECASH_MAIN)
}

pub(crate) fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(TABLES))
}

pub(crate) fn open(store: &Arc<MemoryStore>, config: DirectoryConfig) -> Arc<Directory> {
    let store = Arc::clone(store) as Arc<dyn Store>;
    Arc::new(Directory::open(store, config).unwrap())
}

/// A chain in memory on which users spend what they were given long ago.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) chain: DevChain,
    time: u64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self { chain: DevChain::new(Network::FREECASH), time: 1_700_000_000 }
    }

    /// Gives each of the users a coin of 10 FCH for each time.
    pub(crate) fn fund(&mut self, users: &[Fid], times: usize) {
        let coin = |user: &Fid| (user.clone(), Satoshi(10 * Satoshi::COIN.0));
        let funded = users.iter().flat_map(|user| std::iter::repeat_n(coin(user), times));
        let block = DevBlock { time: self.time, funded: funded.collect(), transactions: vec![] };
        self.chain.mine(block).unwrap();
    }

    /// Lets days go by.
    pub(crate) fn wait(&mut self, days: u64) {
        self.time += days * DAY;
    }

    /// Mines a block with a transaction, and returns its id.
    pub(crate) fn write(&mut self, signer: &Fid, text: &str) -> Txid {
        self.pay_and_write(signer, text, None)
    }

    pub(crate) fn pay_and_write(
        &mut self,
        signer: &Fid,
        text: &str,
        pay: Option<(Fid, Satoshi)>,
    ) -> Txid {
        self.time += 60;
        let transaction = self.transaction(signer, text, pay);
        let block = DevBlock { time: self.time, funded: vec![], transactions: vec![transaction] };
        self.chain.mine(block).unwrap().transactions[1].txid
    }

    /// Mines a block with that transaction, which may have been mined on another branch.
    pub(crate) fn mine_again(&mut self, transaction: DevTransaction) {
        self.time += 60;
        let block = DevBlock { time: self.time, funded: vec![], transactions: vec![transaction] };
        self.chain.mine(block).unwrap();
    }

    /// Undoes the newest blocks, and mines an empty one, one with that transaction and as many
    /// empty ones as were undone.
    pub(crate) fn reorganise_with(&mut self, depth: u64, transaction: DevTransaction) {
        self.time += 60;
        let mut blocks: Vec<_> =
            (0..depth + 2).map(|number| DevBlock::empty(self.time + number)).collect();
        blocks[1].transactions.push(transaction);
        self.chain.reorganise(depth, blocks).unwrap();
        self.time += depth + 2;
    }

    pub(crate) fn transaction(
        &self,
        signer: &Fid,
        text: &str,
        pay: Option<(Fid, Satoshi)>,
    ) -> DevTransaction {
        let coin = self.chain.coins(signer).into_iter().next().expect("the user has coins");
        let mut transaction = DevTransaction::new().spend(coin.point);
        if let Some((to, value)) = pay {
            transaction = transaction.pay(to, value);
        }
        transaction.record(text)
    }

    pub(crate) fn mine_empty(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.time += 60;
            self.chain.mine(DevBlock::empty(self.time)).unwrap();
        }
    }

    /// Undoes the newest blocks and mines other ones, one more than were undone.
    pub(crate) fn reorganise(&mut self, depth: u64) {
        self.time += 60;
        let blocks = (0..=depth).map(|number| DevBlock::empty(self.time + number)).collect();
        self.chain.reorganise(depth, blocks).unwrap();
        self.time += depth;
    }

    pub(crate) fn tip(&self) -> (BlockNumber, Option<BlockId>) {
        let height = self.chain.height();
        (height, self.chain.id_at(height))
    }

    pub(crate) fn follow(
        &self,
        directory: &Arc<Directory>,
        accounts: Option<Arc<dyn Accounts>>,
    ) -> Follower {
        let source = self.chain.source(directory.start_point().unwrap());
        directory.follow(Box::new(source), accounts).unwrap()
    }

    /// Waits until the directory has the chain's last block.
    pub(crate) async fn reached_by(&self, directory: &Directory) {
        let tip = self.tip();
        reached(directory, move |best| (best.height, best.id) == tip).await;
    }

    /// Returns a directory that has never seen anything but the chain as it is now.
    pub(crate) async fn fresh(
        &self,
        config: DirectoryConfig,
    ) -> (Arc<MemoryStore>, Arc<Directory>) {
        let store = store();
        let directory = open(&store, config);
        let mut follower = self.follow(&directory, None);
        self.reached_by(&directory).await;
        follower.stop();
        follower.ended().await.unwrap();
        (store, directory)
    }
}

pub(crate) async fn reached(directory: &Directory, is_there: impl Fn(Best) -> bool) {
    let mut progress = directory.watch();
    progress.wait_for(|progress| progress.best.is_some_and(&is_there)).await.unwrap();
}

pub(crate) async fn stop(mut follower: Follower) -> Result<(), FollowError> {
    follower.stop();
    follower.ended().await
}

/// Everything that a directory keeps, but for what it has to tell the accounts, or told them: that
/// depends on what was undone, and not on the chain.
fn rows(store: &MemoryStore) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let mut rows = vec![];
    for table in TABLES {
        let all = store.scan(*table, &KeyRange::all(), Direction::Forward, usize::MAX).unwrap();
        rows.extend(all.into_iter().map(|entry| (table.name().to_owned(), entry.key, entry.value)));
    }
    let is_told = |key: &[u8]| [&b"revocation"[..], b"compared"].contains(&key);
    rows.retain(|(table, key, _)| table != "directory_state" || !is_told(key));
    rows
}

/// Checks that two stores hold the same rows, and names the first that differs.
pub(crate) fn assert_same_rows(one: &MemoryStore, other: &MemoryStore) {
    let (one, other) = (rows(one), rows(other));
    let differs = one.iter().zip(&other).find(|(one, other)| one != other);
    assert!(differs.is_none(), "{differs:?}");
    assert_eq!(one.len(), other.len(), "rows");
}

/// A search as an endpoint parses it.
pub(crate) fn search(table: TableId, fcdsl: &serde_json::Value) -> Search {
    let description = table.table();
    let rules = Rules {
        schema: &description.schema,
        default_sort: description.default_sort,
        forced: Forced::None,
        needs_ids: false,
    };
    Search::parse(Some(fcdsl), &rules).unwrap()
}

pub(crate) fn find(directory: &Directory, table: &str, fcdsl: serde_json::Value) -> Answer {
    let table = TableId::named(table).unwrap();
    directory.search(table, &search(table, &fcdsl))
}

/// All documents of all tables, in the order of a search that names none.
pub(crate) fn everything(directory: &Directory) -> Vec<(&'static str, Vec<String>)> {
    let page = |table: TableId| {
        let mut documents = vec![];
        let mut fcdsl = serde_json::json!({"size": 100});
        loop {
            let answer = directory.search(table, &search(table, &fcdsl));
            documents.extend(answer.documents);
            match answer.last {
                Some(last) => fcdsl["after"] = serde_json::json!(last),
                None => return (table.table().name, documents),
            }
        }
    };
    TableId::all().map(page).collect()
}

/// A source that brings what it was given, and then nothing for ever.
pub(crate) struct ListSource(pub(crate) VecDeque<Update>);

impl ListSource {
    pub(crate) fn new(updates: impl IntoIterator<Item = Update>) -> Self {
        Self(updates.into_iter().collect())
    }
}

impl fmt::Debug for ListSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListSource").field("updates", &self.0.len()).finish()
    }
}

impl Source for ListSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        Box::pin(async {
            match self.0.pop_front() {
                Some(update) => Ok(update),
                None => pending().await,
            }
        })
    }

    fn head(&self) -> Option<BlockNumber> {
        None
    }
}

pub(crate) fn feip(sn: u8, data: serde_json::Value) -> String {
    serde_json::json!({"type": "FEIP", "sn": sn, "ver": 1, "data": data}).to_string()
}

pub(crate) fn buy(sid: &Txid) -> String {
    let data = serde_json::json!({"op": "buy", "sid": sid.to_string(), "via": ["shop"]});
    serde_json::json!({"type": "APIP", "sn": "1", "ver": "1", "name": "OpenAPI", "data": data})
        .to_string()
}
