use tally_deal::account::Page;

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
    /// A JSON object as text: the same members in the same order, then those that the message has no
    /// place for.
    pub json: String,
}

impl DealReply {
    /// Returns the signed text if there is one, else the text.
    pub fn payload(&self) -> &str {
        self.signed.as_deref().unwrap_or(&self.text)
    }
}
