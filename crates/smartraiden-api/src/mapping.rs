use crate::compat::Upstream;
use axum::http::StatusCode;
use tally_chain::ChainError;
use tally_channel_node::RequestError;

/// What a request asked for; the same refusal can mean different statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Tokens,
    RegisterToken,
    Partners,
    Channels,
    Channel,
    Open,
    Deposit,
    Close,
    Settle,
    Pay,
    NetworkEvents,
    TokenEvents,
    ChannelEvents,
    Balance,
    TransferTokens,
    UpdateNodes,
    Stop,
    Payments,
    Payment,
    Stream,
    Switch,
    EthStatus,
    CoinBalance,
}

/// How a refusal of the node is answered.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) upstream: Upstream,
    /// The request's field at fault, where the error's own text does not begin with it.
    pub(crate) field: Option<&'static str>,
}

impl Refusal {
    fn new(status: StatusCode, field: Option<&'static str>) -> Self {
        Self { status, upstream: Upstream::status(status), field }
    }

    fn upstream(self, status: StatusCode) -> Self {
        Self { upstream: Upstream::status(status), ..self }
    }

    /// The original answered every failed deposit with 408.
    fn of_deposit_408(self, operation: Operation) -> Self {
        if operation == Operation::Deposit {
            self.upstream(StatusCode::REQUEST_TIMEOUT)
        } else {
            self
        }
    }

    /// Says how `error` is answered. The one place where refusals become statuses.
    ///
    /// Source: the users' document, and the decision table in `docs/http-smartraiden.md`.
    pub(crate) fn of(operation: Operation, error: &RequestError) -> Self {
        use RequestError as E;
        let conflict = |field| Self::new(StatusCode::CONFLICT, field);
        let unavailable = || Self::new(StatusCode::SERVICE_UNAVAILABLE, None);
        match error {
            E::UnknownToken(_) => unknown(operation, "token_address"),
            E::UnknownChannel(_) => unknown(operation, "channel_address"),
            E::TokenAlreadyRegistered(_) | E::NotAToken(_) => conflict(Some("token_address")),
            E::OwnAddress { role } | E::ZeroAddress { role } => {
                conflict(Some(field_of(role, operation)))
            }
            E::ChannelExists { .. } => conflict(Some("partner_address")),
            E::NoDirectChannel { .. } => conflict(Some("is_direct")),
            // Their texts begin with the field or are the document's own words.
            E::InvalidSettleTimeout { .. }
            | E::NoRoute
            | E::RoutesExhausted
            | E::IdentifierInUse(_)
            | E::MeshOnly
            | E::KeyInUse
            | E::PaymentExpired { .. } => conflict(None),
            E::AlreadyClosed(_) | E::AlreadySettled(_) => {
                conflict(Some(field_of_change(operation))).of_deposit_408(operation)
            }
            E::StillOpen(_) | E::SettlementWindowOpen { .. } | E::ClaimsPending(_) => {
                conflict(Some("state"))
            }
            E::InsufficientTokens { .. } => {
                Self::new(StatusCode::PAYMENT_REQUIRED, Some(field_of_amount(operation)))
                    .upstream(StatusCode::CONFLICT)
                    .of_deposit_408(operation)
            }
            E::InsufficientGas { .. } => Self::new(StatusCode::PAYMENT_REQUIRED, None)
                .upstream(StatusCode::CONFLICT)
                .of_deposit_408(operation),
            E::ContractRefused(_) => conflict(None).of_deposit_408(operation),
            // The original hid this behind a 200; that defect is not copied.
            E::OpenedWithoutDeposit { source, .. } => {
                Self { field: Some("balance"), ..Self::of(Operation::Deposit, source) }
            }
            E::PaymentPending { .. }
            | E::TransactionPending(_)
            | E::EventPending(_)
            | E::KeyPending => Self::new(StatusCode::REQUEST_TIMEOUT, None)
                .upstream(StatusCode::CONFLICT)
                .of_deposit_408(operation),
            E::UnknownPayment(_) => Self::new(StatusCode::NOT_FOUND, None),
            E::AmountOutOfRange { .. } => Self::new(StatusCode::BAD_REQUEST, None),
            E::InvalidEndpoint(_) => Self::new(StatusCode::BAD_REQUEST, Some("ip_port")),
            E::Chain(ChainError::Transient { .. }) | E::Busy | E::Stopping => unavailable(),
            E::Chain(ChainError::Permanent { .. }) => Self::new(StatusCode::BAD_GATEWAY, None),
        }
    }
}

