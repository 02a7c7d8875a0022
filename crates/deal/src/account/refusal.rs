use crate::{Address, Date};

/// Why a message about an account is not followed. Nothing has changed.
///
/// The texts are answers: `result.message` of a package, and the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// No address of the server's network where one has to be: the text, shortened, or `null`.
    #[error("Invalid Bitcoin address: {0}")]
    InvalidAddress(String),
    /// There is no such account.
    #[error("Account not found: {0}")]
    NotFound(Address),
    /// There is such an account already.
    #[error("Account already exists: {0}")]
    Exists(Address),
    /// No point of the curve.
    #[error("Invalid Bitcoin key: {0}")]
    InvalidKey(String),
    /// A key that the address does not commit to.
    #[error("Bitcoin key does not belong to the address: {0}")]
    ForeignKey(Address),
    /// A block that is no armored PGP public key, has no end or is too long.
    #[error("Invalid PGP key.")]
    InvalidPgp,
    /// A line that begins like a URL and is none, or one to remove from an account that is only now
    /// opened.
    #[error("Invalid URL: {0}")]
    InvalidUrl(String),
    /// A text that looks like a Bitmessage address and is none.
    #[error("Invalid Bitmessage address: {0}")]
    InvalidBitmessage(String),
    /// No e-mail address.
    #[error("Invalid e-mail address: {0}")]
    InvalidEmail(String),
    /// A password that is too short or too long, or of several lines.
    #[error("Invalid password.")]
    InvalidPassword,
    /// A text that looks like a date and is none.
    #[error("Invalid date: {0}")]
    InvalidDate(String),
    /// A line that means nothing, or nothing in a message about this.
    #[error("Invalid line: \"{0}\".")]
    InvalidLine(String),
    /// Something follows the signature: it would not be signed.
    #[error("The signature must be the last line.")]
    AfterSignature,
    /// A datum, or a field of this name, is there twice.
    #[error("Invalid format: key \"{0}\" is given twice.")]
    Twice(&'static str),
    /// A datum is missing.
    #[error("Invalid format: key \"{0}\" cannot be empty.")]
    Missing(&'static str),
    /// More of something than there may be.
    #[error("Invalid format: at most {max} of \"{what}\".")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        max: usize,
    },
    /// A control character.
    #[error("Invalid format: control characters in the text.")]
    Control,
    /// A message that may have been sent before.
    #[error("Message date expired: {0}")]
    DateExpired(Date),
    /// No signature, or not by the key of the address over this message.
    #[error("The message is not signed by the account owner.")]
    NotSigned,
    /// A code that a token was given for before.
    #[error("The code has been used.")]
    CodeUsed,
    /// The account has what the message would add.
    #[error("There is nothing to add.")]
    NothingToAdd,
    /// The message changes nothing.
    #[error("There is nothing to update.")]
    NothingToUpdate,
    /// JSON that is no object of texts and lists of texts.
    #[error("Invalid JSON format: {0}")]
    Json(&'static str),
}
