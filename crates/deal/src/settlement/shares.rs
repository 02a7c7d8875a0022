//! Who gets how much: plain arithmetic, without transactions.

use super::SettlementError;
use crate::{Address, Recipient};
use bitcoin::ScriptBuf;
use tally_primitives::Satoshi;

/// A share that was too small to be paid and went to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Whose it was.
    pub from: Recipient,
    /// Who got it.
    pub to: Recipient,
    /// How much, before the miner's fee.
    pub amount: Satoshi,
}

/// The shares of all who have the same address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// What each of them is to get by the plan, in the order of recipients.
    pub(super) shares: Vec<(Recipient, Satoshi)>,
    /// Where.
    pub(super) address: Address,
    /// What they get before the miner's fee: their shares and what was moved to them.
    pub(super) gross: u64,
    /// What they get.
    pub(super) net: u64,
}

impl Group {
    fn recipient(&self) -> Recipient {
        self.shares[0].0
    }

    fn has_party(&self) -> bool {
        let is_party = |recipient| matches!(recipient, Recipient::Seller | Recipient::Customer);
        self.shares.iter().any(|(recipient, _)| is_party(*recipient))
    }

    /// Returns the smallest output that nodes relay to the address.
    fn dust_limit(&self) -> u64 {
        ScriptBuf::from_bytes(self.address.script()).minimal_non_dust().to_sat()
    }
}

/// What a plan comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Division {
    /// In the order of recipients.
    pub(super) groups: Vec<Group>,
    /// What the miner gets.
    pub(super) fee: Satoshi,
    /// What was too small, in the order in which it was moved.
    pub(super) moved: Vec<Moved>,
}

/// Joins the shares by address, in the order of recipients, without those of nothing.
pub(super) fn join(
    shares: &[(Recipient, Satoshi)],
    addresses: &[(Recipient, Address)],
) -> Result<Vec<Group>, SettlementError> {
    let mut shares: Vec<_> = shares.iter().filter(|(_, share)| share.0 > 0).copied().collect();
    shares.sort();
    let mut groups: Vec<Group> = Vec::new();
    for (recipient, share) in shares {
        let address = addresses.iter().find(|(of, _)| *of == recipient);
        let (_, address) = address.ok_or(SettlementError::NoAddress(recipient))?;
        match groups.iter_mut().find(|group| group.address.script() == address.script()) {
            Some(group) => {
                group.shares.push((recipient, share));
                group.gross = group.gross.checked_add(share.0).ok_or(SettlementError::Overflow)?;
            }
            None => groups.push(Group {
                shares: vec![(recipient, share)],
                address: address.clone(),
                gross: share.0,
                net: 0,
            }),
        }
    }
    Ok(groups)
}

/// Divides the money, less the fee that `fee` says a transaction with these outputs takes.
pub(super) fn divide(
    mut groups: Vec<Group>,
    mut fee: impl FnMut(&[Group]) -> Result<Satoshi, SettlementError>,
) -> Result<Division, SettlementError> {
    let mut moved = Vec::new();
    loop {
        let fee = fee(&groups)?;
        charge(&mut groups, fee);
        let dust =
            groups.iter().enumerate().rev().filter(|(_, group)| group.net < group.dust_limit());
        let Some(smallest) = dust.min_by_key(|(_, group)| group.net).map(|(index, _)| index) else {
            return Ok(Division { groups, fee, moved });
        };
        let from = groups.remove(smallest);
        let Some(to) = fallback(&mut groups) else {
            let needed = fee.0.saturating_add(from.dust_limit());
            return Err(SettlementError::BelowDust {
                inputs: Satoshi(from.gross),
                needed: Satoshi(needed),
            });
        };
        to.gross = to.gross.checked_add(from.gross).ok_or(SettlementError::Overflow)?;
        report(&mut moved, &from, to.recipient());
    }
}

/// Takes the fee from all in proportion to what they get. A fee above all they get leaves nothing.
fn charge(groups: &mut [Group], fee: Satoshi) {
    let total: u128 = groups.iter().map(|group| u128::from(group.gross)).sum();
    let fee = u128::from(fee.0).min(total);
    let mut left = fee;
    let mut remainders = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter_mut().enumerate() {
        let product = fee * u128::from(group.gross);
        // At most `gross`, because `fee` is at most `total`.
        let part = product / total;
        group.net = group.gross - u64::try_from(part).expect("a part is at most the whole");
        left -= part;
        remainders.push((product % total, index));
    }
    // What is left is less than one satoshi for each that has a remainder, and whoever has one
    // has a satoshi more than its part.
    remainders.sort_by_key(|(remainder, index)| (std::cmp::Reverse(*remainder), *index));
    for (_, index) in remainders {
        if left == 0 {
            break;
        }
        groups[index].net -= 1;
        left -= 1;
    }
}

/// Returns who gets what is too small for somebody else.
fn fallback(groups: &mut [Group]) -> Option<&mut Group> {
    // The last maximum is taken, so that the first of equals wins.
    groups.iter_mut().rev().max_by_key(|group| (group.has_party(), group.gross))
}

/// Notes that all shares of `from`, and those that had been moved to it, went on to `to`.
fn report(moved: &mut Vec<Moved>, from: &Group, to: Recipient) {
    for earlier in moved.iter_mut().filter(|earlier| earlier.to == from.recipient()) {
        earlier.to = to;
    }
    for (recipient, amount) in &from.shares {
        moved.push(Moved { from: *recipient, to, amount: *amount });
    }
}
