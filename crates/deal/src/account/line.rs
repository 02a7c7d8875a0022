//! What a line of a message is, by its looks.

use super::{AccountKey, AccountRefusal, PASSWORD_CHARS_MIN, PGP_BYTES_MAX, Site, Urls};
use crate::{Address, Date, Network, Time, text::excerpt};
use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(super) const PGP_BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
pub(super) const PGP_END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
pub(super) const PASSWORD: &str = "password:";
/// The line that deletes an account.
const DELETION: &str = "-account";
/// Longest password, in bytes: longer ones are refused instead of cut.
const PASSWORD_BYTES_MAX: usize = 256;
const EMAIL_BYTES_MAX: usize = 254;
/// A compact signature of a message.
const SIGNATURE_LENGTH: usize = 65;
/// A BIP-322 witness: at least a Schnorr signature, at most an ECDSA signature and a key.
const WITNESS_LENGTHS: std::ops::RangeInclusive<usize> = 66..=120;

/// What a line, or a block of lines, says.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Item {
    Date(Date),
    Address(Address),
    Deletion,
    Section(Urls),
    Url {
        site: Site,
        is_removal: bool,
    },
    Bitmessage(String),
    Email(String),
    Password(String),
    Key(AccountKey),
    Pgp(String),
    Signature(String),
    /// Nothing of these.
    Text(String),
}

/// Says what a line is that is not blank, nor part of a PGP key; `is_last` of a message's last one.
pub(super) fn recognise(
    line: &str,
    is_last: bool,
    network: Network,
) -> Result<Item, AccountRefusal> {
    let line = line.trim_matches([' ', '\t']);
    if let Some(date) = date(line) {
        return date.map(Item::Date).ok_or_else(|| AccountRefusal::InvalidDate(excerpt(line)));
    }
    if line == DELETION {
        return Ok(Item::Deletion);
    }
    if line.eq_ignore_ascii_case("account:") {
        return Ok(Item::Section(Urls::Account));
    }
    if line.eq_ignore_ascii_case("trusted:") {
        return Ok(Item::Section(Urls::Trusted));
    }
    if let Some(password) = strip_prefix(line, PASSWORD) {
        return password_of(password);
    }
    if let Some(url) = url(line) {
        return url;
    }
    if let Some(address) = address(line, network) {
        return address.map(Item::Address);
    }
    if let Some(name) = line.strip_prefix("BM-") {
        let is_good = (31..=38).contains(&name.len()) && name.bytes().all(is_base58);
        return if is_good {
            Ok(Item::Bitmessage(line.to_owned()))
        } else {
            Err(AccountRefusal::InvalidBitmessage(excerpt(line)))
        };
    }
    if matches!(line.len(), 66 | 130) && line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let key = line.parse().map(Item::Key);
        return key.map_err(|_| AccountRefusal::InvalidKey(excerpt(line)));
    }
    if is_signature(line, is_last) {
        return Ok(Item::Signature(line.to_owned()));
    }
    if line.contains('@') && !line.contains([' ', '\t']) {
        return if is_email(line) {
            Ok(Item::Email(line.to_owned()))
        } else {
            Err(AccountRefusal::InvalidEmail(excerpt(line)))
        };
    }
    Ok(Item::Text(line.to_owned()))
}

/// A day, or a moment whose day counts; `Some(None)` if it looks like one and is none.
fn date(line: &str) -> Option<Option<Date>> {
    let bytes = line.as_bytes();
    let looks = bytes.iter().take(10).enumerate().all(|(index, byte)| match index {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if bytes.len() < 10 || !looks {
        return None;
    }
    match line.split_at(10) {
        (_, "") => Some(line.parse().ok()),
        (_, rest) if rest.starts_with([' ', 'T']) => {
            let time = line.parse::<Time>();
            Some(time.ok().map(Time::date))
        }
        _ => None,
    }
}

/// `[bitcoin:]<address>`; without the prefix only what is an address.
pub(super) fn address(line: &str, network: Network) -> Option<Result<Address, AccountRefusal>> {
    let prefixed = strip_prefix(line, "bitcoin:");
    let text = prefixed.unwrap_or(line);
    match Address::parse(text, network) {
        Ok(address) => Some(Ok(address)),
        // Of another network, or of a version that nobody can sign for.
        Err(_) if prefixed.is_some() || Address::parse_any(text).is_ok() => {
            Some(Err(AccountRefusal::InvalidAddress(excerpt(text))))
        }
        Err(_) => None,
    }
}

fn url(line: &str) -> Option<Result<Item, AccountRefusal>> {
    let text = line.strip_prefix(['+', '-']).unwrap_or(line);
    strip_prefix(text, "http://").or_else(|| strip_prefix(text, "https://"))?;
    let refusal = || AccountRefusal::InvalidUrl(excerpt(text));
    let is_removal = line.starts_with('-');
    Some(text.parse().map(|site| Item::Url { site, is_removal }).map_err(|_| refusal()))
}

fn password_of(text: &str) -> Result<Item, AccountRefusal> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    if text.chars().count() < PASSWORD_CHARS_MIN || text.len() > PASSWORD_BYTES_MAX {
        return Err(AccountRefusal::InvalidPassword);
    }
    Ok(Item::Password(text.to_owned()))
}

/// Base64 of a compact signature, or, in the last line, of what may be a witness.
fn is_signature(line: &str, is_last: bool) -> bool {
    if line.len() > crate::message_signature::TEXT_LENGTH_MAX {
        return false;
    }
    let text = line.strip_prefix("smp").filter(|_| is_last).unwrap_or(line);
    let Ok(bytes) = BASE64_STANDARD.decode(text) else { return false };
    let is_compact = bytes.len() == SIGNATURE_LENGTH && matches!(bytes.first(), Some(27..=42));
    is_compact || (is_last && WITNESS_LENGTHS.contains(&bytes.len()))
}

fn is_email(line: &str) -> bool {
    let Some((name, host)) = line.rsplit_once('@') else { return false };
    let is_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./=?^_`{|}~".contains(&byte);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    line.len() <= EMAIL_BYTES_MAX
        && (1..=64).contains(&name.len())
        && name.bytes().all(is_name)
        && host.contains('.')
        && host.split('.').all(is_label)
}

fn is_base58(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte)
}

/// `text` without a prefix in any case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Takes the block that begins with the first line off `lines`: the armored key, lines without their
/// trailing blanks, joined by LF.
pub(super) fn pgp_block<'a>(
    begin: &str,
    lines: &mut impl Iterator<Item = &'a str>,
) -> Result<String, AccountRefusal> {
    let mut block = begin.trim_matches([' ', '\t']).to_owned();
    for line in lines {
        let line = line.trim_end_matches([' ', '\t']);
        block.push('\n');
        block.push_str(line);
        if block.len() > PGP_BYTES_MAX {
            break;
        }
        if line == PGP_END {
            return Ok(block);
        }
        if line.starts_with('-') {
            break;
        }
    }
    Err(AccountRefusal::InvalidPgp)
}
