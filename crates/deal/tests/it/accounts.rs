//! Accounts: messages, rules and pages.

mod messages;
mod pages;
mod properties;
mod rules;

use tally_deal::{
    Address, Network, Time,
    account::{
        Account, AccountAction, AccountMessage, AccountOutcome, AccountRefusal, Asked, apply,
        asked_address,
    },
};

const NETWORK: Network = Network::Test;
/// 2024-08-25 12:00:00 UTC.
const NOON: Time = Time(1_724_587_200);

/// The private key 1 has this address; the vectors of the protocol are signed with it.
const ONE: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
const ONE_KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
/// The example of the protocol.
const EXAMPLE: &str = "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8";
const EXAMPLE_KEY: &str = "02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61";
/// By the key of [`ONE`] over `2024-08-25`, its address and `http://placard.zr-code.com`.
const UPDATE_SIGNATURE: &str =
    "H0KYWzGOOfapA+X8bLaAJcporbVEZRnrKoa5SnbO2F3Sb5O8u6tOiUB50ZRrbjvvEXVZjZ+kubD/Yd8E4cs29k8=";
/// Over `2024-08-25` and `-account`.
const DELETE_SIGNATURE: &str =
    "IOiIq2r23lcj2dkjw4If5OKyFr3XfDMf+POUCkfM/CZXK/yKpfTgL1t+pjxDQlMzmEoEmw+IzSvSSHELm7tZRt0=";
/// Over `nonce-42`.
const TOKEN_SIGNATURE: &str =
    "IO02obQOnLXFoPsKKEzrB84N/O6cxMhm+3S1WPsO1HYZf2YHnCiJr/ZOM8WzYWM7Ifms2/RbJwnensRLqlK70MI=";
/// Over a payment address, as under a cancelled deal.
const CANCEL_SIGNATURE: &str =
    "ILMB4dpDo3KG2y+tP9KipJeVGirkHjImqJiAFroX6aqOEOUyNyPV4ygeprkP1OQAX47UFRMSMvlBfjzmJsXofq0=";
const PAYMENT_ADDRESS: &str = "2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu";
const PGP: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\nAAAA\n=BBBB\n\
                   -----END PGP PUBLIC KEY BLOCK-----";

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(action: AccountAction, text: &str) -> Result<AccountMessage, AccountRefusal> {
    AccountMessage::from_text(text, Some(action), NETWORK)
}

/// Follows a message at `now` on what is stored.
fn follow_at(
    account: Option<&Account>,
    action: AccountAction,
    text: &str,
    now: Time,
) -> Result<AccountOutcome, AccountRefusal> {
    let message = read(action, text)?;
    let named = account.map(|account| account.address().as_str());
    let address = asked_address(&message, named, NETWORK)?;
    apply(account, &message, &Asked { address: &address, module: None, now })
}

fn follow(
    account: Option<&Account>,
    action: AccountAction,
    text: &str,
) -> Result<AccountOutcome, AccountRefusal> {
    follow_at(account, action, text, NOON)
}

/// Opens an account with this text.
fn opened(text: &str) -> Account {
    let outcome = follow(None, AccountAction::New, text).unwrap();
    outcome.changed().unwrap().clone()
}

fn one() -> Account {
    opened(ONE)
}

fn address(text: &str) -> Address {
    Address::parse(text, NETWORK).unwrap()
}

/// The texts of URLs.
fn urls(sites: &[tally_deal::account::Site]) -> Vec<&str> {
    sites.iter().map(tally_deal::account::Site::as_str).collect()
}
