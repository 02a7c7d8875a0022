use super::*;
use std::future;
use tally_accounts::{AccountsError, EmbeddedAccounts, contract};
use tally_apip_node::{AddressVersions, DirectoryConfig};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, Source, Update},
};
use tally_primitives::BlockNumber;
use tally_storage::MemoryStore;

/// A chain of which nothing more is heard.
#[derive(Debug)]
struct Silence;

impl Source for Silence {
    fn head(&self) -> Option<BlockNumber> {
        None
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        Box::pin(future::pending())
    }
}

/// Goal: a server whose accounts cannot be stored stops following and exits as for unusable data,
/// though nothing is wrong with the chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_ended_end_the_server() {
    let store = Arc::new(MemoryStore::new(tally_apip_node::TABLES));
    let config = DirectoryConfig::new(AddressVersions::FREECASH_MAIN);
    let directory = Arc::new(Directory::open(store, config).unwrap());
    let disk = Arc::new(MemoryStore::new(tally_accounts::TABLES));
    let accounts = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&disk)).unwrap();
    let accounts: Arc<dyn Accounts> = Arc::new(accounts);
    let follower = directory.follow(Box::new(Silence), Some(Arc::clone(&accounts))).unwrap();
    let following = follow(follower, Arc::clone(&accounts), Arc::new(Notify::new()));
    let following = tokio::spawn(following);
    disk.fail_commits(true);
    let user = contract::fid("FUser");
    let lost = accounts.charge(contract::charge(&user, 1, 1, 0), 0).await;
    assert!(matches!(lost, Err(AccountsError::Failed)), "{lost:?}");
    let ended = following.await.unwrap().unwrap_err();
    assert!(matches!(ended, Ended::Accounts), "{ended:?}");
    let failure = format!("{:?}", failure(ended));
    assert!(failure.contains("Data") && failure.contains("accounts"), "{failure}");
}
