//! The OpenAPI document of an API, written from its table of routes.

use serde_json::{Map, Value, json};

/// An OpenAPI 3.1 document. What the endpoints are is the API's own; how they are written down, and
/// what is around all of them, is the same for every API.
#[derive(Debug)]
pub struct Document {
    /// The API's name.
    pub title: &'static str,
    /// The version of what serves it.
    pub version: &'static str,
    /// What holds for every endpoint.
    pub introduction: &'static str,
    /// The groups of endpoints, with what they are about.
    pub tags: &'static [(&'static str, &'static str)],
    /// The endpoints.
    pub operations: Vec<Operation>,
    /// The schemas that [`reference()`] names: an object of them; `Error` is what
    /// refusals look like.
    pub schemas: Value,
}

/// What is around the endpoints of every API. A [`Document`] fills it from a table; an API whose
/// endpoints are nearly all alike fills it itself, and lets them refer to what they share.
#[derive(Debug)]
pub struct Frame {
    /// The API's name.
    pub title: &'static str,
    /// The version of what serves it.
    pub version: &'static str,
    /// What holds for every endpoint.
    pub introduction: &'static str,
    /// The path that the endpoints are below, and what it is; `None` for the root.
    pub base: Option<(&'static str, &'static str)>,
    /// The groups of endpoints, with what they are about.
    pub tags: &'static [(&'static str, &'static str)],
    /// The endpoints, as the document has them.
    pub paths: Map<String, Value>,
    /// What they refer to.
    pub components: Map<String, Value>,
}

/// One method of one path.
#[derive(Debug)]
pub struct Operation {
    /// The path, with `{name}` for its parameters.
    pub path: String,
    /// The method in lower case.
    pub method: &'static str,
    /// A name that no other has.
    pub id: &'static str,
    /// Its group.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to know; may be empty.
    pub description: &'static str,
    /// Whether it is there for old clients only.
    pub is_deprecated: bool,
    /// What the path, the query and the headers say.
    pub parameters: Vec<Parameter>,
    /// What is sent.
    pub body: Option<Content>,
    /// What a client gets that did nothing wrong.
    pub replies: Vec<Reply>,
    /// Statuses that refuse, and when they do.
    pub refusals: &'static [(u16, &'static str)],
}

/// A value in the path, the query or a header.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands: `path`, `query` or `header`.
    pub place: &'static str,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it means; may be empty.
    pub description: &'static str,
    /// What it looks like.
    pub schema: Value,
}

/// A body.
#[derive(Debug)]
pub struct Content {
    /// Its media type.
    pub kind: &'static str,
    /// What it looks like.
    pub schema: Value,
    /// An example, as it is sent.
    pub example: &'static str,
    /// Whether the example is also given as text, because JSON parsers would lose digits of it.
    pub has_example_text: bool,
}

/// A good reply.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// When it comes.
    pub when: &'static str,
    /// Headers that it has, and what they mean.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Its body.
    pub content: Option<Content>,
}

impl Document {
    /// Writes the document, indented, with sorted names, so that it changes only where the API does.
    pub fn write(self) -> String {
        let mut paths: Map<String, Value> = Map::new();
        for operation in self.operations {
            let item = paths.entry(&*operation.path).or_insert_with(|| json!({}));
            let method = operation.method;
            item[method] = operation.write();
        }
        let Self { title, version, introduction, tags, schemas, .. } = self;
        let components = Map::from_iter([("schemas".to_owned(), schemas)]);
        Frame { title, version, introduction, base: None, tags, paths, components }.write()
    }
}

impl Frame {
    /// Writes the document, indented, with sorted names, so that it changes only where the API does.
    pub fn write(self) -> String {
        let tags: Vec<_> = self
            .tags
            .iter()
            .map(|(name, what)| json!({ "name": name, "description": what }))
            .collect();
        let mut components = self.components;
        let bearer = json!({ "bearer": { "type": "http", "scheme": "bearer" } });
        components.insert("securitySchemes".to_owned(), bearer);
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "version": self.version,
                "description": self.introduction,
                "license": { "name": "MIT OR Apache-2.0" },
            },
            "tags": tags,
            "security": [{}, { "bearer": [] }],
            "paths": self.paths,
            "components": components,
        });
        if let Some((path, what)) = self.base {
            document["servers"] = json!([{ "url": path, "description": what }]);
        }
        format!("{:#}\n", sorted(document))
    }
}

