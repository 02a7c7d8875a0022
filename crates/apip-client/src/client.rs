use crate::{Directory, Endpoint, Error, Fcdsl, Pages, Refusal, Reply, Session, unique::Unique};
use serde::Serialize;

/// A user who has signed in at a directory.
///
/// Each call costs what the directory's record says. It may be made from many threads at once.
#[derive(Debug, Clone)]
pub struct Client {
    directory: Directory,
    session: Session,
    /// Who brought the user, for directories that share their income.
    via: Option<String>,
}

/// Whether a success has to be signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Required,
    /// Where the documents say that there is none.
    Optional,
}

#[derive(Serialize)]
struct Request<'a> {
    url: &'a str,
    time: u64,
    nonce: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fcdsl: Option<&'a Fcdsl>,
}

impl Client {
    /// Makes a client of a session at `directory`. Calls nobody.
    pub fn new(directory: Directory, session: Session) -> Self {
        Self { directory, session, via: None }
    }

    /// Names the app or user that brought this one; it goes with every request.
    #[must_use]
    pub fn via(self, via: impl Into<String>) -> Self {
        Self { via: Some(via.into()), ..self }
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Asks one question.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Code::NoData`](crate::Code::NoData) if there is nothing to answer.
    pub fn query(&self, endpoint: &Endpoint, fcdsl: Option<&Fcdsl>) -> Result<Reply, Error> {
        self.call(endpoint.as_str(), fcdsl, Signature::Required)
    }

    /// Asks a question and goes on with the next page until there is none.
    ///
    /// The pages need an order: a query whose `sort` is empty has one page. A query by ids has one
    /// too.
    pub fn pages(&self, endpoint: Endpoint, fcdsl: Option<Fcdsl>) -> Pages<'_> {
        Pages::new(self, endpoint, fcdsl)
    }

    /// Asks whether the session is alive, and for the balance. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn ping(&self) -> Result<Reply, Error> {
        self.call("ping", None, Signature::Optional)
    }

    fn call(
        &self,
        tail: &str,
        fcdsl: Option<&Fcdsl>,
        signature: Signature,
    ) -> Result<Reply, Error> {
        let url = self.directory.head().join(tail);
        let Unique { time_ms: time, nonce } = Unique::draw()?;
        let request = Request { url: &url, time, nonce, via: self.via.as_deref(), fcdsl };
        let body = serde_json::to_string(&request).expect("texts, numbers and JSON are JSON");
        let sign = self.session.sign(&body);
        let headers = [("SessionName", self.session.name()), ("Sign", &sign)];
        let answer = self.directory.web().post(url, &headers, &body)?;
        if let Some(sign) = &answer.sign
            && !self.session.verifies(&answer.body, sign)
        {
            return Err(Error::WrongSignature { url: answer.url });
        }
        let is_signed = answer.sign.is_some();
        let envelope = answer.envelope()?;
        if envelope.code != 0 {
            return Err(Error::Refused(Box::new(Refusal::of(&envelope, is_signed))));
        }
        if !is_signed && signature == Signature::Required {
            return Err(Error::Unsigned { url: answer.url });
        }
        if envelope.nonce != nonce {
            let (sent, found) = (nonce, envelope.nonce);
            return Err(Error::OtherRequest { url: answer.url, sent, found });
        }
        Ok(Reply::of(envelope, answer.body))
    }
}
