//! The form of a query that fits into a URL.
//!
//! Members are separated by `&`, entries of a member by commas. Names and values are
//! percent-encoded, commas inside of them too; `+` is a space. There are no blocks: all clauses
//! belong to `query`.

use crate::{
    error::{Problem, QueryError},
    raw::{RawClause, RawSearch, RawSort, Texts},
};

pub(crate) fn parse(query: &str) -> Result<RawSearch, QueryError> {
    let mut search = RawSearch::default();
    let mut seen: Vec<String> = Vec::new();
    for member in query.split('&').filter(|member| !member.is_empty()) {
        let (name, entries) = member.split_once('=').unwrap_or((member, ""));
        let name = decode(name, "query")?;
        if seen.contains(&name) {
            return Err(QueryError::bad(name, Problem::Twice));
        }
        let entries = match entries {
            "" => Vec::new(),
            entries => entries
                .split(',')
                .map(|entry| decode(entry, &name))
                .collect::<Result<Vec<_>, _>>()?,
        };
        set(&mut search, &name, entries)?;
        seen.push(name);
    }
    Ok(search)
}

fn set(search: &mut RawSearch, name: &str, entries: Vec<String>) -> Result<(), QueryError> {
    let block = &mut search.query;
    match name {
        "ids" => search.ids = Some(texts(entries)),
        "terms" => block.terms = Some(field_and_values(entries)),
        "equals" => block.equals = Some(field_and_values(entries)),
        "unequals" => block.unequals = Some(field_and_values(entries)),
        "part" => block.part = Some(fields_and_value(entries)),
        "match" => block.matches = Some(fields_and_value(entries)),
        "range" => block.range = Some(range(entries)?),
        "exists" => block.exists = Some(texts(entries)),
        "unexists" => block.unexists = Some(texts(entries)),
        "sort" => search.sort = Some(sort(entries)),
        "size" => search.size = Some(entries.join(",")),
        "after" => search.after = Some(texts(entries)),
        _ => {}
    }
    Ok(())
}

fn texts(entries: Vec<String>) -> Texts {
    entries.into_iter().map(Some).collect()
}

fn field_and_values(mut entries: Vec<String>) -> RawClause {
    let values = entries.split_off(entries.len().min(1));
    RawClause { fields: Some(texts(entries)), values: Some(texts(values)), ..RawClause::default() }
}

fn fields_and_value(mut entries: Vec<String>) -> RawClause {
    let value = entries.pop();
    RawClause { fields: Some(texts(entries)), value, ..RawClause::default() }
}

fn range(entries: Vec<String>) -> Result<RawClause, QueryError> {
    let mut entries = entries.into_iter();
    let mut clause = RawClause {
        fields: Some(entries.next().into_iter().map(Some).collect()),
        ..RawClause::default()
    };
    while let Some(word) = entries.next() {
        let bound = match word.as_str() {
            "gt" => &mut clause.gt,
            "gte" => &mut clause.gte,
            "lt" => &mut clause.lt,
            "lte" => &mut clause.lte,
            _ => return Err(QueryError::bad(format!("range.{word}"), Problem::Clause)),
        };
        if bound.is_some() {
            return Err(QueryError::bad(format!("range.{word}"), Problem::Twice));
        }
        let value = entries.next();
        let missing = || QueryError::bad(format!("range.{word}"), Problem::Missing);
        *bound = Some(value.ok_or_else(missing)?);
    }
    Ok(clause)
}

fn sort(entries: Vec<String>) -> Vec<RawSort> {
    let mut entries = entries.into_iter();
    let mut columns = Vec::new();
    while let Some(field) = entries.next() {
        columns.push(RawSort { field: Some(field), order: entries.next() });
    }
    columns
}

fn decode(text: &str, at: &str) -> Result<String, QueryError> {
    let bad = || QueryError::bad(at, Problem::Encoding);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit().ok_or_else(bad)?, digit().ok_or_else(bad)?);
                u8::try_from(high * 16 + low).map_err(|_| bad())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}
