//! Documents in few bytes.
//!
//! A packed document is the number of its *shape*, then the values in order. A shape is the list of
//! its members' names and how each value is kept; documents of one kind share one shape. A keyword
//! is kept as the number of its term, an integer in the bytes it needs.

use tally_fcdsl::{Kind, Schema};

use crate::{
    arena::{read_varint, write_varint},
    fields::FieldIndex,
    node::{Node, write_string},
    terms::Dictionary,
};

/// Why a document cannot be taken. The index is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The text is not JSON.
    #[error("the document is not JSON")]
    Json(#[from] serde_json::Error),
    /// It is no object, or has no text in the member that names it.
    #[error("the document is not an object with a text in the id's member")]
    NoId,
    /// The document or a value in it is longer than 64 KiB.
    #[error("the document or a value of it is longer than 64 KiB")]
    TooLong,
    /// The index holds as much as its addresses reach: 4 GiB, or 2^31 documents.
    #[error("the index is full")]
    Full,
}

/// How a value is kept.
#[derive(Clone, Copy, Debug)]
enum Tag {
    Null = 0,
    False = 1,
    True = 2,
    Long = 3,
    Number = 4,
    Text = 5,
    Term = 6,
    Array = 7,
    Object = 8,
}

impl Tag {
    fn of(node: &Node, is_keyword: bool) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Boolean(false) => Self::False,
            Node::Boolean(true) => Self::True,
            Node::Long(_) => Self::Long,
            Node::Number(_) => Self::Number,
            Node::Text(_) if is_keyword => Self::Term,
            Node::Text(_) => Self::Text,
            Node::Array(_) => Self::Array,
            Node::Object(_) => Self::Object,
        }
    }

    fn read(byte: u64) -> Self {
        match byte {
            1 => Self::False,
            2 => Self::True,
            3 => Self::Long,
            4 => Self::Number,
            5 => Self::Text,
            6 => Self::Term,
            7 => Self::Array,
            8 => Self::Object,
            _ => Self::Null,
        }
    }
}

/// All shapes, by number.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    numbers: Dictionary,
    shapes: Vec<Box<[Member]>>,
}

/// A member of a shape.
#[derive(Debug)]
struct Member {
    name: Box<str>,
    /// The name as JSON, with its comma and colon.
    lead: Box<str>,
    tag: Tag,
    /// The field that it belongs to.
    field: Option<usize>,
}

impl Shapes {
    /// The number of the shape with these members, each with whether it is kept as a term.
    fn intern(
        &mut self,
        members: &[(String, Node)],
        tags: &[(Tag, Option<usize>)],
    ) -> Result<u32, DocumentError> {
        let mut bytes = Vec::new();
        for ((name, _), (tag, _)) in members.iter().zip(tags) {
            write_text(&mut bytes, name);
            bytes.push(*tag as u8);
        }
        let (number, is_new) = self.numbers.intern(&bytes)?;
        if is_new {
            let member = |((name, _), (tag, field)): (&(String, Node), &(Tag, Option<usize>))| {
                let mut lead = String::from(",");
                write_string(name, &mut lead);
                lead.push(':');
                Member { name: name.as_str().into(), lead: lead.into(), tag: *tag, field: *field }
            };
            self.shapes.push(members.iter().zip(tags).map(member).collect());
        }
        Ok(number)
    }

    /// The shape of a packed document, which is taken from it.
    fn read(&self, packed: &mut &[u8]) -> &[Member] {
        let number = usize::try_from(read_varint(packed)).unwrap_or(usize::MAX);
        self.shapes.get(number).map_or(&[][..], |members| members)
    }

    pub(crate) fn bytes(&self) -> usize {
        let member = |member: &Member| size_of::<Member>() + member.name.len() + member.lead.len();
        let members: usize = self.shapes.iter().flatten().map(member).sum();
        self.numbers.bytes() + self.shapes.capacity() * size_of::<Box<[Member]>>() + members
    }
}

/// Packs a document whose keywords have terms already.
pub(crate) fn pack(
    members: &[(String, Node)],
    schema: &Schema,
    fields: &[FieldIndex],
    shapes: &mut Shapes,
) -> Result<Vec<u8>, DocumentError> {
    let mut tags = Vec::with_capacity(members.len());
    let mut values = Vec::new();
    for (name, value) in members {
        let field = field_of(schema, name);
        match (value, field.map(|field| &fields[field])) {
            (Node::Text(text), Some(FieldIndex::Keywords(keywords))) => {
                // Missing only if a field's values were not interned, which would be a mistake.
                let term = keywords.terms.find(text).ok_or(DocumentError::Full)?;
                tags.push((Tag::Term, field));
                write_varint(&mut values, u64::from(term));
            }
            _ => {
                tags.push((Tag::of(value, false), field));
                write_value(&mut values, value);
            }
        }
    }
    let shape = shapes.intern(members, &tags)?;
    let mut packed = Vec::with_capacity(values.len() + 4);
    write_varint(&mut packed, u64::from(shape));
    packed.extend_from_slice(&values);
    Ok(packed)
}

