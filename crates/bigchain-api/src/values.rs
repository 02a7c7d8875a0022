//! How parameters are read, and what is said about one that cannot be: in the words of the old
//! servers, which clients show to their users.

use crate::ApiEra;
use tally_crypto::ed25519::PublicKey;
use tally_ledger::{AssetId, BlockId, MetadataId, Operation, Status, TransactionId};
use tally_ledger_node::Mode;

/// Why a parameter cannot be used.
pub(crate) type Why = String;

pub(crate) const MISSING: &str =
    "Missing required parameter in the JSON body or the post body or the query string";

/// Digits of a hash in text.
pub(crate) const HASH_DIGITS: usize = 64;

/// Says whether a text is a hash in hexadecimal digits of any case.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says whether a text is a height. One with as many digits as a hash is a hash.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.to_ascii_lowercase().parse::<MetadataId>().is_ok()
}

pub(crate) fn transaction_id(text: &str) -> Result<TransactionId, Why> {
    text.to_ascii_lowercase().parse().map_err(|_| "Invalid hash".to_owned())
}

pub(crate) fn block_id(text: &str) -> Result<BlockId, Why> {
    text.to_ascii_lowercase().parse().map_err(|_| "Invalid hash".to_owned())
}

pub(crate) fn metadata_id(text: &str) -> Result<MetadataId, Why> {
    text.to_ascii_lowercase().parse().map_err(|_| "Invalid version 4 UUID".to_owned())
}

/// Reads an asset's id: a UUID, or the hash of the transaction that created it.
pub(crate) fn asset_id(text: &str, era: ApiEra) -> Result<AssetId, Why> {
    let why = match era {
        ApiEra::Seed => "Invalid version 4 UUID or hash",
        ApiEra::V0_9 | ApiEra::V0_10 | ApiEra::V1 | ApiEra::V2 => "Invalid hash",
    };
    text.to_ascii_lowercase().parse().map_err(|_| why.to_owned())
}

/// Reads a public key in Base58, which is case-sensitive.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, Why> {
    text.parse().map_err(|_| "Invalid base58 ed25519 key".to_owned())
}

pub(crate) fn boolean(text: &str) -> Result<bool, Why> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(r#"Boolean value must be "true" or "false" (lowercase)"#.to_owned()),
    }
}

pub(crate) fn operation(text: &str, era: ApiEra) -> Result<Operation, Why> {
    let seed = era == ApiEra::Seed;
    match text.to_ascii_uppercase().as_str() {
        "CREATE" => Ok(Operation::Create),
        "TRANSFER" => Ok(Operation::Transfer),
        "GENESIS" if seed => Ok(Operation::Genesis),
        _ if seed => Err(r#"Operation must be "CREATE", "TRANSFER" or "GENESIS""#.to_owned()),
        _ => Err(r#"Operation must be "CREATE" or "TRANSFER""#.to_owned()),
    }
}

pub(crate) fn mode(text: &str) -> Result<Mode, Why> {
    match text.to_ascii_lowercase().as_str() {
        "async" => Ok(Mode::Async),
        "sync" => Ok(Mode::Sync),
        "commit" => Ok(Mode::Commit),
        _ => Err(r#"Mode must be "async", "sync" or "commit""#.to_owned()),
    }
}

/// Reads the status that blocks are filtered by.
pub(crate) fn block_status(text: &str) -> Result<Status, Why> {
    let statuses = [Status::Valid, Status::Undecided, Status::Invalid];
    let found = statuses.into_iter().find(|status| text.eq_ignore_ascii_case(status.as_str()));
    found.ok_or_else(|| format!("{} is not a valid choice", printable(text)))
}

/// Reads a number of items, as Python's `int` does for what is no trick.
pub(crate) fn count(text: &str) -> Result<usize, Why> {
    if text.starts_with('-') && text.len() > 1 && is_number(&text[1..]) {
        return Err("must not be negative".to_owned());
    }
    let malformed = || format!("invalid literal for int() with base 10: '{}'", printable(text));
    if !is_number(text) {
        return Err(malformed());
    }
    // More than the machine can count is more than there can be.
    Ok(text.parse().unwrap_or(usize::MAX))
}

/// Cuts and cleans what a client made up, before it is said back.
pub(crate) fn printable(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    text.chars().take(SHOWN_MAX).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "2d431073e1477f3073a4693ac7ff9be5634751de1b8abaa1f4e19548ef0b4b0e";
    const UUID: &str = "aebeab22-e672-4d3b-a187-bde5fda6533d";

    #[test]
    fn ids_are_read_in_any_case() {
        assert_eq!(transaction_id(&HASH.to_uppercase()).unwrap().to_string(), HASH);
        assert_eq!(block_id(HASH).unwrap().to_string(), HASH);
        assert_eq!(metadata_id(&UUID.to_uppercase()).unwrap().to_string(), UUID);
        for id in [HASH, UUID] {
            assert_eq!(asset_id(&id.to_uppercase(), ApiEra::V2).unwrap().to_string(), id);
        }
        for bad in ["", "abc", &HASH[1..], &format!("{HASH}0"), &HASH.replace('2', "g")] {
            assert_eq!(transaction_id(bad).unwrap_err(), "Invalid hash", "{bad}");
            assert_eq!(asset_id(bad, ApiEra::V1).unwrap_err(), "Invalid hash");
        }
        assert!(asset_id("abc", ApiEra::Seed).unwrap_err().contains("UUID or hash"));
        assert!(is_hash(HASH) && !is_hash(UUID) && is_uuid(UUID) && !is_uuid(HASH));
    }

    #[test]
    fn keys_are_base58_of_32_bytes() {
        let key = "4TSGo67hG2BwWs1FtLog5VYMuGNv2hwjfEsxzrz6vHV5";
        assert_eq!(public_key(key).unwrap().to_string(), key);
        for bad in ["", "abc", &key.replace('T', "0"), &key.replace('T', "I"), &format!("{key}1")] {
            assert_eq!(public_key(bad).unwrap_err(), "Invalid base58 ed25519 key", "{bad}");
        }
    }

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!((boolean("TRUE"), boolean("False")), (Ok(true), Ok(false)));
        assert!(boolean("1").is_err() && boolean("").is_err());
        assert_eq!(operation("create", ApiEra::V2), Ok(Operation::Create));
        assert_eq!(operation("Genesis", ApiEra::Seed), Ok(Operation::Genesis));
        let said = r#"Operation must be "CREATE" or "TRANSFER""#;
        assert_eq!(operation("GENESIS", ApiEra::V1).unwrap_err(), said);
        assert_eq!(block_status("valid"), Ok(Status::Valid));
        assert_eq!(block_status("UNDECIDED"), Ok(Status::Undecided));
        assert_eq!(block_status("no\npe").unwrap_err(), "no?pe is not a valid choice");
    }

    #[test]
    fn counts_are_decimal() {
        assert_eq!((count("0"), count("17"), count("007")), (Ok(0), Ok(17), Ok(7)));
        assert_eq!(count(&"9".repeat(30)), Ok(usize::MAX));
        let said = "invalid literal for int() with base 10: 'abc'";
        assert_eq!(count("abc").unwrap_err(), said);
        assert_eq!(count("-1").unwrap_err(), "must not be negative");
        for bad in ["", "+1", "1.0", "-", "0x1", "１"] {
            assert!(count(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn heights_and_hashes_are_told_apart() {
        assert!(is_number("0") && is_number("42"));
        for not in ["", "-1", "1a", &"1".repeat(64)] {
            assert!(!is_number(not), "{not}");
        }
        assert!(is_hash(&"1".repeat(64)));
    }
}
