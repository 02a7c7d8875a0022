//! A small chain with a mempool, and a server that follows it for one deal.

use std::collections::{BTreeMap, BTreeSet};
use tally_chain::utxo::OutPoint;
use tally_deal::{
    Action, Actor, Command, CommandRefused, Deal, Event, Fact, Plan, Policy, Purpose, SettlementId,
    State, Time,
};
use tally_primitives::{BlockNumber, Satoshi, Txid};

/// Seconds from one block to the next, if a test does not say.
pub(super) const BLOCK_SECONDS: u64 = 60;

/// A transaction: what it spends, and what it pays by which script.
#[derive(Debug, Clone)]
pub(super) struct Tx {
    pub(super) spends: BTreeSet<OutPoint>,
    pub(super) outputs: Vec<(Vec<u8>, u64)>,
    pub(super) fee: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) time: Time,
    pub(super) txids: Vec<Txid>,
}

/// The chain, the server's deal, and what the server has still to do.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) deal: Deal,
    pub(super) policy: Policy,
    pub(super) now: Time,
    pub(super) chain: Vec<Block>,
    /// Where each transaction of the chain is.
    heights: BTreeMap<Txid, BlockNumber>,
    pub(super) mempool: Vec<Txid>,
    pub(super) txs: BTreeMap<Txid, Tx>,
    pub(super) todo: Vec<Action>,
    pub(super) events: Vec<Event>,
    /// The network relays nothing: broadcasts fail.
    pub(super) is_refusing: bool,
    /// A signed settlement has lost an input once.
    pub(super) has_lost: bool,
    made: u32,
}

impl World {
    pub(super) fn new(deal: Deal, policy: Policy) -> Self {
        let now = deal.created();
        let genesis = Block { time: now, txids: Vec::new() };
        Self {
            deal,
            policy,
            now,
            chain: vec![genesis],
            heights: BTreeMap::new(),
            mempool: Vec::new(),
            txs: BTreeMap::new(),
            todo: Vec::new(),
            events: Vec::new(),
            is_refusing: false,
            has_lost: false,
            made: 0,
        }
    }

    pub(super) fn of(deal: Deal) -> Self {
        Self::new(deal, Policy::default())
    }

    pub(super) fn tip(&self) -> BlockNumber {
        BlockNumber(self.chain.len() as u64 - 1)
    }

    pub(super) fn state(&self) -> State {
        self.deal.state()
    }

    /// Tells the deal a fact, twice: the second time must change nothing and plan nothing.
    pub(super) fn tell(&mut self, fact: Fact) -> Result<(), CommandRefused> {
        let before = self.deal.clone();
        let told = self.deal.apply(fact.clone(), &self.policy);
        if told.is_err() {
            assert_eq!(self.deal, before, "what is refused leaves no trace: {fact:?}");
        }
        let after = self.deal.clone();
        let again = self.deal.apply(fact.clone(), &self.policy);
        assert_eq!(self.deal, after, "a fact that is told again changes nothing: {fact:?}");
        for action in again.unwrap_or_default() {
            let is_bump = matches!(&fact, Fact::Command { command: Command::Bump, .. });
            let is_repeatable = is_bump || matches!(action, Action::Broadcast { .. });
            assert!(is_repeatable, "{fact:?} again led to {action:?}");
        }
        for action in told? {
            match action {
                Action::Notify(event) => self.events.push(event),
                Action::Settle(_) | Action::Broadcast { .. } => self.todo.push(action),
            }
        }
        Ok(())
    }

    fn tell_fact(&mut self, fact: Fact) {
        self.tell(fact).expect("facts of the chain are never refused");
    }

    pub(super) fn command(&mut self, command: Command, by: Actor) -> Result<(), CommandRefused> {
        let now = self.now;
        self.tell(Fact::Command { command, by, now })
    }

