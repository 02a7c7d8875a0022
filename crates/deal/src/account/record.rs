use super::{AccountKey, Site, Standing, Urls};
use crate::{Address, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most URLs in each of the two lists of an account.
pub const URLS_MAX: usize = 100;
/// Most Bitmessage addresses of an account.
pub const BITMESSAGES_MAX: usize = 10;
/// Longest armored PGP key, in bytes.
pub const PGP_BYTES_MAX: usize = 32 << 10;
/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest hash of a password, in bytes.
pub const PASSWORD_HASH_BYTES_MAX: usize = 512;
/// Codes that an account remembers so that none gets a token twice; the oldest are forgotten first.
pub const TOKEN_CODES_MAX: usize = 256;

/// What a server knows of the owner of a Bitcoin address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub(super) address: Address,
    pub(super) key: Option<AccountKey>,
    pub(super) pgp: Option<String>,
    pub(super) bitmessages: Vec<String>,
    pub(super) email: Option<String>,
    pub(super) password_hash: Option<String>,
    pub(super) account_urls: Vec<Site>,
    pub(super) trusted_urls: Vec<Site>,
    pub(super) seller: Standing,
    pub(super) customer: Standing,
    pub(super) module: Option<Address>,
    pub(super) is_proven: bool,
    pub(super) token_codes: Vec<[u8; 16]>,
    pub(super) created: Time,
    pub(super) updated: Time,
    pub(super) deleted: Option<Time>,
}

/// Who is shown an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Its owner, or the operator: sees everything but the password's hash.
    Owner,
    /// Anybody else: does not see the e-mail address.
    Other,
}

impl Account {
    /// An account about which nothing but its address is known.
    pub fn new(address: Address, module: Option<Address>, now: Time) -> Self {
        Self {
            address,
            key: None,
            pgp: None,
            bitmessages: Vec::new(),
            email: None,
            password_hash: None,
            account_urls: Vec::new(),
            trusted_urls: Vec::new(),
            seller: Standing::default(),
            customer: Standing::default(),
            module,
            is_proven: false,
            token_codes: Vec::new(),
            created: now,
            updated: now,
            deleted: None,
        }
    }

    /// Returns the address, which is the account's name.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the Bitcoin key: one that the address commits to.
    pub const fn key(&self) -> Option<&AccountKey> {
        self.key.as_ref()
    }

    /// Returns the armored PGP key, with LF line ends and none after its last line. Whoever opened
    /// the account may have brought it: only [`Account::trusted_pgp`] says that it is the owner's.
    pub fn pgp(&self) -> Option<&str> {
        self.pgp.as_deref()
    }

    /// Returns the armored PGP key if the owner of the address has signed for it: what such a key
    /// signs is the word of the account.
    pub fn trusted_pgp(&self) -> Option<&str> {
        self.pgp().filter(|_| self.is_proven)
    }

    /// Returns the Bitmessage addresses.
    pub fn bitmessages(&self) -> &[String] {
        &self.bitmessages
    }

