use super::{
    Action, Actor, DealOutput, DealSettlement, FeeTooHigh, Policy, Recipient, Rules, SettlementId,
    said::Said,
};
use crate::{
    Address, DealCode, Fee, FeedbackStatus, PaymentAddress, Percent, Rating, Scheme, Terms, Time,
};
use serde::{Deserialize, Serialize};

/// Everything about one deal.
///
/// A few hundred bytes, and more for each output and settlement; both are bounded. A fact costs
/// time in proportion to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deal {
    pub(super) code: DealCode,
    pub(super) terms: Terms,
    pub(super) scheme: Scheme,
    pub(super) address: Address,
    pub(super) module: Option<Payee>,
    pub(super) service: Option<Payee>,
    pub(super) maker: Maker,
    pub(super) rules: Rules,
    pub(super) created: Time,
    pub(super) seller_rating: Rating,
    pub(super) customer_rating: Rating,
    pub(super) outputs: Vec<DealOutput>,
    /// Events about outputs that were made.
    pub(super) payments_told: u16,
    pub(super) settlements: Vec<DealSettlement>,
    pub(super) last_settlement: SettlementId,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) dispute: Option<Dispute>,
    pub(super) decision: Option<Decision>,
    pub(super) feedback: Option<Feedback>,
    /// What the customer has signed, the newest last.
    pub(super) said: Vec<Said>,
    pub(super) marks: Option<Marks>,
    pub(super) is_deleted: bool,
}

/// What a deal is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeal {
    /// What the parties agreed on.
    pub terms: Terms,
    /// Where they agreed to pay: the payment address of these terms.
    pub payment: PaymentAddress,
    /// Who owns the module, and what it takes; `None` if the module takes nothing.
    pub module: Option<Payee>,
    /// Where the service is paid, and what it takes; `None` if it takes nothing.
    pub service: Option<Payee>,
    /// When the server was asked for the deal.
    pub created: Time,
    /// The seller's rating at that time.
    pub seller_rating: Rating,
    /// The customer's rating at that time.
    pub customer_rating: Rating,
}

impl NewDeal {
    fn check_fees(&self, max: Percent) -> Result<(), FeeTooHigh> {
        let sum = self.terms.sum.satoshi();
        for (of, payee) in [("module", &self.module), ("service", &self.service)] {
            if let Some(Payee { fee, .. }) = *payee
                && !fee.is_at_most(max, sum)
            {
                return Err(FeeTooHigh { of, fee, max });
            }
        }
        Ok(())
    }
}

/// Whose program made a deal: it alone speaks for the site of the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// A client of the server's own module: its name, empty where nobody has to say who asks.
    Client(String),
    /// A module elsewhere, the one that takes the module's fee.
    Module,
}

/// Somebody with a stated fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// Where it is paid.
    pub address: Address,
    /// What it takes.
    pub fee: Fee,
}

/// Why a deal was canceled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When.
    pub time: Time,
    /// The seller, or the operator if nobody paid in time.
    pub by: Actor,
    /// The seller's words; empty if there are none.
    pub comments: String,
}

/// A dispute about the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Since when.
    pub since: Time,
    /// Who began it.
    pub by: Actor,
    /// Why, in words; empty if there are none.
    pub reason: String,
}

/// What becomes of the money of a postpaid deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was decided.
    pub time: Time,
    /// Who decided; the operator stands for a time that passed.
    pub by: Actor,
    /// What part of the sum goes back to the customer.
    pub refund: Percent,
}

/// An opinion about the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// When it was given.
    pub time: Time,
    /// Whose it is; the operator stands for the default.
    pub by: Actor,
    /// Good or bad.
    pub status: FeedbackStatus,
    /// In words; empty if there are none.
    pub comments: String,
}

/// How a finished deal counts for the ratings of its parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// It was a success of the seller.
    pub seller: bool,
    /// It was a success of the customer.
    pub customer: bool,
}

impl Deal {
    /// Makes a deal that waits for its payment.
    ///
    /// # Errors
    ///
    /// [`FeeTooHigh`] if the module or the service would take more than [`Policy::fee_max`].
    pub fn new(new: NewDeal, policy: &Policy) -> Result<Self, FeeTooHigh> {
        new.check_fees(policy.fee_max)?;
        Ok(Self {
            code: new.terms.code(),
            terms: new.terms,
            scheme: new.payment.scheme,
            address: new.payment.address,
            module: new.module,
            service: new.service,
            maker: Maker::Client(String::new()),
            rules: policy.rules,
            created: new.created,
            seller_rating: new.seller_rating,
            customer_rating: new.customer_rating,
            outputs: Vec::new(),
            payments_told: 0,
            settlements: Vec::new(),
            last_settlement: SettlementId(0),
            cancellation: None,
            dispute: None,
            decision: None,
            feedback: None,
            said: Vec::new(),
            marks: None,
            is_deleted: false,
        })
    }

