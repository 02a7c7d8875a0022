//! JSON as a tree of texts: numbers keep their literals, and names are unique.

use super::{Document, DocumentError, Node, Spelling};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// Reads an object.
///
/// Objects are looked into level by level, each level as a whole, so the levels are counted first.
pub(super) fn read(text: &str) -> Result<Document, DocumentError> {
    if depth(text) > Document::DEPTH_MAX {
        return Err(DocumentError::TooDeep);
    }
    let mut reader = Reader { nodes: 0 };
    match reader.node(text)? {
        Node::Map(members) => Ok(Document { members, spelling: Spelling::Path }),
        Node::Null | Node::Text(_) | Node::List(_) => {
            Err(DocumentError::Json("an object is expected".to_owned()))
        }
    }
}

struct Reader {
    nodes: usize,
}

impl Reader {
    fn node(&mut self, text: &str) -> Result<Node, DocumentError> {
        self.nodes += 1;
        if self.nodes > Document::NODES_MAX {
            return Err(DocumentError::TooMany);
        }
        match text.trim_ascii_start().bytes().next() {
            Some(b'{') => self.map(parse(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = parse(text)?;
                let nodes = items.iter().map(|item| self.node(item.get()));
                nodes.collect::<Result<_, _>>().map(Node::List)
            }
            Some(b'"') => parse(text).map(Node::Text),
            _ => {
                let literal: &RawValue = parse(text)?;
                let null = literal.get() == "null";
                Ok(if null { Node::Null } else { Node::Text(literal.get().to_owned()) })
            }
        }
    }

    fn map(&mut self, Members(raw): Members<'_>) -> Result<Node, DocumentError> {
        let mut members: Vec<(String, Node)> = Vec::with_capacity(raw.len());
        for (name, value) in raw {
            if !(1..=Document::NAME_BYTES_MAX).contains(&name.len()) {
                return Err(DocumentError::NameLength);
            }
            if members.iter().any(|(other, _)| *other == name) {
                return Err(DocumentError::Twice(crate::text::excerpt(&name)));
            }
            let node = self.node(value.get())?;
            members.push((name, node));
        }
        Ok(Node::Map(members))
    }
}

/// Returns how many objects and lists are open at the same time, besides the one around all.
fn depth(text: &str) -> usize {
    let (mut open, mut depth, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                open += 1;
                depth = depth.max(open);
            }
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    depth.saturating_sub(1)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DocumentError> {
    serde_json::from_str(text).map_err(|error| DocumentError::Json(error.to_string()))
}

/// The members of an object, not looked into.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;
        impl<'de> Visitor<'de> for OfMap {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfMap)
    }
}
