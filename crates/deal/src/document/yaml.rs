//! Reading YAML, as far as messages need it.

use super::{Document, DocumentError, Node, scalar};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

/// Names of the root: the protocol's, and that of later modules.
const ROOTS: [&str; 2] = ["deal", "BitDeal"];

/// Reads a text and returns the members under its root.
pub(super) fn read(text: &str) -> Result<Vec<(String, Node)>, DocumentError> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        builder.take(event, span.start)?;
    }
    match builder.root {
        Some(Node::Map(mut members)) if members.len() == 1 => match members.pop() {
            Some((name, Node::Map(members))) if ROOTS.contains(&name.as_str()) => Ok(members),
            Some((name, Node::Null)) if ROOTS.contains(&name.as_str()) => Ok(Vec::new()),
            _ => Err(DocumentError::NoDeal),
        },
        _ => Err(DocumentError::NoDeal),
    }
}

fn scan_error(error: &ScanError) -> DocumentError {
    refused(error.info(), *error.marker())
}

fn refused(what: &str, at: Marker) -> DocumentError {
    let what = crate::text::excerpt(what);
    DocumentError::Yaml { what, line: at.line(), column: at.col() + 1 }
}

/// An object or a list that has not ended.
enum Open {
    Map { members: Vec<(String, Node)>, name: Option<String> },
    List(Vec<Node>),
}

/// Puts events together. Nothing here calls itself, so no text makes the stack grow.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Marker) -> Result<(), DocumentError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                let is_first = self.documents == 1;
                if is_first { Ok(()) } else { Err(refused("one document is expected", at)) }
            }
            Event::Alias(_) => Err(refused("aliases are not supported", at)),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err(refused("tags are not supported", at)),
            Event::Scalar(_, _, 1.., None)
            | Event::SequenceStart(1.., None)
            | Event::MappingStart(1.., None) => Err(refused("anchors are not supported", at)),
            Event::Scalar(text, style, 0, None) => self.scalar(text.into_owned(), style),
            Event::SequenceStart(0, None) => self.begin(Open::List(Vec::new()), at),
            Event::MappingStart(0, None) => {
                self.begin(Open::Map { members: Vec::new(), name: None }, at)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle) -> Result<(), DocumentError> {
        let is_null = style == ScalarStyle::Plain && scalar::is_null(&text);
        if let Some(Open::Map { members, name: name @ None }) = self.open.last_mut() {
            if is_null || !(1..=Document::NAME_BYTES_MAX).contains(&text.len()) {
                return Err(DocumentError::NameLength);
            }
            if members.iter().any(|(other, _)| *other == text) {
                return Err(DocumentError::Twice(crate::text::excerpt(&text)));
            }
            *name = Some(text);
            return Ok(());
        }
        self.count()?;
        self.put(if is_null { Node::Null } else { Node::Text(text) });
        Ok(())
    }

    fn begin(&mut self, open: Open, at: Marker) -> Result<(), DocumentError> {
        self.count()?;
        if let Some(Open::Map { name: None, .. }) = self.open.last() {
            return Err(refused("a key must be a text", at));
        }
        // The object around the root is a level that JSON and forms do not have.
        if self.open.len() > Document::DEPTH_MAX + 1 {
            return Err(DocumentError::TooDeep);
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Map { members, .. }) => self.put(Node::Map(members)),
            Some(Open::List(nodes)) => self.put(Node::List(nodes)),
            None => {}
        }
    }

    fn count(&mut self) -> Result<(), DocumentError> {
        self.nodes += 1;
        if self.nodes > Document::NODES_MAX { Err(DocumentError::TooMany) } else { Ok(()) }
    }

    /// Puts a value where the next one belongs.
    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Open::Map { members, name }) => {
                members.extend(name.take().map(|name| (name, node)))
            }
            Some(Open::List(nodes)) => nodes.push(node),
            None => self.root = Some(node),
        }
    }
}
