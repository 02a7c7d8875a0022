//! A question by flags instead of JSON.

use clap::Args;
use std::str::FromStr;
use tally_apip_client::{Clause, Fcdsl, Order};

/// What the flags say. Values with commas need the question as JSON.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "conditions", multiple = true, conflicts_with_all = ["fcdsl", "file"])]
#[command(next_help_heading = "The question by flags")]
pub(crate) struct Conditions {
    /// Ids of what to fetch.
    #[arg(
        long = "id", value_name = "ID,...", value_delimiter = ',',
        conflicts_with_all = ["terms", "part", "matching", "equals", "range", "exists", "unexists",
            "sort", "size", "after"],
    )]
    ids: Vec<String>,

    /// One of the fields has exactly one of the values: types,name=APIP,FEIP.
    #[arg(long, value_name = "FIELD,...=VALUE,...")]
    terms: Option<Condition>,

    /// One of the fields has the value as a part: name,desc=AES.
    #[arg(long, value_name = "FIELD,...=VALUE")]
    part: Option<Condition>,

    /// With --part: upper and lower case are the same.
    #[arg(long, requires = "part")]
    ignore_case: bool,

    /// One of the fields has one of the words: desc=free consensus.
    #[arg(long = "match", value_name = "FIELD,...=WORDS")]
    matching: Option<Condition>,

    /// One of the fields has one of the numbers: rate=4,5.
    #[arg(long, value_name = "FIELD,...=NUMBER,...")]
    equals: Option<Condition>,

    /// All fields are within the bounds, of which one may be left out: height=1700000..
    #[arg(long, value_name = "FIELD,...=FROM..TO")]
    range: Option<Range>,

    /// All these fields have a value.
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',')]
    exists: Vec<String>,

    /// None of these fields has a value.
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',')]
    unexists: Vec<String>,

    /// Order of the answers, instead of the endpoint's own.
    #[arg(long, value_name = "FIELD[:asc|:desc],...", value_delimiter = ',')]
    sort: Vec<SortField>,

    /// How many answers make a page. [default: the directory's, 20]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
    size: Option<u32>,

    /// Begin behind the answer with these values of the sorted fields: the `last` of a page.
    #[arg(long, value_name = "VALUE,...", value_delimiter = ',')]
    after: Vec<String>,
}

/// `a,b=c`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    fields: Vec<String>,
    value: String,
}

/// `a,b=c..d`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    fields: Vec<String>,
    from: Option<String>,
    to: Option<String>,
}

/// `a:desc`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SortField {
    field: String,
    order: Order,
}

impl Conditions {
    /// Returns the question, or `None` if no flag says anything.
    pub(crate) fn to_fcdsl(&self) -> Option<Fcdsl> {
        let mut fcdsl = Fcdsl::new();
        if !self.ids.is_empty() {
            fcdsl = fcdsl.ids(&self.ids);
        }
        fcdsl = self.clauses().into_iter().fold(fcdsl, Fcdsl::query);
        for SortField { field, order } in &self.sort {
            fcdsl = fcdsl.sort(field, *order);
        }
        if let Some(size) = self.size {
            fcdsl = fcdsl.size(size);
        }
        if !self.after.is_empty() {
            fcdsl = fcdsl.after(self.after.iter().cloned());
        }
        (fcdsl != Fcdsl::new()).then_some(fcdsl)
    }

    fn clauses(&self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        if let Some(Condition { fields, value }) = &self.terms {
            clauses.push(Clause::terms(fields, value.split(',')));
        }
        if let Some(Condition { fields, value }) = &self.part {
            clauses.push(Clause::part(fields, value, self.ignore_case));
        }
        if let Some(Condition { fields, value }) = &self.matching {
            clauses.push(Clause::matching(fields, value));
        }
        if let Some(Condition { fields, value }) = &self.equals {
            clauses.push(Clause::equals(fields, value.split(',')));
        }
        if let Some(Range { fields, from, to }) = &self.range {
            clauses.push(Clause::range(fields, from.as_deref(), to.as_deref()));
        }
        if !self.exists.is_empty() {
            clauses.push(Clause::exists(&self.exists));
        }
        if !self.unexists.is_empty() {
            clauses.push(Clause::unexists(&self.unexists));
        }
        clauses
    }
}

