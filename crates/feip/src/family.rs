//! The kinds that are published, updated, stopped, recovered, closed and rated, as tables.

mod app;
mod code;
mod protocol;
mod read;
mod service;

pub(crate) use app::APP;
pub(crate) use code::CODE;
pub(crate) use protocol::PROTOCOL;
pub(crate) use read::{Request, text_member, text_of, texts_of};
pub(crate) use service::SERVICE;

use crate::{Kind, Object, Op};

/// What one kind of published things looks like. The rules are the same for all:
/// `docs/feip.md`, section *Published things*.
#[derive(Debug)]
pub struct Family {
    /// The kind that it describes.
    pub kind: Kind,
    /// How records name it, the present way first.
    pub dialects: &'static [Dialect],
    /// What publishing and updating say, in the order of an entity's members.
    pub fields: &'static [Field],
    /// The order of a history row's members between `signer` and `rate`: names of fields, the
    /// member of the id, `op` and `closeStatement`.
    pub history: &'static [&'static str],
    /// Whether a record that publishes must not name an id.
    pub publishes_without_id: bool,
    /// Whether only what is active can be updated.
    pub update_needs_active: bool,
    /// Whether history rows that rate nothing say `"rate":0,"cdd":0`.
    pub zero_rates: bool,
    /// Makes the member `title` of an entity from its fields.
    pub title: Option<fn(&Object) -> String>,
}

/// One way to write a family's records.
#[derive(Debug)]
pub struct Dialect {
    /// The serial number that its records carry.
    pub sn: &'static str,
    /// The words for what can be done.
    pub ops: &'static [(&'static str, Op)],
    /// Older names of fields with the field that each stands for.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Whether a lone text stands for a list of one.
    pub lone_texts: bool,
}

/// One member of a family's records.
#[derive(Debug)]
pub struct Field {
    /// Its name in records and in answers.
    pub name: &'static str,
    /// Other names that records use.
    pub aliases: &'static [&'static str],
    /// What it may hold.
    pub shape: Shape,
    /// Whether publishing and updating need it, not empty.
    pub is_required: bool,
}

/// What a field may hold. `null` is the same as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A string; a number counts as the text that it is written as.
    Text,
    /// A list of such texts.
    Texts,
    /// An object of any content, kept as it was written.
    Object,
    /// A list of objects of texts, of which only these members are kept.
    Objects(&'static [&'static str]),
}

const STANDARD_OPS: &[(&str, Op)] = &[
    ("publish", Op::Publish),
    ("update", Op::Update),
    ("stop", Op::Stop),
    ("recover", Op::Recover),
    ("close", Op::Close),
    ("rate", Op::Rate),
];

impl Dialect {
    const fn standard(sn: &'static str) -> Self {
        Self { sn, ops: STANDARD_OPS, renamed: &[], lone_texts: false }
    }
}

impl Field {
    const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, aliases: &[], shape, is_required: false }
    }

    const fn required(name: &'static str) -> Self {
        Self { name, aliases: &[], shape: Shape::Text, is_required: true }
    }

    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

impl Family {
    /// Returns the family and the dialect that have this serial number.
    pub fn of(sn: &str) -> Option<(&'static Self, &'static Dialect)> {
        let families = Kind::ALL.into_iter().filter_map(Kind::family);
        families
            .flat_map(|family| family.dialects.iter().map(move |dialect| (family, dialect)))
            .find(|(_, dialect)| dialect.sn == sn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Goal: a table that forgets a field in its rows, or names one that is not there, is found.
    #[test]
    fn tables_are_whole() {
        let mut serial_numbers = BTreeSet::new();
        for family in Kind::ALL.into_iter().filter_map(Kind::family) {
            let names: BTreeSet<&str> = family.fields.iter().map(|field| field.name).collect();
            let mut shown = names.clone();
            shown.extend([family.kind.id_member(), "op", "closeStatement"]);
            assert_eq!(family.history.iter().copied().collect::<BTreeSet<_>>(), shown);
            assert_eq!(family.history.len(), shown.len(), "{}: a name comes twice", family.kind);
            let is_text = |field: &Field| field.shape == Shape::Text;
            assert!(family.fields.iter().all(|field| !field.is_required || is_text(field)));
            for dialect in family.dialects {
                assert!(serial_numbers.insert(dialect.sn), "{} comes twice", dialect.sn);
                assert!(dialect.renamed.iter().all(|(_, name)| names.contains(name)));
            }
        }
        assert_eq!(serial_numbers, BTreeSet::from(["1", "15", "2", "29", "5"]));
    }
}
