//! Calls about deals.

use super::{
    DealServer,
    origin::{bare, module_address, trusts},
};
use crate::{
    DealCall, DealMessage, Origin, Outcome, Payload, ServerError, Trust,
    core::{Telling, read_failed, write_failed},
    record::created,
    reply::deal_reply,
};
use std::sync::atomic::Ordering;
use tally_deal::{
    Actor, Address, CheckedRequest, Command, CommandRefused, Deal, DealCode, Document, Fact, Fee,
    Maker, NewDeal, Opinion, Order, Payee, Rating, Refusal, Request, Scheme, SchemeName, State,
    Terms, Time,
    account::{Account, Page},
};
use tally_deal_store::{Commit, CommitError, Put, Version, Versioned};

/// What is said when a deal was made.
const CREATED: &str = "New deal submitted";

/// How long after its signature, in seconds, a module's message completes a deal. Whoever reads it
/// on its way could repeat it later, when the site would not say the same any more.
const AUTHORITY_SECONDS: u64 = 600;

/// The parties of a deal, as far as they have accounts.
#[derive(Debug)]
struct Parties {
    seller: Option<Account>,
    customer: Option<Account>,
}

impl DealServer {
    /// Checks a message at this moment with the keys of the scheme that it asks for, for modules
    /// within the process.
    ///
    /// The inner error says why the message is not taken.
    ///
    /// # Errors
    ///
    /// [`ServerError::Store`].
    pub async fn check(
        &self,
        request: Request,
    ) -> Result<Result<CheckedRequest, Refusal>, ServerError> {
        let scheme = match request.scheme {
            SchemeName::Service => Some(Scheme::Service(self.core.keys.service_keys())),
            SchemeName::Escrow => self.escrow_of(&request.terms).await?,
        };
        let name = request.scheme;
        let Some(scheme) = scheme else { return Ok(Err(Refusal::OtherScheme(name))) };
        Ok(request.check(Time(self.core.clock.now()), &scheme))
    }

    /// The keys that guard the money of a deal with keys of the parties: those that it was made
    /// with, or those that the accounts have today.
    async fn escrow_of(&self, terms: &Terms) -> Result<Option<Scheme>, ServerError> {
        let known = self.core.store.deal(terms.code()).await.map_err(read_failed)?;
        if let Some(known) = known {
            return Ok(Some(*known.value.scheme()));
        }
        let Some(arbiter) = self.core.keys.arbiter_key() else { return Ok(None) };
        let Parties { seller, customer } = self.parties(terms).await?;
        let key = |account: Option<Account>| Some(account?.key()?.public_key());
        Ok(match (key(seller), key(customer)) {
            (Some(seller), Some(customer)) => {
                let arbiter = terms.arbiter_key(&arbiter);
                Some(Scheme::Escrow { seller, customer, arbiter })
            }
            _ => None,
        })
    }

    /// Answers a message about a deal.
    ///
    /// Making a deal costs two reads and one commit; it waits for neither the chain nor the network.
    ///
    /// # Errors
    ///
    /// [`ServerError`]; what is refused is an answer.
    pub async fn deal(&self, call: DealCall) -> Result<Outcome, ServerError> {
        let DealCall { message, mut origin, is_signed } = call;
        let request = match message {
            DealMessage::Checked(request) => *request,
            DealMessage::Text { text, order } => {
                let read = self.read(&text, order, &mut origin).await?;
                match read {
                    Ok(request) => request,
                    Err((order, reason)) => return Ok(failure(order, reason)),
                }
            }
        };
        let order = request.request.order;
        if order == Order::Create {
            self.create(request, &origin, is_signed).await
        } else if order == Order::Pay {
            self.pay(&request, is_signed).await
        } else if order.is_request() {
            self.command(request, &origin, is_signed).await
        } else {
            Ok(failure(order, Refusal::NotARequest.to_string()))
        }
    }

