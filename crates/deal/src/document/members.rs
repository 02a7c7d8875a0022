//! Getting and setting what a document says.

use super::{Document, DocumentError, Node, Spelling};

impl Document {
    /// Returns the value at a path, `seller.address`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let (start, last) = path.rsplit_once('.').unwrap_or(("", path));
        let parts = start.split('.').filter(|part| !part.is_empty());
        let mut members = &self.members;
        for part in parts {
            let Node::Map(inner) = find(members, part)? else { return None };
            members = inner;
        }
        find(members, last)
    }

    /// Returns the text at a path, or `None` if there is none or it is empty.
    ///
    /// # Errors
    ///
    /// [`DocumentError::NotScalar`] if there are several values at the path, and
    /// [`DocumentError::NotMap`] if there is one where the path goes on.
    pub fn text(&self, path: &str) -> Result<Option<&str>, DocumentError> {
        if let Some((start, _)) = path.rsplit_once('.')
            && let Some(Node::Text(_) | Node::List(_)) = self.get(start)
        {
            return Err(DocumentError::NotMap(self.name(start)));
        }
        match self.get(path) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(Node::Map(_) | Node::List(_)) => Err(DocumentError::NotScalar(self.name(path))),
        }
    }

    /// Puts a text at a path. What is there keeps its place; what is new comes last.
    pub fn set(&mut self, path: &str, text: impl Into<String>) {
        let (members, last) = self.parent(path);
        put(members, last, members.len(), text.into());
    }

    /// Puts a text at a path. What is there keeps its place; what is new comes behind the member
    /// `sibling` of the same object, or last if there is none.
    pub fn set_behind(&mut self, sibling: &str, path: &str, text: impl Into<String>) {
        let (members, last) = self.parent(path);
        let position = members.iter().position(|(name, _)| name == sibling);
        put(members, last, position.map_or(members.len(), |position| position + 1), text.into());
    }

    /// Takes away what is at a path, if there is something.
    pub fn remove(&mut self, path: &str) {
        if self.get(path).is_some() {
            let (members, last) = self.parent(path);
            members.retain(|(name, _)| name != last);
        }
    }

    /// Returns how whoever sent the document calls what is at a path.
    pub(crate) fn name(&self, path: &str) -> String {
        match self.spelling {
            Spelling::Path => path.to_owned(),
            Spelling::Field => path.replace(['.', '-'], "_"),
        }
    }

    /// Returns the object that the last part of a path is in, made if it is not there.
    fn parent<'a>(&mut self, path: &'a str) -> (&mut Vec<(String, Node)>, &'a str) {
        let (start, last) = path.rsplit_once('.').unwrap_or(("", path));
        let parts = start.split('.').filter(|part| !part.is_empty());
        (parts.fold(&mut self.members, object), last)
    }
}

fn find<'a>(members: &'a [(String, Node)], name: &str) -> Option<&'a Node> {
    members.iter().find(|(other, _)| other == name).map(|(_, node)| node)
}

fn object<'a>(members: &'a mut Vec<(String, Node)>, name: &str) -> &'a mut Vec<(String, Node)> {
    let position = members.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
        members.push((name.to_owned(), Node::Null));
        members.len() - 1
    });
    let node = &mut members[position].1;
    if !matches!(node, Node::Map(_)) {
        *node = Node::Map(Vec::new());
    }
    match node {
        Node::Map(members) => members,
        Node::Null | Node::Text(_) | Node::List(_) => {
            unreachable!("it has just been made an object")
        }
    }
}

fn put(members: &mut Vec<(String, Node)>, name: &str, position: usize, text: String) {
    match members.iter_mut().find(|(other, _)| other == name) {
        Some((_, node)) => *node = Node::Text(text),
        None => members.insert(position, (name.to_owned(), Node::Text(text))),
    }
}
