use super::*;
use crate::tables::TABLES;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};
use tally_chain::utxo::Output;
use tally_primitives::{BlockId, BlockNumber, Txid};
use tally_storage::{Batch, Durability, MemoryStore, Store as _};

const MAIN: AddressVersions = AddressVersions::FREECASH_MAIN;

fn layers(warm_outputs: usize) -> Layers {
    Layers::new(Arc::new(MemoryStore::new(TABLES)), warm_outputs)
}

fn txid(number: u8) -> Txid {
    Txid::from_shown([number; 32])
}

fn pay(owner: u8, value: u64) -> Output {
    let script = [&[0x76, 0xa9, 0x14][..], &[owner; 20], &[0x88, 0xac]].concat();
    Output { value: Satoshi(value), script }
}

fn write(text: &[u8]) -> Output {
    let length = u8::try_from(text.len()).unwrap();
    Output { value: Satoshi(0), script: [&[0x6a, 0x4c, length], text].concat() }
}

fn nobody(value: u64) -> Output {
    Output { value: Satoshi(value), script: vec![0x51] }
}

fn transaction(id: u8, inputs: &[(u8, u32)], outputs: Vec<Output>) -> Transaction {
    let inputs = inputs.iter().map(|(id, vout)| OutPoint { txid: txid(*id), vout: *vout });
    Transaction { txid: txid(id), inputs: inputs.collect(), outputs }
}

fn block(height: u64, time: u64, transactions: Vec<Transaction>) -> Block {
    let id = BlockId::from_shown([u8::try_from(height).unwrap(); 32]);
    let height = BlockNumber(height);
    Block { id, previous: BlockId::default(), height, time, transactions }
}

fn fid(owner: u8) -> Fid {
    fch::fid_of_hash(MAIN.p2pkh, &[owner; 20])
}

/// Goal: the vectors of the specification, exact.
#[test]
fn coin_days_are_counted_in_whole_days_and_rounded_down() {
    let days = |value, born, spent| coin_days(Satoshi(value), born, spent);
    assert_eq!(days(625_000_000, 1_577_837_394, 1_634_026_927), 4062);
    assert_eq!(days(50_000_000, 1_000_000_000, 1_031_622_400), 183);
    assert_eq!(days(1_000_000_000, 1_577_837_394, 1_577_837_394 + 43_200), 0);
    assert_eq!(days(1, 1_577_837_394, 1_577_837_394 + 86_400_000), 0);
    assert_eq!(days(1_000_000_000, 1_577_837_394, 1_577_000_000), 0, "the older block spends");
    assert_eq!(days(u64::MAX, 0, u32::MAX.into()), 9_169_876_479_041_018);
}

/// Goal: who signs, who is paid, and that the order within a block does not matter: transaction 2
/// spends an output of transaction 3, which stands after it.
#[test]
fn records_say_who_signed_and_who_was_paid() {
    let mut layers = layers(100);
    let first = block(1, 1_000_000, vec![transaction(1, &[], vec![pay(1, 10 * 100_000_000)])]);
    assert_eq!(resolve(&mut layers, &first, MAIN).unwrap().records, []);
    let transactions = vec![
        transaction(9, &[], vec![pay(9, 5), write(b"what a coinbase says does not count")]),
        transaction(2, &[(3, 0)], vec![write(b"{}"), nobody(1), pay(2, 7), pay(4, 8), pay(5, 9)]),
        transaction(3, &[(1, 0)], vec![pay(2, 100), write(b"first"), write(b"second")]),
        transaction(4, &[(2, 3)], vec![pay(4, 8)]),
        transaction(5, &[(2, 1)], vec![write(b"unknown signer"), pay(5, 1)]),
    ];
    let second = block(2, 1_000_000 + 3 * 86_400, transactions);
    let resolved = resolve(&mut layers, &second, MAIN).unwrap();
    let [record, first, unknown] = resolved.records.as_slice() else {
        panic!("{:?}", resolved.records);
    };
    assert_eq!((record.txid, record.index, record.text.as_slice()), (txid(2), 1, &b"{}"[..]));
    assert_eq!((record.signer.clone(), record.recipient.clone()), (Some(fid(2)), Some(fid(4))));
    assert_eq!(record.cdd, 0, "what is made and spent in one block is no day old");
    let payment = |vout, to, value| Payment { vout, to: fid(to), value: Satoshi(value) };
    assert_eq!(record.payments, [payment(2, 2, 7), payment(3, 4, 8), payment(4, 5, 9)]);
    assert_eq!((first.signer.clone(), first.cdd), (Some(fid(1)), 30));
    assert_eq!(first.text, b"first", "one record a transaction");
    assert_eq!((unknown.signer.clone(), unknown.recipient.clone()), (None, Some(fid(5))));

    let made: Vec<_> = resolved.undo.created.iter().map(|output| output.txid).collect();
    assert_eq!(made, [txid(9), txid(2), txid(2), txid(4), txid(5)], "neither spent nor data");
    assert_eq!(resolved.undo.spent.len(), 1, "what the block made itself is no one else's");
}

