use std::{fmt::Write as _, process::ExitCode};
use tally_apip_client::{Code, Error, Refusal};

/// Why the program ended with an error; each kind has an exit code that scripts can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bug, or something the system refused.
    Unexpected = 1,
    /// The arguments cannot be used.
    Settings = 2,
    /// There is no key, or it is malformed or not readable.
    Key = 3,
    /// There is no session, or it has ended.
    Session = 5,
    /// No answer, or it is not a directory's.
    Server = 7,
    /// The directory refused.
    Refused = 8,
}

/// What ended the program.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    error: anyhow::Error,
    /// What the user can do about it.
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into(), advice: None }
    }

    pub(crate) fn message(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, anyhow::Error::msg(message.into()))
    }

    /// Tells the user and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the user has to know")]
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("{}", self.text());
        ExitCode::from(self.kind as u8)
    }

    /// Returns the error and the advice. Control characters are replaced: texts of a server could
    /// otherwise write anything on the user's terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("apip-client: {:#}", self.error);
        if let Some(advice) = &self.advice {
            let _ = write!(text, "\n{advice}");
        }
        let visible = |letter: char| letter == '\n' || !letter.is_control();
        text.chars().map(|letter| if visible(letter) { letter } else { '\u{fffd}' }).collect()
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Refused(refusal) if refusal.code == Code::SessionUnknown => Kind::Session,
            Error::Refused(_) => Kind::Refused,
            Error::NotPrivate(_) => Kind::Settings,
            Error::Randomness(_) => Kind::Unexpected,
            Error::Web { .. }
            | Error::Status { .. }
            | Error::Malformed { .. }
            | Error::Unsigned { .. }
            | Error::WrongSignature { .. }
            | Error::OtherRequest { .. }
            | Error::SessionKey(_)
            | Error::Stuck { .. } => Kind::Server,
        };
        let advice = if matches!(error, Error::NotPrivate(_)) {
            Some("use --form encrypted, or an https:// address".to_owned())
        } else {
            error.refusal().and_then(advice)
        };
        Self { kind, error: error.into(), advice }
    }
}

/// Says what the user can do about a refusal, if he can do anything.
fn advice(refusal: &Refusal) -> Option<String> {
    let text = match refusal.code {
        Code::InsufficientBalance => return Some(how_to_pay(refusal)),
        Code::UrlDiffers => match refusal.requested_url() {
            Some(url) => format!("the directory sees the URL {url}: give --url accordingly"),
            None => "give --url as the directory's own record has it".to_owned(),
        },
        Code::RequestExpired => match refusal.window() {
            Some(window) => format!(
                "the clocks of this machine and of the directory may differ by {} seconds: set \
                 this one's",
                window.as_secs_f64()
            ),
            None => "set this machine's clock".to_owned(),
        },
        Code::SessionUnknown => "sign in again: apip-client sign-in".to_owned(),
        Code::SignatureWrong => {
            "the key or session is another than the directory knows: sign in again".to_owned()
        }
        Code::TooMuch => match refusal.ids_max() {
            Some(count) => format!("ask for {count} ids at most"),
            None => "ask for less".to_owned(),
        },
        Code::NonceUsed => "try again".to_owned(),
        Code::BadQuery | Code::BadRequest => match reason(refusal) {
            Some(reason) => reason,
            None => "the question is not as docs/fcdsl.md says".to_owned(),
        },
        Code::FreeGetClosed => "this directory gives nothing away: sign in and query".to_owned(),
        Code::UrlUnknown | Code::MethodWrong => {
            "this directory has no such endpoint: is --url right?".to_owned()
        }
        Code::OtherError => {
            reason(refusal).unwrap_or_else(|| "ask the provider, or try later".to_owned())
        }
        Code::Suspended => "ask the provider, or try later".to_owned(),
        Code::Success
        | Code::SignMissing
        | Code::PublicKeyMissing
        | Code::SessionNameMissing
        | Code::BodyMissing
        | Code::NoData
        | Code::FidMissing
        | Code::Other(_) => return None,
    };
    Some(text)
}

/// What is wrong, in the directory's own words.
fn reason(refusal: &Refusal) -> Option<String> {
    let data = refusal.data.as_ref()?;
    data.as_str().or_else(|| data.get("reason")?.as_str()).map(str::to_owned)
}

fn how_to_pay(refusal: &Refusal) -> String {
    let Some(payment) = refusal.payment() else {
        return "buy requests as the directory's own record says: apip-client service".to_owned();
    };
    let at_least = match &payment.payment_min {
        Some(amount) => format!("at least {amount} "),
        None => String::new(),
    };
    format!(
        "pay {at_least}to {}, from the address of your key, with this text in OP_RETURN:\n{}\n\
         once the payment is in a block: apip-client sign-in",
        payment.account, payment.buy_mark
    )
}
