use crate::{
    codec::Names,
    json::{NumberStyle, Value, Writer},
};
use std::ops::Range;

/// The canonical text of a transaction, and where the parts are that ids, signatures and readers
/// need.
///
/// Ids and signed messages are this text with some parts cut out or replaced, so it is written once
/// and never taken apart again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) json: Box<str>,
    /// The value of the id, with its quotes.
    pub(crate) id: Span,
    /// The member with the id, with one of its commas.
    pub(crate) id_member: Span,
    pub(crate) inputs: Box<[Part]>,
    pub(crate) outputs: Box<[Part]>,
    /// What the creator says about the asset, unless that is `null`.
    pub(crate) asset_data: Option<Span>,
    /// What the transaction says about itself, unless that is `null`.
    pub(crate) metadata: Option<Span>,
}

/// An input or an output in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    pub(crate) whole: Span,
    /// The value of the member that repeats the position.
    pub(crate) position: Option<Span>,
    /// The value of the fulfilment; of an output nothing.
    pub(crate) fulfillment: Span,
}

/// A piece of a text, in bytes. Four bytes are enough: texts are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(range: Range<usize>) -> Self {
        let narrow = |at| u32::try_from(at).expect("texts of transactions are bounded");
        Self { start: narrow(range.start), end: narrow(range.end) }
    }

    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) const fn end(self) -> usize {
        self.end as usize
    }

    pub(crate) const fn range(self) -> Range<usize> {
        self.start()..self.end()
    }
}

impl Text {
    /// Returns the piece of the text at `span`.
    pub(crate) fn piece(&self, span: Span) -> &str {
        &self.json[span.range()]
    }

    /// Writes `transaction`, a value that follows the schema of its format as far as the places of
    /// the marked parts go.
    pub(crate) fn write(
        transaction: &Value<'_>,
        names: &Names,
        numbers: NumberStyle,
        capacity: usize,
    ) -> Self {
        Self::write_with(transaction, names, Writer::new(numbers, capacity)).0
    }

    /// Writes `transaction` as it is stored, and, where they differ, as it was signed, with
    /// numbers in the style `signed`.
    pub(crate) fn write_both(
        transaction: &Value<'_>,
        names: &Names,
        signed: NumberStyle,
        capacity: usize,
    ) -> (Self, Option<Self>) {
        let writer = Writer::new(NumberStyle::Literal, capacity).comparing(signed);
        let (text, differs) = Self::write_with(transaction, names, writer);
        let signed = differs.then(|| Self::write(transaction, names, signed, text.json.len()));
        (text, signed)
    }

    fn write_with(transaction: &Value<'_>, names: &Names, writer: Writer) -> (Self, bool) {
        let mut marks = Marks { names, writer, text: Self::empty() };
        match names.body {
            None => marks.body(transaction),
            Some(body) => marks.members(transaction, |marks, name, value| match name {
                "id" => marks.id(value),
                _ if name == body => marks.body(value),
                _ => marks.writer.value(value),
            }),
        }
        let Marks { writer, mut text, .. } = marks;
        let differs = writer.differs();
        text.json = writer.into_text().into_boxed_str();
        text.mark_id_member();
        (text, differs)
    }

    fn empty() -> Self {
        let (inputs, outputs) = (Box::default(), Box::default());
        let (id, id_member) = (Span::default(), Span::default());
        Self {
            json: Box::default(),
            id,
            id_member,
            inputs,
            outputs,
            asset_data: None,
            metadata: None,
        }
    }

    fn mark_id_member(&mut self) {
        let name = r#""id":"#;
        let start = self.id.start().saturating_sub(name.len());
        let is_first = self.json[..start].ends_with('{');
        self.id_member = if is_first {
            Span::new(start..self.id.end() + 1)
        } else {
            Span::new(start.saturating_sub(1)..self.id.end())
        };
    }
}

/// The writing of a text.
struct Marks<'n> {
    names: &'n Names,
    writer: Writer,
    text: Text,
}

impl Marks<'_> {
    /// Writes what holds the inputs and outputs.
    fn body(&mut self, body: &Value<'_>) {
        let is_nested = self.names.body.is_some();
        self.members(body, |marks, name, value| match name {
            "id" if !is_nested => marks.id(value),
            "asset" => marks.text.asset_data = marks.data(value),
            "metadata" if is_nested => marks.text.metadata = marks.data(value),
            "metadata" => marks.text.metadata = marks.unless_null(value),
            _ if name == marks.names.inputs => {
                marks.text.inputs = marks.parts(value, marks.names.input_position);
            }
            _ if name == marks.names.outputs => {
                marks.text.outputs = marks.parts(value, marks.names.output_position);
            }
            _ => marks.writer.value(value),
        });
    }

    /// Writes an object and returns where its member `data` is.
    fn data(&mut self, value: &Value<'_>) -> Option<Span> {
        let mut data = None;
        self.members(value, |marks, name, value| match name {
            "data" => data = marks.unless_null(value),
            _ => marks.writer.value(value),
        });
        data
    }

    fn id(&mut self, value: &Value<'_>) {
        self.text.id = self.marked(value);
    }

    fn parts(&mut self, list: &Value<'_>, position: Option<&str>) -> Box<[Part]> {
        let Value::Array(values) = list else {
            self.writer.value(list);
            return Box::default();
        };
        let mut parts = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            self.writer.separate(at, '[');
            parts.push(self.part(value, position));
        }
        self.writer.close(values.len(), "[]");
        parts.into_boxed_slice()
    }

    fn part(&mut self, value: &Value<'_>, position: Option<&str>) -> Part {
        let mut part = Part::default();
        let start = self.writer.position();
        self.members(value, |marks, name, value| {
            let span = marks.marked(value);
            match name {
                "fulfillment" => part.fulfillment = span,
                _ if Some(name) == position => part.position = Some(span),
                _ => {}
            }
        });
        part.whole = Span::new(start..self.writer.position());
        part
    }

    fn unless_null(&mut self, value: &Value<'_>) -> Option<Span> {
        let span = self.marked(value);
        (!matches!(value, Value::Null)).then_some(span)
    }

    fn marked(&mut self, value: &Value<'_>) -> Span {
        let start = self.writer.position();
        self.writer.value(value);
        Span::new(start..self.writer.position())
    }
}

impl Marks<'_> {
    /// Writes an object; `write` writes the value of each member.
    fn members<'v>(
        &mut self,
        value: &'v Value<'_>,
        mut write: impl FnMut(&mut Self, &'v str, &'v Value<'_>),
    ) {
        let Value::Object(object) = value else { return self.writer.value(value) };
        for (at, (name, value)) in object.members().iter().enumerate() {
            self.writer.separate(at, '{');
            self.writer.name(name);
            write(self, name, value);
        }
        self.writer.close(object.members().len(), "{}");
    }
}
