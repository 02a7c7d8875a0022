use proptest::{collection::vec, prelude::*, sample::select};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};
use tally_deal::{Deal, DealCode};
use tally_deal_store::{
    Commit, CommitError, Committed, DealFilter, DealStore, DealStoreError, DeliveryChange,
    EmbeddedDeals, EventId, EventOf, Expected, Put, ReplyKey, SecretChange, StoredReply, TABLES,
    Version, contract,
};
use tally_primitives::BlockNumber;
use tally_storage::{MemoryDisk, MemoryStore};
use tokio::{runtime::Builder, task::JoinSet};

/// Deals, each in some states; made once, as that is what takes time.
static DEALS: LazyLock<Vec<Vec<Deal>>> = LazyLock::new(|| {
    let states = |number| {
        let deal = contract::deal(number);
        let paid = contract::paid(deal.clone(), 100 + number);
        let canceled = contract::canceled(deal.clone());
        vec![deal, paid, canceled]
    };
    (0..4).map(states).collect()
});

/// One commit: which deal is written, in which state, and whether over the version that is known
/// or one that is not.
#[derive(Debug, Clone, Copy)]
struct Ask {
    deal: usize,
    state: usize,
    is_stale: bool,
}

/// One round of a history.
#[derive(Debug, Clone)]
enum Step {
    /// Commits at the same time; power is lost after so many commits of the store, or never.
    Together { asks: Vec<Ask>, commits_before_loss: Option<u64> },
    /// The process ends in good order.
    Restart,
}

fn asks() -> impl Strategy<Value = Ask> {
    (0..4_usize, 0..3_usize, proptest::bool::weighted(0.1))
        .prop_map(|(deal, state, is_stale)| Ask { deal, state, is_stale })
}

fn steps() -> impl Strategy<Value = Step> {
    let loss = select(vec![None, Some(0), Some(1), Some(2)]);
    prop_oneof![
        6 => (vec(asks(), 1..12), loss)
            .prop_map(|(asks, commits_before_loss)| Step::Together { asks, commits_before_loss }),
        1 => Just(Step::Restart),
    ]
}

/// What became of a commit, as far as its caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Made(Committed),
    Refused,
    Unknown,
}

struct World {
    disk: MemoryDisk,
    store: Arc<MemoryStore>,
    deals: Arc<EmbeddedDeals>,
    /// By number of the commit, with the deal that it wrote.
    fates: BTreeMap<u64, (usize, usize, Fate)>,
}

