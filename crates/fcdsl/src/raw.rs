//! The members of a query with the right JSON types, before they mean anything.
//!
//! Scalars are taken as text, whatever they are in JSON: clients write `20` and `"20"`. `null` is
//! the same as an absent member, unknown members are ignored.

use serde_json::{Map, Value};

use crate::error::{Problem, QueryError};

/// A text, or the `null` among texts.
pub(crate) type Texts = Vec<Option<String>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct RawSearch {
    pub(crate) ids: Option<Texts>,
    pub(crate) query: RawBlock,
    pub(crate) filter: RawBlock,
    pub(crate) except: RawBlock,
    pub(crate) size: Option<String>,
    pub(crate) sort: Option<Vec<RawSort>>,
    pub(crate) after: Option<Texts>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RawSort {
    pub(crate) field: Option<String>,
    pub(crate) order: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RawBlock {
    pub(crate) terms: Option<RawClause>,
    pub(crate) part: Option<RawClause>,
    pub(crate) matches: Option<RawClause>,
    pub(crate) exists: Option<Texts>,
    pub(crate) unexists: Option<Texts>,
    pub(crate) equals: Option<RawClause>,
    pub(crate) unequals: Option<RawClause>,
    pub(crate) range: Option<RawClause>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RawClause {
    pub(crate) fields: Option<Texts>,
    pub(crate) values: Option<Texts>,
    pub(crate) value: Option<String>,
    pub(crate) is_case_insensitive: Option<String>,
    pub(crate) gt: Option<String>,
    pub(crate) gte: Option<String>,
    pub(crate) lt: Option<String>,
    pub(crate) lte: Option<String>,
}

impl RawSearch {
    pub(crate) fn from_json(value: &Value) -> Result<Self, QueryError> {
        let object = Members::new(value, "fcdsl")?;
        Ok(Self {
            ids: object.texts("ids")?,
            query: object.block("query")?,
            filter: object.block("filter")?,
            except: object.block("except")?,
            size: object.text("size")?,
            sort: object.sort()?,
            after: object.texts("after")?,
        })
    }
}

/// The members of one object, and where in the request it is.
struct Members<'a> {
    members: &'a Map<String, Value>,
    at: String,
}

impl<'a> Members<'a> {
    fn new(value: &'a Value, at: impl Into<String>) -> Result<Self, QueryError> {
        let at = at.into();
        match value {
            Value::Object(members) => Ok(Self { members, at }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(QueryError::Shape { at, expected: "an object" }),
        }
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn object(&self, name: &str) -> Result<Option<Self>, QueryError> {
        self.value(name).map(|value| Self::new(value, self.at(name))).transpose()
    }

    fn text(&self, name: &str) -> Result<Option<String>, QueryError> {
        self.value(name).map(|value| scalar(value, || self.at(name))).transpose()
    }

    fn texts(&self, name: &str) -> Result<Option<Texts>, QueryError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let Value::Array(items) = value else {
            return Err(QueryError::Shape { at: self.at(name), expected: "an array" });
        };
        let text = |(index, item): (usize, &Value)| {
            let at = || format!("{}[{index}]", self.at(name));
            if item.is_null() { Ok(None) } else { scalar(item, at).map(Some) }
        };
        items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn sort(&self) -> Result<Option<Vec<RawSort>>, QueryError> {
        let Some(value) = self.value("sort") else { return Ok(None) };
        let Value::Array(items) = value else {
            return Err(QueryError::Shape { at: self.at("sort"), expected: "an array" });
        };
        let column = |(index, item)| {
            let column = Members::new(item, format!("{}[{index}]", self.at("sort")))?;
            Ok(RawSort { field: column.text("field")?, order: column.text("order")? })
        };
        items.iter().enumerate().map(column).collect::<Result<_, _>>().map(Some)
    }

    fn block(&self, name: &str) -> Result<RawBlock, QueryError> {
        let Some(block) = self.object(name)? else { return Ok(RawBlock::default()) };
        Ok(RawBlock {
            terms: block.clause("terms")?,
            part: block.clause("part")?,
            matches: block.clause("match")?,
            exists: block.texts("exists")?,
            unexists: block.texts("unexists")?,
            equals: block.clause("equals")?,
            unequals: block.clause("unequals")?,
            range: block.clause("range")?,
        })
    }

    fn clause(&self, name: &str) -> Result<Option<RawClause>, QueryError> {
        let Some(clause) = self.object(name)? else { return Ok(None) };
        Ok(Some(RawClause {
            fields: clause.texts("fields")?,
            values: clause.texts("values")?,
            value: clause.text("value")?,
            is_case_insensitive: clause.text("isCaseInsensitive")?,
            gt: clause.text("gt")?,
            gte: clause.text("gte")?,
            lt: clause.text("lt")?,
            lte: clause.text("lte")?,
        }))
    }
}

fn scalar(value: &Value, at: impl Fn() -> String) -> Result<String, QueryError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(boolean) => Ok(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(QueryError::Shape { at: at(), expected: "a text, a number or a boolean" })
        }
    }
}

/// The texts of a list that must not be empty nor hold `null`.
pub(crate) fn required<'a>(
    texts: Option<&'a Texts>,
    max: usize,
    at: &str,
) -> Result<Vec<&'a str>, QueryError> {
    let texts = texts.filter(|texts| !texts.is_empty());
    let texts = texts.ok_or_else(|| QueryError::bad(at, Problem::Missing))?;
    if texts.len() > max {
        return Err(QueryError::bad(at, Problem::TooMany(max)));
    }
    let text = |(index, text): (usize, &'a Option<String>)| {
        text.as_deref().ok_or_else(|| QueryError::bad(format!("{at}[{index}]"), Problem::Missing))
    };
    texts.iter().enumerate().map(text).collect()
}
