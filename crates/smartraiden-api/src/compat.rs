use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Whose status codes the API answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compat {
    /// Those of the users' document, and where it is silent those of the HTTP standard and the
    /// parent project.
    #[default]
    Document,
    /// Those of the original program, for tools that were written against it.
    Upstream,
}

/// What the original program answered where it differs; travels with the reply until the outermost
/// layer of the API decides which of the two leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upstream {
    pub(crate) status: StatusCode,
    /// Replaces the body too, where the original did not regard the case as an error.
    pub(crate) body: Option<&'static str>,
}

impl Upstream {
    pub(crate) const fn status(status: StatusCode) -> Self {
        Self { status, body: None }
    }

    /// Marks a reply with the original's answer.
    pub(crate) fn mark(self, reply: impl IntoResponse) -> Response {
        let mut reply = reply.into_response();
        reply.extensions_mut().insert(self);
        reply
    }
}

impl Compat {
    /// Turns a marked reply into the original's answer, if that is what is wanted.
    pub(crate) fn translate(self, mut reply: Response) -> Response {
        let Some(upstream) = reply.extensions_mut().remove::<Upstream>() else { return reply };
        if self == Self::Document {
            return reply;
        }
        *reply.status_mut() = upstream.status;
        if let Some(body) = upstream.body {
            *reply.body_mut() = Body::from(body);
            let kind = HeaderValue::from_static("application/json; charset=utf-8");
            reply.headers_mut().insert(header::CONTENT_TYPE, kind);
            reply.headers_mut().remove(header::CONTENT_LENGTH);
        }
        reply
    }
}
