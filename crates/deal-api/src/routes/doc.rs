//! What is said of an endpoint beside its handler.

use crate::call::Endpoint;

/// One endpoint.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) doc: Doc,
}

/// What the OpenAPI document says of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doc {
    pub(crate) method: &'static str,
    /// The operation's name; unique.
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Option<Content>,
    pub(crate) reply: Reply,
    pub(crate) refusals: &'static [(u16, &'static str)],
}

/// A parameter of the query or a header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: &'static str,
    pub(crate) is_required: bool,
    pub(crate) description: &'static str,
    pub(crate) kind: Kind,
}

/// What a parameter looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Count,
    Word(&'static [&'static str]),
}

/// The good answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content: Option<Content>,
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// A body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    pub(crate) kind: &'static str,
    /// The name of its schema.
    pub(crate) schema: &'static str,
    /// Whether it is a list of those.
    pub(crate) is_list: bool,
    pub(crate) example: &'static str,
}

impl Content {
    pub(super) const fn json(schema: &'static str, example: &'static str) -> Self {
        Self { kind: "application/json", schema, is_list: false, example }
    }

    pub(super) const fn list(schema: &'static str, example: &'static str) -> Self {
        Self { is_list: true, ..Self::json(schema, example) }
    }

    pub(super) const fn text(kind: &'static str, example: &'static str) -> Self {
        Self { kind, ..Self::json("Text", example) }
    }
}

impl Reply {
    pub(super) const fn ok(content: Content) -> Self {
        Self { status: 200, content: Some(content), headers: &[] }
    }
}

impl Doc {
    pub(super) const fn get(id: &'static str, tag: &'static str, reply: Reply) -> Self {
        Self {
            method: "get",
            id,
            tag,
            summary: "",
            description: "",
            parameters: &[],
            body: None,
            reply,
            refusals: &[],
        }
    }

    /// A `POST` that needs no body.
    pub(super) const fn post_alone(id: &'static str, tag: &'static str, reply: Reply) -> Self {
        Self { method: "post", ..Self::get(id, tag, reply) }
    }

    pub(super) const fn post(
        id: &'static str,
        tag: &'static str,
        body: Content,
        reply: Reply,
    ) -> Self {
        Self { method: "post", body: Some(body), ..Self::get(id, tag, reply) }
    }
}
