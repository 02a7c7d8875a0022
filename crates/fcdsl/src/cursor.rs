//! Where a page ends and the next one begins.

use std::cmp::Ordering;

use crate::{
    clause::parse_boolean,
    error::{Problem, QueryError},
    number,
    schema::Kind,
    search::{Order, Sort},
};

/// The `last` of a page, to be sent back as `after`: one text for each sort column, `None` (`null`
/// in JSON) for the text of a document that has none.
///
/// If the page's end separates documents that agree in all sort columns, one more text follows: the
/// id of the page's last document. Without it the rest of them would be skipped.
pub type Last = Vec<Option<String>>;

/// A document's value of a sort column.
///
/// Of several values the least counts in ascending, the greatest in descending order. A document
/// without a value comes last in both orders: in place of a number stands the greatest or least of
/// all, so that documents with exactly that number come together with them.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// Of a [`Kind::Long`]; of a [`Kind::Boolean`] 0 or 1.
    Long(i64),
    /// Of a [`Kind::Float`]. Never -0 or NaN; infinite only in place of a missing value.
    Float(f32),
    /// Of a [`Kind::Keyword`].
    Text(Option<Box<str>>),
}

/// Where a page begins: behind this place in the order.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// One key for each sort column.
    pub keys: Vec<Key>,
    /// Behind this document of those that agree in all columns; behind all of them without it.
    pub id: Option<String>,
}

impl Key {
    /// The key of a document that has no value.
    pub fn missing(kind: Kind, order: Order) -> Self {
        match (kind, order) {
            (Kind::Long | Kind::Boolean, Order::Asc) => Self::Long(i64::MAX),
            (Kind::Long | Kind::Boolean, Order::Desc) => Self::Long(i64::MIN),
            (Kind::Float, Order::Asc) => Self::Float(f32::INFINITY),
            (Kind::Float, Order::Desc) => Self::Float(f32::NEG_INFINITY),
            (Kind::Keyword | Kind::Text | Kind::Object, _) => Self::Text(None),
        }
    }

    /// Which of two keys of one column comes first.
    pub fn compare(&self, other: &Self, order: Order) -> Ordering {
        let ascending = match (self, other) {
            (Self::Long(one), Self::Long(two)) => one.cmp(two),
            (Self::Float(one), Self::Float(two)) => one.total_cmp(two),
            (Self::Text(Some(one)), Self::Text(Some(two))) => one.cmp(two),
            // Last in both orders.
            (Self::Text(one), Self::Text(two)) => return one.is_none().cmp(&two.is_none()),
            // Keys of one column are of one kind; any fixed answer would do.
            (Self::Long(_), _) | (Self::Float(_), Self::Text(_)) => Ordering::Less,
            (Self::Float(_) | Self::Text(_), _) => Ordering::Greater,
        };
        match order {
            Order::Asc => ascending,
            Order::Desc => ascending.reverse(),
        }
    }

    /// The text of the key in `last`.
    pub fn render(&self) -> Option<String> {
        match self {
            Self::Long(long) => Some(long.to_string()),
            Self::Float(float) if *float == f32::INFINITY => Some("Infinity".into()),
            Self::Float(float) if *float == f32::NEG_INFINITY => Some("-Infinity".into()),
            Self::Float(float) => Some(format!("{float:?}")),
            Self::Text(text) => text.as_deref().map(str::to_owned),
        }
    }

    fn parse(text: Option<&str>, sort: &Sort) -> Result<Self, Problem> {
        let Some(text) = text else { return Ok(Self::missing(sort.kind, sort.order)) };
        match sort.kind {
            Kind::Long => {
                let number = number::parse(text).and_then(number::Number::as_long);
                number.map(Self::Long).ok_or(Problem::Number)
            }
            Kind::Boolean => match parse_boolean(text) {
                Some(boolean) => Ok(Self::Long(i64::from(boolean))),
                None => {
                    let key = text.parse().map(Self::Long).map_err(|_| Problem::Boolean)?;
                    let is_known = [Self::Long(0), Self::Long(1)].contains(&key)
                        || key == Self::missing(sort.kind, sort.order);
                    if is_known { Ok(key) } else { Err(Problem::Boolean) }
                }
            },
            Kind::Float => match text {
                "Infinity" => Ok(Self::Float(f32::INFINITY)),
                "-Infinity" => Ok(Self::Float(f32::NEG_INFINITY)),
                text => number::parse_f32(text).map(Self::Float).ok_or(Problem::Number),
            },
            Kind::Keyword | Kind::Text | Kind::Object => Ok(Self::Text(Some(text.into()))),
        }
    }
}

impl After {
    pub(crate) fn parse(
        texts: &[Option<String>],
        sort: &[Sort],
        at: &str,
    ) -> Result<Self, QueryError> {
        if sort.is_empty() {
            return Err(QueryError::bad(at, Problem::AfterWithoutSort));
        }
        let length = Problem::AfterLength(sort.len());
        if texts.len() < sort.len() || texts.len() > sort.len() + 1 {
            return Err(QueryError::bad(at, length));
        }
        let (columns, id) = texts.split_at(sort.len());
        let key = |(index, (text, sort)): (usize, (&Option<String>, &Sort))| {
            Key::parse(text.as_deref(), sort)
                .map_err(|problem| QueryError::bad(format!("{at}[{index}]"), problem))
        };
        let keys = columns.iter().zip(sort).enumerate().map(key).collect::<Result<_, _>>()?;
        let id = match id {
            [] => None,
            [Some(id), ..] => Some(id.clone()),
            [None, ..] => return Err(QueryError::bad(at, length)),
        };
        Ok(Self { keys, id })
    }
}
