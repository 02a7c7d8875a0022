use crate::Limits;
use std::{
    collections::{BTreeMap, HashMap, btree_map},
    ops::Range,
    sync::Arc,
};
use tally_ledger::{
    AssetId, AssetUuid, Operation, OutputRef, Rejection, RejectionCode, Transaction, TransactionId,
};

/// What may be proposed: this node's own backlog, and transactions of others that were checked.
///
/// A value without threads, clocks and disk; its order is that of arrival. Own transactions are on
/// disk too, and stay until they are in the chain or impossible. Those of others are a courtesy:
/// they may be forgotten at any time, because the node that accepted them keeps them.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Limits,
    entries: HashMap<TransactionId, Entry>,
    own: Line,
    others: Line,
    claims: HashMap<Claim, Vec<TransactionId>>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    transaction: Arc<Transaction>,
    number: u64,
    origin: Origin,
    /// The time of a block that it could not be in because of a timeout, if there was one.
    failed_at: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// Accepted here, and on disk.
    Own,
    /// On its way to the disk.
    Admitted,
    /// The same, but a block has made it impossible meanwhile.
    Doomed(Rejection),
    /// Accepted by another node.
    Other,
}

/// Transactions in order of arrival, and the bytes of their texts.
#[derive(Debug, Default)]
struct Line {
    ids: BTreeMap<u64, TransactionId>,
    bytes: usize,
}

/// What only one transaction of a chain can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Claim {
    Output(OutputRef),
    Asset(AssetUuid),
}

