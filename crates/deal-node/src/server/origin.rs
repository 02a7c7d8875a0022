//! Who speaks: the module that a message came through, and whether it is its message.

use crate::{
    Origin, ServerError,
    core::{Core, read_failed},
};
use tally_deal::{Address, account::Account};
use tally_pgp::{PublicKey, verify_clear};

/// How a signed message begins.
const SIGNED_BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";

/// What is said to who names the address of the module within the process.
const IMPOSTOR: &str = "The module address is that of the server's own module.";

/// A message without its signature.
#[derive(Debug)]
pub(super) struct Bare {
    pub(super) text: String,
    /// Whether somebody has signed it, whom the server knows.
    pub(super) is_signed: bool,
    /// When the module has signed it, if it has, in Unix seconds.
    pub(super) module_signed: Option<u64>,
}

/// Takes the PGP signature off a message and verifies it: by the module's key, or by that of the
/// account that the message is about.
///
/// The inner error is what the caller is told.
pub(super) async fn bare(
    core: &Core,
    text: &str,
    origin: &Origin,
    account: Option<&str>,
) -> Result<Result<Bare, String>, ServerError> {
    if is_impostor(core, origin) {
        return Ok(Err(IMPOSTOR.to_owned()));
    }
    let is_signed = text.trim_start().starts_with(SIGNED_BEGIN);
    if !is_signed {
        if core.config.needs_module_signature && !origin.is_own {
            return Ok(Err("The message is not signed by the module.".to_owned()));
        }
        return Ok(Ok(Bare { text: text.to_owned(), is_signed: false, module_signed: None }));
    }
    let mut keys = vec![];
    if origin.is_own {
        keys.push(core.keys.pgp.public().clone());
    }
    let module = match origin.module.as_deref() {
        Some(module) => key_of(core, module).await?,
        None => None,
    };
    let module_mark = module.as_ref().map(PublicKey::fingerprint);
    keys.extend(module);
    if let Some(account) = account.filter(|account| Some(*account) != origin.module.as_deref()) {
        keys.extend(key_of(core, account).await?);
    }
    match verify_clear(text, &keys, core.clock.now()) {
        Ok(verified) => {
            let is_of_module = Some(verified.fingerprint) == module_mark;
            if core.config.needs_module_signature && !origin.is_own && !is_of_module {
                return Ok(Err("The message is not signed by the module.".to_owned()));
            }
            let module_signed = is_of_module.then_some(verified.created);
            Ok(Ok(Bare { text: verified.text, is_signed: true, module_signed }))
        }
        Err(error) => Ok(Err(error.reason().to_owned())),
    }
}

/// Returns the PGP key that speaks for an address: one that the owner of the address has signed for,
/// since anybody can open an account for any address.
async fn key_of(core: &Core, address: &str) -> Result<Option<PublicKey>, ServerError> {
    let found = core.store.account(address).await.map_err(read_failed)?;
    let armored = found.as_ref().and_then(|found| found.value.trusted_pgp());
    Ok(armored.and_then(|text| PublicKey::from_armored(text).ok()))
}

/// Whether somebody elsewhere gives himself out as the module within the process.
fn is_impostor(core: &Core, origin: &Origin) -> bool {
    let Some(own) = core.config.module_address.as_ref().filter(|_| !origin.is_own) else {
        return false;
    };
    let named = origin.module.as_deref().unwrap_or_default();
    Address::parse(named, core.config.network).as_ref() == Ok(own)
}

/// Reads the module's address.
pub(super) fn module_address(core: &Core, origin: &Origin) -> Result<Option<Address>, String> {
    let Some(text) = origin.module.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if is_impostor(core, origin) {
        return Err(IMPOSTOR.to_owned());
    }
    Address::parse(text, core.config.network)
        .map(Some)
        .map_err(|_| "Invalid module address.".to_owned())
}

/// Whether an account lets a site make deals in its name.
pub(super) fn trusts(account: &Account, at: &str, origin: Option<&str>) -> bool {
    account.trusts(at) && origin.is_none_or(|origin| account.trusts_origin(origin))
}
