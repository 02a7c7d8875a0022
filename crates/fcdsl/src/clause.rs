//! The conditions of a block, with typed values.

use std::{collections::HashSet, hash::Hash, ops::Bound};

use crate::{
    error::{Problem, QueryError},
    number,
    pattern::Pattern,
    raw::{self, RawBlock, RawClause},
    schema::{Kind, Schema, Target},
    search::{CLAUSE_FIELDS_MAX, CLAUSE_VALUES_MAX, VALUE_CHARS_MAX},
    words::words,
};

/// Conditions that a document must meet all of (query, filter), or none of (except).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Block {
    /// At most one of each clause of the language.
    pub clauses: Vec<Clause>,
}

/// One clause: tests of single fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// Holds if any test holds.
    Any(Vec<Test>),
    /// Holds if all tests hold.
    All(Vec<Test>),
    /// Holds if no test holds.
    None(Vec<Test>),
}

/// A question about one field. Of a target that the schema does not know, the answer is no.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// What is asked about.
    pub target: Target,
    /// What is asked; it fits the target's kind.
    pub check: Check,
}

/// What is asked of a field's values: the answer is yes if any value fits. The values of a
/// [`Kind::Text`] are its words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// There is a value.
    Present,
    /// One of these texts ([`Kind::Keyword`], [`Kind::Text`]).
    Texts(Vec<Box<str>>),
    /// One of these integers ([`Kind::Long`]).
    Longs(Vec<i64>),
    /// One of these floats, as bits ([`Kind::Float`]); never -0, infinite or NaN.
    Floats(Vec<u32>),
    /// One of these ([`Kind::Boolean`]).
    Booleans(Vec<bool>),
    /// A text that holds the pattern ([`Kind::Keyword`], [`Kind::Text`]).
    Part(Pattern),
    /// Between bounds.
    Range(Range),
}

/// Bounds of a range, in the order of the field's kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// By bytes ([`Kind::Keyword`], [`Kind::Text`]).
    Texts {
        /// The lower bound.
        lower: Bound<Box<str>>,
        /// The upper bound.
        upper: Bound<Box<str>>,
    },
    /// Integers, both ends included ([`Kind::Long`]); for booleans false is 0 and true is 1. Holds
    /// nothing if `min` is greater than `max`.
    Longs {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Floats ([`Kind::Float`]), as the bits of finite ones.
    Floats {
        /// The lower bound.
        lower: Bound<u32>,
        /// The upper bound.
        upper: Bound<u32>,
    },
}

impl Block {
    pub(crate) fn build(raw: &RawBlock, schema: &Schema, at: &str) -> Result<Self, QueryError> {
        let mut clauses = Vec::new();
        let place = |name: &str| format!("{at}.{name}");
        if let Some(raw) = &raw.terms {
            clauses.push(Clause::Any(Builder::new(raw, schema, place("terms")).each(terms)?));
        }
        if let Some(raw) = &raw.part {
            clauses.push(Clause::Any(Builder::new(raw, schema, place("part")).part()?));
        }
        if let Some(raw) = &raw.matches {
            clauses.push(Clause::Any(Builder::new(raw, schema, place("match")).matches()?));
        }
        if let Some(names) = &raw.exists {
            clauses.push(Clause::All(present(Some(names), schema, &place("exists"))?));
        }
        if let Some(names) = &raw.unexists {
            clauses.push(Clause::None(present(Some(names), schema, &place("unexists"))?));
        }
        if let Some(raw) = &raw.equals {
            clauses.push(Clause::Any(Builder::new(raw, schema, place("equals")).each(equals)?));
        }
        if let Some(raw) = &raw.unequals {
            clauses.push(Clause::None(Builder::new(raw, schema, place("unequals")).each(equals)?));
        }
        if let Some(raw) = &raw.range {
            clauses.push(Clause::All(Builder::new(raw, schema, place("range")).range()?));
        }
        Ok(Self { clauses })
    }
}

fn present(names: Option<&raw::Texts>, schema: &Schema, at: &str) -> Result<Vec<Test>, QueryError> {
    let names = raw::required(names, CLAUSE_FIELDS_MAX, at)?;
    let targets = unique(names.into_iter().map(|name| schema.resolve(name)));
    Ok(targets.into_iter().map(|target| Test { target, check: Check::Present }).collect())
}

/// Each item once, where it first stands: saying a thing again asks for nothing more, and must not
/// cost more.
fn unique<T: Clone + Eq + Hash>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

/// What values of a clause are asked of a field, or which of them is wrong.
type Checked = Result<Check, (usize, Problem)>;

struct Builder<'a> {
    raw: &'a RawClause,
    schema: &'a Schema,
    at: String,
}

