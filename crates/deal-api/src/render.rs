//! Answers as packages, and payloads in the form that is asked for.

use crate::{escape, query::Format};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tally_deal::{Document, account};
use tally_deal_node::{
    Outcome, Payload,
    module::{Package, PackageResult},
};

/// What a page of somebody else's making may do: show itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Writes an answer of the embedded server: as a package, or its payload alone.
///
/// `token` is the JSON text of an access token, if one was asked for.
pub(crate) fn outcome(
    id: String,
    outcome: Outcome,
    token: Option<String>,
    format: Option<Format>,
) -> Response {
    let Some(format) = format else {
        let payload = whole(&outcome.payload).map(String::into_bytes);
        let (success, message) = (outcome.success, outcome.message);
        let result = Some(PackageResult { success, message });
        let action = Some(outcome.action.to_owned());
        let package = Package { id, address: None, action, token, result, payload };
        return shown(package.to_text(), Format::Json);
    };
    let text = match (&outcome.payload, format) {
        (Payload::Page(page), Format::Html) => page.html(),
        (Payload::Page(page), Format::Json) => page.json().to_string(),
        (Payload::Page(page), Format::Xml) => page.xml(),
        (Payload::Page(page), Format::Text) => page.text(),
        (Payload::Deal(deal), Format::Html) => page_of(deal.payload()),
        (Payload::Deal(deal), Format::Json) => deal.json.clone(),
        (Payload::Deal(deal), Format::Xml) => xml_text("deal", &deal.json),
        (Payload::Deal(deal), Format::Text) => deal.payload().to_owned(),
        (Payload::None, format) => said(&outcome, format),
    };
    shown(text, format)
}

/// Writes the payload of another server's answer in the form that is asked for, as far as it can be
/// told what it is.
pub(crate) fn foreign(payload: &[u8], format: Format) -> Response {
    let text = String::from_utf8_lossy(payload);
    let is_markup = text.trim_start().starts_with('<');
    let written = match format {
        Format::Html if is_markup => text.into_owned(),
        Format::Html => page_of(&text),
        Format::Text => text.into_owned(),
        Format::Xml if is_markup && !is_page(&text) => text.into_owned(),
        Format::Json | Format::Xml => {
            let value = value_of(&text);
            match format {
                Format::Xml => xml_of("payload", &value),
                Format::Html | Format::Json | Format::Text => value.to_string(),
            }
        }
    };
    shown(written, format)
}

/// Answers with JSON.
pub(crate) fn json(value: &Value) -> Response {
    shown(value.to_string(), Format::Json)
}

/// Answers with a text in a form.
pub(crate) fn shown(text: String, format: Format) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::OK, headers, text).into_response()
}

/// Makes an answer that refuses, as the server itself does it.
pub(crate) fn refusal(action: &'static str, message: String) -> Outcome {
    let payload = Payload::Page(account::Page::Failure(message.clone()));
    Outcome { action, success: false, message, payload, grant: None }
}

/// Returns what a package carries.
fn whole(payload: &Payload) -> Option<String> {
    match payload {
        Payload::None => None,
        Payload::Deal(deal) => Some(deal.payload().to_owned()),
        Payload::Page(page) => Some(page.html()),
    }
}

/// Says how a request ended that has no payload.
fn said(outcome: &Outcome, format: Format) -> String {
    let value = json!({ "success": outcome.success, "message": outcome.message });
    match format {
        Format::Html => page_of(&outcome.message),
        Format::Json => value.to_string(),
        Format::Xml => xml_of("result", &value),
        Format::Text => format!("{}\n", outcome.message),
    }
}

fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// Returns what a text is for programs: its JSON, the members of a message about a deal, or itself.
fn value_of(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    match Document::from_yaml(unsigned(text)) {
        Ok(document) => json!({ "deal": document.to_json() }),
        Err(_) => json!({ "text": text }),
    }
}

/// Returns where a payload says that a deal is paid; nothing if it is no message about a deal, or does
/// not say it.
pub(crate) fn payment_address(payload: &[u8]) -> Option<String> {
    let deal = value_of(std::str::from_utf8(payload).ok()?);
    let named = deal.pointer("/deal/payment/address").or(deal.pointer("/payment/address"))?;
    named.as_str().map(str::to_owned)
}

/// Returns what stands between the armor of a signed text; whether it is signed is said elsewhere.
pub(crate) fn unsigned(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let body = || {
        let signed = text.strip_prefix("-----BEGIN PGP SIGNED MESSAGE-----\n")?;
        let (_, body) = signed.split_once("\n\n")?;
        body.split_once("\n-----BEGIN PGP SIGNATURE-----").map(|(body, _)| body)
    };
    let Some(body) = body() else { return text };
    let lines: Vec<&str> =
        body.split('\n').map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
    lines.join("\n")
}

/// A page that shows a text.
fn page_of(text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n</head>\n\
         <body>\n<pre>{}</pre>\n</body>\n</html>\n",
        escape::html(text)
    )
}

fn xml_text(name: &str, json: &str) -> String {
    xml_of(name, &serde_json::from_str(json).unwrap_or(Value::Null))
}

/// Writes a value as one XML element with the same names.
pub(crate) fn xml_of(name: &str, value: &Value) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    put_element(&mut text, name, value);
    text.push('\n');
    text
}

fn put_element(text: &mut String, name: &str, value: &Value) {
    let name = element_name(name);
    text.push_str(&format!("<{name}>"));
    match value {
        Value::Null => {}
        Value::Bool(value) => text.push_str(&value.to_string()),
        Value::Number(value) => text.push_str(&value.to_string()),
        Value::String(value) => text.push_str(&escape::html(value)),
        Value::Array(items) => items.iter().for_each(|item| put_element(text, "item", item)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| put_element(text, name, value));
        }
    }
    text.push_str(&format!("</{name}>"));
}

/// Returns a name that an element can have.
fn element_name(name: &str) -> String {
    let is_good = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    let clean: String = name.chars().map(|it| if is_good(it) { it } else { '_' }).collect();
    let starts_well = clean.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
    if starts_well { clean } else { format!("_{clean}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_the_names_and_values_of_the_members() {
        let value = json!({ "leave-before": "a<b", "list": [1, null], "1": true });
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <deal><_1>true</_1><leave-before>a&lt;b</leave-before>\
            <list><item>1</item><item></item></list></deal>\n";
        assert_eq!(xml_of("deal", &value), expected);
    }

    /// Goal: what another server sends is never obeyed: a deal's words stay words.
    #[test]
    fn texts_of_others_are_shown_as_texts() {
        let deal = "deal:\n  order: Created\n  at: http://x/<script>";
        assert!(page_of(deal).contains("&lt;script&gt;"));
        assert_eq!(value_of(deal)["deal"]["order"], "Created");
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{deal}\n\
             -----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----"
        );
        assert_eq!(value_of(&signed)["deal"]["at"], "http://x/<script>");
        assert_eq!(value_of("{\"a\":1}"), json!({ "a": 1 }));
        assert_eq!(value_of("<html>"), json!({ "text": "<html>" }));
        assert!(is_page("<!DOCTYPE html>\n<html>") && !is_page("<?xml"));
    }
}
