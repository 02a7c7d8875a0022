use super::{Dialect, Family, Field, Shape};
use crate::Kind;

/// *Source:* FEIP2V1.
pub(crate) static CODE: Family = Family {
    kind: Kind::Code,
    dialects: &[Dialect::standard("2")],
    fields: &[
        Field::required("name"),
        Field::new("ver", Shape::Text).or(&["version"]),
        Field::new("did", Shape::Text),
        Field::new("desc", Shape::Text),
        Field::new("langs", Shape::Texts),
        Field::new("urls", Shape::Texts),
        Field::new("protocols", Shape::Texts),
        Field::new("waiters", Shape::Texts),
    ],
    history: &[
        "name",
        "ver",
        "did",
        "desc",
        "langs",
        "urls",
        "protocols",
        "waiters",
        "codeId",
        "op",
        "closeStatement",
    ],
    publishes_without_id: true,
    update_needs_active: true,
    zero_rates: false,
    title: None,
};