    /// Reads and checks the message of another module.
    async fn read(
        &self,
        text: &str,
        order: Option<Order>,
        origin: &mut Origin,
    ) -> Result<Result<CheckedRequest, (Order, String)>, ServerError> {
        let shown = order.unwrap_or(Order::Fail);
        let bare = match bare(&self.core, text, origin, None).await? {
            Ok(bare) => bare,
            Err(reason) => return Ok(Err((shown, reason))),
        };
        let network = self.core.config.network;
        let read = Document::from_yaml(&bare.text).map_err(Refusal::from);
        let read = read.and_then(|mut document| {
            // What is signed is not changed.
            if let Some(order) = order.filter(|_| !bare.is_signed) {
                document.set("order", order.as_str());
            }
            Request::read(document, network)
        });
        let request = match read {
            Ok(request) => request,
            Err(refusal) => return Ok(Err((shown, refusal.to_string()))),
        };
        let signed = request.order;
        if let Some(asked) = order.filter(|asked| *asked != signed) {
            let [signed, asked] = [signed, asked].map(Order::to_lowercase);
            let reason = format!("The signed message orders {signed}, not {asked}.");
            return Ok(Err((shown, reason)));
        }
        if let Some(time) = bare.module_signed {
            let is_fresh = time.abs_diff(self.core.clock.now()) <= AUTHORITY_SECONDS;
            if signed == Order::Complete && !is_fresh {
                let reason = "The module has signed the message too long ago.".to_owned();
                return Ok(Err((shown, reason)));
            }
            origin.speaks_for_site &= is_fresh;
        } else if !origin.is_own {
            origin.speaks_for_site = false;
        }
        let checked = self.check(request).await?;
        Ok(checked.map_err(|refusal| (signed, refusal.to_string())))
    }

    async fn create(
        &self,
        checked: CheckedRequest,
        origin: &Origin,
        is_signed: bool,
    ) -> Result<Outcome, ServerError> {
        let core = &self.core;
        let module = match module_payee(core, origin) {
            Ok(module) => module,
            Err(reason) => return Ok(failure(Order::Create, reason)),
        };
        let CheckedRequest { request, payment_address, .. } = checked;
        let Request { terms, document, .. } = request;
        let parties = self.parties(&terms).await?;
        if let Some(reason) = self.untrusted(&terms, &parties, origin.site.as_deref()) {
            return Ok(failure(Order::Create, reason));
        }
        let rating = |account: &Option<Account>, is_seller: bool| match account {
            Some(account) if is_seller => account.seller().rating(),
            Some(account) => account.customer().rating(),
            None => Rating::default(),
        };
        let service = core.config.service_address.clone();
        let fee = core.config.service_fee;
        let new = NewDeal {
            terms,
            payment: payment_address,
            module,
            service: service.map(|address| Payee { address, fee }),
            created: Time(core.clock.now()),
            seller_rating: rating(&parties.seller, true),
            customer_rating: rating(&parties.customer, false),
        };
        let deal = match Deal::new(new, &core.config.policy) {
            Ok(deal) => deal.made_by(maker(origin)),
            Err(refused) => return Ok(failure(Order::Create, refused.to_string())),
        };
        let now_ms = core.clock.now_ms();
        // What is signed is made before anything is stored: a key that does not sign makes no deals.
        let keys = is_signed.then_some(&core.keys);
        let reply = deal_reply(&deal, Some(&document), keys, now_ms / 1000)?;
        let commit = Commit {
            now_ms,
            deals: vec![Put::new(deal.clone())],
            events: vec![created(&deal, now_ms)],
            ..Commit::default()
        };
        // Who reads the chain must know what to look for before anybody can pay for it.
        core.watch(Version(0), &deal);
        match core.commit(commit).await {
            Ok(committed) => {
                core.watch(committed.version, &deal);
                Ok(Outcome {
                    action: Order::Created.as_str(),
                    success: true,
                    message: CREATED.to_owned(),
                    payload: Payload::Deal(reply),
                    grant: None,
                })
            }
            Err(CommitError::Conflict(_)) => self.made_before(&deal, is_signed).await,
            Err(error) => Err(write_failed(error)),
        }
    }

