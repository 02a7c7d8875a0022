use crate::{Error, Options, Refusal, Reply, SignIn, SignedIn, UrlHead, sign_in, web::Web};
use serde_json::value::RawValue;
use tally_crypto::fch::{AddressVersion, PrivateKey};
use tally_primitives::Fid;

/// One server: where it is, what it tells for free, and signing in.
///
/// Clones share the open connections.
#[derive(Debug, Clone)]
pub struct Directory {
    head: UrlHead,
    web: Web,
    address_version: AddressVersion,
}

impl Directory {
    /// Makes a client of the server at `head`, with the default [`Options`]. Calls nobody.
    pub fn at(head: UrlHead) -> Self {
        Self::with_options(head, Options::default())
    }

    /// Makes a client that calls as `options` say.
    pub fn with_options(head: UrlHead, options: Options) -> Self {
        let address_version = options.address_version;
        Self { head, web: Web::new(options), address_version }
    }

    /// Returns where the server is.
    pub fn head(&self) -> &UrlHead {
        &self.head
    }

    /// Returns the address of a user there, by the network that the options name.
    pub fn fid(&self, key: &PrivateKey) -> Fid {
        key.public_key().fid(self.address_version)
    }

    /// Signs in, which ends the user's former session, unless `form` says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Code::InsufficientBalance`](crate::Code::InsufficientBalance) if the user has
    /// bought no requests yet.
    pub fn sign_in(&self, key: &PrivateKey, form: SignIn) -> Result<SignedIn, Error> {
        sign_in::sign_in(self, key, form)
    }

    /// Asks whether the server is there. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn ping(&self) -> Result<Reply, Error> {
        self.free("ping", &[])
    }

    /// Asks for the server's own record: prices, account, currency. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn service(&self) -> Result<Reply, Error> {
        self.free("apip0/v1/getService", &[])
    }

    /// Asks how many entries each index has. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn totals(&self) -> Result<Reply, Error> {
        self.free("apip0/v1/totals", &[])
    }

    /// Asks for one service, or for the best-rated active ones. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn services(&self, sid: Option<&str>) -> Result<Reply, Error> {
        self.free("freeGet/v1/getServices", &by_id(sid))
    }

    /// Asks for one app, or for the best-rated active ones. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn apps(&self, aid: Option<&str>) -> Result<Reply, Error> {
        self.free("freeGet/v1/getApps", &by_id(aid))
    }

    /// Asks for a user by address or name. Free.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn user(&self, fid_or_cid: &str) -> Result<Reply, Error> {
        self.free("freeGet/v1/getFidCid", &by_id(Some(fid_or_cid)))
    }

    /// Calls an interface that is neither signed nor paid for.
    ///
    /// Early servers answer with the data alone; the reply then says nothing else.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn free(&self, tail: &str, query: &[(&str, &str)]) -> Result<Reply, Error> {
        let answer = self.web.get(self.head.join(tail), query)?;
        if answer.is_envelope() {
            let envelope = answer.envelope()?;
            if envelope.code != 0 {
                return Err(Error::Refused(Box::new(Refusal::of(&envelope, false))));
            }
            return Ok(Reply::of(envelope, answer.body));
        }
        let data: Box<RawValue> =
            serde_json::from_str(&answer.body).map_err(|_| answer.malformed("no JSON"))?;
        let data = Some(data);
        let text = answer.body;
        Ok(Reply { text, balance: 0, got: 0, total: 0, best_height: 0, data, last: None })
    }

    pub(crate) fn web(&self) -> &Web {
        &self.web
    }
}

fn by_id(id: Option<&str>) -> Vec<(&'static str, &str)> {
    id.map(|id| ("id", id)).into_iter().collect()
}
