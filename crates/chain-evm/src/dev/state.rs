use alloy_primitives::{Address, B256, U256};
use revm::{
    database_interface::DatabaseRef,
    state::{AccountInfo, Bytecode, EvmState},
};
use std::{collections::HashMap, convert::Infallible, sync::Arc};

use super::block::MinedBlock;

/// All accounts at the newest block.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct State {
    accounts: HashMap<Address, Account>,
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Account {
    info: AccountInfo,
    storage: HashMap<U256, U256>,
}

impl Account {
    /// Sets a slot and returns what it held. Slots that hold zero are not kept.
    fn set_slot(&mut self, index: U256, value: U256) -> U256 {
        let before = if value.is_zero() {
            self.storage.remove(&index)
        } else {
            self.storage.insert(index, value)
        };
        before.unwrap_or_default()
    }
}

/// What one change of the state replaced, for taking it back.
#[derive(Debug)]
pub(crate) struct Undo(Vec<(Address, Before)>);

#[derive(Debug)]
enum Before {
    /// The account as it was; `None` if there was none.
    Whole(Option<Account>),
    /// The account's head and the slots that changed.
    Parts(AccountInfo, Vec<(U256, U256)>),
}

impl State {
    pub(crate) fn info(&self, address: Address) -> AccountInfo {
        self.accounts.get(&address).map(|account| account.info.clone()).unwrap_or_default()
    }

    pub(crate) fn slot(&self, address: Address, index: U256) -> U256 {
        let account = self.accounts.get(&address);
        account.and_then(|account| account.storage.get(&index)).copied().unwrap_or_default()
    }

    /// Sets a balance out of nothing.
    pub(crate) fn set_balance(&mut self, address: Address, balance: U256) -> Undo {
        let before = Before::Whole(self.accounts.get(&address).cloned());
        self.accounts.entry(address).or_default().info.balance = balance;
        Undo(vec![(address, before)])
    }

    /// Applies what a transaction changed.
    pub(crate) fn apply(&mut self, changes: EvmState) -> Undo {
        let mut undo = Vec::with_capacity(changes.len());
        for (address, change) in changes {
            if !change.is_touched() {
                continue;
            }
            if change.is_selfdestructed() || !self.accounts.contains_key(&address) {
                undo.push((address, Before::Whole(self.accounts.remove(&address))));
                if change.is_selfdestructed() || change.is_empty() {
                    continue;
                }
            }
            let is_new = matches!(undo.last(), Some((last, Before::Whole(_))) if *last == address);
            let account = self.accounts.entry(address).or_default();
            let mut slots = Vec::new();
            for (index, slot) in change.storage.iter().filter(|(_, slot)| slot.is_changed()) {
                slots.push((*index, account.set_slot(*index, slot.present_value)));
            }
            let info = std::mem::replace(&mut account.info, change.info);
            if account.info.code.is_none() {
                account.info.code.clone_from(&info.code);
            }
            if !is_new {
                undo.push((address, Before::Parts(info, slots)));
            }
        }
        Undo(undo)
    }

    /// Takes a change back; changes must be taken back in the opposite order.
    pub(crate) fn undo(&mut self, undo: Undo) {
        for (address, before) in undo.0.into_iter().rev() {
            match before {
                Before::Whole(Some(account)) => {
                    self.accounts.insert(address, account);
                }
                Before::Whole(None) => {
                    self.accounts.remove(&address);
                }
                Before::Parts(info, slots) => {
                    let account = self.accounts.entry(address).or_default();
                    account.info = info;
                    for (index, value) in slots {
                        account.set_slot(index, value);
                    }
                }
            }
        }
    }
}

/// The newest state as the EVM reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) blocks: &'a [Arc<MinedBlock>],
}

impl DatabaseRef for View<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.state.accounts.get(&address).map(|account| account.info.clone()))
    }

    fn code_by_hash_ref(&self, _: B256) -> Result<Bytecode, Infallible> {
        // Accounts always carry their code, so the EVM has no hash without it.
        Ok(Bytecode::default())
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        Ok(self.state.slot(address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let block = usize::try_from(number).ok().and_then(|number| self.blocks.get(number));
        Ok(block.map(|block| block.hash).unwrap_or_default())
    }
}
