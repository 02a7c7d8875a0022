use super::*;
use crate::store::TABLES;
use tally_primitives::{LocksRoot, Nonce};
use tally_storage::{Durability, MemoryStore};

const TOKEN: TokenAddress = TokenAddress::new([1; 20]);
const MANAGER: ManagerAddress = ManagerAddress::new([2; 20]);
const CHANNEL: ChannelAddress = ChannelAddress::new([3; 20]);
const NODES: [NodeAddress; 2] = [NodeAddress::new([4; 20]), NodeAddress::new([5; 20])];

fn events() -> Vec<(u64, ChainEvent)> {
    let deposit = |participant, units| ChainEvent::ChannelNewBalance {
        channel: CHANNEL,
        participant,
        total_deposit: TokenAmount::from_units(units),
    };
    vec![
        (10, ChainEvent::TokenAdded { token: TOKEN, manager: MANAGER }),
        (
            11,
            ChainEvent::ChannelNew {
                token: TOKEN,
                channel: CHANNEL,
                participants: NODES,
                settle_timeout: BlockSpan(20),
            },
        ),
        (12, deposit(NODES[0], 70)),
        (13, deposit(NODES[1], 50)),
        (14, deposit(NODES[0], 90)),
        (
            15,
            ChainEvent::ChannelWithdraw {
                channel: CHANNEL,
                participant: NODES[0],
                total_withdraw: TokenAmount::from_units(30),
            },
        ),
        (
            16,
            ChainEvent::ChannelClosed {
                channel: CHANNEL,
                closer: NODES[0],
                nonce: Nonce(0),
                transferred: TokenAmount::ZERO,
                locksroot: LocksRoot::default(),
            },
        ),
        (
            17,
            ChainEvent::ChannelSettled {
                channel: CHANNEL,
                payouts: [TokenAmount::ZERO; 2],
                cooperative: false,
            },
        ),
    ]
}

/// Makes a view and its store of the events up to a block.
fn view_at(block: u64) -> (ChainView, MemoryStore) {
    let (mut view, store) = (ChainView::default(), MemoryStore::new(TABLES));
    let mut batch = Batch::new();
    for (at, event) in events().iter().filter(|(at, _)| *at <= block) {
        view.apply(BlockNumber(*at), 0, event, &mut batch);
    }
    view.flush(&mut batch);
    store.commit(batch, Durability::Synced).unwrap();
    (view, store)
}

fn assert_same(view: &ChainView, expected: &ChainView) {
    assert_eq!(view.tokens, expected.tokens);
    assert_eq!(view.edges, expected.edges);
    assert_eq!(view.settled, expected.settled);
    let channels = |view: &ChainView| -> Vec<_> {
        let graph = view.graph(TOKEN).cloned().unwrap_or_default();
        graph.channels().map(|(address, channel)| (address, channel.clone())).collect()
    };
    assert_eq!(channels(view), channels(expected));
}

/// Law: undoing blocks gives the view that never saw them, in memory and on disk.
#[test]
fn what_is_undone_was_never_there() {
    for last in 9..=17 {
        for back_to in 9..=last {
            let (mut view, store) = view_at(last);
            let mut batch = Batch::new();
            view.roll_back(BlockNumber(back_to), &mut batch);
            view.flush(&mut batch);
            store.commit(batch, Durability::Synced).unwrap();
            let (expected, expected_store) = view_at(back_to);
            assert_same(&view, &expected);
            assert_same(&ChainView::load(&store).unwrap(), &expected);
            for table in [TOKENS, TOKEN_EVENTS, EDGES] {
                let rows = |store: &MemoryStore| {
                    store
                        .scan(table, &KeyRange::all(), tally_storage::Direction::Forward, 100)
                        .unwrap()
                };
                assert_eq!(rows(&store), rows(&expected_store), "{table} from {last} to {back_to}");
            }
        }
    }
}

/// Goal: deposits less withdrawals are what the graph knows.
#[test]
fn the_graph_knows_what_is_in_a_channel() {
    let (view, _) = view_at(15);
    let channel = view.graph(TOKEN).unwrap().channel(CHANNEL).unwrap();
    let units = TokenAmount::from_units;
    assert_eq!(NODES.map(|node| channel.deposit(node).unwrap()), [units(60), units(50)]);
    assert!(channel.is_open());
    let (view, _) = view_at(16);
    assert!(!view.graph(TOKEN).unwrap().channel(CHANNEL).unwrap().is_open());
}

/// Goal: channels that settled long ago are dropped; the listing of openings stays.
#[test]
fn settled_channels_are_dropped() {
    let (mut view, store) = view_at(17);
    view.prune(BlockNumber(17 + UNDO_BLOCKS.0));
    assert_eq!(view.edges.len(), 1);
    view.prune(BlockNumber(18 + UNDO_BLOCKS.0));
    let mut batch = Batch::new();
    view.flush(&mut batch);
    store.commit(batch, Durability::Synced).unwrap();
    assert!(view.edges.is_empty() && view.settled.is_empty());
    assert!(ChainView::load(&store).unwrap().edges.is_empty());
    assert!(store.last(TOKEN_EVENTS, &KeyRange::all()).unwrap().is_some());
}
