//! A validated search, and the rules of the endpoint that it was sent to.

use serde_json::Value;

use crate::{
    clause::{Block, Check, Clause, Test},
    cursor::After,
    error::{Problem, QueryError},
    raw::{RawSearch, RawSort, Texts},
    schema::{Kind, Schema, Target},
};

/// Ids that one request may name.
pub const IDS_MAX: usize = 100;
/// Documents on a page if the request does not say how many.
pub const SIZE_DEFAULT: usize = 20;
/// Documents on a page. Who asks for more gets [`SIZE_DEFAULT`], as clients are used to.
pub const SIZE_MAX: usize = 100;
/// Fields of one clause.
pub const CLAUSE_FIELDS_MAX: usize = 32;
/// Values of one clause.
pub const CLAUSE_VALUES_MAX: usize = 1024;
/// Characters of one value.
pub const VALUE_CHARS_MAX: usize = 256;
/// Columns of a sort.
pub const SORT_COLUMNS_MAX: usize = 16;

/// A search that can be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What the endpoint demands of each document, searches by id included.
    pub forced: Option<Clause>,
    /// Conditions that must all hold.
    pub query: Block,
    /// More conditions that must all hold.
    pub filter: Block,
    /// Conditions none of which may hold.
    pub except: Block,
    /// Columns of the order; without any the documents come in the order of insertion.
    pub sort: Vec<Sort>,
    /// Where the page begins; at the first document without it.
    pub after: Option<After>,
    /// Most documents on the page, 1 to [`SIZE_MAX`].
    pub size: usize,
    /// The documents of these ids, each once, in this order. All else but `forced` is without
    /// meaning then.
    pub ids: Option<Vec<String>>,
}

/// A column of the order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The field, never [`Target::Unknown`].
    pub target: Target,
    /// How its values compare, never [`Kind::Text`] or [`Kind::Object`].
    pub kind: Kind,
    /// Which end comes first.
    pub order: Order,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The least.
    Asc,
    /// The greatest.
    Desc,
}

/// What an endpoint says about the searches sent to it.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The table.
    pub schema: &'a Schema,
    /// Sort columns of a request that names none.
    pub default_sort: &'a [(&'a str, Order)],
    /// A block that clients cannot set.
    pub forced: Forced<'a>,
    /// Whether documents are fetched by id only.
    pub needs_ids: bool,
}

/// A block that the endpoint sets itself. What a client writes there is dropped without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced<'a> {
    /// None: clients set all blocks.
    None,
    /// `filter`: only documents whose field has the value.
    Filter {
        /// The field.
        field: &'a str,
        /// The value.
        value: &'a str,
    },
    /// `except`: no documents whose field has the value.
    Except {
        /// The field.
        field: &'a str,
        /// The value.
        value: &'a str,
    },
}

impl Search {
    /// Reads the `fcdsl` object of a request; `None` and `null` ask for everything.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(fcdsl: Option<&Value>, rules: &Rules<'_>) -> Result<Self, QueryError> {
        let raw = match fcdsl {
            None | Some(Value::Null) => RawSearch::default(),
            Some(value) => RawSearch::from_json(value)?,
        };
        Self::build(&raw, rules)
    }

    fn build(raw: &RawSearch, rules: &Rules<'_>) -> Result<Self, QueryError> {
        let schema = rules.schema;
        let forced = rules.forced.clause(schema);
        if let Some(ids) = &raw.ids {
            return Ok(Self { ids: Some(parse_ids(ids)?), ..Self::all(forced) });
        }
        if rules.needs_ids {
            return Err(QueryError::bad("fcdsl.ids", Problem::Missing));
        }
        let mut search = Self::all(forced);
        search.query = Block::build(&raw.query, schema, "fcdsl.query")?;
        if !matches!(rules.forced, Forced::Filter { .. }) {
            search.filter = Block::build(&raw.filter, schema, "fcdsl.filter")?;
        }
        if !matches!(rules.forced, Forced::Except { .. }) {
            search.except = Block::build(&raw.except, schema, "fcdsl.except")?;
        }
        search.size = parse_size(raw.size.as_deref())?;
        search.sort = match &raw.sort {
            Some(columns) => parse_sort(columns, schema)?,
            None => default_sort(rules)?,
        };
        if let Some(after) = &raw.after {
            search.after = Some(After::parse(after, &search.sort, "fcdsl.after")?);
        }
        Ok(search)
    }

    fn all(forced: Option<Clause>) -> Self {
        Self {
            forced,
            query: Block::default(),
            filter: Block::default(),
            except: Block::default(),
            sort: Vec::new(),
            after: None,
            size: SIZE_DEFAULT,
            ids: None,
        }
    }
}

