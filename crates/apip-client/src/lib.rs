//! A client of directories: signs in, queries, pages through everything.
//!
//! A *directory* is a server that answers signed queries about what is registered on the Freecash
//! chain, for a few satoshi each (the protocols APIP0 to APIP7). This crate speaks to any of them,
//! not only to this project's: of what the server is made of it shares nothing but the
//! cryptography, so that each checks the other's reading of the documents.
//!
//! ```no_run
//! use tally_apip_client::{Client, Clause, Directory, Fcdsl, SignIn};
//! use tally_crypto::fch::PrivateKey;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = Directory::at("http://localhost:8080/APIP/".parse()?);
//! let key = PrivateKey::from_wif("L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8")?;
//! let signed_in = directory.sign_in(&key, SignIn::EncryptedKey)?;
//! let client = Client::new(directory, signed_in.session);
//! let fcdsl = Fcdsl::new().query(Clause::terms(["types"], ["APIP"])).size(100);
//! for page in client.pages("apip6/v1/serviceSearch".parse()?, Some(fcdsl)) {
//!     for service in page?.items()? {
//!         println!("{service}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Directory`] is one server: where it is, what it tells for free, and signing in. [`Client`] is a
//! user there: it makes each request unique and signs it, checks the signature of each answer and
//! that it answers this request. What the server refuses is an [`Error::Refused`] with a [`Code`].
//!
//! All calls block, for [`Options::timeout`] at most, and read [`RESPONSE_LENGTH_MAX`] bytes at most.
//! Nothing is tried twice: an answer that got lost may have been paid for.
//!
//! Only `https://` proves that the server is the one that was meant; the session key that is
//! agreed on at sign-in then proves that all answers are of that server.

mod client;
mod code;
mod directory;
mod endpoint;
mod error;
mod fcdsl;
mod pages;
mod refusal;
mod reply;
mod session;
mod sign_in;
mod unique;
mod url_head;
mod web;

pub use client::Client;
pub use code::Code;
pub use directory::Directory;
pub use endpoint::{ENDPOINTS, Endpoint, EndpointError};
pub use error::Error;
pub use fcdsl::{Clause, Fcdsl, FcdslError, Order};
pub use pages::Pages;
pub use refusal::{Payment, Refusal};
pub use reply::Reply;
pub use session::{Session, SessionKeyError};
pub use sign_in::{SignIn, SignedIn};
pub use url_head::{UrlHead, UrlHeadError};
pub use web::{Options, RESPONSE_LENGTH_MAX, Trust, TrustError};
