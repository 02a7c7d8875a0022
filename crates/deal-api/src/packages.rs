//! Packages: those that are made here, and those of other modules.

use crate::{api::Inner, call::Call, error::ApiError};
use tally_deal_node::{
    Origin,
    module::{Package, PackageId},
};

/// Makes the id of a request.
pub(crate) fn new_id(api: &Inner) -> String {
    PackageId::new(api.random_bytes()).to_string()
}

/// Signs what the module sends, unless the request says not to.
pub(crate) fn signed(api: &Inner, call: &Call, text: String) -> Result<String, ApiError> {
    if !call.query.wants_signature()? {
        return Ok(text);
    }
    let Some(key) = &api.config.module.pgp else {
        return Err(ApiError::validation("PGP: Private key file not opened."));
    };
    key.sign_clear(&text, api.clock.now()).map_err(|error| ApiError::validation(error.to_string()))
}

/// Reads the package of another module.
pub(crate) fn read(call: &Call) -> Result<Package, ApiError> {
    let package = Package::parse(&call.bytes);
    package.map_err(|error| ApiError::validation(format!("Invalid format: {error}.")))
}

/// Returns the payload of a package as text; an absent one is empty.
pub(crate) fn payload_text(package: &Package) -> Result<String, ApiError> {
    let payload = package.payload.clone().unwrap_or_default();
    String::from_utf8(payload)
        .map_err(|_| ApiError::validation("Invalid format: the payload is not UTF-8."))
}

/// Says where a request to this module comes from.
pub(crate) fn own_origin(api: &Inner, call: &Call) -> Origin {
    Origin {
        site: call.header("origin").map(str::to_owned),
        module: api.config.module.address.clone(),
        fee: Some(api.config.module.fee.clone()),
        is_own: true,
        speaks_for_site: call.caller.is_shop,
        client: Some(call.caller.subject.clone()).filter(|subject| !subject.is_empty()),
        is_operator: call.caller.is_operator,
    }
}

/// Says where a package of another module comes from.
pub(crate) fn foreign_origin(call: &Call) -> Origin {
    let text = |name: &str| call.header(name).map(str::to_owned);
    Origin {
        site: text("origin"),
        // A module signs what its clients send: who asks must be one who speaks for a site, too.
        speaks_for_site: call.caller.is_shop
            || text("module-address").is_some_and(|module| module == call.caller.subject),
        module: text("module-address"),
        fee: text("module-fee"),
        is_own: false,
        client: None,
        is_operator: false,
    }
}
