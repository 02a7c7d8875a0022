use super::{
    Account, AccountAction, AccountMessage, AccountRefusal, Page, TOKEN_CODES_MAX, URLS_MAX, Urls,
    Viewer,
    record::{prove, without},
};
use crate::{Address, Network, Time, message_signature, text::excerpt};
use bitcoin::hashes::{Hash, sha256};

/// How far the date of a signed message may be from the day at the server, in days: its sender may
/// live at the other side of the date line.
pub const DATE_DISTANCE_DAYS: u64 = 1;

/// For whom, when and through whom a message is followed.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The account that is meant, as [`asked_address`] tells it.
    pub address: &'a Address,
    /// The module that the message came through.
    pub module: Option<&'a Address>,
    /// Now.
    pub now: Time,
}

/// What a message has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountOutcome {
    /// The help is shown.
    Help,
    /// The account is shown.
    Status(Account),
    /// The account is to be stored: it is open now.
    Created(Account),
    /// The account is to be stored: it lacks less.
    Added(Account),
    /// The account is to be stored: it has changed.
    Updated(Account),
    /// The account is to be stored, and its owner gets a token.
    Granted(Account),
    /// The account is to be stored: only what a deleted account leaves is in it.
    Deleted(Account),
}

impl AccountOutcome {
    /// Returns the account that is to be stored, before an answer is given.
    pub const fn changed(&self) -> Option<&Account> {
        match self {
            Self::Help | Self::Status(_) => None,
            Self::Created(account)
            | Self::Added(account)
            | Self::Updated(account)
            | Self::Granted(account)
            | Self::Deleted(account) => Some(account),
        }
    }

    /// Returns what the sender is told, `result.message` of a package.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Help => "Help",
            Self::Status(_) => "Account data",
            Self::Created(_) => "New account created",
            Self::Added(_) => "Account data added",
            Self::Updated(_) => "Account updated",
            Self::Granted(_) => "Access token issued",
            Self::Deleted(_) => "Account deleted",
        }
    }

    /// Returns the page that answers.
    pub fn page(&self, viewer: Viewer) -> Page {
        match self {
            Self::Help => Page::Help,
            Self::Status(account)
            | Self::Created(account)
            | Self::Added(account)
            | Self::Updated(account) => Page::Account {
                message: self.message(),
                account: Box::new(account.clone()),
                viewer,
            },
            Self::Granted(_) | Self::Deleted(_) => Page::Done(self.message().to_owned()),
        }
    }
}

/// Says which account a message is about: the one that it names itself, or else the one that the
/// request names (`address` of the query or of the package).
///
/// # Errors
///
/// [`AccountRefusal::InvalidAddress`].
pub fn asked_address(
    message: &AccountMessage,
    named: Option<&str>,
    network: Network,
) -> Result<Address, AccountRefusal> {
    if let Some(address) = &message.address {
        return Ok(address.clone());
    }
    let named = named.unwrap_or("null");
    Address::parse(named, network).map_err(|_| AccountRefusal::InvalidAddress(excerpt(named)))
}

