//! What the chain says about the money of deals, whatever the server believes.

use super::world::{CUSTOMER, MODULE, SELLER, SERVICE, World, address};
use std::collections::BTreeMap;
use tally_chain::utxo::{OutPoint, Transaction};
use tally_chain_utxo::decode_block;
use tally_deal::Deal;
use tally_primitives::{BlockNumber, Satoshi};

/// What came to a deal's address and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// What came in.
    pub(super) received: u64,
    /// What is still there.
    pub(super) unspent: u64,
    /// What the seller got.
    pub(super) seller: u64,
    /// What the customer got.
    pub(super) customer: u64,
    /// What the module's owner and the service got.
    pub(super) fees: u64,
    /// What miners got.
    pub(super) miners: u64,
    /// How many transactions spend the deal's money.
    pub(super) settlements: usize,
}

/// All transactions of the chain, and those that wait if asked for.
pub(super) fn transactions(world: &World, with_waiting: bool) -> Vec<Transaction> {
    let blocks = world.chain.raw_blocks();
    let decoded = blocks
        .iter()
        .zip(0..)
        .skip(1)
        .map(|(raw, height)| decode_block(raw, BlockNumber(height)).unwrap());
    let mut all: Vec<Transaction> = decoded.flat_map(|block| block.transactions).collect();
    if with_waiting {
        all.extend(world.chain.pending());
    }
    all
}

/// Follows the money of one deal. Checks that it goes to nobody but those who may have it.
pub(super) fn flow(deal: &Deal, transactions: &[Transaction]) -> Flow {
    let script = deal.address().script();
    let mut own: BTreeMap<OutPoint, u64> = BTreeMap::new();
    for transaction in transactions {
        for (output, vout) in transaction.outputs.iter().zip(0..) {
            if output.script == script {
                own.insert(OutPoint { txid: transaction.txid, vout }, output.value.0);
            }
        }
    }
    let mut flow = Flow { received: own.values().sum(), ..Flow::default() };
    flow.unspent = flow.received;
    for transaction in transactions {
        let spent: u64 = transaction.inputs.iter().filter_map(|input| own.get(input)).sum();
        if spent == 0 {
            continue;
        }
        let is_whole = transaction.inputs.iter().all(|input| own.contains_key(input));
        assert!(is_whole, "a settlement spends nothing but the deal's money");
        let mut paid = 0;
        for output in &transaction.outputs {
            let Satoshi(value) = output.value;
            paid += value;
            let is = |number| output.script == address(number).script();
            match () {
                () if is(SELLER) => flow.seller += value,
                () if is(CUSTOMER) => flow.customer += value,
                () if is(MODULE) || is(SERVICE) => flow.fees += value,
                () => panic!("deal {} pays a stranger", deal.code()),
            }
        }
        flow.unspent -= spent;
        flow.miners += spent - paid;
        flow.settlements += 1;
    }
    let out = flow.seller + flow.customer + flow.fees + flow.miners;
    assert_eq!(flow.received, flow.unspent + out, "no satoshi is lost or made");
    let sum = deal.terms().sum.satoshi().0;
    assert!(flow.seller + flow.fees <= sum, "a deal is paid out at most once: {flow:?}");
    flow
}
