use super::{Dialect, Family, Field, Shape};
use crate::{Kind, Op};

/// *Source:* FEIP5V2; FEIP29V1 before 2022.
pub(crate) static SERVICE: Family = Family {
    kind: Kind::Service,
    dialects: &[Dialect::standard("5"), LEGACY],
    fields: &[
        Field::required("stdName"),
        Field::new("localNames", Shape::Texts).or(&["localName"]),
        Field::new("desc", Shape::Text),
        Field::new("types", Shape::Texts),
        Field::new("urls", Shape::Texts),
        Field::new("waiters", Shape::Texts),
        Field::new("protocols", Shape::Texts),
        Field::new("codes", Shape::Texts),
        Field::new("params", Shape::Object),
    ],
    history: &[
        "stdName",
        "localNames",
        "desc",
        "types",
        "urls",
        "waiters",
        "protocols",
        "codes",
        "params",
        "sid",
        "op",
        "closeStatement",
    ],
    publishes_without_id: true,
    update_needs_active: false,
    zero_rates: true,
    title: None,
};

const LEGACY: Dialect = Dialect {
    sn: "29",
    ops: &[
        ("start", Op::Publish),
        ("update", Op::Update),
        ("stop", Op::Stop),
        ("restart", Op::Recover),
        ("rate", Op::Rate),
    ],
    renamed: &[("type", "types"), ("url", "urls")],
    lone_texts: true,
};