impl<'a> Builder<'a> {
    fn new(raw: &'a RawClause, schema: &'a Schema, at: String) -> Self {
        Self { raw, schema, at }
    }

    fn bad(&self, member: &str, problem: Problem) -> QueryError {
        QueryError::bad(format!("{}.{member}", self.at), problem)
    }

    /// The fields, each once, whatever names it was given by.
    fn targets(&self) -> Result<Vec<Target>, QueryError> {
        Ok(unique(self.fields()?.into_iter().map(|name| self.schema.resolve(name))))
    }

    fn fields(&self) -> Result<Vec<&'a str>, QueryError> {
        let at = format!("{}.fields", self.at);
        raw::required(self.raw.fields.as_ref(), CLAUSE_FIELDS_MAX, &at)
    }

    fn text<'t>(&self, member: &str, text: &'t str) -> Result<&'t str, QueryError> {
        if text.chars().nth(VALUE_CHARS_MAX).is_some() {
            return Err(self.bad(member, Problem::TooLong(VALUE_CHARS_MAX)));
        }
        Ok(text)
    }

    fn value(&self) -> Result<&'a str, QueryError> {
        let value = self.raw.value.as_deref();
        let value = value.ok_or_else(|| self.bad("value", Problem::Missing))?;
        self.text("value", value)
    }

    /// One test for each field, of all values.
    fn each(&self, check: fn(Kind, &[&str]) -> Checked) -> Result<Vec<Test>, QueryError> {
        let targets = self.targets()?;
        let at = format!("{}.values", self.at);
        let values = raw::required(self.raw.values.as_ref(), CLAUSE_VALUES_MAX, &at)?;
        for (index, value) in values.iter().enumerate() {
            self.text(&format!("values[{index}]"), value)?;
        }
        let test = |target| {
            // What a field that does not exist is compared with does not matter.
            let kind = self.schema.kind(&target).unwrap_or(Kind::Object);
            let check = check(kind, &values)
                .map_err(|(index, problem)| self.bad(&format!("values[{index}]"), problem))?;
            Ok(Test { target, check })
        };
        targets.into_iter().map(test).collect()
    }

    fn part(&self) -> Result<Vec<Test>, QueryError> {
        let fields = self.fields()?;
        let value = self.value()?;
        let is_case_insensitive = match &self.raw.is_case_insensitive {
            None => false,
            Some(text) => parse_boolean(text)
                .ok_or_else(|| self.bad("isCaseInsensitive", Problem::Boolean))?,
        };
        let pattern = Pattern::new(value, is_case_insensitive);
        let target = |(index, name)| {
            let target = self.schema.resolve(name);
            match self.schema.kind(&target) {
                Some(Kind::Long | Kind::Float | Kind::Boolean) => {
                    Err(self.bad(&format!("fields[{index}]"), Problem::Clause))
                }
                Some(Kind::Keyword | Kind::Text | Kind::Object) | None => Ok(target),
            }
        };
        let targets = fields.into_iter().enumerate().map(target);
        let targets = unique(targets.collect::<Result<Vec<_>, _>>()?);
        let test = |target| Test { target, check: Check::Part(pattern.clone()) };
        Ok(targets.into_iter().map(test).collect())
    }

    fn matches(&self) -> Result<Vec<Test>, QueryError> {
        let targets = self.targets()?;
        let value = self.value()?;
        let test = |target| {
            let kind = self.schema.kind(&target).unwrap_or(Kind::Object);
            let check = if kind == Kind::Text {
                Check::Texts(unique(words(value).map(String::into_boxed_str)))
            } else {
                terms(kind, &[value]).map_err(|(_, problem)| self.bad("value", problem))?
            };
            Ok(Test { target, check })
        };
        targets.into_iter().map(test).collect()
    }

    fn range(&self) -> Result<Vec<Test>, QueryError> {
        let targets = self.targets()?;
        let bounds = [
            ("gt", self.raw.gt.as_deref(), false),
            ("gte", self.raw.gte.as_deref(), true),
            ("lt", self.raw.lt.as_deref(), false),
            ("lte", self.raw.lte.as_deref(), true),
        ];
        if bounds.iter().all(|(_, bound, _)| bound.is_none()) {
            return Err(QueryError::bad(self.at.clone(), Problem::NoBound));
        }
        for (name, bound, _) in bounds {
            self.text(name, bound.unwrap_or_default())?;
        }
        let mut tests = Vec::new();
        for target in targets {
            // Each bound is a test of its own only where one value must meet both: so they are
            // one range.
            let kind = self.schema.kind(&target).unwrap_or(Kind::Object);
            let mut range = Range::all(kind);
            for (name, bound, is_included) in bounds {
                let Some(bound) = bound else { continue };
                let is_lower = name.starts_with('g');
                range
                    .narrow(kind, bound, is_lower, is_included)
                    .map_err(|problem| self.bad(name, problem))?;
            }
            tests.push(Test { target, check: Check::Range(range) });
        }
        Ok(tests)
    }
}

