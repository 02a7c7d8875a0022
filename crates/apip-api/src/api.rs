use crate::{
    ApipConfig, ApipConfigError,
    cards::{self, Card},
    code::Code,
    config::url_path,
    handler, openapi,
    own::Own,
    price::Tariff,
    probe::DirectoryProbe,
    reply::{Answer, Shape},
    searches::Searches,
};
use axum::{Router, extract::Request, routing::any};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use tally_accounts::Accounts;
use tally_apip_node::Directory;
use tally_http::{Guard, Service};

/// The most bytes of a request's body. A query has 32 clauses of 1024 values at most, and no client
/// comes near.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The API of a directory.
#[derive(Debug, Clone)]
pub struct ApipApi(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) directory: Arc<Directory>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) config: ApipConfig,
    pub(crate) searches: Searches,
}

impl ApipApi {
    /// Makes the API of a directory and its accounts.
    ///
    /// # Errors
    ///
    /// [`ApipConfigError`] naming what cannot work.
    pub fn new(
        directory: Arc<Directory>,
        accounts: Arc<dyn Accounts>,
        config: ApipConfig,
    ) -> Result<Self, ApipConfigError> {
        config.check()?;
        let searches = Searches::default();
        Ok(Self(Arc::new(Inner { directory, accounts, config, searches })))
    }

    /// Returns the interfaces alone, below the path of every URL prefix.
    pub fn router(&self) -> Router {
        let heads = self.0.config.url_heads.iter().filter_map(|head| url_path(head).ok());
        let paths: BTreeSet<&str> = heads.collect();
        paths.into_iter().fold(Router::new(), |router, path| self.mount(router, path))
    }

    /// Returns the API with all that surrounds it, for a server or a test.
    pub fn service(&self, guard: Guard) -> Service {
        let (directory, accounts) = (Arc::clone(&self.0.directory), Arc::clone(&self.0.accounts));
        let probe = DirectoryProbe { directory, accounts };
        Service::new("APIP", self.router(), openapi::document(), Shape, probe)
            .guarded_by(guard.with_headers(&["sign", "sessionname", "fid"]))
            // What counts is signed, and clients declare bodies as they like.
            .with_any_content_type()
    }

    fn mount(&self, router: Router, path: &str) -> Router {
        let router = cards::all().iter().fold(router, |router, card| {
            let inner = Arc::clone(&self.0);
            let serve = move |request: Request| handler::serve(Arc::clone(&inner), card, request);
            router.route(&format!("{path}{}", card.tail), any(serve))
        });
        let inner = Arc::clone(&self.0);
        let path_text = path.to_owned();
        let unknown = move |request: Request| {
            let reply = handler::unknown(&inner, &path_text, &request);
            std::future::ready(reply)
        };
        router.route(&format!("{path}{{*tail}}"), any(unknown))
    }
}

impl Inner {
    pub(crate) fn own(&self) -> Own {
        Own::new(self.directory.own_service(), self.config.finds_payments)
    }

    /// Refuses what costs until the chain's end was reached: the terms that are known before are
    /// those of some old block, and payments to an account that was given up since do not count.
    pub(crate) fn closed(&self) -> Option<Answer> {
        let is_open = self.directory.is_caught_up() || !self.own().is_named();
        let reason = "the directory has not reached the end of the chain yet; ask again later";
        let data = json!({ "reason": reason });
        (!is_open).then(|| Answer::refusal(Code::Suspended, 0, self.directory.best(), data))
    }

    /// What an interface costs by the terms of `own`.
    pub(crate) fn tariff(&self, own: &Own, card: &Card) -> Tariff {
        own.terms().map_or(Tariff::FREE, |terms| {
            let factor = self.config.price_factors.get(card.name()).copied().unwrap_or(1);
            Tariff { price: terms.price, factor }
        })
    }

    /// Says whether `url` is that of an interface, below any of the prefixes.
    pub(crate) fn is_url_of(&self, own: &Own, card: &Card, url: &str) -> bool {
        let is_below = |head: &str| url.strip_prefix(head) == Some(card.tail);
        let published = own.terms().and_then(|terms| terms.url_head.as_deref());
        self.config.url_heads.iter().map(String::as_str).chain(published).any(is_below)
    }

    /// Returns the URL that a request to an interface should have had.
    pub(crate) fn url_of(&self, card: &Card) -> String {
        let head = self.config.url_heads.first().map_or("", String::as_str);
        format!("{head}{}", card.tail)
    }
}