/// Goal: a source that is not one chain is refused. Method: an output that is unknown, one that is
/// spent, one that is spent twice by a block, and one that only holds data.
#[test]
fn what_is_not_there_cannot_be_spent() {
    let attempt = |inputs: &[(u8, u32)]| {
        let mut layers = layers(100);
        let made = transaction(1, &[], vec![pay(1, 1), pay(1, 2), write(b"data")]);
        let spent = transaction(2, &[(1, 0)], vec![]);
        resolve(&mut layers, &block(1, 1, vec![made, spent]), MAIN).unwrap();
        resolve(&mut layers, &block(2, 2, vec![transaction(3, inputs, vec![])]), MAIN)
    };
    assert!(attempt(&[(1, 1)]).is_ok());
    for inputs in [&[(7, 0)][..], &[(1, 0)], &[(1, 1), (1, 1)], &[(1, 2)], &[(1, 3)]] {
        let refused = attempt(inputs);
        assert!(
            matches!(refused, Err(BlockError::UnknownOutput { .. })),
            "{inputs:?}: {refused:?}"
        );
    }
    let late = block(1, u64::from(u32::MAX) + 1, vec![]);
    let refused = resolve(&mut layers(0), &late, MAIN);
    assert!(matches!(refused, Err(BlockError::Time { .. })), "{refused:?}");
}

/// What a test does to a chain.
#[derive(Debug, Clone)]
enum Act {
    /// Adds a block; each transaction spends some of what there is, by position, and makes outputs.
    Block { days: u8, transactions: Vec<(Vec<u16>, Vec<u8>)> },
    /// Undoes so many blocks.
    Undo(u8),
    /// Writes what changed to the store, and says whether the store is through with it.
    Commit { is_done: bool },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let transaction =
        (prop::collection::vec(any::<u16>(), 0..4), prop::collection::vec(0..4_u8, 0..4));
    let block = (0..4_u8, prop::collection::vec(transaction, 0..5));
    let act = prop_oneof![
        6 => block.prop_map(|(days, transactions)| Act::Block { days, transactions }),
        2 => (1..4_u8).prop_map(Act::Undo),
        3 => any::<bool>().prop_map(|is_done| Act::Commit { is_done }),
    ];
    prop::collection::vec(act, 1..40)
}

type Model = BTreeMap<OutPoint, (u64, u64, u8)>;

/// The chain as one would keep it without a thought for memory: all states since genesis.
struct Naive {
    states: Vec<Model>,
    time: u64,
    transactions: u64,
}

impl Naive {
    /// Makes a block from positions, and the coin-days and signers that its records must have.
    fn block(
        &mut self,
        days: u8,
        plans: &[(Vec<u16>, Vec<u8>)],
    ) -> (Block, Vec<(u64, Option<u8>)>) {
        self.time += u64::from(days) * 86_400 + 1;
        let before = self.states.last().unwrap().clone();
        // What every transaction makes is there from the start of the block.
        let mut pool = before.clone();
        let mut ids = vec![];
        for (_, outputs) in plans {
            self.transactions += 1;
            let mut id = [0; 32];
            // Spread, so that the order of ids is not that of blocks.
            id[..8].copy_from_slice(
                &self.transactions.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes(),
            );
            ids.push(Txid::from_shown(id));
            for (vout, owner) in (0..).zip(outputs) {
                let value = 100_000_000 * (u64::from(*owner) + 1) + self.transactions;
                pool.insert(
                    OutPoint { txid: Txid::from_shown(id), vout },
                    (value, self.time, *owner),
                );
            }
        }
        let mut transactions = vec![];
        let mut expected = vec![];
        for (id, (picks, outputs)) in ids.iter().zip(plans) {
            let mut inputs = vec![];
            let (mut cdd, mut signer) = (0, None);
            for pick in picks {
                let others: Vec<_> = pool.iter().filter(|(output, _)| output.txid != *id).collect();
                if others.is_empty() {
                    break;
                }
                let (output, (value, born, owner)) = others[usize::from(*pick) % others.len()];
                let (output, owner) = (*output, *owner);
                cdd += value * ((self.time - born) / 86_400) / 100_000_000;
                signer = signer.or(Some(owner));
                inputs.push(output);
                pool.remove(&output);
            }
            if signer.is_some() {
                expected.push((cdd, signer));
            }
            let value = |owner: &u8| {
                let number = ids.iter().position(|other| other == id).unwrap() as u64;
                let number = self.transactions + 1 + number - ids.len() as u64;
                100_000_000 * (u64::from(*owner) + 1) + number
            };
            let mut outputs: Vec<_> =
                outputs.iter().map(|owner| pay(*owner, value(owner))).collect();
            outputs.push(write(b"x"));
            transactions.push(Transaction { txid: *id, inputs, outputs });
        }
        self.states.push(pool);
        let height = self.states.len() as u64 - 1;
        (block(height % 200, self.time, transactions), expected)
    }
}

