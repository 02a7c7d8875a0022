//! What is said of an endpoint beside its handler.

use super::Parameter;
use crate::BigchainApi;
use axum::routing::MethodRouter;

/// One endpoint.
pub(crate) struct Route {
    /// Its path, short of the prefix.
    pub(crate) path: &'static str,
    pub(crate) mount: Mount,
    pub(crate) handler: MethodRouter<BigchainApi>,
    pub(crate) doc: Doc,
}

/// Where a path is served. Everywhere a slash at the end changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// At `/` alone.
    Root,
    /// At the prefix alone.
    Prefix,
    /// Below the prefix and below `/`.
    Both,
}

/// What the OpenAPI document says of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    pub(crate) method: &'static str,
    /// The operation's name; unique.
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Option<Content>,
    /// The good answers.
    pub(crate) replies: Vec<Reply>,
    /// The refusals and when they happen.
    pub(crate) refusals: &'static [(u16, &'static str)],
}

/// A good answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) when: &'static str,
    /// Its body; nothing if it has none.
    pub(crate) content: Option<Content>,
    /// Its headers, and what they say.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// A body or a reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    /// The name of its schema.
    pub(crate) schema: &'static str,
    /// Whether it is a list of those.
    pub(crate) list: bool,
    pub(crate) example: &'static str,
}

const PAGED: &[(&str, &str)] = &[
    ("X-Next-Cursor", "Where the next page starts; absent on the last."),
    ("Link", "The next page's path, as rel=\"next\"; absent on the last."),
];

impl Doc {
    /// Describes a `GET`; the rest is set by field.
    pub(super) fn get<const N: usize>(
        id: &'static str,
        tag: &'static str,
        replies: [Reply; N],
    ) -> Self {
        Self {
            method: "get",
            id,
            tag,
            summary: "",
            description: "",
            parameters: &[],
            body: None,
            replies: replies.into(),
            refusals: &[],
        }
    }
}

impl Reply {
    pub(super) const fn ok(content: Content) -> Self {
        Self { status: 200, when: "Done", content: Some(content), headers: &[] }
    }

    pub(super) const fn page(content: Content) -> Self {
        Self { headers: PAGED, ..Self::ok(content) }
    }
}