    /// Answers that a deal has been made already: the same as when it was.
    ///
    /// The terms do not say who takes what of the money. Whoever made the deal first did, and may
    /// not be who asks now: `asked` is the deal that this message would have made, and another one
    /// must not pass for it. The service's fee is this server's own matter.
    async fn made_before(&self, asked: &Deal, is_signed: bool) -> Result<Outcome, ServerError> {
        let found = self.core.store.deal(asked.code()).await.map_err(read_failed)?;
        let Some(found) = found else {
            let reason = "Another deal has this payment address.".to_owned();
            return Ok(failure(Order::Create, reason));
        };
        let known = &found.value;
        self.core.watch(found.version, known);
        if known.scheme() != asked.scheme() {
            let reason = "The deal was made before, with another scheme.".to_owned();
            return Ok(failure(Order::Create, reason));
        }
        if known.module() != asked.module() {
            let reason = "The deal was made before, with another module or fee.".to_owned();
            return Ok(failure(Order::Create, reason));
        }
        if known.maker() != asked.maker() {
            let reason = "The deal was made before, by somebody else.".to_owned();
            return Ok(failure(Order::Create, reason));
        }
        self.told(known, CREATED.to_owned(), true, is_signed)
    }

    /// Says whether the deal is paid; payments are found by themselves, and sooner if asked for.
    async fn pay(&self, checked: &CheckedRequest, is_signed: bool) -> Result<Outcome, ServerError> {
        let found = self.core.store.deal(checked.code).await.map_err(read_failed)?;
        let Some(found) = found else { return Ok(unknown(Order::Pay, checked)) };
        let deal = found.value;
        let (success, message) = match deal.state() {
            State::Paid | State::Completed | State::Executed => (true, "Deal is paid".to_owned()),
            State::Created => {
                self.core.look_for(deal.code());
                (false, "The deal is not paid yet.".to_owned())
            }
            state @ (State::Canceled | State::Failed | State::Deleted) => {
                let command = "pay";
                (false, CommandRefused::WrongState { state, command }.to_string())
            }
        };
        self.told(&deal, message, success, is_signed)
    }

    async fn command(
        &self,
        checked: CheckedRequest,
        origin: &Origin,
        is_signed: bool,
    ) -> Result<Outcome, ServerError> {
        let request = &checked.request;
        let order = request.order;
        let words = request.feedback.clone().unwrap_or_default();
        let comments = words.comments.unwrap_or_default();
        let opinion =
            Opinion { status: words.status, refund: words.refund, comments: comments.clone() };
        let (command, by) = if order == Order::Cancel {
            (Command::Cancel { comments }, Actor::Seller)
        } else if order == Order::Feedback {
            (Command::Feedback(opinion), Actor::Customer)
        } else if request.is_signed_by_customer() {
            (Command::Complete(opinion), Actor::Customer)
        } else {
            (Command::Complete(opinion), Actor::Site)
        };
        if by == Actor::Site
            && let Some(reason) = self.not_the_site(checked.code, origin).await?
        {
            return Ok(failure(order, reason));
        }
        let fact = Fact::Command { command, by, now: Time(self.core.clock.now()) };
        match self.core.tell(checked.code, &[fact]).await? {
            Telling::Unknown => Ok(unknown(order, &checked)),
            Telling::Refused(deal, refused) => {
                self.told(&deal, refused.to_string(), false, is_signed)
            }
            Telling::Told(deal) => {
                let message = if order == Order::Cancel {
                    "Deal canceled"
                } else if order == Order::Feedback {
                    "Feedback accepted"
                } else if deal.state() == State::Paid {
                    "Deal in dispute"
                } else {
                    "Deal completed"
                };
                self.told(&deal, message.to_owned(), true, is_signed)
            }
        }
    }

    /// Says why a caller may not speak for the site where a deal was made, if that is so: only who
    /// made the deal may, and the operator.
    async fn not_the_site(
        &self,
        code: DealCode,
        origin: &Origin,
    ) -> Result<Option<String>, ServerError> {
        if !origin.speaks_for_site {
            return Ok(Some("The deal is not signed by the customer.".to_owned()));
        }
        if origin.is_own && origin.is_operator {
            return Ok(None);
        }
        let found = self.core.store.deal(code).await.map_err(read_failed)?;
        let Some(Versioned { value: deal, .. }) = found else { return Ok(None) };
        let is_its = match deal.maker() {
            Maker::Client(_) => *deal.maker() == maker(origin),
            Maker::Module => {
                let module = deal.module().map(|module| module.address.as_str());
                !origin.is_own && module.is_some() && module == origin.module.as_deref()
            }
        };
        let reason = "The deal was made by somebody else, and is not signed by the customer.";
        Ok((!is_its).then(|| reason.to_owned()))
    }

