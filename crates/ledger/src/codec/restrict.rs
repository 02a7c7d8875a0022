use crate::{Rejection, codec::schema::At, json::Value};

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
pub(crate) fn check_names(at: &At<'_>) -> Result<(), Rejection> {
    match at.value() {
        Value::Object(object) => {
            for (name, value) in object.members() {
                if name.starts_with('$') || name.contains(['.', '\0']) {
                    let name: String = name.chars().take(40).collect();
                    return Err(at.violation(format_args!(
                        "the name {name:?} must not contain '.' or NUL or begin with '$'"
                    )));
                }
                let member = at.child(name, value);
                if name == "language" && !is_language(value) {
                    return Err(member.violation("is not a language of the text search"));
                }
                check_names(&member)?;
            }
            Ok(())
        }
        Value::Array(_) => at.elements()?.try_for_each(|element| check_names(&element)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn is_language(value: &Value<'_>) -> bool {
    matches!(value, Value::String(text) if LANGUAGES.contains(&text.as_ref()))
}