/// What the pool says to a transaction that a client posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It has its place. It is to be made durable, and [`Pool::settle_admission`] to be called.
    New,
    /// It has its place already.
    Known,
    /// It contradicts another own transaction.
    Refused(Rejection),
    /// There is no room.
    Full,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: HashMap::new(),
            own: Line::default(),
            others: Line::default(),
            claims: HashMap::new(),
            next: 0,
        }
    }

    /// Takes in what an earlier run accepted. Nothing that was accepted is ever too much.
    pub(crate) fn restore(&mut self, transaction: Arc<Transaction>) {
        if !self.entries.contains_key(&transaction.id()) {
            self.insert(transaction, Origin::Own);
        }
    }

    /// Gives a checked transaction of a client its place, if there is room and no own one
    /// contradicts it. One that another node sent becomes an own one, in the client's wording.
    pub(crate) fn admit(&mut self, transaction: &Arc<Transaction>) -> Admission {
        let id = transaction.id();
        if self.entries.get(&id).is_some_and(|entry| entry.origin != Origin::Other) {
            return Admission::Known;
        }
        if let Some(rejection) = self.contradiction(transaction) {
            return Admission::Refused(rejection);
        }
        let bytes = self.own.bytes + transaction.to_json().len();
        if self.own.ids.len() >= self.limits.backlog || bytes > self.limits.backlog_bytes {
            return Admission::Full;
        }
        self.remove(&id);
        self.insert(Arc::clone(transaction), Origin::Admitted);
        Admission::New
    }

    /// Notes that an admitted transaction is on disk. Returns why it has become impossible
    /// meanwhile, if it has; then it is gone.
    pub(crate) fn settle_admission(&mut self, id: &TransactionId) -> Option<Rejection> {
        let entry = self.entries.get_mut(id)?;
        match std::mem::replace(&mut entry.origin, Origin::Own) {
            Origin::Doomed(rejection) => {
                self.remove(id);
                Some(rejection)
            }
            Origin::Own | Origin::Admitted | Origin::Other => None,
        }
    }

    /// Takes in a checked transaction of another node, if there is room and it contradicts nothing
    /// here. Says whether it is new.
    pub(crate) fn offer(&mut self, transaction: Arc<Transaction>) -> bool {
        let bytes = self.others.bytes + transaction.to_json().len();
        let is_known = self.entries.contains_key(&transaction.id());
        let is_full = self.others.ids.len() >= self.limits.pool || bytes > self.limits.pool_bytes;
        if is_known || is_full || claims(&transaction).any(|claim| self.claims.contains_key(&claim))
        {
            return false;
        }
        self.insert(transaction, Origin::Other);
        true
    }

    /// Returns a transaction that was checked, signatures included.
    pub(crate) fn get(&self, id: &TransactionId) -> Option<&Arc<Transaction>> {
        self.entries.get(id).map(|entry| &entry.transaction)
    }

    /// Returns how many own transactions and how many of others there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.own.ids.len(), self.others.ids.len())
    }

    /// Returns up to `limit` transactions to be proposed, own ones first. `except` says which are
    /// left out, by id and by the time at which a timeout kept them out of a block, if one did.
    pub(crate) fn proposable(
        &self,
        limit: usize,
        except: impl Fn(&TransactionId, Option<u64>) -> bool,
    ) -> Vec<Arc<Transaction>> {
        let ids = self.own.ids.values().chain(self.others.ids.values());
        let entries = ids.filter_map(|id| Some((id, self.entries.get(id)?)));
        let is_durable = |entry: &Entry| matches!(entry.origin, Origin::Own | Origin::Other);
        entries
            .filter(|(id, entry)| is_durable(entry) && !except(id, entry.failed_at))
            .map(|(_, entry)| Arc::clone(&entry.transaction))
            .take(limit)
            .collect()
    }

    /// Returns the number that the next transaction gets; they ascend with time.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next
    }

    /// Returns up to `limit` own durable transactions with their numbers, oldest first, of those in
    /// `numbers`.
    pub(crate) fn own_of(&self, numbers: Range<u64>, limit: usize) -> Vec<(u64, Arc<Transaction>)> {
        if numbers.is_empty() {
            return vec![];
        }
        let own = self.own.ids.range(numbers).filter_map(|(number, id)| {
            let entry = self.entries.get(id)?;
            let is_durable = entry.origin == Origin::Own;
            is_durable.then(|| (*number, Arc::clone(&entry.transaction)))
        });
        own.take(limit).collect()
    }

    /// Notes that a timeout keeps a transaction out of a block of the time `seconds`, in seconds
    /// since the epoch.
    pub(crate) fn set_aside(&mut self, id: &TransactionId, seconds: u64) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.failed_at = Some(seconds);
        }
    }

    /// Returns the time that [`set_aside`](Self::set_aside) noted.
    pub(crate) fn failed_at(&self, id: &TransactionId) -> Option<u64> {
        self.entries.get(id)?.failed_at
    }

    /// Says whether a transaction was accepted here.
    pub(crate) fn is_own(&self, id: &TransactionId) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.origin != Origin::Other)
    }

    /// Returns the own durable transactions that a block makes impossible, and why.
    pub(crate) fn losers(&self, block: &[Arc<Transaction>]) -> Vec<(TransactionId, Rejection)> {
        let mut losers = BTreeMap::new();
        for (loser, winner) in self.contradicting(block) {
            if let btree_map::Entry::Vacant(vacant) = losers.entry(loser)
                && self.entries.get(&loser).is_some_and(|entry| entry.origin == Origin::Own)
            {
                vacant.insert(lost(self.entries[&loser].transaction.as_ref(), winner));
            }
        }
        losers.into_iter().collect()
    }

    /// Removes what is in a block of the chain now, and what it makes impossible. Returns the own
    /// durable transactions among the latter; those on their way to the disk are doomed instead.
    pub(crate) fn settle(&mut self, block: &[Arc<Transaction>]) -> Vec<(TransactionId, Rejection)> {
        let losers = self.losers(block);
        for (loser, winner) in self.contradicting(block) {
            let Some(entry) = self.entries.get_mut(&loser) else { continue };
            if entry.origin == Origin::Admitted {
                entry.origin = Origin::Doomed(lost(&entry.transaction, winner));
            } else if !matches!(entry.origin, Origin::Doomed(_)) {
                self.remove(&loser);
            }
        }
        for transaction in block {
            self.remove(&transaction.id());
        }
        losers
    }

    /// Removes a transaction.
    pub(crate) fn remove(&mut self, id: &TransactionId) {
        let Some(entry) = self.entries.remove(id) else { return };
        self.line(&entry.origin).remove(entry.number, entry.transaction.to_json().len());
        for claim in claims(&entry.transaction) {
            if let Some(ids) = self.claims.get_mut(&claim) {
                ids.retain(|other| other != id);
                if ids.is_empty() {
                    self.claims.remove(&claim);
                }
            }
        }
    }

    fn insert(&mut self, transaction: Arc<Transaction>, origin: Origin) {
        let (id, number) = (transaction.id(), self.next);
        self.next += 1;
        let line = self.line(&origin);
        line.ids.insert(number, id);
        line.bytes += transaction.to_json().len();
        for claim in claims(&transaction) {
            self.claims.entry(claim).or_default().push(id);
        }
        self.entries.insert(id, Entry { transaction, number, origin, failed_at: None });
    }

    fn line(&mut self, origin: &Origin) -> &mut Line {
        match origin {
            Origin::Own | Origin::Admitted | Origin::Doomed(_) => &mut self.own,
            Origin::Other => &mut self.others,
        }
    }

    /// Why a transaction cannot stand beside an own one.
    fn contradiction(&self, transaction: &Transaction) -> Option<Rejection> {
        let ids = claims(transaction).filter_map(|claim| self.claims.get(&claim)).flatten();
        let other = ids.copied().find(|other| self.is_own(other) && *other != transaction.id())?;
        Some(lost(transaction, other))
    }

    /// The transactions here that contradict one of a block, each with that one.
    fn contradicting(&self, block: &[Arc<Transaction>]) -> Vec<(TransactionId, TransactionId)> {
        let mut found = Vec::new();
        for transaction in block {
            let winner = transaction.id();
            let ids = claims(transaction).filter_map(|claim| self.claims.get(&claim)).flatten();
            found.extend(ids.filter(|id| **id != winner).map(|loser| (*loser, winner)));
        }
        found
    }
}

impl Line {
    fn remove(&mut self, number: u64, bytes: usize) {
        if self.ids.remove(&number).is_some() {
            self.bytes -= bytes;
        }
    }
}

fn claims(transaction: &Transaction) -> impl Iterator<Item = Claim> + '_ {
    let asset = match (transaction.operation(), transaction.asset_id()) {
        (Operation::Create | Operation::Genesis, AssetId::Uuid(uuid)) => Some(Claim::Asset(uuid)),
        (Operation::Create | Operation::Genesis, AssetId::Transaction(_))
        | (Operation::Transfer, _) => None,
    };
    let outputs = transaction.inputs().iter().filter_map(|input| input.spends).map(Claim::Output);
    outputs.chain(asset)
}

/// Why a transaction lost against another one.
fn lost(loser: &Transaction, winner: TransactionId) -> Rejection {
    if loser.operation() == Operation::Transfer {
        let message = format!("inputs: transaction {winner} spends one of them");
        Rejection::new(RejectionCode::DoubleSpend, message)
    } else {
        let message = format!("asset.id: transaction {winner} creates the same asset");
        Rejection::new(RejectionCode::DuplicateAsset, message)
    }
}

#[cfg(test)]
mod tests;
