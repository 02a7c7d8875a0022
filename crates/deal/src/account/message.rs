use super::{
    AccountAction, AccountKey, AccountRefusal, BITMESSAGES_MAX, Site, URLS_MAX, Urls,
    line::{Item, PGP_BEGIN, address, pgp_block, recognise},
};
use crate::{Address, Date, Network, text::excerpt};
use std::fmt;

/// Longest message, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// Longest line of a message, in bytes.
pub const LINE_BYTES_MAX: usize = 4096;
/// Longest code that a token is asked for with, in bytes.
const CODE_BYTES_MAX: usize = 256;

/// A message about an account: its exact text, and what the text says.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountMessage {
    pub(super) action: AccountAction,
    pub(super) text: String,
    pub(super) address: Option<Address>,
    pub(super) date: Option<Date>,
    pub(super) key: Option<AccountKey>,
    pub(super) pgp: Option<String>,
    pub(super) bitmessages: Vec<String>,
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    pub(super) urls: Vec<UrlChange>,
    pub(super) deletes: bool,
    pub(super) code: Option<String>,
    pub(super) signed: Option<Signed>,
}

/// What the owner of an address signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// All lines before the signature, joined by LF, without a line end after the last one.
    pub text: String,
    /// The signature as written.
    pub signature: String,
}

/// A line `[+|-]<url>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlChange {
    pub(super) urls: Urls,
    pub(super) site: Site,
    pub(super) is_removal: bool,
}

impl AccountMessage {
    /// Reads a message. Without `action` its lines tell what it is about.
    ///
    /// Lines end with LF or CRLF; a PGP signature around the message has been taken off. Messages
    /// for help and status may say anything; of the latter the first address counts.
    ///
    /// # Errors
    ///
    /// [`AccountRefusal`] for the first thing that is wrong.
    pub fn from_text(
        text: &str,
        action: Option<AccountAction>,
        network: Network,
    ) -> Result<Self, AccountRefusal> {
        let text = normalised(text)?;
        let lenient = matches!(action, Some(AccountAction::Help | AccountAction::Status));
        if lenient {
            let action = action.unwrap_or(AccountAction::Help);
            return Ok(Self::about_nothing(action, text, network));
        }
        if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            return Err(AccountRefusal::Control);
        }
        let lines = lines(&text, action == Some(AccountAction::Token), network);
        let action = action.unwrap_or_else(|| guess(&lines));
        if matches!(action, AccountAction::Help | AccountAction::Status) {
            return Ok(Self::about_nothing(action, text, network));
        }
        let mut message = Self::empty(action, String::new());
        message.read(&text, lines)?;
        message.text = text;
        Ok(message)
    }

    /// Returns what the message is about.
    pub const fn action(&self) -> AccountAction {
        self.action
    }

    /// Returns the exact text: LF after every line, nothing if there is none.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the address that the message names.
    pub const fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// Returns the armored PGP key that the message brings, which is a key by its looks only.
    pub fn pgp(&self) -> Option<&str> {
        self.pgp.as_deref()
    }

    /// Returns the password that the message sets. It is to be hashed and forgotten.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Returns the code that a token is asked for with.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns what is signed, if anything is.
    pub const fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }

    const fn empty(action: AccountAction, text: String) -> Self {
        Self {
            action,
            text,
            address: None,
            date: None,
            key: None,
            pgp: None,
            bitmessages: Vec::new(),
            email: None,
            password: None,
            urls: Vec::new(),
            deletes: false,
            code: None,
            signed: None,
        }
    }

    fn about_nothing(action: AccountAction, text: String, network: Network) -> Self {
        // Elsewhere refused; here it ends a line, as it once did.
        let text = text.replace('\r', "\n");
        let found = text.split('\n').find_map(|line| address(line.trim(), network)?.ok());
        let mut message = Self::empty(action, text);
        message.address = found.filter(|_| action == AccountAction::Status);
        message
    }

    fn read(&mut self, text: &str, lines: Vec<Line<'_>>) -> Result<(), AccountRefusal> {
        let mut section = Urls::Trusted;
        let mut before = 0;
        for (index, line) in lines.into_iter().enumerate() {
            if self.signed.is_some() {
                return Err(AccountRefusal::AfterSignature);
            }
            let is_code = self.action == AccountAction::Token && index == 0;
            let item = line.item?;
            let foreign = || AccountRefusal::InvalidLine(excerpt(line.text));
            if is_code {
                // A code that is also something else may have been signed as that: the signature
                // under a cancelled deal, over its payment address, must not be good for a token.
                let Item::Text(code) = item else { return Err(foreign()) };
                if code.len() > CODE_BYTES_MAX {
                    return Err(foreign());
                }
                self.code = Some(code);
                continue;
            }
            if !self.takes(&item) {
                let is_first = self.action == AccountAction::New && index == 0;
                return Err(if is_first && matches!(item, Item::Text(_)) {
                    AccountRefusal::InvalidAddress(excerpt(line.text))
                } else {
                    foreign()
                });
            }
            if let Item::Signature(_) = &item {
                before = line.start;
            }
            self.take(item, &mut section)?;
        }
        if let Some(signed) = &mut self.signed {
            text[..before].trim_end_matches('\n').clone_into(&mut signed.text);
        }
        Ok(())
    }

    /// Whether a line of this kind stands in messages of this action.
    const fn takes(&self, item: &Item) -> bool {
        use AccountAction::{Add, Delete, New, Token, Update};
        match item {
            Item::Address(_) => true,
            Item::Date(_) => matches!(self.action, New | Add | Update | Delete),
            Item::Key(_) | Item::Pgp(_) => matches!(self.action, New | Add | Update),
            Item::Section(_)
            | Item::Url { .. }
            | Item::Bitmessage(_)
            | Item::Email(_)
            | Item::Password(_) => matches!(self.action, New | Update),
            Item::Deletion => matches!(self.action, Delete),
            Item::Signature(_) => matches!(self.action, New | Add | Update | Token | Delete),
            Item::Text(_) => false,
        }
    }

    fn take(&mut self, item: Item, section: &mut Urls) -> Result<(), AccountRefusal> {
        match item {
            Item::Address(address) => once(&mut self.address, address, "address"),
            Item::Date(date) => once(&mut self.date, date, "date"),
            Item::Key(key) => once(&mut self.key, key, "key"),
            Item::Pgp(block) => once(&mut self.pgp, block, "pgp"),
            Item::Email(email) => once(&mut self.email, email, "email"),
            Item::Password(password) => once(&mut self.password, password, "password"),
            Item::Bitmessage(address) => {
                if self.bitmessages.contains(&address) {
                    return Ok(());
                }
                push(&mut self.bitmessages, address, "bitmessage", BITMESSAGES_MAX)
            }
            Item::Url { site, is_removal } => {
                if is_removal && self.action == AccountAction::New {
                    return Err(AccountRefusal::InvalidUrl(format!("-{site}")));
                }
                let change = UrlChange { urls: *section, site, is_removal };
                // A full list and its replacement.
                push(&mut self.urls, change, "url", 4 * URLS_MAX)
            }
            Item::Deletion => {
                self.deletes = true;
                Ok(())
            }
            Item::Section(urls) => {
                *section = urls;
                Ok(())
            }
            Item::Signature(signature) => {
                self.signed = Some(Signed { text: String::new(), signature });
                Ok(())
            }
            Item::Text(text) => Err(AccountRefusal::InvalidLine(excerpt(&text))),
        }
    }
}

