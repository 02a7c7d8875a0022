//! PSBTs that parties send back: reading any bytes, and a good one with any bytes changed, ends
//! without a panic; a refusal leaves no trace, and what is accepted is the same transaction with
//! signatures of the deal's own keys that a stored copy has too.

#![no_main]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tally_chain::utxo::{FeeRate, OutPoint};
use tally_deal::{
    Address, Kind, Network, PaymentAddress, Plan, PrivateKey, Purpose, Recipient, Scheme,
    SettlementId, Sum, Terms, Time,
    settlement::{FeeRules, PartialSettlement, UnsignedSettlement},
};
use tally_primitives::{Satoshi, Txid};

struct Fixture {
    payment: PaymentAddress,
    start: PartialSettlement,
    /// Of one party.
    signed: Vec<u8>,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let keys = [1, 2, 3].map(|number| PrivateKey::from_bytes(&[number; 32]).expect("a key"));
    let [seller, customer, arbiter] = keys.each_ref().map(PrivateKey::public_key);
    let address = Address::parse("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", Network::Test);
    let address = address.expect("an address");
    let terms = Terms {
        network: Network::Test,
        kind: Kind::Postpaid,
        url: "https://shop.example".to_owned(),
        date: Time(1_700_000_000),
        seller: address.clone(),
        customer: address.clone(),
        until: Time(1_700_003_600),
        sum: Sum::parse("0.001", Network::Test).expect("a sum"),
        leave_before: Time(1_700_086_400),
    };
    let payment = terms.payment_address(&Scheme::Escrow { seller, customer, arbiter });
    let outpoint = |vout| OutPoint { txid: Txid::from_shown([7; 32]), vout };
    let plan = Plan {
        id: SettlementId(1),
        purpose: Purpose::Payout,
        inputs: vec![(outpoint(0), Satoshi(60_000)), (outpoint(1), Satoshi(40_000))],
        shares: vec![(Recipient::Seller, Satoshi(100_000))],
        replaces_fee: None,
    };
    let rules = FeeRules::new(Satoshi(200), Satoshi(2_000)).expect("rules");
    let to = [(Recipient::Seller, address)];
    let unsigned = UnsignedSettlement::build(&plan, &payment, &to, FeeRate::per_kvb(1_000), rules);
    let start = unsigned.expect("a settlement").to_partial();
    let mut signed = start.clone();
    signed.sign(&keys[1]).expect("a key of the deal");
    let signed = BASE64_STANDARD.decode(signed.to_text()).expect("Base64");
    Fixture { payment, start, signed }
});

fuzz_target!(|bytes: &[u8]| {
    offer(bytes);
    // Three bytes say where a change begins and how long what follows it is.
    let mut changed = FIXTURE.signed.clone();
    for change in bytes.chunks(8) {
        let [low, high, length, with @ ..] = change else { break };
        let start = usize::from(u16::from_le_bytes([*low, *high])) % changed.len();
        let end = (start + usize::from(length % 8)).min(changed.len());
        changed.splice(start..end, with.iter().copied());
        if changed.is_empty() {
            return;
        }
    }
    offer(&changed);
});

fn offer(psbt: &[u8]) {
    let Fixture { payment, start, .. } = &*FIXTURE;
    let text = BASE64_STANDARD.encode(psbt);
    let mut partial = start.clone();
    match partial.import(&text) {
        Err(_) => assert_eq!(&partial, start),
        Ok(signers) => {
            assert!(!signers.is_empty());
            assert!(signers.iter().all(|signer| payment.keys().contains(signer)));
            assert_eq!((partial.txid(), partial.fee()), (start.txid(), start.fee()));
            let stored = PartialSettlement::stored(&partial.to_text(), payment);
            assert_eq!(stored.as_ref(), Ok(&partial));
            if let Ok(signed) = partial.finalise() {
                assert_eq!(signed.txid, start.txid());
            }
        }
    }
    if let Ok(stored) = PartialSettlement::stored(&text, payment) {
        let again = PartialSettlement::stored(&stored.to_text(), payment);
        assert_eq!(again.as_ref(), Ok(&stored));
        let _ = stored.finalise();
    }
}
