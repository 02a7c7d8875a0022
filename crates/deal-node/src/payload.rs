use serde_json::Value;

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// Nothing.
    None,
    /// A deal.
    Deal(DealReply),
    /// A page about accounts, in the four renderings.
    Page(Page),
}

/// A deal as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct DealReply {
    /// The text in YAML, without a line feed at its end.
    pub text: String,
    /// The same with the server's PGP cleartext signature around it; `None` if it was not asked for.
    pub signed: Option<String>,
    /// The same members as JSON, and those that the text has no place for.
    pub json: Value,
}

impl DealReply {
    /// Returns the signed text if there is one, else the text.
    pub fn payload(&self) -> &str {
        self.signed.as_deref().unwrap_or(&self.text)
    }
}

/// A page in the four forms in which a client may ask for it; all values are escaped in each.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// An HTML document; what a package carries.
    pub html: String,
    /// The same without tags.
    pub text: String,
    /// The data as an object.
    pub json: Value,
    /// The data as one XML element.
    pub xml: String,
}
