//! Payment addresses of terms, against vectors that were computed by other means.

use proptest::prelude::*;
use tally_deal::{
    Address, DealCode, Kind, Network, PaymentAddress, PrivateKey, PublicKey, Scheme, ServiceKeys,
    Sum, Terms, Time,
};

/// The curve's generator, and twice the generator.
const KEY1: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const KEY2: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";

fn service() -> Scheme {
    Scheme::Service(ServiceKeys::from_texts(&[KEY1, KEY2]).unwrap())
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// The terms of the protocol's description.
fn described() -> Terms {
    Terms {
        network: Network::Test,
        kind: Kind::Prepaid,
        url: "http://placard.zr-code.com".to_owned(),
        date: time("2022-04-11 11:14:46 UTC"),
        seller: Address::parse("n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK", Network::Test).unwrap(),
        customer: Address::parse("2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm", Network::Test).unwrap(),
        until: time("2022-04-12 11:14:46 UTC"),
        sum: Sum::parse("0.00001", Network::Test).unwrap(),
        leave_before: time("2022-04-12 11:14:46 UTC"),
    }
}

#[test]
fn the_deal_of_the_description() {
    let terms = described();
    let text = "Type: 0;URL: http://placard.zr-code.com;Date: 2022-04-11 11:14:46 UTC;\
        Seller: n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK;Customer: 2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm;\
        Until: 2022-04-12 11:14:46 UTC;Sum: 0.00001 tBTC;LeaveBefore: 2022-04-12 11:14:46 UTC";
    assert_eq!(terms.data_string(), text);
    assert_eq!(text.len(), 244);
    assert_eq!(
        hex::encode(terms.hash()),
        "72a61be09e3bee4db2b7488771c08edf5724dc3834d4b40e14fcfb12e2f7f626"
    );
    assert_eq!(terms.code().to_string(), "20ab96cf6cb32eba7e98c92c958c8c176ebd25c0");
    let key3 = terms.key3();
    assert_eq!(
        hex::encode(*key3.expose()),
        "5076b2716732033a1472dcdfb0f3a928889284130731341d305aaa5be9a07318"
    );
    let public = "026372413a10ade34ef6911193b32f6355d28382f9b48a066b10fdb9813bf736a0";
    assert_eq!(key3.public_key().to_string(), public);

    let payment = terms.payment_address(&service());
    let script = format!("5221{KEY1}21{KEY2}21{public}53ae");
    assert_eq!(hex::encode(&payment.witness_script), script);
    assert_eq!(payment.keys().map(|key| key.to_string()), [KEY1, KEY2, public]);
    assert_eq!(payment.address.to_string(), "2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65");
}

/// The same script has another address on the main network; addresses of the parties stay as they
/// are, because the vector is of the script alone.
#[test]
fn the_main_network_has_other_addresses() {
    let script = described().payment_address(&service()).witness_script;
    let address =
        bitcoin::Address::p2shwsh(bitcoin::Script::from_bytes(&script), bitcoin::Network::Bitcoin);
    assert_eq!(address.to_string(), "34qxD1jrwBLDhYUoZqbR7TBxXpRcDxX81T");
}

#[test]
fn a_deal_paid_afterwards_with_defaults() {
    let date = time("2024-01-31 23:30:00 UTC");
    let terms = Terms {
        kind: Kind::Postpaid,
        url: "http://localhost:4999".to_owned(),
        date,
        seller: Address::parse("mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8", Network::Test).unwrap(),
        customer: Address::parse("mjTbMV3cbjtGxYMKV2uKZpZt5v7LRp8TBJ", Network::Test).unwrap(),
        until: date.plus(Terms::UNTIL_DEFAULT_SECONDS),
        sum: Sum::parse("0.50000000", Network::Test).unwrap(),
        leave_before: date.plus(Terms::LEAVE_BEFORE_DEFAULT_SECONDS),
        network: Network::Test,
    };
    assert_eq!(
        hex::encode(terms.hash()),
        "a61c7a08db94af76aac4ea0406f755c258d70d7ef0df4b66c01957462bb00e5d"
    );
    assert_eq!(terms.code().to_string(), "5ad84c751acd0058a6f3438a60fcee36d9bacfcb");
    assert_eq!(
        terms.key3().public_key().to_string(),
        "02e9e63036ea05fefe7846556b36f71d0bc1a5cd38420a395c9378937ad37efd82"
    );
    let payment = terms.payment_address(&service());
    assert_eq!(payment.address.to_string(), "2Mt2vKwxSPQvACXZ3aTg4oo3oYff96XG2U5");
}

#[test]
fn a_deal_on_the_main_network() {
    let address = |text: &str| Address::parse(text, Network::Main).unwrap();
    let terms = Terms {
        network: Network::Main,
        kind: Kind::Prepaid,
        url: "https://shop.example".to_owned(),
        date: time("2024-02-29 12:00:00 UTC"),
        seller: address("1KGJgFDmcgSLPzVPgWn5rJ4HtWPKpvSJrZ"),
        customer: address("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
        until: time("2024-02-29 13:00:00 UTC"),
        sum: Sum::parse("0.001", Network::Main).unwrap(),
        leave_before: time("2024-03-01 12:00:00 UTC"),
    };
    assert_eq!(
        hex::encode(terms.hash()),
        "ea36bcd03b23656b5a189a72940614317bf1d4406b4654c5fc8b16cc00b936fc"
    );
    assert_eq!(terms.code().to_string(), "94d212c50effa8e5a0ce2c6a64ebed6b0d66f309");
    assert_eq!(
        terms.key3().public_key().to_string(),
        "03724615c55ebf757ccb2b4f206433e3adfe8e5149cebc4e3ae7d46c2971a6031e"
    );
    let payment = terms.payment_address(&service());
    assert_eq!(payment.address.to_string(), "3PDkDKktvtHc27jUHt4QKux3bCjAddxxHz");
}

/// The parties' own keys: a native address, with the keys in the order of the scheme, and no key
/// that anybody could make of the terms.
#[test]
fn escrow_by_the_parties() {
    let [seller, customer] = [KEY1, KEY2].map(|text| text.parse::<PublicKey>().unwrap());
    let arbiter = described().key3().public_key();
    let scheme = Scheme::Escrow { seller, customer, arbiter };
    let payment = described().payment_address(&scheme);
    assert_eq!(payment.keys(), [seller, customer, arbiter]);
    // The script is the one of the description, whose hash is known.
    assert_eq!(
        hex::encode(payment.address.script()),
        "0020800bd8fbfef9246217df7a6801593b3a7d0e204e30e992afadc6e10ca1427c6c"
    );
    assert!(payment.address.as_str().starts_with("tb1q"));
    let mut other = described();
    other.url.push('/');
    assert_eq!(other.payment_address(&scheme).address, payment.address);
    for (network, start) in [(Network::Main, "bc1q"), (Network::Regtest, "bcrt1q")] {
        let terms = Terms { network, ..described() };
        assert!(terms.payment_address(&scheme).address.as_str().starts_with(start));
    }
}

/// The arbiter's key is another one in each deal, and only the arbiter can sign for it.
#[test]
fn an_arbiter_has_a_key_for_each_deal() {
    let terms = described();
    let mut bytes = [0; 32];
    bytes[31] = 2;
    let secret = PrivateKey::from_bytes(&bytes).unwrap();
    let key = secret.public_key();
    assert_eq!(key.to_string(), KEY2);
    let of_deal = terms.arbiter_key(&key);
    assert_eq!(terms.arbiter_private_key(&secret).public_key(), of_deal);
    // The formula, by hand: the private key is 2 plus the hash.
    let hashed = [&b"deal/arbiter\n"[..], key.as_bytes(), &terms.hash()].concat();
    let mut sum = tally_crypto::sha256(hashed);
    sum[31] += 2;
    assert_eq!(*terms.arbiter_private_key(&secret).expose(), sum);

    let [seller, customer] = [KEY1, KEY2].map(|text| text.parse::<PublicKey>().unwrap());
    let address = |terms: &Terms| {
        let arbiter = terms.arbiter_key(&key);
        terms.payment_address(&Scheme::Escrow { seller, customer, arbiter }).address
    };
    let mut other = described();
    other.url.push('/');
    assert_ne!(address(&other), address(&terms));
}

/// What is stored is read back, with the text of a sum that came with its symbol.
#[test]
fn terms_are_stored_as_they_are() {
    let terms = Terms { sum: Sum::parse("0.50 tBTC", Network::Test).unwrap(), ..described() };
    let text = serde_json::to_string(&terms).unwrap();
    assert!(serde_json::from_str::<Terms>(&text.replace("2N3oef", "2N3oeg")).is_err());
    let again: Terms = serde_json::from_str(&text).unwrap();
    assert_eq!(again, terms);
    assert_eq!(again.data_string(), terms.data_string());
    assert!(again.data_string().contains("Sum: 0.50 tBTC;"));
    let payment = terms.payment_address(&service());
    let text = serde_json::to_string(&payment).unwrap();
    assert_eq!(serde_json::from_str::<PaymentAddress>(&text).unwrap(), payment);
    let code = serde_json::to_string(&terms.code()).unwrap();
    assert_eq!(code, format!("\"{}\"", terms.code()));
    assert_eq!(serde_json::from_str::<DealCode>(&code).unwrap(), terms.code());
    assert!(serde_json::from_str::<DealCode>("\"20ab\"").is_err());
}

#[test]
fn keys_of_a_service() {
    let message = |keys: &[&str]| ServiceKeys::from_texts(keys).unwrap_err().to_string();
    assert_eq!(message(&[]), "Bitcoin keys cannot be empty.");
    assert_eq!(message(&[KEY1]), "Bitcoin keys cannot be empty.");
    assert_eq!(message(&["", KEY2]), "Bitcoin KEY0 cannot be empty.");
    assert_eq!(message(&[KEY1, "zz"]), "Bitcoin KEY1 cannot be empty.");
    assert!(ServiceKeys::from_texts(&[KEY1, KEY2, "more"]).is_ok());
}

proptest! {
    /// Each member of the terms changes the address, and nothing else does.
    #[test]
    fn an_address_is_of_its_terms_alone(
        url in "https://[a-z;: ]{1,20}", date in 0..4_000_000_000_u64, sum in 1000..u64::pow(10, 15),
        change in 0..8_usize,
    ) {
        let date = Time(date);
        let text = tally_deal::coins(tally_primitives::Satoshi(sum));
        let sum = Sum::parse(&text, Network::Test).unwrap();
        let terms = Terms { url, date, sum, ..described() };
        let payment = terms.payment_address(&service());
        prop_assert_eq!(&terms.clone().payment_address(&service()), &payment);
        let mut other = terms.clone();
        match change {
            0 => other.kind = Kind::Postpaid,
            1 => other.url.push_str(";Date: 2022-04-11 11:14:46 UTC"),
            2 => other.date = other.date.plus(1),
            3 => other.seller = terms.customer.clone(),
            4 => other.customer = terms.seller.clone(),
            5 => other.until = other.until.plus(1),
            6 => other.sum = Sum::parse("20.00000001", Network::Test).unwrap(),
            _ => other.leave_before = other.leave_before.minus(1),
        }
        prop_assert_ne!(other.payment_address(&service()).address, payment.address);
        prop_assert_ne!(other.code(), terms.code());
    }
}