/// Follows a message. `account` is what is stored for the address, if anything.
///
/// The password of a message ([`AccountMessage::password`]) is not in the outcome: whoever stores
/// the account hashes it and sets it; only messages that open or update an account have one. That an armored PGP key is one is for the caller to check
/// first.
///
/// # Errors
///
/// [`AccountRefusal`]: nothing has happened.
pub fn apply(
    account: Option<&Account>,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<AccountOutcome, AccountRefusal> {
    let open = account.filter(|account| account.deleted.is_none());
    let known = || open.ok_or_else(|| AccountRefusal::NotFound(asked.address.clone()));
    match message.action {
        AccountAction::Help => Ok(AccountOutcome::Help),
        AccountAction::Status => known().cloned().map(AccountOutcome::Status),
        AccountAction::New if open.is_some() => Err(AccountRefusal::Exists(asked.address.clone())),
        AccountAction::New => create(account, message, asked).map(AccountOutcome::Created),
        AccountAction::Add => add(known()?, message, asked).map(AccountOutcome::Added),
        AccountAction::Update => update(known()?, message, asked).map(AccountOutcome::Updated),
        AccountAction::Token => grant(known()?, message, asked).map(AccountOutcome::Granted),
        AccountAction::Delete => delete(known()?, message, asked).map(AccountOutcome::Deleted),
    }
}

fn create(
    left: Option<&Account>,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<Account, AccountRefusal> {
    let is_proven = is_signed_by_owner(message, asked)?;
    let mut account = Account::new(asked.address.clone(), asked.module.cloned(), asked.now);
    if let Some(left) = left {
        account.seller = left.seller;
        account.customer = left.customer;
        account.token_codes.clone_from(&left.token_codes);
    }
    fill(&mut account, message)?;
    account.is_proven = is_proven;
    Ok(account)
}

fn add(
    known: &Account,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<Account, AccountRefusal> {
    let is_signed = is_signed_by_owner(message, asked)?;
    if message.key.is_none() && message.pgp.is_none() {
        return Err(AccountRefusal::NothingToAdd);
    }
    // A PGP key speaks for the account.
    if known.is_proven && !is_signed && message.pgp.is_some() {
        return Err(AccountRefusal::NotSigned);
    }
    let mut account = known.clone();
    if is_signed {
        prove(&mut account);
    }
    if account.key.is_none()
        && let Some(key) = message.key
    {
        set_key(&mut account, key)?;
    }
    if account.pgp.is_none() {
        account.pgp.clone_from(&message.pgp);
    }
    if account == *known {
        return Err(AccountRefusal::NothingToAdd);
    }
    account.updated = asked.now;
    Ok(account)
}

fn update(
    known: &Account,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<Account, AccountRefusal> {
    must_be_signed(message, asked)?;
    let is_empty = message.key.is_none()
        && message.pgp.is_none()
        && message.email.is_none()
        && message.password.is_none()
        && message.bitmessages.is_empty()
        && message.urls.is_empty();
    if is_empty {
        return Err(AccountRefusal::NothingToUpdate);
    }
    let mut account = known.clone();
    prove(&mut account);
    fill(&mut account, message)?;
    account.updated = asked.now;
    Ok(account)
}

fn grant(
    known: &Account,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<Account, AccountRefusal> {
    let code = message.code.as_deref().ok_or(AccountRefusal::Missing("code"))?;
    must_be_signed(message, asked)?;
    let mut mark = [0; 16];
    mark.copy_from_slice(&sha256::Hash::hash(code.as_bytes()).as_byte_array()[..16]);
    if known.token_codes.contains(&mark) {
        return Err(AccountRefusal::CodeUsed);
    }
    let mut account = known.clone();
    if account.token_codes.len() == TOKEN_CODES_MAX {
        account.token_codes.remove(0);
    }
    account.token_codes.push(mark);
    prove(&mut account);
    Ok(account)
}

fn delete(
    known: &Account,
    message: &AccountMessage,
    asked: &Asked<'_>,
) -> Result<Account, AccountRefusal> {
    if !message.deletes {
        return Err(AccountRefusal::Missing("flags"));
    }
    must_be_signed(message, asked)?;
    Ok(without(known, asked.now))
}

fn must_be_signed(message: &AccountMessage, asked: &Asked<'_>) -> Result<(), AccountRefusal> {
    if is_signed_by_owner(message, asked)? { Ok(()) } else { Err(AccountRefusal::NotSigned) }
}

/// Whether the message is signed; a signature that is there has to be good and of the day, also
/// where none is needed.
fn is_signed_by_owner(message: &AccountMessage, asked: &Asked<'_>) -> Result<bool, AccountRefusal> {
    let Some(signed) = &message.signed else { return Ok(false) };
    // A code is good once instead.
    if message.action != AccountAction::Token {
        let date = message.date.ok_or(AccountRefusal::Missing("date"))?;
        if date.distance(asked.now.date()) > DATE_DISTANCE_DAYS {
            return Err(AccountRefusal::DateExpired(date));
        }
    }
    message_signature::verify(asked.address, signed.text.as_bytes(), &signed.signature)
        .map(|()| true)
        .map_err(|_| AccountRefusal::NotSigned)
}

/// Sets what the message brings.
fn fill(account: &mut Account, message: &AccountMessage) -> Result<(), AccountRefusal> {
    if let Some(key) = message.key {
        set_key(account, key)?;
    }
    if message.pgp.is_some() {
        account.pgp.clone_from(&message.pgp);
    }
    if message.email.is_some() {
        account.email.clone_from(&message.email);
    }
    if !message.bitmessages.is_empty() {
        account.bitmessages.clone_from(&message.bitmessages);
    }
    for change in &message.urls {
        let list = match change.urls {
            Urls::Account => &mut account.account_urls,
            Urls::Trusted => &mut account.trusted_urls,
        };
        if change.is_removal {
            list.retain(|site| *site != change.site);
        } else if !list.contains(&change.site) {
            list.push(change.site.clone());
        }
    }
    let is_full = [&account.account_urls, &account.trusted_urls].map(|list| list.len() > URLS_MAX);
    if is_full.contains(&true) {
        return Err(AccountRefusal::TooMany { what: "url", max: URLS_MAX });
    }
    Ok(())
}

fn set_key(account: &mut Account, key: super::AccountKey) -> Result<(), AccountRefusal> {
    if !key.is_of(&account.address) {
        return Err(AccountRefusal::ForeignKey(account.address.clone()));
    }
    account.key = Some(key);
    Ok(())
}