impl FromStr for Condition {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (fields, value) = text.split_once('=').ok_or("there is no =")?;
        if fields.split(',').any(str::is_empty) {
            return Err("a field has no name");
        }
        if value.is_empty() {
            return Err("there is no value behind the =");
        }
        Ok(Self { fields: fields.split(',').map(str::to_owned).collect(), value: value.to_owned() })
    }
}

impl FromStr for Range {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Condition { fields, value } = text.parse()?;
        let (from, to) = value.split_once("..").ok_or("there is no .. between the bounds")?;
        let bound = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match (bound(from), bound(to)) {
            (None, None) => Err("both bounds are missing"),
            (from, to) => Ok(Self { fields, from, to }),
        }
    }
}

impl FromStr for SortField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, order) = text.split_once(':').unwrap_or((text, "desc"));
        let order = match order {
            "asc" => Order::Ascending,
            "desc" => Order::Descending,
            _ => return Err("an order is asc or desc"),
        };
        if field.is_empty() {
            return Err("a field has no name");
        }
        Ok(Self { field: field.to_owned(), order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use serde_json::json;

    #[derive(Debug, Parser)]
    struct CommandLine {
        fcdsl: Option<String>,
        #[arg(long)]
        file: Option<String>,
        #[command(flatten)]
        conditions: Conditions,
    }

    fn fcdsl(arguments: &[&str]) -> Option<serde_json::Value> {
        let line = CommandLine::try_parse_from([&["x"], arguments].concat()).unwrap();
        line.conditions.to_fcdsl().map(|fcdsl| serde_json::to_value(fcdsl).unwrap())
    }

    #[test]
    fn flags_become_a_question() {
        let found = fcdsl(&[
            "--terms=types=APIP,FEIP",
            "--part=name,desc=AES",
            "--ignore-case",
            "--match=desc=a = b",
            "--equals=rate=5",
            "--range=height,index=10..20",
            "--exists=urls,waiters",
            "--unexists=closeStatement",
            "--sort=height:asc,index",
            "--size=7",
            "--after=1,x",
        ]);
        let expected = json!({
            "query": {
                "terms": { "fields": ["types"], "values": ["APIP", "FEIP"] },
                "part": { "fields": ["name", "desc"], "value": "AES", "isCaseInsensitive": "true" },
                "match": { "fields": ["desc"], "value": "a = b" },
                "equals": { "fields": ["rate"], "values": ["5"] },
                "range": { "fields": ["height", "index"], "gte": "10", "lte": "20" },
                "exists": ["urls", "waiters"],
                "unexists": ["closeStatement"],
            },
            "sort": [
                { "field": "height", "order": "asc" },
                { "field": "index", "order": "desc" },
            ],
            "size": "7",
            "after": ["1", "x"],
        });
        assert_eq!(found, Some(expected));
        assert_eq!(fcdsl(&["--id", "a,b", "--id", "c"]), Some(json!({ "ids": ["a", "b", "c"] })));
        let open = json!({ "query": { "range": { "fields": ["height"], "lte": "9" } } });
        assert_eq!(fcdsl(&["--range=height=..9"]), Some(open));
        assert_eq!(fcdsl(&[]), None);
    }

    #[test]
    fn malformed_conditions_are_refused() {
        for argument in [
            "--terms=name",
            "--terms==a",
            "--terms=a,=b",
            "--part=name=",
            "--range=height=5",
            "--range=height=..",
            "--sort=height:up",
            "--sort=:asc",
            "--size=0",
            "--size=101",
            "--ignore-case",
        ] {
            assert!(CommandLine::try_parse_from(["x", argument]).is_err(), "{argument}");
        }
    }
}
