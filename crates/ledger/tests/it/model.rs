//! Random histories, held against a model that knows nothing but sums.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{prelude::*, sample::Index};
use tally_ledger::{AssetId, Layer, LedgerView, OutputRef, Transaction, Version, check_state};

use crate::{
    chain::{Chain, NOW, VERSIONS, created, pay, sign, spend},
    raw,
};

const OWNERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// Something that somebody does.
#[derive(Clone, Debug)]
enum Step {
    Create {
        version: usize,
        amounts: Vec<u64>,
        owner: usize,
    },
    Transfer(Transfer),
    /// Spends what a transfer of the history has spent.
    DoubleSpend {
        of: Index,
        owner: usize,
    },
    /// Signs a transfer, and changes it afterwards.
    Forge(Transfer),
    /// Pays more, or less, than comes in.
    Unbalance {
        transfer: Transfer,
        more: bool,
    },
    /// Sends what is in the history again.
    Repeat(Index),
}

#[derive(Clone, Debug)]
struct Transfer {
    version: usize,
    pick: Index,
    inputs: usize,
    cut: Index,
    owner: usize,
}

fn transfer() -> impl Strategy<Value = Transfer> {
    (0..5_usize, any::<Index>(), 1..4_usize, any::<Index>(), 0..4_usize).prop_map(
        |(version, pick, inputs, cut, owner)| Transfer { version, pick, inputs, cut, owner },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_usize, prop::collection::vec(1..50_u64, 1..4), 0..4_usize)
            .prop_map(|(version, amounts, owner)| Step::Create { version, amounts, owner }),
        8 => transfer().prop_map(Step::Transfer),
        2 => (any::<Index>(), 0..4_usize).prop_map(|(of, owner)| Step::DoubleSpend { of, owner }),
        2 => transfer().prop_map(Step::Forge),
        2 => (transfer(), any::<bool>())
            .prop_map(|(transfer, more)| Step::Unbalance { transfer, more }),
        1 => any::<Index>().prop_map(Step::Repeat),
    ]
}

/// What is known without looking at transactions: who could spend how much of what.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    unspent: BTreeMap<OutputRef, (AssetId, u64, &'static str)>,
    created: BTreeMap<AssetId, u64>,
}

impl Model {
    fn conserves(&self) -> bool {
        let mut sums = BTreeMap::new();
        for (asset, amount, _) in self.unspent.values() {
            *sums.entry(*asset).or_insert(0) += amount;
        }
        sums == self.created
    }
}

#[derive(Default)]
struct History {
    chain: Chain,
    accepted: Vec<Arc<Transaction>>,
    model: Model,
    next_asset: u8,
}

impl History {
    /// The outputs that a transfer spends: some of one asset.
    fn select(&self, transfer: &Transfer) -> Option<Vec<(OutputRef, AssetId, u64, &'static str)>> {
        let all: Vec<_> = self.model.unspent.iter().collect();
        let first = all.get(transfer.pick.index(all.len().max(1)))?;
        let of_asset = all.iter().filter(|(_, facts)| facts.0 == first.1.0);
        let list =
            of_asset.map(|(output, (asset, amount, owner))| (**output, *asset, *amount, *owner));
        Some(list.take(transfer.inputs).collect())
    }

