use super::*;

const TEST: [&str; 5] = [
    "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK",
    "mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8",
    "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm",
    "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
    "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
];

/// What an address pays to is in its bytes; texts of the specification.
#[test]
fn scripts_of_addresses() {
    let script = |text: &str| hex::encode(Address::parse_any(text).unwrap().script());
    assert_eq!(script(TEST[0]), "76a914e7e268eb20c61067d008cb5d7b9d1f32821ba1be88ac");
    assert_eq!(script(TEST[2]), "a91473d32ac9e4330a071ee1b3a9ccf3997bdd4174d087");
    assert_eq!(
        script("2N6abv3qhgHQxvntfDzmmi4kHm14TadoBpu"),
        "a9149243d79a5096edd708c3104927156f3c040d245d87"
    );
    assert_eq!(script(TEST[3]), "0014751e76e8199196d454941c45d1b3a323f1433bd6");
    let taproot = "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433";
    assert_eq!(script(TEST[4]), taproot);
}

#[test]
fn an_address_belongs_to_its_networks() {
    for text in TEST {
        for network in [Network::Test, Network::Signet] {
            let address = Address::parse(text, network).unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(Address::from_script(&address.script(), network), Some(address));
        }
        assert_eq!(
            Address::parse(text, Network::Main),
            Err(AddressError::OtherNetwork(Network::Main))
        );
        let is_base58 = !text.starts_with("tb1");
        assert_eq!(Address::parse(text, Network::Regtest).is_ok(), is_base58);
    }
    let main = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH";
    assert!(Address::parse(main, Network::Main).is_ok());
    assert!(Address::parse(main, Network::Regtest).is_err());
    let regtest = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    assert!(Address::parse(regtest, Network::Regtest).is_ok());
    assert!(Address::parse(regtest, Network::Main).is_err());
}

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        "null",
        "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQJ",
        " n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK",
        "bitcoin:n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK",
        // Bech32 where bech32m has to be, and the other way round.
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
        "n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK\n",
    ] {
        assert_eq!(Address::parse_any(text), Err(AddressError::NotAnAddress), "{text}");
    }
    let unknown = "bc1sw50qgdz25j";
    assert_eq!(Address::parse_any(unknown), Err(AddressError::UnknownVersion));
}

/// Bech32 may be written in capitals, as it is in QR codes; it is one address.
#[test]
fn capitals_are_the_same_address() {
    let address = Address::parse_any(&TEST[3].to_uppercase()).unwrap();
    assert_eq!(address.to_string(), TEST[3]);
    assert_eq!(address, Address::parse_any(TEST[3]).unwrap());
}

#[test]
fn addresses_are_texts_in_json() {
    let address = Address::parse_any(TEST[2]).unwrap();
    let json = serde_json::to_string(&address).unwrap();
    assert_eq!(json, format!("\"{}\"", TEST[2]));
    assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
    assert!(serde_json::from_str::<Address>("\"null\"").is_err());
}
