//! The fields of forms, of multipart bodies and of JSON objects, made the lines of a message.

use super::{
    AccountAction, AccountMessage, AccountRefusal, MESSAGE_BYTES_MAX, json,
    line::{PASSWORD, address},
};
use crate::{Network, text::excerpt};

/// Most fields of a body.
pub const FIELDS_MAX: usize = 512;

/// The fields in the order of their lines. Those of a list may be there several times.
///
/// *Source:* the order of the protocol; `code`, `email` and `password` came later and have no
/// published place.
const ORDER: [(&str, bool); 11] = [
    ("date", false),
    ("address", false),
    ("code", false),
    ("flags", false),
    ("bitmessage", true),
    ("email", false),
    ("password", false),
    ("key", false),
    ("pgp", false),
    ("url", true),
    ("sign", false),
];

impl AccountMessage {
    /// Makes a message of named values. Values of several lines become several lines; empty ones and
    /// fields of other names are passed over.
    ///
    /// `url` and `bitmessage` may be there several times, also as `url[]` and `url[0]`; so may the
    /// elements of lists in JSON be given. A message for a token begins with its code, and leaves
    /// the address out if it is `named`, the one that the request is for.
    ///
    /// # Errors
    ///
    /// [`AccountRefusal`] for the first thing that is wrong.
    pub fn from_fields(
        fields: &[(String, String)],
        action: AccountAction,
        named: Option<&str>,
        network: Network,
    ) -> Result<Self, AccountRefusal> {
        if fields.len() > FIELDS_MAX {
            return Err(AccountRefusal::TooMany { what: "fields", max: FIELDS_MAX });
        }
        let mut text = String::new();
        let is_token = action == AccountAction::Token;
        if is_token {
            lines_of("code", false, fields, &mut text)?;
        }
        for (name, is_list) in ORDER {
            let is_written = match name {
                "code" => is_token,
                "address" => {
                    check_address(fields, action, network)?;
                    is_token && values("address", fields).any(|value| Some(value) == named)
                }
                _ => false,
            };
            if !is_written {
                lines_of(name, is_list, fields, &mut text)?;
            }
        }
        Self::from_text(&text, Some(action), network)
    }

    /// Makes a message of a JSON object: its members are the fields, lists are fields that are there
    /// several times. No member may be there twice.
    ///
    /// # Errors
    ///
    /// [`AccountRefusal`], [`AccountRefusal::Json`] if the body is no such object.
    pub fn from_json(
        body: &[u8],
        action: AccountAction,
        named: Option<&str>,
        network: Network,
    ) -> Result<Self, AccountRefusal> {
        Self::from_fields(&json::fields(body)?, action, named, network)
    }
}

/// An address in a field of that name is one, or the message is refused: a mistaken one must not be
/// passed over where lines may say anything.
fn check_address(
    fields: &[(String, String)],
    action: AccountAction,
    network: Network,
) -> Result<(), AccountRefusal> {
    if action == AccountAction::Help {
        return Ok(());
    }
    values("address", fields).try_for_each(|value| {
        let line = value.trim_matches([' ', '\t', '\r', '\n']);
        let refusal = || AccountRefusal::InvalidAddress(excerpt(line));
        address(line, network).unwrap_or_else(|| Err(refusal())).map(|_| ())
    })
}

fn lines_of(
    name: &'static str,
    is_list: bool,
    fields: &[(String, String)],
    text: &mut String,
) -> Result<(), AccountRefusal> {
    for (index, value) in values(name, fields).enumerate() {
        if index > 0 && !is_list {
            return Err(AccountRefusal::Twice(name));
        }
        if name == "password" {
            // One line, and one that cannot be taken for something else.
            if value.contains(['\n', '\r']) {
                return Err(AccountRefusal::InvalidPassword);
            }
            text.push_str(PASSWORD);
            text.push(' ');
        }
        text.push_str(value);
        if !value.ends_with('\n') {
            text.push('\n');
        }
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(AccountRefusal::TooMany { what: "bytes", max: MESSAGE_BYTES_MAX });
        }
    }
    Ok(())
}

/// The values of a field that are not empty, in their order.
fn values<'a>(
    name: &'static str,
    fields: &'a [(String, String)],
) -> impl Iterator<Item = &'a str> + use<'a> {
    let named = fields.iter().filter(move |(field, _)| is_named(field, name));
    named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Whether a field is `name`, `name[]` or `name[0]`.
fn is_named(field: &str, name: &str) -> bool {
    let Some(rest) = field.strip_prefix(name) else { return false };
    let index = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    rest.is_empty() || index.is_some_and(|index| index.bytes().all(|digit| digit.is_ascii_digit()))
}
