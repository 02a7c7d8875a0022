use crate::{
    Rejection, RejectionCode,
    codec::schema::{At, NAME_LENGTH_MAX},
    json::Value,
};

/// The languages that the text search of the time knew; a member called `language` selects one.
const LANGUAGES: [&str; 31] = [
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
    "none",
    "da",
    "nl",
    "en",
    "fi",
    "fr",
    "de",
    "hu",
    "it",
    "nb",
    "pt",
    "ro",
    "ru",
    "es",
    "sv",
    "tr",
];

/// Refuses the names that databases of the time could not store, at any depth: no `.`, no leading
/// `$`, no NUL; and languages that their text search did not know.
///
/// `object` is what people call the data: `asset` or `metadata`. The words are those of the
/// servers, which published test suites look for.
pub(crate) fn check_names(at: &At<'_>, object: &str) -> Result<(), Rejection> {
    match at.value() {
        Value::Object(members) => members.members().iter().try_for_each(|(name, value)| {
            if name.starts_with('$') || name.contains(['.', '\0']) {
                return Err(invalid_name(name, object));
            }
            let member = at.child(name, value);
            if name == "language" && !is_language(value) {
                return Err(member.reject(
                    RejectionCode::InvalidData,
                    "no text search supports this language; if it is not meant as one, rename \
                     the field to something else like \"lang\"",
                ));
            }
            check_names(&member, object)
        }),
        Value::Array(_) => at.elements()?.try_for_each(|element| check_names(&element, object)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cold]
fn invalid_name(name: &str, object: &str) -> Rejection {
    let name: String = name.chars().take(NAME_LENGTH_MAX).collect();
    let what = format!(
        "Invalid key name \"{name}\" in {object} object. The key name cannot contain characters \
         \".\", \"$\" or null characters"
    );
    Rejection::new(RejectionCode::InvalidData, what)
}

fn is_language(value: &Value<'_>) -> bool {
    matches!(value, Value::String(text) if LANGUAGES.contains(&text.as_ref()))
}
