mod check;
mod read;

use crate::{
    Address, DealCode, Document, DocumentError, FeedbackStatus, FeedbackStatusParseError,
    KindParseError, Order, OrderParseError, PaymentAddress, Percent, Rating, RatingParseError,
    SchemeName, SchemeNameParseError, SumParseError, Terms, TimeParseError,
};

/// A message about a deal whose words are understood.
///
/// Whether the order may be carried out is another matter: see [`check`](Self::check).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub order: Order,
    /// What the parties agree on, with what the message leaves out.
    pub terms: Terms,
    /// Who guards the money.
    pub scheme: SchemeName,
    /// What the message says about the seller.
    pub seller_rating: Option<Rating>,
    /// What the message says about the customer.
    pub customer_rating: Option<Rating>,
    /// The seller's signature, not verified.
    pub seller_signature: Option<String>,
    /// The customer's signature, not verified.
    pub customer_signature: Option<String>,
    /// Where the message says that the deal is paid, not verified.
    pub payment_address: Option<String>,
    /// What the message says of the deal; `None` if it has no status, refund and comments.
    pub feedback: Option<FeedbackWords>,
    /// The message itself.
    pub document: Document,
}

/// What a message says of a deal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedbackWords {
    /// Whether it was good; positive if the message does not say.
    pub status: FeedbackStatus,
    /// Which part of the money goes back to the customer, if the message says.
    pub refund: Option<Percent>,
    /// Any text.
    pub comments: Option<String>,
}

/// A message whose order may be carried out, as far as the message itself shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRequest {
    /// The message. Its document is what [`text`](Self::text) says.
    pub request: Request,
    /// The name of the deal.
    pub code: DealCode,
    /// Where the deal is paid, computed from the terms.
    pub payment_address: PaymentAddress,
    /// The message in YAML as it goes on: with the payment address, and with moments and the sum as
    /// they are in the data string.
    pub text: String,
}

/// Why a message about a deal is not taken. The texts are the protocol's where it has them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is no message.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The message is longer than [`Request::TEXT_BYTES_MAX`] when it is written.
    #[error("Invalid format: a message as YAML has at most {max} bytes.", max = Request::TEXT_BYTES_MAX)]
    TextTooLong,
    /// A member is missing or empty.
    #[error("Invalid format: key \"{0}\" cannot be empty.")]
    Empty(String),
    /// The order is no word of the protocol.
    #[error(transparent)]
    Order(#[from] OrderParseError),
    /// The order is a result, or one that only a server gives.
    #[error("Invalid \"order\" value for deal module.")]
    NotARequest,
    /// The type is no word of the protocol.
    #[error(transparent)]
    Kind(#[from] KindParseError),
    /// The site is no URL of at most [`Request::URL_BYTES_MAX`] bytes.
    #[error("Invalid URL value: \"{0}\".")]
    Url(String),
    /// A text is no moment.
    #[error(transparent)]
    Time(#[from] TimeParseError),
    /// The sum cannot be paid.
    #[error(transparent)]
    Sum(#[from] SumParseError),
    /// A rating is not written as ratings are.
    #[error(transparent)]
    Rating(#[from] RatingParseError),
    /// The scheme is unknown.
    #[error(transparent)]
    Scheme(#[from] SchemeNameParseError),
    /// The keys that the message is checked with are of another scheme than it asks for.
    #[error("The payment scheme \"{0}\" is not available.")]
    OtherScheme(SchemeName),
    /// The status is no word of the protocol.
    #[error(transparent)]
    FeedbackStatus(#[from] FeedbackStatusParseError),
    /// The refund is no part of the money.
    #[error("Invalid feedback refund value: \"{0}\".")]
    Refund(String),
    /// What stands for the seller is no address.
    #[error("Invalid seller address: {0}.")]
    SellerAddress(String),
    /// What stands for the customer is no address.
    #[error("Invalid customer address: {0}.")]
    CustomerAddress(String),
    /// The deal is dated in the future.
    #[error("Invalid deal date.")]
    DateInFuture,
    /// The deal is dated more than [`Request::AGE_SECONDS_MAX`] ago.
    #[error("Deal date expired.")]
    DateExpired,
    /// The time to pay ends before the date of the deal.
    #[error("The time to pay ends before the deal date.")]
    UntilBeforeDate,
    /// The time to pay is longer than [`Request::UNTIL_SECONDS_MAX`].
    #[error("The time to pay ends more than {days} days after the deal date.", days = Request::UNTIL_SECONDS_MAX / 86_400)]
    UntilTooLate,
    /// The customer would have no time for feedback after a payment in time.
    #[error("The time for feedback ends before the time to pay.")]
    LeaveBeforeUntil,
    /// The time for feedback is longer than [`Request::LEAVE_BEFORE_SECONDS_MAX`].
    #[error("The time for feedback ends more than {days} days after the deal date.", days = Request::LEAVE_BEFORE_SECONDS_MAX / 86_400)]
    LeaveBeforeTooLate,
    /// The time for feedback is over.
    #[error("Date feedback expired.")]
    FeedbackExpired,
    /// The time to give the deal up is over.
    #[error("Deal cancellation expired.")]
    CancellationExpired,
    /// The seller's signature is missing or is not one of this message.
    #[error("The deal is not signed by the seller.")]
    NotSignedBySeller,
    /// The customer's signature is missing or is not one of this message.
    #[error("The deal is not signed by the customer.")]
    NotSignedByCustomer,
    /// The seller's address is of another network.
    #[error("Invalid Seller address: {0}.")]
    SellerNetwork(Address),
    /// The customer's address is of another network.
    #[error("Invalid Customer address: {0}.")]
    CustomerNetwork(Address),
    /// Where the deal is paid is no address, or is not the one that belongs to its terms.
    #[error("Invalid Payment address: {0}.")]
    PaymentAddress(String),
}

impl Request {
    /// Seconds after its date in which a deal can be made.
    pub const AGE_SECONDS_MAX: u64 = 180;
    /// Seconds after its date in which a new deal can be paid at most: so long a server watches for it,
    /// paid or not.
    pub const UNTIL_SECONDS_MAX: u64 = 90 * 86_400;
    /// Seconds after its date to which the time for feedback of a new deal lasts at most.
    pub const LEAVE_BEFORE_SECONDS_MAX: u64 = 365 * 86_400;
    /// Bytes of a message in YAML at most as it goes on. Quoting makes texts longer, and a server adds
    /// members of its own; so what goes on is less than [`Document::BYTES_MAX`] by some.
    pub const TEXT_BYTES_MAX: usize = 48 * 1024;
    /// Bytes of the URL of a site at most.
    pub const URL_BYTES_MAX: usize = 2000;

    /// Returns what seller and customer sign: the payment address as it is written in the message,
    /// and behind a line feed the comments, if there are any.
    pub fn signed_text(&self) -> String {
        let address = self.payment_address.as_deref().unwrap_or_default();
        match self.feedback.as_ref().and_then(|feedback| feedback.comments.as_deref()) {
            Some(comments) => format!("{address}\n{comments}"),
            None => address.to_owned(),
        }
    }
}
