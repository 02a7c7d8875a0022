use serde::Serialize;
use serde_json::{Map, Value, json};

/// A text is not a query.
#[derive(Debug, thiserror::Error)]
pub enum FcdslError {
    /// Not JSON.
    #[error("the query is not JSON")]
    Json(#[from] serde_json::Error),
    /// Not an object.
    #[error("the query is JSON, but not an object")]
    NotAnObject,
}

/// A direction of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// A query in the language FCDSL: a JSON object.
///
/// What it may say is the directory's matter; see `docs/fcdsl.md`. Without anything it finds
/// everything.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Fcdsl(Map<String, Value>);

/// One condition of a query. A block of conditions has at most one of each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    kind: &'static str,
    value: Value,
}

impl Fcdsl {
    /// Makes a query that finds everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a query.
    ///
    /// # Errors
    ///
    /// [`FcdslError`].
    pub fn from_json(text: &str) -> Result<Self, FcdslError> {
        match serde_json::from_str(text)? {
            Value::Object(members) => Ok(Self(members)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(FcdslError::NotAnObject),
        }
    }

    /// Asks for items by their ids; then nothing else counts.
    #[must_use]
    pub fn ids<T: Into<String>>(self, ids: impl IntoIterator<Item = T>) -> Self {
        self.with("ids", texts(ids))
    }

    /// Adds a condition that has to hold. It replaces one of the same kind.
    #[must_use]
    pub fn query(self, clause: Clause) -> Self {
        self.with_clause("query", clause)
    }

    /// Adds a condition that has to hold, in a block of its own. It replaces one of the same kind.
    #[must_use]
    pub fn filter(self, clause: Clause) -> Self {
        self.with_clause("filter", clause)
    }

    /// Adds a condition that must not hold. It replaces one of the same kind.
    #[must_use]
    pub fn except(self, clause: Clause) -> Self {
        self.with_clause("except", clause)
    }

    /// Sorts by a field, after those that were named before. Replaces the endpoint's own order.
    #[must_use]
    pub fn sort(mut self, field: impl Into<String>, order: Order) -> Self {
        let order = match order {
            Order::Ascending => "asc",
            Order::Descending => "desc",
        };
        let item = json!({ "field": field.into(), "order": order });
        match self.0.get_mut("sort") {
            Some(Value::Array(items)) => items.push(item),
            Some(_) | None => return self.with("sort", Value::Array(vec![item])),
        }
        self
    }

    /// Says how many items a page has. Directories answer 100 at most.
    #[must_use]
    pub fn size(self, size: u32) -> Self {
        self.with("size", Value::String(size.to_string()))
    }

    /// Begins behind the item with these values of the fields that the order is of: what a page
    /// gives as [`last`](crate::Reply::last).
    #[must_use]
    pub fn after<T: Into<Value>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.with("after", Value::Array(values.into_iter().map(Into::into).collect()))
    }

    /// Sets any member.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.to_owned(), value);
        self
    }

    pub(crate) fn cursor(&self) -> Option<&Vec<Value>> {
        self.0.get("after")?.as_array()
    }

    fn with_clause(mut self, block: &str, Clause { kind, value }: Clause) -> Self {
        match self.0.get_mut(block) {
            Some(Value::Object(clauses)) => {
                clauses.insert(kind.to_owned(), value);
                self
            }
            Some(_) | None => self.with(block, json!({ kind: value })),
        }
    }
}

impl Clause {
    /// One of the fields has exactly one of the values.
    pub fn terms<T: Into<String>, U: Into<String>>(
        fields: impl IntoIterator<Item = T>,
        values: impl IntoIterator<Item = U>,
    ) -> Self {
        Self { kind: "terms", value: json!({ "fields": texts(fields), "values": texts(values) }) }
    }

    /// One of the fields has the value as a part.
    pub fn part<T: Into<String>>(
        fields: impl IntoIterator<Item = T>,
        value: impl Into<String>,
        ignore_case: bool,
    ) -> Self {
        let value = json!({
            "fields": texts(fields),
            "value": value.into(),
            "isCaseInsensitive": ignore_case.to_string(),
        });
        Self { kind: "part", value }
    }

    /// One of the fields has a word of the value.
    pub fn matching<T: Into<String>>(
        fields: impl IntoIterator<Item = T>,
        value: impl Into<String>,
    ) -> Self {
        Self { kind: "match", value: json!({ "fields": texts(fields), "value": value.into() }) }
    }

    /// All fields have a value.
    pub fn exists<T: Into<String>>(fields: impl IntoIterator<Item = T>) -> Self {
        Self { kind: "exists", value: texts(fields) }
    }

    /// No field has a value.
    pub fn unexists<T: Into<String>>(fields: impl IntoIterator<Item = T>) -> Self {
        Self { kind: "unexists", value: texts(fields) }
    }

    /// One of the fields has one of the numbers, written in decimal.
    pub fn equals<T: Into<String>, U: Into<String>>(
        fields: impl IntoIterator<Item = T>,
        values: impl IntoIterator<Item = U>,
    ) -> Self {
        Self { kind: "equals", value: json!({ "fields": texts(fields), "values": texts(values) }) }
    }

    /// All fields are within the bounds, which count themselves.
    pub fn range<T: Into<String>>(
        fields: impl IntoIterator<Item = T>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Self {
        let mut value = json!({ "fields": texts(fields) });
        for (bound, text) in [("gte", from), ("lte", to)] {
            if let Some(text) = text {
                value[bound] = text.into();
            }
        }
        Self { kind: "range", value }
    }
}

fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Value {
    texts.into_iter().map(|text| Value::String(text.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_those_of_the_documents() {
        let fcdsl = Fcdsl::new()
            .query(Clause::terms(["pid"], ["c50d", "bdae"]))
            .query(Clause::part(["name", "desc"], "AES", true))
            .filter(Clause::range(["height"], Some("10"), None))
            .filter(Clause::equals(["rate"], ["5"]))
            .except(Clause::matching(["desc"], "free consensus"))
            .except(Clause::exists(["closeStatement"]))
            .sort("height", Order::Descending)
            .sort("index", Order::Ascending)
            .size(7)
            .after(["1", "2"]);
        let expected = json!({
            "query": {
                "terms": { "fields": ["pid"], "values": ["c50d", "bdae"] },
                "part": { "fields": ["name", "desc"], "value": "AES", "isCaseInsensitive": "true" },
            },
            "filter": {
                "range": { "fields": ["height"], "gte": "10" },
                "equals": { "fields": ["rate"], "values": ["5"] },
            },
            "except": {
                "match": { "fields": ["desc"], "value": "free consensus" },
                "exists": ["closeStatement"],
            },
            "sort": [
                { "field": "height", "order": "desc" },
                { "field": "index", "order": "asc" },
            ],
            "size": "7",
            "after": ["1", "2"],
        });
        assert_eq!(serde_json::to_value(&fcdsl).unwrap(), expected);
        let text = expected.to_string();
        assert_eq!(Fcdsl::from_json(&text).unwrap(), fcdsl);
        let ids = Fcdsl::new().ids(["a"]).query(Clause::unexists(["x"]));
        let expected = json!({ "ids": ["a"], "query": { "unexists": ["x"] } });
        assert_eq!(serde_json::to_value(ids).unwrap(), expected);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(matches!(Fcdsl::from_json("[]"), Err(FcdslError::NotAnObject)));
        assert!(matches!(Fcdsl::from_json("{"), Err(FcdslError::Json(_))));
    }
}