impl fmt::Debug for AccountMessage {
    /// Leaves out the text, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AccountMessage");
        shown.field("action", &self.action).field("address", &self.address);
        shown.field("date", &self.date).field("key", &self.key).field("urls", &self.urls);
        shown.field("is_signed", &self.signed.is_some());
        shown.finish_non_exhaustive()
    }
}

/// A line that is not blank, or a block.
struct Line<'a> {
    /// Where in the text it begins.
    start: usize,
    text: &'a str,
    item: Result<Item, AccountRefusal>,
}

/// The text with LF line ends, one after the last line too.
fn normalised(text: &str) -> Result<String, AccountRefusal> {
    if text.len() > MESSAGE_BYTES_MAX {
        return Err(AccountRefusal::TooMany { what: "bytes", max: MESSAGE_BYTES_MAX });
    }
    let mut text = text.replace("\r\n", "\n");
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if text.split('\n').any(|line| line.len() > LINE_BYTES_MAX) {
        return Err(AccountRefusal::TooMany { what: "bytes in a line", max: LINE_BYTES_MAX });
    }
    Ok(text)
}

fn lines(text: &str, has_code: bool, network: Network) -> Vec<Line<'_>> {
    let last = text.trim_end_matches(['\n', ' ', '\t']).rfind('\n').map_or(0, |at| at + 1);
    let mut rest = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches('\n')))
    });
    let mut lines = Vec::new();
    while let Some((start, line)) = rest.next() {
        let trimmed = line.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            continue;
        }
        let item = if trimmed == PGP_BEGIN {
            pgp_block(line, &mut rest.by_ref().map(|(_, line)| line)).map(Item::Pgp)
        } else {
            let item = recognise(line, start == last, network);
            // Whatever is wrong with a code, it is no code.
            let is_code = has_code && lines.is_empty();
            item.map_err(|refusal| match is_code {
                true => AccountRefusal::InvalidLine(excerpt(trimmed)),
                false => refusal,
            })
        };
        lines.push(Line { start, text: trimmed, item });
    }
    lines
}

/// What a message is about whose sender does not say it.
fn guess(lines: &[Line<'_>]) -> AccountAction {
    let has = |is: fn(&Item) -> bool| lines.iter().any(|line| line.item.as_ref().is_ok_and(is));
    let is_signed = has(|item| matches!(item, Item::Signature(_)));
    if has(|item| matches!(item, Item::Deletion)) {
        AccountAction::Delete
    } else if let Some(Ok(Item::Text(first))) = lines.first().map(|line| &line.item) {
        let named = AccountAction::parse(first).filter(|action| !action.is_signed());
        if is_signed { AccountAction::Token } else { named.unwrap_or(AccountAction::Help) }
    } else if is_signed || has(|item| matches!(item, Item::Date(_))) {
        AccountAction::Update
    } else if has(|item| matches!(item, Item::Address(_))) {
        AccountAction::New
    } else if has(|item| matches!(item, Item::Key(_) | Item::Pgp(_))) {
        AccountAction::Add
    } else if lines.iter().any(|line| line.item.is_err()) {
        // Whatever it was meant to be, its sender is told what is wrong with it.
        AccountAction::New
    } else {
        AccountAction::Help
    }
}

fn once<T>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), AccountRefusal> {
    if place.is_some() {
        return Err(AccountRefusal::Twice(name));
    }
    *place = Some(value);
    Ok(())
}

fn push<T>(
    list: &mut Vec<T>,
    value: T,
    what: &'static str,
    max: usize,
) -> Result<(), AccountRefusal> {
    if list.len() == max {
        return Err(AccountRefusal::TooMany { what, max });
    }
    list.push(value);
    Ok(())
}
