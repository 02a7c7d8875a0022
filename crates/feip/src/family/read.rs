use super::{Dialect, Family, Field, Shape};
use crate::{Ignored, Json, Object, Op};

/// What a record of a family asks for. Every member that the family knows has its shape, whether
/// the op looks at it or not.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) op: Op,
    /// The entity that it names.
    pub(crate) id: Option<Box<str>>,
    /// The fields, by the names of the answers and in the order of the description.
    pub(crate) fields: Object,
    /// What is rated with; nothing counts as 0.
    pub(crate) rate: f64,
    pub(crate) close_statement: Option<Box<str>>,
}

impl Request {
    /// Reads the member `data` of a record.
    pub(crate) fn read(family: &Family, dialect: &Dialect, data: &Object) -> Result<Self, Ignored> {
        let word = text_member(data, "op")?.ok_or(Ignored::Missing("op"))?;
        let op = dialect.ops.iter().find(|(known, _)| *known == &*word).map(|(_, op)| *op);
        let mut fields = Object::new();
        for field in family.fields {
            if let Some(value) = read_field(field, dialect, data)? {
                fields.push(field.name, value);
            }
        }
        Ok(Self {
            op: op.ok_or(Ignored::UnknownOp)?,
            id: text_member(data, family.kind.id_member())?,
            fields,
            rate: read_rate(data)?,
            close_statement: text_member(data, "closeStatement")?,
        })
    }
}

fn read_field(field: &Field, dialect: &Dialect, data: &Object) -> Result<Option<Json>, Ignored> {
    let older = dialect.renamed.iter().filter(|(_, name)| *name == field.name);
    let mut names = [field.name]
        .into_iter()
        .chain(field.aliases.iter().copied())
        .chain(older.map(|(old, _)| *old));
    let found = names.find_map(|name| data.get(name).filter(|value| **value != Json::Null));
    let Some(value) = found else { return Ok(None) };
    let shaped = match (field.shape, value) {
        (Shape::Text, value) => text_of(value).map(Json::String),
        (Shape::Texts, value) if dialect.lone_texts && text_of(value).is_some() => {
            text_of(value).map(|text| Json::Array(vec![Json::String(text)]))
        }
        (Shape::Texts, value) => texts_of(value).map(Json::strings),
        (Shape::Object, Json::Object(_)) => Some(value.clone()),
        (Shape::Objects(members), Json::Array(items)) => items
            .iter()
            .map(|item| objects_item(item, members))
            .collect::<Option<_>>()
            .map(Json::Array),
        (Shape::Object | Shape::Objects(_), _) => None,
    };
    shaped.map(Some).ok_or(Ignored::WrongShape(field.name))
}

fn objects_item(item: &Json, members: &[&str]) -> Option<Json> {
    let Json::Object(object) = item else { return None };
    let mut kept = Object::new();
    for member in members {
        if let Some(value) = object.get(member).filter(|value| **value != Json::Null) {
            kept.push(member, Json::String(text_of(value)?));
        }
    }
    Some(Json::Object(kept))
}

/// Returns a text member, or nothing if it is absent or `null`.
pub(crate) fn text_member(
    object: &Object,
    name: &'static str,
) -> Result<Option<Box<str>>, Ignored> {
    match object.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => text_of(value).map(Some).ok_or(Ignored::WrongShape(name)),
    }
}

/// Returns a string, or a number as it was written.
pub(crate) fn text_of(value: &Json) -> Option<Box<str>> {
    match value {
        Json::String(text) | Json::Number(text) => Some(text.clone()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Returns a list of texts.
pub(crate) fn texts_of(value: &Json) -> Option<Vec<Box<str>>> {
    match value {
        Json::Array(items) => items.iter().map(text_of).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => None,
    }
}

/// Returns a number, or the number that a string holds.
fn number_of(value: &Json) -> Option<f64> {
    let digits = text_of(value)?;
    // More than what JSON calls a number is no number here: no `+1`, `.5`, `inf`.
    let is_plain =
        digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.' | b'e' | b'E' | b'+'));
    let is_begun = digits.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    (is_plain && is_begun).then(|| digits.parse().ok())?.filter(|number: &f64| number.is_finite())
}

/// A rate is an integer however it is written: `4`, `"4"`, `4.0`.
fn read_rate(data: &Object) -> Result<f64, Ignored> {
    let Some(value) = data.get("rate").filter(|value| **value != Json::Null) else {
        return Ok(0.0);
    };
    let rate = number_of(value).ok_or(Ignored::WrongShape("rate"))?;
    if rate.fract() == 0.0 { Ok(rate) } else { Err(Ignored::WrongShape("rate")) }
}
