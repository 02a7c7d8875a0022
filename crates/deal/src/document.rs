mod fields;
mod json;
mod members;
mod scalar;
mod yaml;
mod yaml_text;

use crate::Order;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// A message about a deal as a tree of texts, in the order in which they are written.
///
/// The same message comes as YAML, JSON or the fields of a form, and leaves as YAML or JSON. A
/// document does not know what its texts mean; [`Request`](crate::Request) does. Members are named
/// by paths with dots between, `seller.address`, within the root `deal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    members: Vec<(String, Node)>,
    spelling: Spelling,
}

/// One value of a [`Document`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// No value: `~`.
    Null,
    /// A text, a number as it was written, or `true` or `false`.
    Text(String),
    /// Values by their names, in order.
    Map(Vec<(String, Self)>),
    /// Values in order.
    List(Vec<Self>),
}

/// How refusals name a member of the document: as whoever sent it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `seller.address`
    Path,
    /// `seller_address`
    Field,
}

/// A body is no message about a deal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The body is longer than [`Document::BYTES_MAX`].
    #[error("Invalid format: a message has at most {max} bytes.", max = Document::BYTES_MAX)]
    TooLong,
    /// There are more than [`Document::NODES_MAX`] values.
    #[error("Invalid format: a message has at most {max} values.", max = Document::NODES_MAX)]
    TooMany,
    /// Values are within each other more than [`Document::DEPTH_MAX`] deep.
    #[error("Invalid format: values are at most {max} deep.", max = Document::DEPTH_MAX)]
    TooDeep,
    /// The name of a value is longer than [`Document::NAME_BYTES_MAX`], or empty.
    #[error("Invalid format: a key has 1 to {max} bytes.", max = Document::NAME_BYTES_MAX)]
    NameLength,
    /// The body is no UTF-8.
    #[error("Invalid format: the text is not UTF-8.")]
    NotText,
    /// The body is no YAML, or has something that messages do not have.
    #[error("Invalid YAML format: {what} (line {line}, column {column}).")]
    Yaml {
        /// What is wrong.
        what: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The YAML does not have the one root `deal:`.
    #[error("Invalid YAML format: Need node \"deal\".")]
    NoDeal,
    /// The body is no JSON object.
    #[error("Invalid JSON format: {0}.")]
    Json(String),
    /// A member or a field is there twice.
    #[error("Invalid format: key \"{0}\" is given twice.")]
    Twice(String),
    /// A text is expected, and there are several values.
    #[error("Invalid format: key \"{0}\" must be a text.")]
    NotScalar(String),
    /// Several values are expected, and there is one.
    #[error("Invalid format: key \"{0}\" must be an object.")]
    NotMap(String),
}

impl Document {
    /// Bytes of a message at most: comments of some pages, and everything else is short.
    pub const BYTES_MAX: usize = 64 * 1024;
    /// Values of a message at most; the protocol has some twenty.
    pub const NODES_MAX: usize = 256;
    /// How deep values are within each other at most; the protocol's are two deep.
    pub const DEPTH_MAX: usize = 8;
    /// Bytes of the name of a value at most; the longest of the protocol has twelve.
    pub const NAME_BYTES_MAX: usize = 64;

    /// Reads the text of a message: YAML with the root `deal:` (or `BitDeal:`, as later modules
    /// write it).
    ///
    /// Members that the protocol does not know are kept. YAML is read as far as messages need it:
    /// there are no anchors, aliases and tags, and one document.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] if the text is something else, or too large.
    pub fn from_yaml(text: impl AsRef<[u8]>) -> Result<Self, DocumentError> {
        let members = yaml::read(as_text(text.as_ref())?)?;
        Ok(Self { members, spelling: Spelling::Path })
    }

    /// Reads a message in JSON: an object with the members of the YAML's `deal`.
    ///
    /// `order`, if there is one, is what the path of the request says; it goes before the member
    /// `order`. Numbers keep their literal text. Members that the protocol does not know are left
    /// out, as are those that are `null` or empty.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] if the body is something else, or too large.
    pub fn from_json(body: &[u8], order: Option<Order>) -> Result<Self, DocumentError> {
        let object = json::read(as_text(body)?)?;
        let members = fields::from_object(&object, order)?;
        Ok(Self { members, spelling: Spelling::Path })
    }

    /// Reads a message that came as the fields of a form, `seller_address` and so on.
    ///
    /// `order`, if there is one, is what the path of the request says; it goes before the field
    /// `order`. Fields that the protocol does not know are left out, as are empty ones.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] if a field is there twice or the form is too large.
    pub fn from_fields(
        fields: &[(String, String)],
        order: Option<Order>,
    ) -> Result<Self, DocumentError> {
        let members = fields::from_fields(fields, order)?;
        Ok(Self { members, spelling: Spelling::Field })
    }

    /// Writes the message as YAML: the text that is signed. Two blanks for each level, no line end
    /// behind the last line, texts without quotes where that is possible.
    ///
    /// Reading it gives the same document.
    pub fn to_yaml(&self) -> String {
        yaml_text::write(&self.members)
    }

    /// Returns the message as a JSON object with the members of the YAML's `deal`; all values are
    /// texts. To write JSON with the members in order, serialise the document itself.
    pub fn to_json(&self) -> serde_json::Value {
        map_to_json(&self.members)
    }
}

fn as_text(bytes: &[u8]) -> Result<&str, DocumentError> {
    if bytes.len() > Document::BYTES_MAX {
        return Err(DocumentError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| DocumentError::NotText)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn map_to_json(members: &[(String, Node)]) -> serde_json::Value {
    members.iter().map(|(name, node)| (name.clone(), node_to_json(node))).collect()
}

fn node_to_json(node: &Node) -> serde_json::Value {
    match node {
        Node::Null => serde_json::Value::Null,
        Node::Text(text) => text.as_str().into(),
        Node::Map(members) => map_to_json(members),
        Node::List(nodes) => nodes.iter().map(node_to_json).collect(),
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(&self.members, serializer)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Map(members) => serialize_map(members, serializer),
            Self::List(nodes) => {
                let mut list = serializer.serialize_seq(Some(nodes.len()))?;
                for node in nodes {
                    list.serialize_element(node)?;
                }
                list.end()
            }
        }
    }
}

fn serialize_map<S: Serializer>(
    members: &[(String, Node)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(members.len()))?;
    for (name, node) in members {
        map.serialize_entry(name, node)?;
    }
    map.end()
}

#[cfg(test)]
mod tests;