    /// Returns the e-mail address.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Returns the hash of the password, which this crate does not look into. Whoever opened the
    /// account may have chosen it: only [`Account::trusted_password_hash`] lets somebody in.
    pub fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_deref()
    }

    /// Returns the hash of the password if the owner of the address has signed for it.
    pub fn trusted_password_hash(&self) -> Option<&str> {
        self.password_hash().filter(|_| self.is_proven)
    }

    /// Sets or takes away the hash of the password.
    ///
    /// # Panics
    ///
    /// If the hash is longer than [`PASSWORD_HASH_BYTES_MAX`]: no function makes such a one.
    pub fn set_password_hash(&mut self, hash: Option<String>) {
        let length = hash.as_ref().map_or(0, String::len);
        assert!(length <= PASSWORD_HASH_BYTES_MAX, "a hash of {length} bytes");
        self.password_hash = hash;
    }

    /// Returns one of the two lists of URLs, in the order in which they were added.
    pub fn urls(&self, urls: Urls) -> &[Site] {
        match urls {
            Urls::Account => &self.account_urls,
            Urls::Trusted => &self.trusted_urls,
        }
    }

    /// Returns how the owner's deals as a seller have gone.
    pub const fn seller(&self) -> &Standing {
        &self.seller
    }

    /// Returns how the owner's deals as a customer have gone.
    pub const fn customer(&self) -> &Standing {
        &self.customer
    }

    /// Counts one more deal as a seller.
    pub fn record_sale(&mut self, is_good: bool) {
        self.seller.record(is_good);
    }

    /// Counts one more deal as a customer.
    pub fn record_purchase(&mut self, is_good: bool) {
        self.customer.record(is_good);
    }

    /// Says what a deal as a seller was after all that was counted as something else.
    pub fn correct_sale(&mut self, is_good: bool) {
        self.seller.correct(is_good);
    }

    /// Says what a deal as a customer was after all that was counted as something else.
    pub fn correct_purchase(&mut self, is_good: bool) {
        self.customer.correct(is_good);
    }

    /// Returns the address of the module that opened the account.
    pub const fn module(&self) -> Option<&Address> {
        self.module.as_ref()
    }

    /// Says whether a message of this account was ever signed by its owner. Anybody can open an
    /// account for an address, and only its owner can sign.
    ///
    /// PGP key, password, e-mail and Bitmessage addresses of a proven account all came with the
    /// owner's signature: the first one drops what came without, and nothing comes without after it.
    pub const fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Returns when the account was opened.
    pub const fn created(&self) -> Time {
        self.created
    }

    /// Returns when the account was last changed by a message.
    pub const fn updated(&self) -> Time {
        self.updated
    }

    /// Returns when the account was deleted, if it was.
    ///
    /// What is left of it then is the address, how its deals went, and the codes it was given tokens
    /// for: whoever opens it again has neither lost a bad name nor made old codes good.
    pub const fn deleted(&self) -> Option<Time> {
        self.deleted
    }

    /// Says whether a deal made at `url` (`at` of a deal) may name this account: a trusted URL is
    /// that URL or of a folder above it. What is no URL is trusted by nobody.
    pub fn trusts(&self, url: &str) -> bool {
        let Ok(site) = url.parse::<Site>() else { return false };
        self.trusted_urls.iter().any(|trusted| trusted.covers(&site))
    }

    /// Says whether a request with this header `Origin` may name this account: a trusted URL has its
    /// scheme, host and port.
    pub fn trusts_origin(&self, origin: &str) -> bool {
        let Ok(site) = origin.parse::<Site>() else { return false };
        self.trusted_urls.iter().any(|trusted| trusted.is_same_origin(&site))
    }
}

/// Notes that the owner has signed. At the first time, what anybody may have brought to be taken
/// for the owner, or to be written to instead, is dropped; the signed message brings its own.
pub(super) fn prove(account: &mut Account) {
    if !account.is_proven {
        account.pgp = None;
        account.password_hash = None;
        account.email = None;
        account.bitmessages.clear();
    }
    account.is_proven = true;
}

impl fmt::Debug for Account {
    /// Leaves out the hash of the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Account");
        shown.field("address", &self.address).field("key", &self.key);
        shown.field("pgp", &self.pgp.is_some()).field("bitmessages", &self.bitmessages);
        shown.field("account_urls", &self.account_urls).field("trusted_urls", &self.trusted_urls);
        shown.field("seller", &self.seller).field("customer", &self.customer);
        shown.field("module", &self.module).field("is_proven", &self.is_proven);
        shown.field("created", &self.created).field("updated", &self.updated);
        shown.field("deleted", &self.deleted);
        shown.finish_non_exhaustive()
    }
}

/// What is left of an account that is deleted now.
pub(super) fn without(account: &Account, now: Time) -> Account {
    let mut left = Account::new(account.address.clone(), None, account.created);
    left.seller = account.seller;
    left.customer = account.customer;
    left.token_codes.clone_from(&account.token_codes);
    left.updated = now;
    left.deleted = Some(now);
    left
}
