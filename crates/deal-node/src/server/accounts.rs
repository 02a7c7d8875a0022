//! Calls about accounts.

use super::{
    DealServer,
    origin::{bare, module_address},
};
use crate::{
    AccountCall, Outcome, Payload, ServerError,
    core::{read_failed, write_failed},
};
use serde_json::Value;
use tally_deal::{
    Address, Time,
    account::{
        Account, AccountAction, AccountMessage, AccountOutcome, AccountRefusal, Asked, Page,
        Viewer, apply, asked_address,
    },
};
use tally_deal_store::{AccountChange, Commit, CommitError, Expected, Versioned};
use tally_pgp::PublicKey;
use zeroize::Zeroizing;

/// How often a change is tried when others change the same account.
const TRIES_MAX: usize = 8;

/// An account as lists and shops read it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// What shops read of it: `code`, `urltrusted`, `seller`, `customer`.
    pub profile: Value,
}

impl DealServer {
    /// Answers a message about an account.
    ///
    /// # Errors
    ///
    /// [`ServerError`]; what is refused is an answer.
    pub async fn account(&self, call: AccountCall) -> Result<Outcome, ServerError> {
        let shown = call.action.unwrap_or(AccountAction::Help);
        if call.text.trim().is_empty() && shown == AccountAction::Help {
            return Ok(outcome(AccountAction::Help, &AccountOutcome::Help, Viewer::Other));
        }
        let core = &self.core;
        let bare = bare(core, &call.text, &call.origin, call.address.as_deref()).await?;
        let text = match bare {
            Ok(bare) => bare.text,
            // Anybody may ask; only what changes something has to be the module's.
            Err(_) if matches!(shown, AccountAction::Help | AccountAction::Status) => String::new(),
            Err(reason) => return Ok(refused(shown, reason)),
        };
        let network = core.config.network;
        let message = match AccountMessage::from_text(&text, call.action, network) {
            Ok(message) => message,
            Err(refusal) => return Ok(refused(shown, refusal.to_string())),
        };
        let action = message.action();
        if let Some(pgp) = message.pgp()
            && PublicKey::from_armored(pgp).is_err()
        {
            return Ok(refused(action, AccountRefusal::InvalidPgp.to_string()));
        }
        if action == AccountAction::Help {
            return Ok(outcome(action, &AccountOutcome::Help, Viewer::Other));
        }
        let module = match module_address(core, &call.origin) {
            Ok(module) => module,
            Err(reason) => return Ok(refused(action, reason)),
        };
        let named = call.address.as_deref().or(call.origin.module.as_deref());
        match asked_address(&message, named, network) {
            Ok(address) => self.follow(&message, &address, module.as_ref()).await,
            Err(refusal) => Ok(refused(action, refusal.to_string())),
        }
    }

    /// Does what a message asks for.
    async fn follow(
        &self,
        message: &AccountMessage,
        address: &Address,
        module: Option<&Address>,
    ) -> Result<Outcome, ServerError> {
        let action = message.action();
        let mut hash = None;
        for _ in 0..TRIES_MAX {
            let found = self.core.store.account(address.as_str()).await.map_err(read_failed)?;
            let asked = Asked { address, module, now: Time(self.core.clock.now()) };
            let known = found.as_ref().map(|found| &found.value);
            let done = match apply(known, message, &asked) {
                Ok(done) => done,
                Err(refusal) => return Ok(refused(action, refusal.to_string())),
            };
            let Some(changed) = done.changed() else {
                return Ok(outcome(action, &done, Viewer::Other));
            };
            let mut changed = changed.clone();
            if let Some(password) = message.password() {
                if hash.is_none() {
                    let password = Zeroizing::new(password.to_owned());
                    hash = Some(self.core.passwords.hash(password).await?);
                }
                changed.set_password_hash(hash.clone());
            }
            let version = found.map(|found| found.version);
            let change = AccountChange {
                address: address.to_string(),
                expected: version.map_or(Expected::Absent, Expected::At),
                account: Some(changed),
            };
            let now_ms = self.core.clock.now_ms();
            let commit = Commit { now_ms, accounts: vec![change], ..Commit::default() };
            match self.core.commit(commit).await {
                Ok(_) => {
                    // Only who has signed is known to be the owner.
                    let is_owner = action.is_signed();
                    let viewer = if is_owner { Viewer::Owner } else { Viewer::Other };
                    let mut answer = outcome(action, &done, viewer);
                    if action == AccountAction::Token {
                        answer.grant = Some(address.to_string());
                    }
                    return Ok(answer);
                }
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(write_failed(error)),
            }
        }
        Err(ServerError::Contended { what: "the account" })
    }

    /// Returns an account, unless there is none or it was deleted.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn find_account(&self, address: &str) -> Result<Option<AccountView>, ServerError> {
        let found = self.core.store.account(address).await.map_err(read_failed)?;
        let open = found.map(|Versioned { value, .. }| value);
        Ok(open.filter(|account| account.deleted().is_none()).map(|account| {
            let profile = account.profile();
            AccountView { account, profile }
        }))
    }

    /// Whether a password is that of an account, brought by a message that its owner has signed:
    /// anybody can open an account for any address. Takes as long if there is no such account.
    ///
    /// # Errors
    ///
    /// [`ServerError::Busy`] if too many passwords are being checked, or the account pauses after
    /// wrong ones; [`ServerError::Store`].
    pub async fn check_password(
        &self,
        address: &str,
        password: Zeroizing<String>,
    ) -> Result<bool, ServerError> {
        if password.len() > crate::PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let found = self.find_account(address).await?;
        let hash = found.and_then(|found| found.account.trusted_password_hash().map(str::to_owned));
        let now_ms = self.core.clock.now_ms();
        self.core.passwords.check(address, hash, password, now_ms).await
    }
}

fn outcome(action: AccountAction, done: &AccountOutcome, viewer: Viewer) -> Outcome {
    Outcome {
        action: action.title(),
        success: true,
        message: done.message().to_owned(),
        payload: Payload::Page(done.page(viewer)),
        grant: None,
    }
}

fn refused(action: AccountAction, reason: String) -> Outcome {
    Outcome {
        action: action.title(),
        success: false,
        message: reason.clone(),
        payload: Payload::Page(Page::Failure(reason)),
        grant: None,
    }
}
