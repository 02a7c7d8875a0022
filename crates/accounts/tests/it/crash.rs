use proptest::{collection::vec, prelude::*, sample::select};
use std::{collections::BTreeMap, sync::Arc};
use tally_accounts::{
    Accounts, AccountsError, Balance, Charge, Charged, EmbeddedAccounts, NonceUse, Order, TABLES,
    contract,
};
use tally_primitives::{BlockNumber, Fid};
use tally_storage::{MemoryDisk, MemoryStore};
use tokio::{runtime::Builder, task::JoinSet};

const USERS: [&str; 3] = ["FA", "FB", "FC"];
/// Every charge brings a nonce of its own, far from its end.
const NOW: u64 = 1_000;

/// What is asked of the accounts at the same time.
#[derive(Debug, Clone)]
enum Ask {
    Charge(Charge),
    Credit(Order),
}

/// One round of a history.
#[derive(Debug, Clone)]
enum Step {
    /// Requests and payments at the same time; power is lost after so many commits, or never.
    Together { asks: Vec<(usize, Kind)>, commits_before_loss: Option<u64> },
    /// The chain takes back the orders above a height.
    Revoke(u64),
    /// The process ends in good order.
    Restart,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Charge { amount: u64 },
    Credit { amount: u64, height: u64 },
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => (0u64..60).prop_map(|amount| Kind::Charge { amount }),
        1 => (1u64..200, 1u64..9).prop_map(|(amount, height)| Kind::Credit { amount, height }),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let loss = select(vec![None, Some(0), Some(1), Some(2)]);
    prop_oneof![
        6 => (vec((0..USERS.len(), kinds()), 1..20), loss)
            .prop_map(|(asks, commits_before_loss)| Step::Together { asks, commits_before_loss }),
        1 => (0u64..9).prop_map(Step::Revoke),
        1 => Just(Step::Restart),
    ]
}

/// What must be true, told by the answers alone.
#[derive(Debug, Default)]
struct Model {
    orders: BTreeMap<u64, Order>,
    charged: BTreeMap<&'static str, i64>,
}

impl Model {
    fn balance(&self, user: &'static str) -> i64 {
        let orders = self.orders.values().filter(|order| order.from.as_str() == user);
        let credited: i64 = orders.map(|order| i64::try_from(order.amount.0).unwrap()).sum();
        credited - self.charged.get(user).copied().unwrap_or(0)
    }
}

struct World {
    disk: MemoryDisk,
    store: Arc<MemoryStore>,
    accounts: Arc<EmbeddedAccounts>,
    model: Model,
    next: u64,
}

