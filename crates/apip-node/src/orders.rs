//! Payments for services: which outputs of the chain are orders.

use crate::{ServiceTerms, TermsError, records::OrderRow};
use tally_accounts::{CashId, Order};
use tally_chain::utxo::{OutPoint, Payment, Record};
use tally_crypto::sha256x2_parts;
use tally_feip::{BuyMark, BuyMarkOp, Entity, EntityKey, Kind, ViewError, buy_mark};
use tally_primitives::{BlockId, Fid, Satoshi, Txid};

/// Returns the name of an output: the double SHA-256 of its transaction's id, as hashed, and its
/// position, 4 bytes little-endian.
pub(crate) fn cash_id(output: &OutPoint) -> CashId {
    let hash = sha256x2_parts(&[&output.txid.to_hash(), &output.vout.to_le_bytes()]);
    CashId::from_shown(*Txid::from_hash(hash).as_shown())
}

/// Returns the outputs of a record's transaction that pay for a service, with their positions.
///
/// The orders of *all* services are found, so that they are a function of the chain alone and not of
/// whose directory it is. A payment counts by the terms that the service has when it is made.
pub(crate) fn orders_in(
    record: &Record,
    block: Option<BlockId>,
    entity: impl FnOnce(&EntityKey) -> Result<Option<Entity>, ViewError>,
) -> Result<Vec<(u32, OrderRow)>, ViewError> {
    // Most records say nothing of this kind, and most of those that do pay nobody.
    let (Some(signer), false) = (&record.signer, record.payments.is_empty()) else {
        return Ok(vec![]);
    };
    let Some(BuyMark { sid, via, op: BuyMarkOp::Buy }) = buy_mark(&record.text) else {
        return Ok(vec![]);
    };
    let Ok(service) = sid.parse::<Txid>() else { return Ok(vec![]) };
    let Some(found) = entity(&EntityKey::published(Kind::Service, &service))? else {
        return Ok(vec![]);
    };
    let terms = match ServiceTerms::of(&found) {
        Ok(terms) => terms,
        Err(error) => {
            report(record, &service, &error);
            return Ok(vec![]);
        }
    };
    let row = |payment: &Payment| {
        let output = OutPoint { txid: record.txid, vout: payment.vout };
        let order = Order {
            cash_id: cash_id(&output),
            from: signer.clone(),
            to: payment.to.clone(),
            amount: payment.value,
            time: record.time,
            txid: record.txid,
            index: record.index,
            height: record.height,
            block,
            via: via.first().cloned(),
        };
        (payment.vout, OrderRow { service, order })
    };
    let paid = record.payments.iter().filter(|payment| counts(payment, &terms, signer));
    Ok(paid.map(row).collect())
}

/// Says whether an output pays for the service: what goes back to the account itself is change.
fn counts(payment: &Payment, terms: &ServiceTerms, signer: &Fid) -> bool {
    payment.to == terms.account
        && *signer != terms.account
        && payment.value >= terms.min_payment
        && payment.value > Satoshi(0)
}

fn report(record: &Record, service: &Txid, error: &TermsError) {
    tracing::warn!(
        transaction = %record.txid, height = %record.height, %service, %error,
        "a payment for a service is not credited: the service's record cannot be understood"
    );
}