/// The members of a packed document.
pub(crate) fn unpack(
    mut packed: &[u8],
    fields: &[FieldIndex],
    shapes: &Shapes,
) -> Vec<(String, Node)> {
    let shape = shapes.read(&mut packed);
    let member = |member: &Member| {
        (member.name.as_ref().to_owned(), read_member(member, fields, &mut packed))
    };
    shape.iter().map(member).collect()
}

/// The value of the member that belongs to `field`, without what is behind it.
pub(crate) fn unpack_one(
    mut packed: &[u8],
    field: usize,
    fields: &[FieldIndex],
    shapes: &Shapes,
) -> Option<Node> {
    for member in shapes.read(&mut packed) {
        let value = read_member(member, fields, &mut packed);
        if member.field == Some(field) {
            return Some(value);
        }
    }
    None
}

/// A packed document as JSON text.
pub(crate) fn render(mut packed: &[u8], fields: &[FieldIndex], shapes: &Shapes) -> String {
    let shape = shapes.read(&mut packed);
    // Ids in hexadecimal take half of their length when packed.
    let mut text = String::with_capacity(64 + shape.len() * 32 + packed.len() * 2);
    text.push('{');
    for member in shape {
        text.push_str(if text.len() > 1 { &member.lead } else { &member.lead[1..] });
        match (member.tag, member.field.map(|field| &fields[field])) {
            (Tag::Term, Some(FieldIndex::Keywords(keywords))) => {
                keywords.terms.write(read_term(&mut packed), &mut text);
            }
            (tag, _) => read_value(tag, &mut packed).write(&mut text),
        }
    }
    text.push('}');
    text
}

fn read_member(member: &Member, fields: &[FieldIndex], packed: &mut &[u8]) -> Node {
    match (member.tag, member.field.map(|field| &fields[field])) {
        (Tag::Term, Some(FieldIndex::Keywords(keywords))) => {
            Node::Text(keywords.terms.text(read_term(packed)))
        }
        (tag, _) => read_value(tag, packed),
    }
}

fn read_term(packed: &mut &[u8]) -> u32 {
    u32::try_from(read_varint(packed)).unwrap_or_default()
}

/// The field that a member of a document belongs to; aliases are for queries only.
pub(crate) fn field_of(schema: &Schema, name: &str) -> Option<usize> {
    schema.fields.iter().position(|field| field.name == name)
}

/// Whether values of a field's kind are numbers to the index.
pub(crate) fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Long | Kind::Float | Kind::Boolean)
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_varint(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn read_text(bytes: &mut &[u8]) -> String {
    read_str(bytes).to_owned()
}

fn read_str<'a>(bytes: &mut &'a [u8]) -> &'a str {
    let length = usize::try_from(read_varint(bytes)).unwrap_or(usize::MAX).min(bytes.len());
    let (text, rest) = bytes.split_at(length);
    *bytes = rest;
    std::str::from_utf8(text).expect("written from a text")
}

fn write_value(bytes: &mut Vec<u8>, value: &Node) {
    match value {
        Node::Null | Node::Boolean(_) => {}
        // Small numbers of both signs in few bytes.
        Node::Long(long) => {
            write_varint(bytes, ((long << 1) ^ (long >> 63)).cast_unsigned());
        }
        Node::Number(text) | Node::Text(text) => write_text(bytes, text),
        Node::Array(items) => {
            write_varint(bytes, items.len() as u64);
            for item in items {
                bytes.push(Tag::of(item, false) as u8);
                write_value(bytes, item);
            }
        }
        Node::Object(members) => {
            write_varint(bytes, members.len() as u64);
            for (name, member) in members {
                write_text(bytes, name);
                bytes.push(Tag::of(member, false) as u8);
                write_value(bytes, member);
            }
        }
    }
}

fn read_value(tag: Tag, bytes: &mut &[u8]) -> Node {
    match tag {
        // A term is read where its field is known.
        Tag::Null | Tag::Term => Node::Null,
        Tag::False => Node::Boolean(false),
        Tag::True => Node::Boolean(true),
        Tag::Long => {
            let number = read_varint(bytes);
            Node::Long((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
        }
        Tag::Number => Node::Number(read_text(bytes)),
        Tag::Text => Node::Text(read_text(bytes)),
        Tag::Array => {
            let count = read_varint(bytes);
            let mut item = || {
                let tag = Tag::read(read_varint(bytes));
                read_value(tag, bytes)
            };
            Node::Array((0..count).map(|_| item()).collect())
        }
        Tag::Object => {
            let count = read_varint(bytes);
            let mut member = || {
                let name = read_text(bytes);
                let tag = Tag::read(read_varint(bytes));
                (name, read_value(tag, bytes))
            };
            Node::Object((0..count).map(|_| member()).collect())
        }
    }
}
