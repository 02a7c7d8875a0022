use tally_primitives::{BlockNumber, BlockSpan, NodeAddress, TokenAmount};

/// What is known about one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub(crate) settle_timeout: BlockSpan,
    pub(crate) is_open: bool,
    ends: [End; 2],
}

/// One participant's side.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    node: NodeAddress,
    deposit: TokenAmount,
    known: Option<KnownCapacity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KnownCapacity {
    amount: TokenAmount,
    until: BlockNumber,
}

/// Whether an amount may pass a channel in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// As far as is known, it fits.
    Good,
    /// Only if payments have moved money to the sending end.
    Doubtful,
    /// It cannot.
    Never,
}

impl Channel {
    pub(crate) fn new(participants: [NodeAddress; 2], settle_timeout: BlockSpan) -> Self {
        let ends = participants.map(|node| End { node, deposit: TokenAmount::ZERO, known: None });
        Self { settle_timeout, is_open: true, ends }
    }

    /// Returns the two nodes, in the order in which the chain named them.
    #[must_use]
    pub const fn participants(&self) -> [NodeAddress; 2] {
        [self.ends[0].node, self.ends[1].node]
    }

    /// Returns what `node` has put in, or `None` if it has no part in the channel.
    #[must_use]
    pub fn deposit(&self, node: NodeAddress) -> Option<TokenAmount> {
        self.ends.iter().find(|end| end.node == node).map(|end| end.deposit)
    }

    /// Returns how long the channel can be settled after it was closed.
    #[must_use]
    pub const fn settle_timeout(&self) -> BlockSpan {
        self.settle_timeout
    }

    /// Says whether the channel is not closed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sets a deposit, and moves what was learnt about that end by the same difference. Returns
    /// whether there is more now, or `None` if `node` has no part in the channel.
    pub(crate) fn set_deposit(&mut self, node: NodeAddress, total: TokenAmount) -> Option<bool> {
        let end = self.end_mut(node)?;
        let before = std::mem::replace(&mut end.deposit, total);
        if let Some(known) = &mut end.known {
            let more = known.amount.try_add(total.saturating_sub(before));
            known.amount =
                more.unwrap_or(TokenAmount::MAX).saturating_sub(before.saturating_sub(total));
        }
        Some(total > before)
    }

    /// Notes what one end can send; `None` if `from` has no part in the channel.
    pub(crate) fn set_known_capacity(
        &mut self,
        from: NodeAddress,
        amount: TokenAmount,
        until: BlockNumber,
    ) -> Option<()> {
        self.end_mut(from)?.known = Some(KnownCapacity { amount, until });
        Some(())
    }

    /// Drops what counted only for blocks before `now`.
    pub(crate) fn forget(&mut self, now: BlockNumber) {
        for end in &mut self.ends {
            end.known = end.known.filter(|known| known.until >= now);
        }
    }

    /// Judges whether `amount` may pass from `from` to the other end.
    ///
    /// A deposit is only where the money was put in: payments move it, up to the sum of both.
    pub(crate) fn outlook(
        &self,
        from: NodeAddress,
        amount: TokenAmount,
        now: BlockNumber,
    ) -> Outlook {
        let [mut sender, mut receiver] = self.ends.each_ref();
        if receiver.node == from {
            std::mem::swap(&mut sender, &mut receiver);
        }
        if !self.is_open || sender.node != from {
            return Outlook::Never;
        }
        if let Some(known) = sender.known.filter(|known| known.until >= now) {
            return if known.amount >= amount { Outlook::Good } else { Outlook::Never };
        }
        let sum = sender.deposit.try_add(receiver.deposit).unwrap_or(TokenAmount::MAX);
        if sender.deposit >= amount {
            Outlook::Good
        } else if sum >= amount {
            Outlook::Doubtful
        } else {
            Outlook::Never
        }
    }

    fn end_mut(&mut self, node: NodeAddress) -> Option<&mut End> {
        self.ends.iter_mut().find(|end| end.node == node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: NodeAddress = NodeAddress::new([1; 20]);
    const RIGHT: NodeAddress = NodeAddress::new([2; 20]);
    const NOW: BlockNumber = BlockNumber(10);

    fn units(amount: u64) -> TokenAmount {
        TokenAmount::from_units(amount)
    }

    fn channel() -> Channel {
        let mut channel = Channel::new([LEFT, RIGHT], BlockSpan(100));
        channel.set_deposit(LEFT, units(30)).unwrap();
        channel.set_deposit(RIGHT, units(50)).unwrap();
        channel
    }

    #[test]
    fn deposits_bound_what_can_pass() {
        let channel = channel();
        assert_eq!(channel.outlook(LEFT, units(30), NOW), Outlook::Good);
        assert_eq!(channel.outlook(LEFT, units(31), NOW), Outlook::Doubtful);
        assert_eq!(channel.outlook(RIGHT, units(50), NOW), Outlook::Good);
        assert_eq!(channel.outlook(RIGHT, units(80), NOW), Outlook::Doubtful);
        assert_eq!(channel.outlook(RIGHT, units(81), NOW), Outlook::Never);
        assert_eq!(channel.outlook(NodeAddress::new([3; 20]), units(1), NOW), Outlook::Never);
    }

    #[test]
    fn a_known_capacity_outweighs_deposits_until_it_is_old() {
        let mut channel = channel();
        channel.set_known_capacity(LEFT, units(70), BlockNumber(12)).unwrap();
        assert_eq!(channel.outlook(LEFT, units(70), BlockNumber(12)), Outlook::Good);
        assert_eq!(channel.outlook(LEFT, units(71), BlockNumber(12)), Outlook::Never);
        assert_eq!(channel.outlook(LEFT, units(71), BlockNumber(13)), Outlook::Doubtful);
        channel.forget(BlockNumber(13));
        assert_eq!(channel, self::channel());
    }

    #[test]
    fn a_deposit_moves_what_was_learnt() {
        let mut channel = channel();
        channel.set_known_capacity(LEFT, units(5), NOW).unwrap();
        assert_eq!(channel.set_deposit(LEFT, units(40)), Some(true));
        assert_eq!(channel.outlook(LEFT, units(15), NOW), Outlook::Good);
        assert_eq!(channel.outlook(LEFT, units(16), NOW), Outlook::Never);
        assert_eq!(channel.set_deposit(LEFT, units(28)), Some(false));
        assert_eq!(channel.outlook(LEFT, units(4), NOW), Outlook::Never);
        assert_eq!(channel.outlook(LEFT, units(3), NOW), Outlook::Good);
    }

    #[test]
    fn huge_deposits_do_not_overflow() {
        let mut channel = Channel::new([LEFT, RIGHT], BlockSpan(100));
        channel.set_deposit(LEFT, TokenAmount::MAX).unwrap();
        channel.set_deposit(RIGHT, TokenAmount::MAX).unwrap();
        assert_eq!(channel.outlook(LEFT, TokenAmount::MAX, NOW), Outlook::Good);
    }
}