    /// A transfer of the selected outputs that pays `total` in one or two outputs.
    fn build(
        &self,
        transfer: &Transfer,
        spent: &[(OutputRef, AssetId, u64, &'static str)],
        total: u64,
    ) -> (Transaction, Vec<(u64, &'static str)>) {
        let asset = spent[0].1;
        let version = match asset {
            AssetId::Uuid(_) => Version::Nested1,
            AssetId::Transaction(_) => VERSIONS[1..][transfer.version % 4],
        };
        let cut = transfer.cut.index(usize::try_from(total).unwrap()) as u64;
        let own = OWNERS[transfer.owner];
        let outputs = match cut {
            0 => vec![(total, own)],
            cut => vec![(cut, own), (total - cut, "alice")],
        };
        let sources: Vec<_> = spent.iter().map(|(output, ..)| self.find(output)).collect();
        let pairs: Vec<_> =
            sources.iter().zip(spent).map(|(tx, (output, ..))| (&**tx, output.index)).collect();
        let draft = pay(spend(version, asset, &pairs), &outputs);
        (sign(&draft, &OWNERS), outputs)
    }

    fn find(&self, output: &OutputRef) -> Arc<Transaction> {
        self.chain.state.transaction(&output.transaction).unwrap().unwrap()
    }

    /// Appends what the model says is valid.
    fn accept(
        &mut self,
        transaction: Transaction,
        asset: AssetId,
        outputs: &[(u64, &'static str)],
    ) {
        for input in transaction.inputs() {
            if let Some(output) = input.spends {
                assert!(self.model.unspent.remove(&output).is_some());
            }
        }
        for (index, (amount, owner)) in (0..).zip(outputs) {
            let output = OutputRef { transaction: transaction.id(), index };
            self.model.unspent.insert(output, (asset, *amount, owner));
        }
        self.accepted.push(self.chain.append(transaction));
    }

    fn refuse(&self, transaction: &Transaction) {
        assert!(self.chain.check(transaction).is_err(), "{}", transaction.to_json());
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Create { version, amounts, owner } => {
                self.next_asset += 1;
                // A divisible asset of the nested format has at least two units.
                let outputs: Vec<_> =
                    amounts.iter().map(|amount| (amount + 1, OWNERS[*owner])).collect();
                let transaction = created(VERSIONS[*version], self.next_asset, &outputs);
                let asset = transaction.asset_id();
                let total = outputs.iter().map(|(amount, _)| amount).sum();
                assert!(self.model.created.insert(asset, total).is_none());
                self.accept(transaction, asset, &outputs);
            }
            Step::Transfer(transfer) => {
                let Some(spent) = self.select(transfer) else { return };
                let total = spent.iter().map(|(_, _, amount, _)| amount).sum();
                let (transaction, outputs) = self.build(transfer, &spent, total);
                self.accept(transaction, spent[0].1, &outputs);
            }
            Step::DoubleSpend { of, owner } => {
                let spends = |tx: &&Arc<Transaction>| tx.inputs()[0].spends.is_some();
                let spending: Vec<_> = self.accepted.iter().filter(spends).collect();
                let Some(victim) = spending.get(of.index(spending.len().max(1))) else { return };
                let output = victim.inputs()[0].spends.unwrap();
                let source = self.find(&output);
                let amount = source.outputs()[output.index as usize].amount;
                let pairs = [(&*source, output.index)];
                let draft = spend(victim.version(), victim.asset_id(), &pairs);
                self.refuse(&sign(&pay(draft, &[(amount, OWNERS[*owner])]), &OWNERS));
            }
            Step::Forge(transfer) => {
                let Some(spent) = self.select(transfer) else { return };
                let total = spent.iter().map(|(_, _, amount, _)| amount).sum();
                let (signed, _) = self.build(transfer, &spent, total);
                self.refuse(&with_other_metadata(&signed));
            }
            Step::Unbalance { transfer, more } => {
                let Some(spent) = self.select(transfer) else { return };
                let total: u64 = spent.iter().map(|(_, _, amount, _)| amount).sum();
                let total = if *more || total == 1 { total + 1 } else { total - 1 };
                let (transaction, _) = self.build(transfer, &spent, total);
                self.refuse(&transaction);
            }
            Step::Repeat(of) => {
                if let Some(transaction) = self.accepted.get(of.index(self.accepted.len().max(1))) {
                    self.refuse(transaction);
                }
            }
        }
        assert!(self.model.conserves(), "after {step:?}");
    }
}

fn with_other_metadata(signed: &Transaction) -> Transaction {
    let mut value: serde_json::Value = serde_json::from_str(signed.to_json()).unwrap();
    let other = serde_json::json!({"other": "body"});
    let id = "11111111-1111-4111-9111-111111111111";
    match value.get_mut("transaction") {
        Some(body) => body["metadata"] = serde_json::json!({"id": id, "data": other}),
        None => value["metadata"] = other,
    }
    Transaction::parse(raw::with_id(value).as_bytes()).unwrap()
}

/// The sums of a state, computed from nothing but its transactions.
fn unspent_sums(state: &Layer) -> BTreeMap<AssetId, u64> {
    let mut sums = BTreeMap::new();
    for transaction in state.transactions() {
        for (index, output) in (0..).zip(transaction.outputs()) {
            let output_ref = OutputRef { transaction: transaction.id(), index };
            if state.spender(&output_ref).unwrap().is_none() {
                *sums.entry(transaction.asset_id()).or_insert(0) += output.amount;
            }
        }
    }
    sums
}

/// Appends transactions in another order, each as soon as what it spends is there, and returns the
/// state.
fn append_in_another_order(transactions: &[Arc<Transaction>], order: &[Index]) -> Layer {
    let mut waiting: Vec<_> = transactions.to_vec();
    let mut state = Layer::default();
    let mut order = order.iter().cycle();
    while !waiting.is_empty() {
        let is_ready = |tx: &Arc<Transaction>| {
            let spends = tx.inputs().iter().filter_map(|input| input.spends);
            spends.into_iter().all(|output| state.contains(&output.transaction).unwrap())
        };
        let ready: Vec<usize> = (0..waiting.len()).filter(|&at| is_ready(&waiting[at])).collect();
        let next = waiting.remove(ready[order.next().unwrap().index(ready.len())]);
        assert_eq!(check_state(&next, &state).unwrap(), Ok(()), "{}", next.to_json());
        state.add(&next);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Goal, over random histories of creations, transfers, double spends, forgeries, unbalanced
    /// and repeated transactions:
    ///
    /// * what the model allows is accepted, everything else refused;
    /// * of each asset there is as much unspent as was created;
    /// * no output is spent twice;
    /// * replaying the history gives the same state;
    /// * so does any other order in which inputs come before what spends them.
    #[test]
    fn histories_keep_the_laws(
        steps in prop::collection::vec(step(), 1..40),
        order in prop::collection::vec(any::<Index>(), 1..40),
    ) {
        let mut history = History::default();
        for step in &steps {
            history.step(step);
        }
        let state = &history.chain.state;
        prop_assert_eq!(unspent_sums(state), history.model.created.clone());

        let inputs = history.accepted.iter().flat_map(|tx| tx.inputs());
        let spends = inputs.filter(|input| input.spends.is_some());
        prop_assert_eq!(spends.count(), state.spenders().len());
        prop_assert_eq!(state.transactions().len(), history.accepted.len());

        let mut replayed = Chain::default();
        for transaction in &history.accepted {
            let read = Transaction::parse(transaction.to_json().as_bytes()).unwrap();
            prop_assert_eq!(read.verify_signatures(NOW), Ok(()));
            replayed.append(read);
        }
        prop_assert_eq!(&replayed.state, state);
        prop_assert_eq!(&append_in_another_order(&history.accepted, &order), state);
    }
}