    /// Answers what is known of the deal that is paid at an address.
    ///
    /// # Errors
    ///
    /// [`ServerError`]; that there is no such deal is an answer.
    pub async fn deal_status(
        &self,
        payment_address: &str,
        is_signed: bool,
    ) -> Result<Outcome, ServerError> {
        let title = "Status";
        let network = self.core.config.network;
        let Ok(address) = Address::parse(payment_address, network) else {
            let shown: String = payment_address.chars().take(100).collect();
            return Ok(refused(title, format!("Invalid Payment address: {shown}.")));
        };
        match self.core.store.deal_at(address.as_str()).await.map_err(read_failed)? {
            Some(found) => {
                let message = "Deal data".to_owned();
                let mut outcome = self.told(&found.value, message, true, is_signed)?;
                outcome.action = title;
                Ok(outcome)
            }
            None => Ok(refused(title, format!("Deal not found: {address}"))),
        }
    }

    /// Answers with a deal as it is.
    pub(super) fn told(
        &self,
        deal: &Deal,
        message: String,
        success: bool,
        is_signed: bool,
    ) -> Result<Outcome, ServerError> {
        let keys = is_signed.then_some(&self.core.keys);
        let reply = deal_reply(deal, None, keys, self.core.clock.now())?;
        Ok(Outcome {
            action: deal.state().order().as_str(),
            success,
            message,
            payload: Payload::Deal(reply),
            grant: None,
        })
    }

    async fn parties(&self, terms: &Terms) -> Result<Parties, ServerError> {
        let store = &self.core.store;
        let seller = store.account(terms.seller.as_str());
        let customer = store.account(terms.customer.as_str());
        let (seller, customer) = tokio::join!(seller, customer);
        let seller = seller.map_err(read_failed)?.map(|found| found.value);
        let customer = customer.map_err(read_failed)?.map(|found| found.value);
        Ok(Parties { seller, customer })
    }

    /// Says why a deal is not taken from its site, if that is so.
    fn untrusted(&self, terms: &Terms, parties: &Parties, site: Option<&str>) -> Option<String> {
        let rule = self.core.config.trust;
        let parties = [
            ("Seller", &terms.seller, &parties.seller),
            ("Customer", &terms.customer, &parties.customer),
        ];
        for (role, address, account) in parties {
            let open = account.as_ref().filter(|account| account.deleted().is_none());
            let lists = open.filter(|account| {
                rule == Trust::Registered
                    || !account.urls(tally_deal::account::Urls::Trusted).is_empty()
            });
            match (rule, open, lists) {
                (Trust::Anyone, _, _) | (Trust::Listed, _, None) => {}
                (Trust::Registered, None, _) | (Trust::Registered, _, None) => {
                    return Some(format!("{role} is not registered: {address}"));
                }
                (Trust::Listed | Trust::Registered, _, Some(account)) => {
                    if !trusts(account, &terms.url, site) {
                        let url = &terms.url;
                        return Some(format!("{role} does not trust the URL: {url}"));
                    }
                }
            }
        }
        None
    }

    /// Whether this server has the chain to its end, so that its deals are up to date.
    pub fn is_caught_up(&self) -> bool {
        self.core.is_caught_up.load(Ordering::Acquire)
    }
}

/// Returns whose program asks.
fn maker(origin: &Origin) -> Maker {
    if origin.is_own {
        Maker::Client(origin.client.clone().unwrap_or_default())
    } else {
        Maker::Module
    }
}

/// Reads who the module is and what it takes.
fn module_payee(core: &crate::core::Core, origin: &Origin) -> Result<Option<Payee>, String> {
    let Some(address) = module_address(core, origin)? else { return Ok(None) };
    let fee = match origin.fee.as_deref().filter(|fee| !fee.is_empty()) {
        Some(fee) => fee.parse::<Fee>().map_err(|error| error.to_string())?,
        None => Fee::default(),
    };
    Ok(Some(Payee { address, fee }))
}

fn unknown(order: Order, checked: &CheckedRequest) -> Outcome {
    let address = &checked.payment_address.address;
    failure(order, format!("Deal not found: {address}"))
}

fn failure(order: Order, reason: String) -> Outcome {
    refused(order.as_str(), reason)
}

fn refused(action: &'static str, reason: String) -> Outcome {
    Outcome {
        action,
        success: false,
        message: reason.clone(),
        payload: Payload::Page(Page::Failure(reason)),
        grant: None,
    }
}
