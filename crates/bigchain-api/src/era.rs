//! Which release's API a request speaks: all of the rules, in one table.

use std::{fmt, str::FromStr};

/// A generation of the API.
///
/// As a setting it picks what a request speaks whose parameters do not say; the table of rules is in
/// `docs/http-bigchain.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ApiEra {
    /// The document of December 2016, and the servers 0.7 and 0.8 around it.
    #[default]
    Seed,
    /// Servers 0.9.
    V0_9,
    /// Servers 0.10.
    V0_10,
    /// Servers 1.x.
    V1,
    /// Servers 2.x.
    V2,
}

/// A text names no [`ApiEra`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the API is one of seed, 0.9, 0.10, 1, 2")]
pub struct ApiEraParseError;

impl ApiEra {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] = [Self::Seed, Self::V0_9, Self::V0_10, Self::V1, Self::V2];

    /// Returns its name, as in the setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::V0_9 => "0.9",
            Self::V0_10 => "0.10",
            Self::V1 => "1",
            Self::V2 => "2",
        }
    }

    /// Says whether parameter errors have the shape `{"message": {"<parameter>": "<why>"}}`.
    pub(crate) const fn names_parameters(self) -> bool {
        !matches!(self, Self::Seed)
    }
}

impl fmt::Display for ApiEra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ApiEra {
    type Err = ApiEraParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|era| era.as_str() == text).ok_or(ApiEraParseError)
    }
}

/// A set of eras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Eras(u8);

impl Eras {
    pub(crate) const ALL: Self = Self(0b1_1111);

    const fn of(eras: &[ApiEra]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < eras.len() {
            bits |= 1 << eras[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn contains(self, era: ApiEra) -> bool {
        self.0 & (1 << era as u8) != 0
    }

    /// Picks the setting if it is in the set, else the newest of the set.
    fn pick(self, setting: ApiEra) -> Option<ApiEra> {
        if self.contains(setting) {
            return Some(setting);
        }
        ApiEra::ALL.into_iter().rev().find(|era| self.contains(*era))
    }
}

impl fmt::Display for Eras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ApiEra::ALL.into_iter().filter(|era| self.contains(*era));
        f.write_str(&names.map(ApiEra::as_str).collect::<Vec<_>>().join(", "))
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A parameter of the query is there.
    Has(&'static str),
    /// A parameter of the query, or of the path, is 64 hexadecimal digits.
    IsHash(&'static str),
    /// A parameter of the query is a UUID.
    IsUuid(&'static str),
    /// A parameter of the path is a decimal number.
    IsNumber(&'static str),
    /// The endpoint itself.
    Always,
}

/// One rule: on this endpoint, this sign says that the request speaks one of these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The endpoint's path, without prefix.
    pub(crate) path: &'static str,
    pub(crate) sign: Sign,
    pub(crate) eras: Eras,
    /// A weak rule is left out of account where it contradicts the others.
    pub(crate) weak: bool,
}

const SEED: Eras = Eras::of(&[ApiEra::Seed]);
const VOTING: Eras = Eras::of(&[ApiEra::Seed, ApiEra::V0_9, ApiEra::V0_10, ApiEra::V1]);
const NOT_SEED: Eras = Eras::of(&[ApiEra::V0_9, ApiEra::V0_10, ApiEra::V1, ApiEra::V2]);
const NINE_TEN: Eras = Eras::of(&[ApiEra::V0_9, ApiEra::V0_10]);
const SEED_TO_TEN: Eras = Eras::of(&[ApiEra::Seed, ApiEra::V0_9, ApiEra::V0_10]);
const NINE_TO_ONE: Eras = Eras::of(&[ApiEra::V0_9, ApiEra::V0_10, ApiEra::V1]);
const ONE: Eras = Eras::of(&[ApiEra::V1]);
const TWO: Eras = Eras::of(&[ApiEra::V2]);
const ONE_TWO: Eras = Eras::of(&[ApiEra::V1, ApiEra::V2]);

const fn strong(path: &'static str, sign: Sign, eras: Eras) -> Rule {
    Rule { path, sign, eras, weak: false }
}

const fn weak(path: &'static str, sign: Sign, eras: Eras) -> Rule {
    Rule { path, sign, eras, weak: true }
}

/// All rules. The eras of a request are those that every rule with its sign allows. If the
/// configured era is among them, it speaks that; else the newest of them.
pub(crate) const RULES: &[Rule] = &[
    strong("/transactions", Sign::Has("fulfilled"), SEED),
    strong("/transactions", Sign::Has("owners_after"), SEED),
    strong("/transactions", Sign::Has("metadata_id"), SEED),
    strong("/transactions", Sign::IsUuid("asset_id"), SEED),
    strong("/transactions", Sign::Has("last_tx"), TWO),
    strong("/transactions", Sign::Has("mode"), TWO),
    weak("/transactions", Sign::IsHash("asset_id"), NOT_SEED),
    strong("/statuses", Sign::Has("tx_id"), NINE_TEN),
    strong("/statuses", Sign::Has("transaction_id"), ONE),
    strong("/statuses", Sign::Has("block_id"), NINE_TO_ONE),
    strong("/blocks", Sign::Has("tx_id"), SEED_TO_TEN),
    strong("/blocks", Sign::Has("transaction_id"), ONE_TWO),
    strong("/blocks", Sign::Has("status"), VOTING),
    strong("/blocks/{block_id}", Sign::IsHash("block_id"), VOTING),
    strong("/blocks/{block_id}", Sign::IsNumber("block_id"), TWO),
    strong("/votes", Sign::Always, VOTING),
    strong("/outputs", Sign::Has("unspent"), NINE_TEN),
    strong("/outputs", Sign::Has("spent"), ONE_TWO),
    strong("/outputs", Sign::Has("details"), ONE_TWO),
    strong("/outputs", Sign::Always, NOT_SEED),
    strong("/unspents", Sign::Always, NINE_TEN),
    strong("/assets", Sign::Always, ONE_TWO),
    strong("/metadata", Sign::Always, ONE_TWO),
    strong("/validators", Sign::Always, TWO),
];

/// Decides what a request speaks. `shows` says whether it has a sign.
///
/// # Errors
///
/// `None` if its parameters belong to releases that have nothing in common.
pub(crate) fn detect(path: &str, setting: ApiEra, shows: impl Fn(Sign) -> bool) -> Option<ApiEra> {
    let shown = RULES.iter().filter(|rule| rule.path == path && shows(rule.sign));
    let (weak, strong): (Vec<&Rule>, Vec<&Rule>) = shown.partition(|rule| rule.weak);
    let certain = strong.iter().fold(Eras::ALL, |eras, rule| eras.and(rule.eras));
    let likely = weak.iter().fold(certain, |eras, rule| eras.and(rule.eras));
    if likely.is_empty() { certain } else { likely }.pick(setting)
}

#[cfg(test)]
mod tests;