fn everything(layers: &Layers, changes: &crate::layers::Changes) -> Model {
    let store = MemoryStore::new(TABLES);
    let copy = |entries: Vec<tally_storage::Entry>| {
        let mut batch = Batch::new();
        for entry in entries {
            batch.put(crate::tables::OUTPUTS, entry.key, entry.value);
        }
        store.commit(batch, Durability::Buffered).unwrap();
    };
    let all = tally_storage::KeyRange::all();
    let scan = |store: &dyn tally_storage::Store| {
        let table = crate::tables::OUTPUTS;
        store.scan(table, &all, tally_storage::Direction::Forward, usize::MAX).unwrap()
    };
    copy(scan(layers.store()));
    let mut batch = Batch::new();
    changes.write(&mut batch);
    store.commit(batch, Durability::Buffered).unwrap();
    let read = |entry: tally_storage::Entry| {
        let row = OutputRow::from_slice(&entry.value).unwrap();
        let Lock::Key(hash) = row.lock else { panic!("{row:?}") };
        let output = crate::output_row::output_from(&entry.key.try_into().unwrap());
        (output, (row.value.0, u64::from(row.born), hash[0]))
    };
    scan(&store).into_iter().map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Goal: after any mix of blocks, undone blocks and commits the outputs, signers and coin-days
    /// are those of a model that keeps every state. Method: the memory of recent outputs is tiny,
    /// so that look-ups go through all layers; commits stay unfinished for a while.
    #[test]
    fn outputs_are_those_of_a_naive_model(acts in acts(), warm in 0..12_usize) {
        let mut layers = layers(warm);
        let mut naive = Naive { states: vec![Model::new()], time: 1_000_000_000, transactions: 0 };
        let mut undos = vec![];
        let mut pending: Option<Batch> = None;
        for act in acts {
            match act {
                Act::Block { days, transactions } => {
                    let (block, expected) = naive.block(days, &transactions);
                    let resolved = resolve(&mut layers, &block, MAIN).unwrap();
                    let found = resolved.records.iter().map(|record| (record.cdd, record.signer.clone()));
                    let expected = expected.into_iter().map(|(cdd, signer)| (cdd, signer.map(fid)));
                    prop_assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
                    undos.push(Undo::from_slice(b"", &resolved.undo.to_bytes()).unwrap());
                }
                Act::Undo(blocks) => {
                    for _ in 0..blocks {
                        let Some(undo) = undos.pop() else { break };
                        undo.apply_outputs(&mut layers);
                        naive.states.pop();
                    }
                    layers.cool();
                }
                Act::Commit { is_done } => {
                    if let Some(batch) = pending.take() {
                        layers.store().commit(batch, Durability::Synced).unwrap();
                        layers.committed();
                    }
                    let mut batch = Batch::new();
                    layers.begin_commit().write(&mut batch);
                    pending = Some(batch);
                    if is_done {
                        layers.store().commit(pending.take().unwrap(), Durability::Synced).unwrap();
                        layers.committed();
                    }
                }
            }
        }
        if let Some(batch) = pending {
            layers.store().commit(batch, Durability::Synced).unwrap();
            layers.committed();
        }
        let changes = layers.begin_commit();
        prop_assert_eq!(&everything(&layers, &changes), naive.states.last().unwrap());
    }
}