/// Says how an unknown token or channel is answered: 404 where it is what the request asks about,
/// 409 where something was to be done with it.
fn unknown(operation: Operation, field: &'static str) -> Refusal {
    match operation {
        Operation::Partners | Operation::Channel => {
            Refusal::new(StatusCode::NOT_FOUND, Some(field))
        }
        // The original knew no error here: it found no events.
        Operation::TokenEvents | Operation::ChannelEvents => {
            let upstream = Upstream { status: StatusCode::OK, body: Some("[]") };
            Refusal { upstream, ..Refusal::new(StatusCode::NOT_FOUND, Some(field)) }
        }
        Operation::Tokens
        | Operation::RegisterToken
        | Operation::Channels
        | Operation::Open
        | Operation::Deposit
        | Operation::Close
        | Operation::Settle
        | Operation::Pay
        | Operation::NetworkEvents
        | Operation::Balance
        | Operation::TransferTokens
        | Operation::UpdateNodes
        | Operation::Stop
        | Operation::Payments
        | Operation::Payment
        | Operation::Stream
        | Operation::Switch
        | Operation::EthStatus
        | Operation::CoinBalance => Refusal::new(StatusCode::CONFLICT, Some(field)),
    }
}

/// Says how an address in the path that is none is answered. The original took any text for an
/// address in most places and then found nothing by it.
pub(crate) fn statuses_of_bad_address(operation: Operation) -> (StatusCode, Upstream) {
    let upstream = match operation {
        Operation::Partners | Operation::Channel => StatusCode::NOT_FOUND,
        Operation::RegisterToken
        | Operation::Pay
        | Operation::Balance
        | Operation::TransferTokens => StatusCode::CONFLICT,
        Operation::Tokens
        | Operation::Channels
        | Operation::Open
        | Operation::Deposit
        | Operation::Close
        | Operation::Settle
        | Operation::NetworkEvents
        | Operation::TokenEvents
        | Operation::ChannelEvents
        | Operation::UpdateNodes
        | Operation::Stop
        | Operation::Payments
        | Operation::Payment
        | Operation::Stream
        | Operation::Switch
        | Operation::EthStatus
        | Operation::CoinBalance => StatusCode::BAD_REQUEST,
    };
    (StatusCode::BAD_REQUEST, Upstream::status(upstream))
}

fn field_of(role: &str, operation: Operation) -> &'static str {
    match (role, operation == Operation::TransferTokens) {
        (_, true) => "address",
        ("partner", false) => "partner_address",
        (_, false) => "target_address",
    }
}

fn field_of_change(operation: Operation) -> &'static str {
    if operation == Operation::Deposit { "balance" } else { "state" }
}

fn field_of_amount(operation: Operation) -> &'static str {
    match operation {
        Operation::TransferTokens => "value",
        Operation::Pay => "amount",
        Operation::Tokens
        | Operation::RegisterToken
        | Operation::Partners
        | Operation::Channels
        | Operation::Channel
        | Operation::Open
        | Operation::Deposit
        | Operation::Close
        | Operation::Settle
        | Operation::NetworkEvents
        | Operation::TokenEvents
        | Operation::ChannelEvents
        | Operation::Balance
        | Operation::UpdateNodes
        | Operation::Stop
        | Operation::Payments
        | Operation::Payment
        | Operation::Stream
        | Operation::Switch
        | Operation::EthStatus
        | Operation::CoinBalance => "balance",
    }
}