impl Range {
    fn all(kind: Kind) -> Self {
        match kind {
            Kind::Keyword | Kind::Text | Kind::Object => {
                Self::Texts { lower: Bound::Unbounded, upper: Bound::Unbounded }
            }
            Kind::Long => Self::Longs { min: i64::MIN, max: i64::MAX },
            Kind::Boolean => Self::Longs { min: 0, max: 1 },
            Kind::Float => Self::Floats { lower: Bound::Unbounded, upper: Bound::Unbounded },
        }
    }

    fn narrow(
        &mut self,
        kind: Kind,
        text: &str,
        is_lower: bool,
        is_included: bool,
    ) -> Result<(), Problem> {
        match self {
            Self::Texts { lower, upper } => {
                let bound = new_bound(Box::<str>::from(text), is_included);
                let side = if is_lower { lower } else { upper };
                tighten(side, bound, is_lower, |one, other| one.cmp(other));
            }
            Self::Longs { min, max } => {
                let number = if kind == Kind::Boolean {
                    parse_boolean(text).map(|boolean| number::Number::Long(i64::from(boolean)))
                } else {
                    number::parse(text)
                };
                let number = number.ok_or(match kind {
                    Kind::Boolean => Problem::Boolean,
                    Kind::Keyword | Kind::Text | Kind::Long | Kind::Float | Kind::Object => {
                        Problem::Number
                    }
                })?;
                let limit = if is_lower {
                    number.least_above(is_included)
                } else {
                    number.greatest_below(is_included)
                };
                match limit {
                    None => (*min, *max) = (1, 0),
                    Some(limit) if is_lower => *min = limit.max(*min),
                    Some(limit) => *max = limit.min(*max),
                }
            }
            Self::Floats { lower, upper } => {
                let float = number::parse_f32(text).ok_or(Problem::Number)?;
                let side = if is_lower { lower } else { upper };
                let bound = new_bound(float.to_bits(), is_included);
                tighten(side, bound, is_lower, |one, other| {
                    f32::from_bits(*one).total_cmp(&f32::from_bits(*other))
                });
            }
        }
        Ok(())
    }
}

fn new_bound<T>(value: T, is_included: bool) -> Bound<T> {
    if is_included { Bound::Included(value) } else { Bound::Excluded(value) }
}

/// Replaces `side` by `bound` if that leaves less.
fn tighten<T>(
    side: &mut Bound<T>,
    bound: Bound<T>,
    is_lower: bool,
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) {
    let (Bound::Included(new) | Bound::Excluded(new)) = &bound else { return };
    let leaves_less = match side {
        Bound::Unbounded => true,
        Bound::Included(old) | Bound::Excluded(old) => match compare(new, old) {
            std::cmp::Ordering::Greater => is_lower,
            std::cmp::Ordering::Less => !is_lower,
            std::cmp::Ordering::Equal => matches!(bound, Bound::Excluded(_)),
        },
    };
    if leaves_less {
        *side = bound;
    }
}

/// `true` and `false` in any case of letters.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The values of `terms`, and of `match` on anything but words.
fn terms(kind: Kind, values: &[&str]) -> Checked {
    match kind {
        Kind::Keyword | Kind::Text | Kind::Object => {
            Ok(Check::Texts(unique(values.iter().map(|value| Box::from(*value)))))
        }
        Kind::Long => {
            let numbers = parse_all(values, Problem::Number, number::parse)?;
            // A fraction equals no integer.
            Ok(Check::Longs(unique(numbers.into_iter().filter_map(number::Number::as_long))))
        }
        Kind::Float => {
            let floats = parse_all(values, Problem::Number, number::parse_f32)?;
            Ok(Check::Floats(unique(floats.into_iter().map(f32::to_bits))))
        }
        Kind::Boolean => {
            let booleans = parse_all(values, Problem::Boolean, parse_boolean)?;
            Ok(Check::Booleans(unique(booleans)))
        }
    }
}

/// The values of `equals`: numbers, whatever the field is.
fn equals(kind: Kind, values: &[&str]) -> Checked {
    parse_all(values, Problem::Number, number::parse)?;
    match kind {
        Kind::Boolean => Err((0, Problem::Clause)),
        Kind::Keyword | Kind::Text | Kind::Object | Kind::Long | Kind::Float => terms(kind, values),
    }
}

fn parse_all<T>(
    values: &[&str],
    problem: Problem,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, (usize, Problem)> {
    let one = |(index, value): (usize, &&str)| parse(value).ok_or((index, problem.clone()));
    values.iter().enumerate().map(one).collect()
}