impl World {
    fn new() -> Self {
        let disk = MemoryDisk::default();
        let store = Arc::new(disk.open(TABLES));
        let accounts = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&store)).unwrap();
        Self { disk, store, accounts: Arc::new(accounts), model: Model::default(), next: 1 }
    }

    fn restart(&mut self) {
        self.store = Arc::new(self.disk.open(TABLES));
        let accounts = EmbeddedAccounts::open(Arc::<MemoryStore>::clone(&self.store)).unwrap();
        self.accounts = Arc::new(accounts);
    }

    /// Asks all at the same time; after a loss of power starts again and asks what was not answered
    /// once more, word by word, as users and the follower of the chain do.
    async fn ask(&mut self, asks: Vec<(usize, Kind)>, commits_before_loss: Option<u64>) {
        let mut open: BTreeMap<u64, (&'static str, Ask)> = BTreeMap::new();
        for (user, kind) in asks {
            let number = self.next;
            self.next += 1;
            open.insert(number, (USERS[user], ask(USERS[user], number, kind)));
        }
        if let Some(commits) = commits_before_loss {
            self.store.fail_commit_after(commits);
        }
        while !open.is_empty() {
            let mut calls = JoinSet::new();
            for (number, (_, ask)) in &open {
                let (accounts, number, ask) = (Arc::clone(&self.accounts), *number, ask.clone());
                calls.spawn(async move { (number, put(&accounts, ask).await) });
            }
            let mut failed = false;
            for (number, answer) in calls.join_all().await {
                match answer {
                    Ok(answer) => {
                        let (user, ask) = open.remove(&number).unwrap();
                        self.learn(user, number, &ask, answer);
                    }
                    Err(AccountsError::Failed) => failed = true,
                    Err(other) => panic!("{other}"),
                }
            }
            if failed {
                self.disk.lose_power();
                self.restart();
            }
        }
    }

    fn learn(&mut self, user: &'static str, number: u64, ask: &Ask, answer: Answer) {
        match (ask, answer) {
            (Ask::Credit(order), Answer::Counted) => {
                self.model.orders.insert(number, order.clone());
            }
            (Ask::Charge(charge), Answer::Charged(Charged::Paid(_))) => {
                *self.model.charged.entry(user).or_default() +=
                    i64::try_from(charge.amount.0).unwrap();
            }
            (Ask::Charge(_), Answer::Charged(Charged::Insufficient(_))) => {}
            (Ask::Charge(_), Answer::Charged(Charged::Replayed(_))) => {
                panic!("a nonce was kept of a request that was not answered: its group was lost")
            }
            (ask, answer) => panic!("{ask:?} was answered {answer:?}"),
        }
    }
}

#[derive(Debug)]
enum Answer {
    Counted,
    Charged(Charged),
}

fn ask(user: &str, number: u64, kind: Kind) -> Ask {
    let fid: Fid = contract::fid(user);
    match kind {
        Kind::Charge { amount } => {
            let nonce = i64::try_from(number).unwrap();
            let nonce = NonceUse { fid: fid.clone(), nonce, expires_ms: u64::MAX };
            Ask::Charge(Charge { nonce, ..contract::charge(&fid, 1, 0, amount) })
        }
        Kind::Credit { amount, height } => {
            Ask::Credit(contract::order(&fid, number, height, amount))
        }
    }
}

async fn put(accounts: &EmbeddedAccounts, ask: Ask) -> Result<Answer, AccountsError> {
    match ask {
        Ask::Charge(charge) => accounts.charge(charge, NOW).await.map(Answer::Charged),
        Ask::Credit(order) => accounts.credit(order).await.map(|_| Answer::Counted),
    }
}

async fn run(steps: Vec<Step>) {
    let mut world = World::new();
    for step in steps {
        match step {
            Step::Together { asks, commits_before_loss } => {
                world.ask(asks, commits_before_loss).await;
            }
            Step::Revoke(height) => {
                let above = |order: &Order| order.height > BlockNumber(height);
                let undone = world.model.orders.values().filter(|order| above(order));
                let undone: Vec<_> = undone.map(Order::place).collect();
                let revoked = world.accounts.revoke(undone.clone()).await;
                // A store told to fail may do so now; then the orders are there or not.
                if let Ok(revoked) = revoked {
                    assert_eq!(revoked, undone.len() as u64);
                } else {
                    world.disk.lose_power();
                    world.restart();
                    world.accounts.revoke(undone).await.unwrap();
                }
                world.model.orders.retain(|_, order| !above(order));
            }
            Step::Restart => world.restart(),
        }
        for user in USERS {
            let balance = world.accounts.balance(&contract::fid(user)).await.unwrap();
            assert_eq!(balance, Balance(world.model.balance(user)), "{user}");
        }
    }
    let orders = world.accounts.orders(None, 1000).await.unwrap();
    assert_eq!(orders.len(), world.model.orders.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Goal: over any history of requests, payments, reorganisations and losses of power, what was
    /// acknowledged is there, each request and payment counts once however often it is repeated,
    /// and orders less charges are the balances. Method: a model that learns from answers only.
    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_counts_twice(steps in vec(steps(), 1..12)) {
        Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(run(steps));
    }
}
