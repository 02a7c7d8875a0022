//! Random documents and queries of a table that has fields of every kind.

use proptest::{
    collection::vec,
    prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof},
    sample::select,
};
use serde_json::{Map, Value, json};
use tally_fcdsl::{Field, Kind, Schema};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Keyword),
    Field::with_aliases("name", &["title"], Kind::Keyword),
    Field::new("tags", Kind::Keyword),
    Field::new("desc", Kind::Text),
    Field::new("height", Kind::Long),
    Field::new("count", Kind::Long),
    Field::new("rate", Kind::Float),
    Field::new("active", Kind::Boolean),
    Field::new("params", Kind::Object),
];

/// A table whose documents change in place.
pub(crate) const ENTITIES: Schema = Schema { id: "id", fields: FIELDS, appended: false };
/// A table that documents are only added to.
pub(crate) const HISTORY: Schema = Schema { id: "id", fields: FIELDS, appended: true };

const WORDS: [&str; 10] =
    ["alpha", "Alpha", "be", "beta x", "deadbeef", "DEADBEEF", "ü*ü", "", "a.b", "5"];

/// A document; `height` rises with the position unless the documents are shuffled.
pub(crate) fn document(position: usize) -> impl Strategy<Value = Value> {
    let word = || select(&WORDS[..]).prop_map(Value::from);
    let long = || prop_oneof![-3..4_i64, Just(i64::MAX), Just(i64::MIN)].prop_map(Value::from);
    let float = || prop_oneof![(-4..5_i32).prop_map(|n| json!(f64::from(n) / 2.0)), Just(json!(3))];
    let member = |name: &'static str, value: BoxedStrategy<Value>| {
        prop_oneof![
            1 => Just(Vec::new()),
            1 => Just(vec![(name, Value::Null)]),
            8 => value.clone().prop_map(move |value| vec![(name, value)]),
            2 => vec(value, 0..3).prop_map(move |values| vec![(name, Value::from(values))]),
        ]
    };
    let object = || {
        let leaf = prop_oneof![word(), long(), any::<bool>().prop_map(Value::from)];
        let name = || select(&["a", "b", "a.b", "keyword"][..]);
        let inner =
            vec((name(), leaf.clone()), 0..3).prop_map(|members| Value::Object(to_map(members)));
        let inner = prop_oneof![2 => leaf, 1 => inner];
        vec((name(), inner), 0..3).prop_map(|members| Value::Object(to_map(members)))
    };
    let members = (
        member("name", word().boxed()),
        member("tags", word().boxed()),
        member("desc", prop_oneof![word(), Just(json!("Alpha beta, ü服务")), long()].boxed()),
        member("count", prop_oneof![4 => long(), 1 => word()].boxed()),
        member("rate", prop_oneof![4 => float(), 1 => word()].boxed()),
        member("active", any::<bool>().prop_map(Value::from).boxed()),
        member("params", object().boxed()),
        0..2_usize,
    );
    members.prop_map(move |(name, tags, desc, count, rate, active, params, step)| {
        let height = (position + step) / 3;
        let first = [("id", json!(format!("{:08x}", position * 7919 % 100_003)))];
        let rest = [name, tags, desc, count, rate, active, params].into_iter().flatten();
        let height = [("height", json!(height))];
        Value::Object(to_map(first.into_iter().chain(height).chain(rest)))
    })
}

fn to_map<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Documents of a history: heights rise in most cases.
pub(crate) fn documents(count: usize) -> impl Strategy<Value = Vec<Value>> {
    let in_order: Vec<_> = (0..count).map(document).collect();
    (in_order, any::<bool>(), any::<proptest::sample::Index>()).prop_map(
        |(mut documents, is_rising, at)| {
            if !is_rising {
                let at = at.index(documents.len());
                documents.rotate_left(at);
            }
            documents
        },
    )
}

fn field() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "id",
            "name",
            "title",
            "tags",
            "desc",
            "height",
            "count",
            "rate",
            "active",
            "params",
            "params.a",
            "params.b",
            "params.a.b",
            "params.a.keyword",
            "params.b.keyword",
            "params.a.b.keyword",
            "params.keyword",
            "unknown",
        ][..],
    )
}

fn fields() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![3 => vec(field(), 1), 1 => vec(field(), 1..3)]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(&WORDS[..]).prop_map(Value::from),
        4 => (-3..6_i64).prop_map(Value::from),
        1 => (-4..5_i32).prop_map(|n| json!(f64::from(n) / 2.0)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(json!(i64::MAX)),
        1 => (0..40_usize).prop_map(|n| json!(format!("{:08x}", n * 7919 % 100_003))),
    ]
}

fn part() -> impl Strategy<Value = Value> {
    let text =
        select(&["a", "al", "alp", "ph?", "A*a", "", "ead", "\\*", "0", "00", "beta", "x"][..]);
    (fields(), text, any::<bool>()).prop_map(|(fields, text, fold)| {
        json!({"part": {"fields": fields, "value": text, "isCaseInsensitive": fold.to_string()}})
    })
}

fn clause() -> impl Strategy<Value = Value> {
    let bound = || (select(&["gt", "gte", "lt", "lte"][..]), value());
    prop_oneof![
        3 => (fields(), vec(value(), 1..3))
            .prop_map(|(fields, values)| json!({"terms": {"fields": fields, "values": values}})),
        3 => part(),
        1 => (fields(), value())
            .prop_map(|(fields, value)| json!({"match": {"fields": fields, "value": value}})),
        1 => fields().prop_map(|fields| json!({"exists": fields})),
        1 => fields().prop_map(|fields| json!({"unexists": fields})),
        1 => (fields(), vec(value(), 1..3))
            .prop_map(|(fields, values)| json!({"equals": {"fields": fields, "values": values}})),
        1 => (fields(), vec(value(), 1..3))
            .prop_map(|(fields, values)| json!({"unequals": {"fields": fields, "values": values}})),
        3 => (fields(), vec(bound(), 1..3)).prop_map(|(fields, bounds)| {
            let mut range = to_map(bounds);
            range.insert("fields".into(), json!(fields));
            json!({"range": range})
        }),
    ]
}

fn block() -> impl Strategy<Value = Value> {
    vec(clause(), 1..3).prop_map(|clauses| {
        let mut block = Map::new();
        for clause in clauses {
            if let Value::Object(clause) = clause {
                block.extend(clause);
            }
        }
        Value::Object(block)
    })
}

/// A query; some are refused.
pub(crate) fn query() -> impl Strategy<Value = Value> {
    let column = (field(), select(&["asc", "desc"][..]))
        .prop_map(|(field, order)| json!({"field": field, "order": order}));
    let maybe =
        |chance, block: BoxedStrategy<Value>| prop_oneof![chance => block, 3 => Just(Value::Null)];
    (
        maybe(4, block().boxed()),
        maybe(1, block().boxed()),
        maybe(1, block().boxed()),
        prop_oneof![1 => Just(Value::Null), 6 => vec(column, 0..4).prop_map(Value::from)],
        1..8_usize,
    )
        .prop_map(|(query, filter, except, sort, size)| {
            json!({"query": query, "filter": filter, "except": except, "sort": sort, "size": size})
        })
}
