//! What a table's documents look like to queries.

/// A table: its fields, and which of them names a document.
///
/// Field names in queries are looked up by name first and by alias second. A name that the schema
/// does not know is not an error in a condition: it matches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The field that holds the document's id: a [`Kind::Keyword`] with one value, unique in the
    /// table.
    pub id: &'static str,
    /// All fields that queries may name.
    pub fields: &'static [Field],
    /// Whether documents are only ever added at the end, as rows of a history are. Documents that
    /// the sort columns do not tell apart come in the order of insertion if so, and in the order of
    /// their ids if not.
    pub appended: bool,
}

/// One field of a document.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The member's name in documents.
    pub name: &'static str,
    /// Other names that queries may use for it.
    pub aliases: &'static [&'static str],
    /// How its values compare.
    pub kind: Kind,
}

impl Field {
    /// A field without aliases.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, aliases: &[], kind }
    }

    /// A field with aliases.
    pub const fn with_aliases(
        name: &'static str,
        aliases: &'static [&'static str],
        kind: Kind,
    ) -> Self {
        Self { name, aliases, kind }
    }
}

/// How a field's values compare. A member may hold one value or an array of them; of other kinds
/// of values than the field's, and of `null`, nothing is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text as a whole, compared byte by byte.
    Keyword,
    /// Text as a set of lower-cased words. Cannot be sorted by.
    Text,
    /// A 64-bit signed integer.
    Long,
    /// A 32-bit float.
    Float,
    /// `true` or `false`.
    Boolean,
    /// An object of any members. `field.member` names a leaf as [`Kind::Text`],
    /// `field.member.keyword` the same leaf as [`Kind::Keyword`].
    Object,
}

/// What a name in a query stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nothing that the schema knows.
    Unknown,
    /// The field at this position of [`Schema::fields`].
    Field(usize),
    /// A member inside of an object.
    Leaf {
        /// Position of the object in [`Schema::fields`].
        field: usize,
        /// Names of the members below the object, joined by dots.
        path: Box<str>,
        /// Whether whole values count ([`Kind::Keyword`]) or words ([`Kind::Text`]).
        is_exact: bool,
    },
}

/// The end of a name that asks for the whole values of a leaf.
const EXACT_SUFFIX: &str = ".keyword";

impl Schema {
    /// What `name` stands for.
    pub fn resolve(&self, name: &str) -> Target {
        if let Some(field) = self.position(name) {
            return Target::Field(field);
        }
        let Some((head, path)) = name.split_once('.') else { return Target::Unknown };
        let Some(field) = self.position(head) else { return Target::Unknown };
        if self.fields[field].kind != Kind::Object {
            return Target::Unknown;
        }
        let (path, is_exact) = match path.strip_suffix(EXACT_SUFFIX) {
            Some(stem) => (stem, true),
            None => (path, false),
        };
        if path.is_empty() {
            return Target::Unknown;
        }
        Target::Leaf { field, path: path.into(), is_exact }
    }

    /// How the values of `target` compare; `None` if there are none.
    pub fn kind(&self, target: &Target) -> Option<Kind> {
        match target {
            Target::Unknown => None,
            Target::Field(field) => Some(self.fields[*field].kind),
            Target::Leaf { is_exact: true, .. } => Some(Kind::Keyword),
            Target::Leaf { is_exact: false, .. } => Some(Kind::Text),
        }
    }

    /// Position of the id's field.
    ///
    /// # Panics
    /// If the schema has no field of that name, which is a mistake of the program.
    pub fn id_field(&self) -> usize {
        self.position(self.id).expect("the id of a schema is one of its fields")
    }

    fn position(&self, name: &str) -> Option<usize> {
        let by_name = self.fields.iter().position(|field| field.name == name);
        by_name.or_else(|| self.fields.iter().position(|field| field.aliases.contains(&name)))
    }
}
