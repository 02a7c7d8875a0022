use crate::decimal::{DecimalError, parse_coins, parse_whole};
use tally_feip::{ConstructState, Entity, EntityState, Json, Object};
use tally_primitives::{Fid, Satoshi};

/// The life of a session if the service's record does not say it.
pub const SESSION_DAYS_DEFAULT: u32 = 365;

/// The longest life of a session that a record may ask for: a hundred years.
pub const SESSION_DAYS_MAX: u32 = 36_500;

/// What a service's record on the chain says about money and sessions.
///
/// *Source:* APIP1V1, the members of `params`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTerms {
    /// Who is paid; the owner if the record does not say.
    pub account: Fid,
    /// What a request costs.
    pub price: Price,
    /// The least that a payment must have to count.
    pub min_payment: Satoshi,
    /// How long a session lives.
    pub session_days: u32,
    /// Where the service is, as published: it ends with `/` if the provider keeps to the documents.
    pub url_head: Option<Box<str>>,
    /// Whether the service can be used: neither stopped nor closed.
    pub is_active: bool,
}

/// What a request costs. Nothing is billed if it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// For each request, whatever the size of its answer.
    PerRequest(Satoshi),
    /// For each 1024 bytes of the answer that were begun.
    PerKilobyte(Satoshi),
}

/// What is wrong in a service's record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The member has a value of another form.
    #[error("params.{member} is {found}, not {expected}")]
    Form {
        /// The member of `params`.
        member: &'static str,
        /// What it is, cut if long.
        found: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// The member is a number that does not serve.
    #[error("params.{member} is {found}: {problem}")]
    Number {
        /// The member of `params`.
        member: &'static str,
        /// What it is, cut if long.
        found: String,
        /// Why it does not serve.
        problem: DecimalError,
    },
    /// The service does not take the chain's coin.
    #[error("params.currency is {0}, and only FCH can be paid on the chain")]
    Currency(String),
    /// It is no service.
    #[error("the entity is no service")]
    NoService,
}

impl ServiceTerms {
    /// Reads the terms of a service.
    ///
    /// # Errors
    ///
    /// [`TermsError`]: what is wrong where. Nothing is guessed about money.
    pub fn of(entity: &Entity) -> Result<Self, TermsError> {
        match &entity.state {
            EntityState::Construct(state) => Self::read(state),
            EntityState::Cid(_) => Err(TermsError::NoService),
        }
    }

    fn read(state: &ConstructState) -> Result<Self, TermsError> {
        let none = Object::new();
        let params = match state.fields.get("params") {
            Some(Json::Object(params)) => params,
            Some(_) | None => &none,
        };
        let currency = text(params, "currency")?.unwrap_or("FCH");
        if !currency.eq_ignore_ascii_case("FCH") {
            return Err(TermsError::Currency(shown(currency)));
        }
        let account = match text(params, "account")? {
            Some(account) => account.parse().map_err(|_| TermsError::Form {
                member: "account",
                found: shown(account),
                expected: "an address",
            })?,
            None => state.owner.clone(),
        };
        let per_kilobyte = number(params, "pricePerKBytes", parse_coins)?;
        let per_request = number(params, "pricePerRequest", parse_coins)?;
        let days = number(params, "sessionDays", session_days)?;
        Ok(Self {
            account,
            price: match (per_kilobyte, per_request) {
                (Some(price), _) => Price::PerKilobyte(price),
                (None, price) => Price::PerRequest(price.unwrap_or_default()),
            },
            min_payment: number(params, "minPayment", parse_coins)?.unwrap_or_default(),
            session_days: days.unwrap_or(SESSION_DAYS_DEFAULT),
            url_head: text(params, "urlHead")?.map(Into::into),
            is_active: state.is_active,
        })
    }
}

impl Price {
    /// Says whether nothing is billed.
    pub const fn is_free(self) -> bool {
        match self {
            Self::PerRequest(price) | Self::PerKilobyte(price) => price.0 == 0,
        }
    }
}

fn session_days(text: &str) -> Result<u32, DecimalError> {
    let days = u32::try_from(parse_whole(text)?).ok();
    days.filter(|days| *days <= SESSION_DAYS_MAX).ok_or(DecimalError::TooLarge)
}

/// Returns a member that is a text; an empty one is none.
fn text<'a>(params: &'a Object, member: &'static str) -> Result<Option<&'a str>, TermsError> {
    match params.get(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_))) => {
            Err(TermsError::Form { member, found: shown(&other.to_string()), expected: "a text" })
        }
    }
}

/// Returns a member that is a number, written as a text or as a number.
fn number<T>(
    params: &Object,
    member: &'static str,
    read: fn(&str) -> Result<T, DecimalError>,
) -> Result<Option<T>, TermsError> {
    let number = match params.get(member) {
        Some(Json::Number(number)) => Some(&**number),
        Some(_) | None => text(params, member)?,
    };
    let problem =
        |number: &str, problem| TermsError::Number { member, found: shown(number), problem };
    number.map(|number| read(number).map_err(|error| problem(number, error))).transpose()
}

/// Returns the beginning of a text, for messages: what is on the chain can be long.
fn shown(text: &str) -> String {
    const LENGTH_MAX: usize = 60;
    match text.char_indices().nth(LENGTH_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