impl World {
    fn new() -> Self {
        let disk = MemoryDisk::default();
        let store = Arc::new(disk.open(TABLES));
        let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&store)).unwrap();
        Self { disk, store, deals: Arc::new(deals), fates: BTreeMap::new() }
    }

    fn restart(&mut self) {
        self.store = Arc::new(self.disk.open(TABLES));
        let deals = EmbeddedDeals::open(Arc::<MemoryStore>::clone(&self.store)).unwrap();
        self.deals = Arc::new(deals);
    }

    async fn together(&mut self, asks: Vec<Ask>, commits_before_loss: Option<u64>) {
        if let Some(commits) = commits_before_loss {
            self.store.fail_commit_after(commits);
        }
        // All decide from what is there now, so that one of those with the same deal is right.
        let mut commits = vec![];
        for ask in asks {
            let number = self.fates.len() as u64;
            let before = self.deals.deal(DEALS[ask.deal][0].code()).await.unwrap();
            let expected = match before {
                _ if ask.is_stale => Expected::At(Version(u64::MAX)),
                Some(before) => Expected::At(before.version),
                None => Expected::Absent,
            };
            commits.push((number, commit(number, &DEALS[ask.deal][ask.state], expected)));
            self.fates.insert(number, (ask.deal, ask.state, Fate::Unknown));
        }
        let mut calls = JoinSet::new();
        for (number, commit) in commits {
            let deals = Arc::clone(&self.deals);
            calls.spawn(async move { (number, deals.commit(commit).await) });
        }
        let mut has_failed = false;
        for (number, answer) in calls.join_all().await {
            let fate = match answer {
                Ok(committed) => Fate::Made(committed),
                Err(CommitError::Conflict(_)) => Fate::Refused,
                Err(CommitError::Store(DealStoreError::Failed)) => {
                    has_failed = true;
                    Fate::Unknown
                }
                Err(other) => panic!("{other}"),
            };
            self.fates.get_mut(&number).unwrap().2 = fate;
        }
        if has_failed {
            self.disk.lose_power();
            self.restart();
        }
    }

    /// Compares all that is stored with all that was answered.
    async fn check(&mut self) {
        let events = self.deals.events(EventId(0), 1000).await.unwrap();
        let ids: Vec<u64> = events.iter().map(|event| event.id.0).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "events are dense");
        let told: BTreeMap<u64, EventId> =
            events.iter().map(|event| (event.event.data.parse().unwrap(), event.id)).collect();
        assert_eq!(told.len(), events.len(), "each commit is made once");
        let mut newest: BTreeMap<DealCode, (EventId, usize, usize)> = BTreeMap::new();
        for (number, (deal, state, fate)) in &mut self.fates {
            let made = told.get(number).copied();
            match fate {
                Fate::Made(committed) => assert_eq!(made, Some(committed.events[0])),
                Fate::Refused => assert_eq!(made, None),
                Fate::Unknown if made.is_none() => *fate = Fate::Refused,
                Fate::Unknown => {}
            }
            let key = reply_key(*number);
            let is_replied = self.deals.reply(&key, 1).await.unwrap().is_some();
            let name = format!("secret {number}");
            let is_secret = self.deals.secret(&name, 1).await.unwrap().is_some();
            assert_eq!((is_replied, is_secret), (made.is_some(), made.is_some()), "{number}");
            if let Some(event) = made {
                let code = DEALS[*deal][0].code();
                let last = newest.entry(code).or_insert((event, *deal, *state));
                *last = (*last).max((event, *deal, *state));
            }
        }
        let due = self.deals.due_deliveries(u64::MAX, 1000).await.unwrap();
        let due: BTreeSet<EventId> = due.into_iter().map(|delivery| delivery.id.event).collect();
        assert_eq!(due, told.values().copied().collect(), "each event is to be delivered");
        self.check_deals(&newest).await;
    }

    /// Checks that deals are as they were written last, and found by all their names.
    async fn check_deals(&self, newest: &BTreeMap<DealCode, (EventId, usize, usize)>) {
        let all = self.deals.deals(&DealFilter::default(), None, 100).await.unwrap();
        assert_eq!(all.rows.len(), newest.len());
        let unfinished = self.deals.unfinished(None, 100).await.unwrap().rows;
        let unfinished: BTreeSet<_> = unfinished.iter().map(|deal| deal.value.code()).collect();
        let touched = self.deals.touched_above(BlockNumber(0), None, 100).await.unwrap().rows;
        let touched: BTreeSet<_> = touched.iter().map(|deal| deal.value.code()).collect();
        for (code, (_, deal, state)) in newest {
            let expected = &DEALS[*deal][*state];
            let found = self.deals.deal(*code).await.unwrap().unwrap();
            assert_eq!(&found.value, expected);
            let address = expected.address().to_string();
            assert_eq!(self.deals.deal_at(&address).await.unwrap().unwrap().version, found.version);
            let state_of = Some(expected.state());
            let filter = DealFilter { state: state_of, ..DealFilter::default() };
            let listed = self.deals.deals(&filter, None, 100).await.unwrap().rows;
            assert!(listed.iter().any(|listed| listed.value.code() == *code), "{state_of:?}");
            assert!(listed.iter().all(|listed| Some(listed.value.state()) == state_of));
            assert_eq!(unfinished.contains(code), *state != 2);
            assert_eq!(touched.contains(code), *state == 1);
        }
    }
}

fn reply_key(number: u64) -> ReplyKey {
    ReplyKey { caller: "shop".into(), key: number.to_string() }
}

/// A commit that leaves its number in as many tables as there are.
fn commit(number: u64, deal: &Deal, expected: Expected) -> Commit {
    let mut event = contract::event(deal, "written");
    event.data = number.to_string();
    let (request_hash, expires_ms) = ([0; 32], u64::MAX);
    let reply = StoredReply { key: reply_key(number), request_hash, reply: vec![], expires_ms };
    let value = Some((b"hidden".to_vec().into(), None));
    let name = format!("secret {number}");
    let delivery = DeliveryChange::Put {
        event: EventOf::ThisCommit(0),
        webhook: "hook".into(),
        due_ms: number,
        attempts: 0,
        last_error: String::new(),
    };
    Commit {
        now_ms: 1,
        deals: vec![Put { expected, value: deal.clone() }],
        events: vec![event],
        deliveries: vec![delivery],
        reply: Some(reply),
        secrets: vec![SecretChange { name, expected: Expected::Absent, value }],
        ..Commit::default()
    }
}

async fn run(steps: Vec<Step>) {
    let mut world = World::new();
    for step in steps {
        match step {
            Step::Together { asks, commits_before_loss } => {
                world.together(asks, commits_before_loss).await;
            }
            Step::Restart => world.restart(),
        }
        // A store that was told to fail later does not do so while it is looked at.
        world.check().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Goal: over any history of commits at the same time, losses of power at any commit and
    /// restarts, each commit is there whole or not at all, what was acknowledged is there, what was
    /// refused is not, and every deal is found by what it is. Method: each commit leaves its number
    /// in many tables.
    #[test]
    fn commits_are_whole_whenever_power_is_lost(steps in vec(steps(), 1..10)) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