    /// Returns the deal's name.
    pub const fn code(&self) -> DealCode {
        self.code
    }

    /// Returns what the parties agreed on.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns whose keys guard the money.
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Returns where the deal is paid.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Computes the payment address again, with the script that spending it needs.
    pub fn payment_address(&self) -> PaymentAddress {
        self.terms.payment_address(&self.scheme)
    }

    /// Returns the owner of the module, with the fee.
    pub const fn module(&self) -> Option<&Payee> {
        self.module.as_ref()
    }

    /// Returns the service, with the fee.
    pub const fn service(&self) -> Option<&Payee> {
        self.service.as_ref()
    }

    /// Says whose program makes the deal; without it, a client without a name does.
    #[must_use]
    pub fn made_by(self, maker: Maker) -> Self {
        Self { maker, ..self }
    }

    /// Returns whose program made the deal.
    pub const fn maker(&self) -> &Maker {
        &self.maker
    }

    /// Returns the rules about disputes that the deal was made under.
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// Returns when the server was asked for the deal.
    pub const fn created(&self) -> Time {
        self.created
    }

    /// Returns the seller's rating when the deal was made.
    pub const fn seller_rating(&self) -> Rating {
        self.seller_rating
    }

    /// Returns the customer's rating when the deal was made.
    pub const fn customer_rating(&self) -> Rating {
        self.customer_rating
    }

    /// Returns the money at the deal's address, in the order of the outpoints; spent money
    /// included.
    pub fn outputs(&self) -> &[DealOutput] {
        &self.outputs
    }

    /// Returns the settlements, the oldest first.
    pub fn settlements(&self) -> &[DealSettlement] {
        &self.settlements
    }

    /// Returns one settlement.
    pub fn settlement(&self, id: SettlementId) -> Option<&DealSettlement> {
        self.settlements.iter().find(|settlement| settlement.plan.id == id)
    }

    /// Returns why the deal was canceled.
    pub const fn cancellation(&self) -> Option<&Cancellation> {
        self.cancellation.as_ref()
    }

    /// Returns the dispute, decided or not.
    pub const fn dispute(&self) -> Option<&Dispute> {
        self.dispute.as_ref()
    }

    /// Returns what was decided about the money of a postpaid deal.
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// Returns the opinion about the deal.
    pub const fn feedback(&self) -> Option<&Feedback> {
        self.feedback.as_ref()
    }

    /// Returns how the deal counts for the ratings; `None` before its payout is in a block.
    pub const fn marks(&self) -> Option<Marks> {
        self.marks
    }

    /// Returns the address of somebody who can get money of the deal.
    pub fn address_of(&self, recipient: Recipient) -> Option<&Address> {
        match recipient {
            Recipient::Seller => Some(&self.terms.seller),
            Recipient::Customer => Some(&self.terms.customer),
            Recipient::Module => self.module.as_ref().map(|payee| &payee.address),
            Recipient::Service => self.service.as_ref().map(|payee| &payee.address),
        }
    }

    /// Returns everybody who can get money of the deal, with the address.
    pub fn recipients(&self) -> Vec<(Recipient, Address)> {
        [Recipient::Seller, Recipient::Customer, Recipient::Module, Recipient::Service]
            .into_iter()
            .filter_map(|recipient| Some((recipient, self.address_of(recipient)?.clone())))
            .collect()
    }

    /// Returns the actions that are still to be done: the plan that waits for signatures, and the
    /// signed settlements that no block has.
    ///
    /// For a server that starts, and for one that repeats its broadcasts.
    pub fn pending(&self) -> Vec<Action> {
        let stands = self.standing();
        let settlements = self.settlements.iter().zip(stands);
        settlements.filter_map(|(settlement, stands)| self.pending_of(settlement, stands)).collect()
    }

    fn pending_of(&self, settlement: &DealSettlement, stands: bool) -> Option<Action> {
        if settlement.rejected.is_some() {
            return None;
        }
        if !settlement.is_signed() {
            return Some(Action::Settle(settlement.plan.clone()));
        }
        if !stands || self.is_confirmed(settlement) {
            return None;
        }
        settlement.broadcast()
    }
}