impl Forced<'_> {
    fn clause(&self, schema: &Schema) -> Option<Clause> {
        let test = |field: &str, value: &str| Test {
            target: schema.resolve(field),
            check: Check::Texts(vec![value.into()]),
        };
        match self {
            Self::None => None,
            Self::Filter { field, value } => Some(Clause::Any(vec![test(field, value)])),
            Self::Except { field, value } => Some(Clause::None(vec![test(field, value)])),
        }
    }
}

fn parse_ids(ids: &Texts) -> Result<Vec<String>, QueryError> {
    let at = "fcdsl.ids";
    if ids.len() > IDS_MAX {
        return Err(QueryError::TooManyIds { at: at.into(), count: ids.len() });
    }
    let mut unique: Vec<String> = Vec::new();
    for id in crate::raw::required(Some(ids), IDS_MAX, at)? {
        if !unique.iter().any(|known| known == id) {
            unique.push(id.to_owned());
        }
    }
    Ok(unique)
}

fn parse_size(size: Option<&str>) -> Result<usize, QueryError> {
    let Some(text) = size else { return Ok(SIZE_DEFAULT) };
    let size: u32 = text.parse().map_err(|_| QueryError::bad("fcdsl.size", Problem::Size))?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    Ok(if (1..=SIZE_MAX).contains(&size) { size } else { SIZE_DEFAULT })
}

fn parse_sort(columns: &[RawSort], schema: &Schema) -> Result<Vec<Sort>, QueryError> {
    if columns.len() > SORT_COLUMNS_MAX {
        return Err(QueryError::bad("fcdsl.sort", Problem::TooMany(SORT_COLUMNS_MAX)));
    }
    let column = |(index, column): (usize, &RawSort)| {
        let at = |member: &str| format!("fcdsl.sort[{index}].{member}");
        let name = column.field.as_deref();
        let name = name.ok_or_else(|| QueryError::bad(at("field"), Problem::Missing))?;
        let order = match column.order.as_deref() {
            Some("asc") => Order::Asc,
            Some("desc") | None => Order::Desc,
            Some(_) => return Err(QueryError::bad(at("order"), Problem::Order)),
        };
        new_sort(schema, name, order)
            .ok_or_else(|| QueryError::bad(at("field"), Problem::Unsortable))
    };
    columns.iter().enumerate().map(column).collect()
}

fn default_sort(rules: &Rules<'_>) -> Result<Vec<Sort>, QueryError> {
    let column = |&(name, order): &(&str, Order)| {
        new_sort(rules.schema, name, order)
            .ok_or_else(|| QueryError::bad(format!("default sort {name}"), Problem::Unsortable))
    };
    rules.default_sort.iter().map(column).collect()
}

fn new_sort(schema: &Schema, name: &str, order: Order) -> Option<Sort> {
    let target = schema.resolve(name);
    match schema.kind(&target)? {
        Kind::Text | Kind::Object => None,
        kind @ (Kind::Keyword | Kind::Long | Kind::Float | Kind::Boolean) => {
            Some(Sort { target, kind, order })
        }
    }
}
