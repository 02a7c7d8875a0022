//! Deals to settle: their keys, addresses and money.

use bitcoin::{Transaction, consensus, hashes::Hash as _};
use tally_chain::utxo::{FeeRate, OutPoint};
use tally_deal::{
    Address, Kind, Network, PaymentAddress, Plan, PrivateKey, Purpose, Recipient, Scheme,
    ServiceKeys, SettlementId, Sum, Terms,
    settlement::{FeeRules, SettlementError, SignedSettlement, UnsignedSettlement},
};
use tally_primitives::{Satoshi, Txid};

/// Money locked by three private keys.
pub(super) struct Locked {
    pub(super) payment: PaymentAddress,
    /// In the order of the script.
    pub(super) keys: [PrivateKey; 3],
}

/// The private key of a small number.
pub(super) fn key(number: u8) -> PrivateKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    PrivateKey::from_bytes(&bytes).unwrap()
}

/// The protocol's published deal with the service keys 1 and 2.
pub(super) fn service() -> Locked {
    let terms = terms();
    let [key1, key2] = [key(1), key(2)];
    let keys = ServiceKeys { key1: key1.public_key(), key2: key2.public_key() };
    let payment = terms.payment_address(&Scheme::Service(keys));
    Locked { payment, keys: [key1, key2, terms.key3()] }
}

/// The same deal, guarded by its parties (keys 3 and 4) and an arbiter (key 5).
pub(super) fn escrow() -> Locked {
    let keys = [key(3), key(4), key(5)];
    let [seller, customer, arbiter] = [3, 4, 5].map(|number| key(number).public_key());
    let payment = terms().payment_address(&Scheme::Escrow { seller, customer, arbiter });
    Locked { payment, keys }
}

pub(super) fn both() -> [Locked; 2] {
    [service(), escrow()]
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text, Network::Test).unwrap()
}

/// Where the recipients are paid; each kind of address occurs.
pub(super) fn addresses() -> Vec<(Recipient, Address)> {
    vec![
        (Recipient::Seller, address("n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK")),
        (Recipient::Customer, address("2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm")),
        (Recipient::Module, address("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")),
        (
            Recipient::Service,
            address("tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c"),
        ),
    ]
}

/// The output `number`; the transaction that made it is made up.
pub(super) fn outpoint(number: u8) -> OutPoint {
    OutPoint { txid: Txid::from_shown([number; 32]), vout: u32::from(number) }
}

/// A plan that spends outputs of these values.
pub(super) fn plan(values: &[u64], shares: &[(Recipient, u64)]) -> Plan {
    let inputs = values.iter().zip(1..).map(|(value, number)| (outpoint(number), Satoshi(*value)));
    Plan {
        id: SettlementId(1),
        purpose: Purpose::Payout,
        inputs: inputs.collect(),
        shares: shares.iter().map(|(to, share)| (*to, Satoshi(*share))).collect(),
        replaces_fee: None,
    }
}

pub(super) fn rules() -> FeeRules {
    FeeRules::new(Satoshi(200), Satoshi(20_000)).unwrap()
}

/// Builds at 2 satoshi a virtual byte.
pub(super) fn build(locked: &Locked, plan: &Plan) -> Result<UnsignedSettlement, SettlementError> {
    UnsignedSettlement::build(plan, &locked.payment, &addresses(), FeeRate::per_kvb(2_000), rules())
}

pub(super) fn decode(signed: &SignedSettlement) -> Transaction {
    consensus::deserialize(&signed.raw).unwrap()
}

/// Says whether the network's own code takes the transaction as spending the plan's outputs.
pub(super) fn is_valid(transaction: &Transaction, locked: &Locked, plan: &Plan) -> bool {
    let spent = |outpoint: &bitcoin::OutPoint| {
        let (_, value) = plan.inputs.iter().find(|(planned, _)| {
            planned.txid.to_hash() == outpoint.txid.to_byte_array() && planned.vout == outpoint.vout
        })?;
        let script_pubkey = bitcoin::ScriptBuf::from_bytes(locked.payment.address.script());
        Some(bitcoin::TxOut { value: bitcoin::Amount::from_sat(value.0), script_pubkey })
    };
    transaction.verify(|outpoint| spent(outpoint)).is_ok()
}

fn terms() -> Terms {
    let time = |text: &str| text.parse().unwrap();
    Terms {
        network: Network::Test,
        kind: Kind::Prepaid,
        url: "http://placard.zr-code.com".to_owned(),
        date: time("2022-04-11 11:14:46 UTC"),
        seller: address("n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"),
        customer: address("2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"),
        until: time("2022-04-12 11:14:46 UTC"),
        sum: Sum::parse("0.00001", Network::Test).unwrap(),
        leave_before: time("2022-04-12 11:14:46 UTC"),
    }
}