impl Operation {
    fn write(self) -> Value {
        let mut written = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
        });
        let mut responses: Map<String, Value> = Map::new();
        for reply in self.replies {
            responses.insert(reply.status.to_string(), reply.write());
        }
        let error = json!({ "application/json": { "schema": reference("Error") } });
        for (status, when) in self.refusals {
            let refusal = json!({ "description": when, "content": error });
            responses.insert(status.to_string(), refusal);
        }
        written["responses"] = Value::Object(responses);
        if !self.description.is_empty() {
            written["description"] = json!(self.description);
        }
        if self.is_deprecated {
            written["deprecated"] = json!(true);
        }
        if !self.parameters.is_empty() {
            written["parameters"] = self.parameters.into_iter().map(Parameter::write).collect();
        }
        if let Some(body) = self.body {
            written["requestBody"] = json!({ "required": true, "content": body.write() });
        }
        written
    }
}

impl Parameter {
    /// Describes the parameters of a path, in its order: each must be there.
    pub fn of_path<'a>(
        path: &'static str,
        schema: impl Fn(&str) -> Value + 'a,
    ) -> impl Iterator<Item = Self> + 'a {
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        names.map(move |name| Self {
            name,
            place: "path",
            is_required: true,
            description: "",
            schema: schema(name),
        })
    }

    fn write(self) -> Value {
        let Self { name, place, is_required, description, schema } = self;
        let mut written =
            json!({ "name": name, "in": place, "required": is_required, "schema": schema });
        if !description.is_empty() {
            written["description"] = json!(description);
        }
        written
    }
}

impl Content {
    fn write(self) -> Value {
        let example = serde_json::from_str(self.example)
            .unwrap_or_else(|_| Value::String(self.example.to_owned()));
        let mut written = json!({ "schema": self.schema, "example": example });
        if self.has_example_text {
            written["x-example-text"] = json!(self.example);
        }
        json!({ self.kind: written })
    }
}

impl Reply {
    fn write(self) -> Value {
        let mut written = json!({ "description": self.when });
        if let Some(body) = self.content {
            written["content"] = body.write();
        }
        let header = |(name, what): (&str, &str)| {
            (name.to_owned(), json!({ "description": what, "schema": { "type": "string" } }))
        };
        if !self.headers.is_empty() {
            written["headers"] = Value::Object(self.headers.into_iter().map(header).collect());
        }
        written
    }
}

/// Refers to a schema of the document.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Sorts the members of all objects, whatever order the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> Value {
        let operation = |method| Operation {
            path: "/things/{id}".to_owned(),
            method,
            id: "thing",
            tag: "things",
            summary: "Returns a thing.",
            description: "",
            is_deprecated: method == "put",
            parameters: Parameter::of_path("/things/{id}", |_| json!({ "type": "string" }))
                .collect(),
            body: None,
            replies: vec![Reply {
                status: 200,
                when: "It is there.",
                headers: vec![("x-next-cursor", "Where the next page starts.")],
                content: Some(Content {
                    kind: "application/json",
                    schema: reference("Thing"),
                    example: "{\"size\": 1}",
                    has_example_text: true,
                }),
            }],
            refusals: &[(404, "There is none.")],
        };
        let document = Document {
            title: "Things",
            version: "1",
            introduction: "All about things.",
            tags: &[("things", "Things.")],
            operations: vec![operation("put"), operation("get")],
            schemas: json!({ "Thing": {}, "Error": {} }),
        };
        let text = document.write();
        assert!(text.find("\"components\"") < text.find("\"info\""), "{text}");
        assert!(text.find("\"get\"") < text.find("\"put\""), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_part_is_in_its_place() {
        let document = read();
        let path = &document["paths"]["/things/{id}"];
        assert_eq!(path["put"]["deprecated"], true);
        let get = &path["get"];
        assert!(get["deprecated"].is_null() && get["description"].is_null());
        let parameter = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
        assert_eq!(get["parameters"], parameter);
        let good = &get["responses"]["200"];
        assert!(good["headers"]["x-next-cursor"]["description"].is_string());
        let body = &good["content"]["application/json"];
        assert_eq!(body["schema"]["$ref"], "#/components/schemas/Thing");
        assert_eq!(
            (&body["example"]["size"], &body["x-example-text"]),
            (&json!(1), &json!("{\"size\": 1}"))
        );
        let refusal = &get["responses"]["404"]["content"]["application/json"];
        assert_eq!(refusal["schema"]["$ref"], "#/components/schemas/Error");
    }
}
