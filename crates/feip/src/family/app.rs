use super::{Dialect, Family, Field, Shape};
use crate::Kind;

/// *Source:* FEIP15.
pub(crate) static APP: Family = Family {
    kind: Kind::App,
    dialects: &[Dialect::standard("15")],
    fields: &[
        Field::required("stdName"),
        Field::new("localNames", Shape::Texts).or(&["localName"]),
        Field::new("desc", Shape::Text),
        Field::new("types", Shape::Texts),
        Field::new("urls", Shape::Texts),
        Field::new("downloads", Shape::Objects(&["os", "link", "did"])),
        Field::new("waiters", Shape::Texts),
        Field::new("protocols", Shape::Texts),
        Field::new("services", Shape::Texts),
        Field::new("codes", Shape::Texts),
    ],
    history: &[
        "stdName",
        "localNames",
        "desc",
        "types",
        "urls",
        "downloads",
        "waiters",
        "protocols",
        "services",
        "codes",
        "aid",
        "op",
        "closeStatement",
    ],
    publishes_without_id: true,
    update_needs_active: true,
    zero_rates: false,
    title: None,
};
