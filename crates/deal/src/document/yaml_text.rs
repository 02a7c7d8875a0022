//! Writing YAML.

use super::{Node, scalar};

/// Writes members under the root `deal`.
pub(super) fn write(members: &[(String, Node)]) -> String {
    let mut out = String::with_capacity(512);
    out.push_str("deal:");
    if members.is_empty() {
        out.push_str(" {}");
    } else {
        map(&mut out, members, 1, true);
    }
    out
}

/// Writes the members of an object; the first one begins a line of its own only if `breaks`.
fn map(out: &mut String, members: &[(String, Node)], level: usize, breaks: bool) {
    for (index, (name, node)) in members.iter().enumerate() {
        if index > 0 || breaks {
            line(out, level);
        }
        scalar::write(out, name);
        out.push(':');
        match node {
            Node::Map(inner) if !inner.is_empty() => map(out, inner, level + 1, true),
            Node::List(inner) if !inner.is_empty() => list(out, inner, level + 1, true),
            Node::Null | Node::Text(_) | Node::Map(_) | Node::List(_) => {
                out.push(' ');
                flat(out, node);
            }
        }
    }
}

fn list(out: &mut String, nodes: &[Node], level: usize, breaks: bool) {
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 || breaks {
            line(out, level);
        }
        out.push_str("- ");
        match node {
            Node::Map(inner) if !inner.is_empty() => map(out, inner, level + 1, false),
            Node::List(inner) if !inner.is_empty() => list(out, inner, level + 1, false),
            Node::Null | Node::Text(_) | Node::Map(_) | Node::List(_) => flat(out, node),
        }
    }
}

/// Writes what needs no lines of its own.
fn flat(out: &mut String, node: &Node) {
    match node {
        Node::Null => out.push('~'),
        Node::Text(text) => scalar::write(out, text),
        Node::Map(_) => out.push_str("{}"),
        Node::List(_) => out.push_str("[]"),
    }
}

fn line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", level));
}
