//! How the data of older versions becomes that of this one.

use super::{HISTORY, JOURNAL, PaymentRow, decode, load, write};
use crate::{
    Happening, PaymentRecord, PaymentRole,
    journal::Stored,
    store::{Identity, read},
};
use tally_primitives::{BlockNumber, NodeAddress, TokenAmount};
use tally_storage::{Batch, KeyRange, Store, StoreError};

/// To version 2: finished payments move from the history to the journal, under the same numbers.
/// Nobody noted their times and nonces.
pub(crate) fn journal(store: &dyn Store) -> Result<Batch, StoreError> {
    let us = read::<Identity>(store, super::IDENTITY, super::IDENTITY_KEY)?;
    let us = us.map_or(NodeAddress::new([0; 20]), |identity| identity.node);
    let mut batch = Batch::new();
    load(store, HISTORY, KeyRange::all(), |entry| {
        let row: PaymentRow = decode(HISTORY, &entry.key, &entry.value)?;
        let (block, payment) = payment(us, row);
        let stored = Stored { time: 0, block, what: Happening::Payment(payment) };
        write(&mut batch, JOURNAL, entry.key.clone(), &stored);
        batch.delete(HISTORY, entry.key);
        Ok(())
    })?;
    Ok(batch)
}

fn payment(us: NodeAddress, row: PaymentRow) -> (BlockNumber, PaymentRecord) {
    match row {
        PaymentRow::Sent { payment, amount, channel, block } => {
            let sent = PaymentRecord { outgoing: Some(channel), ..of_initiator(us, payment) };
            (block, PaymentRecord { amount, ..sent })
        }
        PaymentRow::Failed { payment, reason, block } => {
            (block, PaymentRecord { failure: Some(reason), ..of_initiator(us, payment) })
        }
        PaymentRow::Received { initiator, token, identifier, amount, channel, block } => {
            let received = PaymentRecord {
                role: PaymentRole::Target,
                failure: None,
                token,
                initiator,
                target: us,
                identifier,
                amount,
                fee: TokenAmount::ZERO,
                incoming: Some(channel),
                outgoing: None,
                nonce: None,
            };
            (block, received)
        }
    }
}

const fn of_initiator(us: NodeAddress, payment: tally_channel::PaymentKey) -> PaymentRecord {
    PaymentRecord {
        role: PaymentRole::Initiator,
        failure: None,
        token: payment.token,
        initiator: us,
        target: payment.target,
        identifier: payment.identifier,
        amount: TokenAmount::ZERO,
        fee: TokenAmount::ZERO,
        incoming: None,
        outgoing: None,
        nonce: None,
    }
}
