//! `help` and `account/…`.

use crate::{
    api::{Face, Inner},
    body::Body,
    call::Call,
    error::ApiError,
    packages,
    relay::{self, About, Message},
    render,
    server::{Embedded, Server},
};
use axum::response::Response;
use std::sync::Arc;
use tally_deal::account::{AccountMessage, AccountRefusal};
use tally_deal_node::{AccountAction, AccountCall, module::action_of_path};

/// Answers a request about an account.
pub(crate) async fn answer(api: Arc<Inner>, call: Call) -> Result<Response, ApiError> {
    let word = action_of_path(&call.spelled).unwrap_or_default();
    let action = AccountAction::parse(&word).ok_or_else(ApiError::not_found)?;
    match (&*api.server, api.face) {
        (Server::Remote(front), _) => {
            let text = match message(&api, &call, action).await? {
                Ok(text) => text,
                Err(refusal) => return refused(&api, &call, action, &refusal),
            };
            let payload = text.map(|text| packages::signed(&api, &call, text)).transpose()?;
            let address = call.address()?.or_else(|| api.config.module.address.clone());
            let message = Message { address, payload, about: About::Account };
            relay::send(&api, front, &call, message).await
        }
        (Server::Embedded(embedded), Face::Module) => {
            let text = match message(&api, &call, action).await? {
                Ok(text) => text.unwrap_or_default(),
                Err(refusal) => return refused(&api, &call, action, &refusal),
            };
            let address = call.address()?;
            let origin = packages::own_origin(&api, &call);
            let asked = AccountCall { action: Some(action), address, text, origin };
            let id = packages::new_id(&api);
            done(embedded, &call, id, asked).await
        }
        (Server::Embedded(embedded), Face::Server) => {
            let package = packages::read(&call)?;
            let text = packages::payload_text(&package)?;
            let (address, origin) = (package.address, packages::foreign_origin(&call));
            let asked = AccountCall { action: Some(action), address, text, origin };
            done(embedded, &call, package.id, asked).await
        }
    }
}

async fn done(
    embedded: &Embedded,
    call: &Call,
    id: String,
    asked: AccountCall,
) -> Result<Response, ApiError> {
    let outcome = embedded.account(asked).await?;
    let token = match &outcome.grant {
        Some(address) => {
            let reply = embedded.access.sessions.begin(address, "").await?;
            Some(serde_json::to_string(&reply).map_err(|error| ApiError::internal(&error))?)
        }
        None => None,
    };
    Ok(render::outcome(id, outcome, token, call.query.format()?))
}

/// Makes the message of a body; what breaks a rule of accounts is the server's to refuse, in its own
/// way.
async fn message(
    api: &Inner,
    call: &Call,
    action: AccountAction,
) -> Result<Result<Option<String>, AccountRefusal>, ApiError> {
    if action == AccountAction::Help {
        return Ok(Ok(None));
    }
    let named = call.query.text("address")?;
    let network = api.config.network;
    let made = match call.body().await? {
        Body::None => return Ok(Ok(None)),
        Body::Text(text) => return Ok(Ok(Some(lines(&text)))),
        Body::Fields(fields) => AccountMessage::from_fields(&fields, action, named, network),
        Body::Json(json) => AccountMessage::from_json(&json, action, named, network),
    };
    match made {
        Ok(message) => Ok(Ok(Some(message.text().to_owned()).filter(|text| !text.is_empty()))),
        Err(refusal) if is_malformed(&refusal) => Err(ApiError::validation(refusal.to_string())),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Says whether a body is no message at all.
fn is_malformed(refusal: &AccountRefusal) -> bool {
    matches!(
        refusal,
        AccountRefusal::Twice(_)
            | AccountRefusal::TooMany { .. }
            | AccountRefusal::Control
            | AccountRefusal::Json(_)
    )
}

fn refused(
    api: &Inner,
    call: &Call,
    action: AccountAction,
    refusal: &AccountRefusal,
) -> Result<Response, ApiError> {
    let outcome = render::refusal(action.title(), refusal.to_string());
    Ok(render::outcome(packages::new_id(api), outcome, None, call.query.format()?))
}

/// Returns a text with LF line ends, one of them at its end.
fn lines(text: &str) -> String {
    let mut lines = text.replace("\r\n", "\n");
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_with_a_line_feed() {
        assert_eq!(lines("a\r\nb"), "a\nb\n");
        assert_eq!(lines("a\n"), "a\n");
        assert_eq!(lines(""), "");
    }
}