    /// Lets time pass and tells the clock.
    pub(super) fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(seconds);
        let (now, tip) = (self.now, self.tip());
        self.tell_fact(Fact::Clock { now, tip });
    }

    pub(super) fn wait_until(&mut self, time: Time) {
        self.wait(time.since(self.now));
    }

    // Transactions.

    /// A coin of somebody outside, which two transactions cannot spend both.
    pub(super) fn coin(number: u32) -> OutPoint {
        let mut bytes = [0xc0; 32];
        bytes[28..].copy_from_slice(&number.to_be_bytes());
        OutPoint { txid: Txid::from_shown(bytes), vout: 0 }
    }

    fn is_coin(outpoint: OutPoint) -> bool {
        outpoint.txid.as_shown()[..28] == [0xc0; 28]
    }

    fn new_txid(&mut self) -> Txid {
        self.made += 1;
        let mut bytes = [0; 32];
        // Spread, so that the order of ids is not that of time.
        bytes[..4].copy_from_slice(&self.made.wrapping_mul(2_654_435_761).to_be_bytes());
        Txid::from_shown(bytes)
    }

    /// Sends money to the deal by a transaction that spends a coin; the mempool takes it instead of
    /// another that spends the same.
    pub(super) fn pay_with(&mut self, coin: u32, value: u64) -> OutPoint {
        let script = self.deal.address().script();
        let txid = self.new_txid();
        let spends = [Self::coin(coin)].into();
        self.txs.insert(txid, Tx { spends, outputs: vec![(script, value)], fee: 1 });
        let outpoint = OutPoint { txid, vout: 0 };
        if self.can_enter(txid) {
            self.enter(txid);
        }
        outpoint
    }

    /// Sends money to the deal.
    pub(super) fn pay(&mut self, value: u64) -> OutPoint {
        self.pay_with(1_000 + self.made, value)
    }

    /// The owner of a coin spends it elsewhere.
    pub(super) fn spend_elsewhere(&mut self, coin: OutPoint) -> Txid {
        let txid = self.new_txid();
        let spends = [coin].into();
        self.txs.insert(txid, Tx { spends, outputs: vec![(vec![0x51], 1)], fee: 1_000_000 });
        if self.can_enter(txid) {
            self.enter(txid);
        }
        txid
    }

    /// A miner mines one of the transactions that were ever made and that are possible now, be it
    /// one that the mempool has replaced.
    pub(super) fn mine_any(&mut self, at: usize) {
        let possible: Vec<_> = self
            .txs
            .keys()
            .copied()
            .filter(|txid| !self.heights.contains_key(txid) && self.can_enter(*txid))
            .collect();
        if let Some(txid) = possible.get(at % possible.len().max(1)).copied() {
            self.enter(txid);
            self.mine();
        }
    }

    /// Returns whether all that a transaction spends is there and unspent in the chain.
    fn can_enter(&self, txid: Txid) -> bool {
        self.txs[&txid].spends.iter().all(|outpoint| {
            let is_there = Self::is_coin(*outpoint)
                || self.mempool.contains(&outpoint.txid)
                || self.height_of(outpoint.txid).is_some();
            is_there && self.spender(*outpoint).is_none()
        })
    }

    /// Puts a transaction into the mempool, in place of those that spend the same.
    fn enter(&mut self, txid: Txid) {
        self.evict_conflicts(txid);
        if self.mempool.contains(&txid) {
            return;
        }
        self.mempool.push(txid);
        for (outpoint, value) in self.deal_outputs(txid) {
            self.tell_fact(Fact::Seen { outpoint, value: Satoshi(value) });
        }
        self.tell_spent(txid, None);
    }

    fn evict_conflicts(&mut self, txid: Txid) {
        let spends = self.txs[&txid].spends.clone();
        let others: Vec<_> = self.mempool.iter().copied().filter(|other| *other != txid).collect();
        for other in others {
            if !self.txs[&other].spends.is_disjoint(&spends) {
                self.forget(other);
            }
        }
    }

    /// The mempool forgets a transaction and what spends it.
    pub(super) fn forget(&mut self, txid: Txid) {
        let Some(at) = self.mempool.iter().position(|other| *other == txid) else { return };
        self.mempool.remove(at);
        let children: Vec<_> = self
            .mempool
            .iter()
            .copied()
            .filter(|child| self.txs[child].spends.iter().any(|spent| spent.txid == txid))
            .collect();
        for child in children {
            self.forget(child);
        }
        for (outpoint, _) in self.deal_outputs(txid) {
            let mut settlements = self.deal.settlements().iter();
            self.has_lost |= settlements.any(|settlement| {
                settlement.is_signed()
                    && settlement.plan.inputs.iter().any(|(input, _)| *input == outpoint)
            });
            self.tell_fact(Fact::Gone { outpoint });
        }
    }

    pub(super) fn deal_outputs(&self, txid: Txid) -> Vec<(OutPoint, u64)> {
        let script = self.deal.address().script();
        let outputs = (0..).zip(&self.txs[&txid].outputs);
        outputs
            .filter(|(_, (to, _))| *to == script)
            .map(|(vout, (_, value))| (OutPoint { txid, vout }, *value))
            .collect()
    }

    fn tell_spent(&mut self, txid: Txid, height: Option<BlockNumber>) {
        for outpoint in self.txs[&txid].spends.clone() {
            if !Self::is_coin(outpoint) {
                self.tell_fact(Fact::Spent { outpoint, by: txid, height });
            }
        }
    }

    // Blocks.

    pub(super) fn height_of(&self, txid: Txid) -> Option<BlockNumber> {
        self.heights.get(&txid).copied()
    }

    /// Returns the transaction in the chain that spends an output.
    pub(super) fn spender(&self, outpoint: OutPoint) -> Option<Txid> {
        self.heights.keys().find(|txid| self.txs[txid].spends.contains(&outpoint)).copied()
    }

    /// Mines the transactions of the mempool, a minute after the last block.
    pub(super) fn mine(&mut self) {
        let time = self.now.plus(BLOCK_SECONDS);
        self.mine_at(time, |_| true);
    }

    /// Mines the mempool, and empty blocks upon it at the same time; the server hears of them at
    /// once.
    pub(super) fn mine_many(&mut self, blocks: u64) {
        let time = self.now;
        self.mine_at(time, |_| true);
        for _ in 1..blocks {
            self.chain.push(Block { time, txids: Vec::new() });
        }
        self.wait(0);
    }

    pub(super) fn mine_blocks(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.mine();
        }
    }

    /// Mines those transactions of the mempool that are chosen and whose parents are mined.
    pub(super) fn mine_at(&mut self, time: Time, is_chosen: impl Fn(usize) -> bool) {
        self.now = self.now.max(time);
        let mut txids: Vec<Txid> = Vec::new();
        for (at, txid) in self.mempool.iter().enumerate() {
            let has_parents = self.txs[txid].spends.iter().all(|spent| {
                Self::is_coin(*spent)
                    || txids.contains(&spent.txid)
                    || self.height_of(spent.txid).is_some()
            });
            if is_chosen(at) && has_parents {
                txids.push(*txid);
            }
        }
        self.mempool.retain(|txid| !txids.contains(txid));
        let height = BlockNumber(self.chain.len() as u64);
        self.heights.extend(txids.iter().map(|txid| (*txid, height)));
        self.chain.push(Block { time, txids });
        self.tell_block(self.chain.len() - 1);
    }

    fn tell_block(&mut self, at: usize) {
        let height = BlockNumber(at as u64);
        let Block { time, txids } = self.chain[at].clone();
        for txid in txids {
            for (outpoint, value) in self.deal_outputs(txid) {
                let value = Satoshi(value);
                self.tell_fact(Fact::Confirmed { outpoint, value, height, time });
            }
            self.tell_spent(txid, Some(height));
        }
        let (now, tip) = (self.now, self.tip());
        if height == tip {
            self.tell_fact(Fact::Clock { now, tip });
        }
    }

    /// Undoes the newest blocks; their transactions are in the mempool again.
    pub(super) fn undo(&mut self, blocks: usize) {
        let kept = self.chain.len().saturating_sub(blocks).max(1);
        let undone: Vec<_> = self.chain.drain(kept..).flat_map(|block| block.txids).collect();
        let tip = self.tip();
        self.heights.retain(|_, height| *height <= tip);
        self.tell_fact(Fact::RolledBackTo(tip));
        let waiting = std::mem::take(&mut self.mempool);
        for txid in undone.into_iter().chain(waiting) {
            // What was in the chain comes first; what spends the same has to go.
            let is_free = self.can_enter(txid)
                && self
                    .mempool
                    .iter()
                    .all(|other| self.txs[other].spends.is_disjoint(&self.txs[&txid].spends));
            if is_free {
                self.mempool.push(txid);
            } else {
                self.mempool.push(txid);
                self.forget(txid);
            }
        }
    }

    /// The server reads the chain again from some height on.
    pub(super) fn rescan(&mut self, from: usize) {
        let from = from.min(self.chain.len() - 1);
        self.tell_fact(Fact::RolledBackTo(BlockNumber(from as u64)));
        for at in from + 1..self.chain.len() {
            self.tell_block(at);
        }
    }

    // What the server does.

    /// Does everything that is to be done, as long as there is something.
    pub(super) fn work(&mut self) {
        while !self.todo.is_empty() {
            let action = self.todo.remove(0);
            self.perform(action);
        }
    }

    pub(super) fn perform(&mut self, action: Action) {
        match action {
            // Some plans cannot be built while the network is difficult.
            Action::Settle(plan) if self.is_refusing && plan.id.0 % 2 == 0 => {
                let reason = "below dust".to_owned();
                self.tell_fact(Fact::Rejected { id: plan.id, reason });
            }
            Action::Settle(plan) => {
                let least = plan.replaces_fee.map_or(0, |fee| fee.0);
                self.sign(&plan, least + 200);
            }
            Action::Broadcast { id, txid, .. } => self.broadcast(id, txid),
            Action::Notify(_) => {}
        }
    }

    /// Signs a plan; the largest share bears the miner's fee.
    pub(super) fn sign(&mut self, plan: &Plan, fee: u64) -> Option<Txid> {
        let largest = plan.shares.iter().max_by_key(|(_, share)| *share)?.0;
        if plan.share(largest).0 <= fee {
            let reason = "below dust".to_owned();
            self.tell_fact(Fact::Rejected { id: plan.id, reason });
            return None;
        }
        let outputs = plan.shares.iter().map(|(recipient, share)| {
            let fee = if *recipient == largest { fee } else { 0 };
            (self.deal.address_of(*recipient).unwrap().script(), share.0 - fee)
        });
        let (txid, raw) = transaction(plan, outputs.collect());
        let spends = plan.inputs.iter().map(|(outpoint, _)| *outpoint).collect();
        let outputs = raw.output.iter();
        let outputs = outputs.map(|it| (it.script_pubkey.to_bytes(), it.value.to_sat())).collect();
        let made = Tx { spends, outputs, fee };
        let raw = bitcoin::consensus::serialize(&raw);
        // A refusal means that the plan was dropped meanwhile: the transaction is thrown away.
        let told = self.tell(Fact::Settled { id: plan.id, txid, fee: Satoshi(fee), raw });
        if told.is_ok() {
            self.txs.insert(txid, made);
        }
        told.is_ok().then_some(txid)
    }

    fn broadcast(&mut self, id: SettlementId, txid: Txid) {
        if self.mempool.contains(&txid) || self.height_of(txid).is_some() {
            self.tell_fact(Fact::Accepted { id });
            return;
        }
        let tx = &self.txs[&txid];
        let is_best = self.mempool.iter().all(|other| {
            let other = &self.txs[other];
            other.spends.is_disjoint(&tx.spends) || other.fee < tx.fee
        });
        if self.can_enter(txid) && is_best && !self.is_refusing {
            self.enter(txid);
            self.tell_fact(Fact::Accepted { id });
        } else {
            let reason = "refused".to_owned();
            self.tell_fact(Fact::Rejected { id, reason });
        }
    }

    /// The server forgets what it had to do and reads it from the deal, which it reads from its
    /// store.
    pub(super) fn crash(&mut self) {
        let stored = serde_json::to_vec(&self.deal).unwrap();
        let read: Deal = serde_json::from_slice(&stored).unwrap();
        assert_eq!(read, self.deal);
        self.deal = read;
        self.todo = self.deal.pending();
    }

    // What came of it.

    /// Returns what an address has got in the chain.
    pub(super) fn received(&self, recipient: tally_deal::Recipient) -> u64 {
        let Some(script) = self.deal.address_of(recipient).map(|it| it.script()) else { return 0 };
        let mined = self.chain.iter().flat_map(|block| &block.txids);
        let outputs = mined.flat_map(|txid| &self.txs[txid].outputs);
        outputs.filter(|(to, _)| *to == script).map(|(_, value)| value).sum()
    }

    /// Returns the settlements in the chain that are for this purpose.
    pub(super) fn mined(&self, purpose: Purpose) -> usize {
        let settlements = self.deal.settlements().iter();
        settlements
            .filter(|settlement| settlement.plan.purpose == purpose)
            .flat_map(|settlement| &settlement.versions)
            .filter(|version| self.height_of(version.txid).is_some())
            .count()
    }
}

/// Makes a transaction of a plan that pays these outputs.
pub(super) fn transaction(
    plan: &Plan,
    outputs: Vec<(Vec<u8>, u64)>,
) -> (Txid, bitcoin::Transaction) {
    use bitcoin::{
        Amount, ScriptBuf, Sequence, TxIn, TxOut, Witness, absolute::LockTime, hashes::Hash as _,
        transaction::Version,
    };
    let input = plan.inputs.iter().map(|(outpoint, _)| TxIn {
        previous_output: bitcoin::OutPoint {
            txid: bitcoin::Txid::from_byte_array(outpoint.txid.to_hash()),
            vout: outpoint.vout,
        },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    });
    let output = outputs.into_iter().map(|(script, value)| TxOut {
        value: Amount::from_sat(value),
        script_pubkey: ScriptBuf::from_bytes(script),
    });
    let transaction = bitcoin::Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: input.collect(),
        output: output.collect(),
    };
    (Txid::from_hash(transaction.compute_txid().to_byte_array()), transaction)
}
