use super::{Dialect, Family, Field, Shape};
use crate::{Json, Kind, Object};

/// *Source:* FEIP1V7.
pub(crate) static PROTOCOL: Family = Family {
    kind: Kind::Protocol,
    dialects: &[Dialect::standard("1")],
    fields: &[
        Field::new("type", Shape::Text),
        Field::required("sn"),
        Field::new("ver", Shape::Text),
        Field::new("did", Shape::Text),
        Field::required("name"),
        Field::new("lang", Shape::Text),
        Field::new("desc", Shape::Text),
        Field::new("waiters", Shape::Texts),
        Field::new("preDid", Shape::Text).or(&["prePid"]),
        Field::new("fileUrls", Shape::Texts),
    ],
    history: &[
        "type",
        "sn",
        "ver",
        "did",
        "name",
        "desc",
        "lang",
        "preDid",
        "fileUrls",
        "pid",
        "op",
        "waiters",
        "closeStatement",
    ],
    publishes_without_id: false,
    update_needs_active: true,
    zero_rates: false,
    title: Some(title),
};

/// Names a protocol document as people do: `FEIP3V4_CID(zh-CN)`. Parts that are missing or empty
/// leave no trace.
fn title(fields: &Object) -> String {
    let part = |before: &str, name: &str, after: &str| {
        let text = fields.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        text.map_or_else(String::new, |text| format!("{before}{text}{after}"))
    };
    [
        part("", "type", ""),
        part("", "sn", ""),
        part("V", "ver", ""),
        part("_", "name", ""),
        part("(", "lang", ")"),
    ]
    .concat()
}
