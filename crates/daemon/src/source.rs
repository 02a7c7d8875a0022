//! The environment and the file: each value is read by the parser of its flag.

use crate::{Failure, HiddenText, Kind, Program, Settings};
use anyhow::{Context, anyhow, bail};
use clap::{
    Arg, ArgAction,
    error::{ContextKind, ContextValue},
};
use serde_json::{Map, Value};
use std::{any::TypeId, error::Error, ffi::OsString, num::ParseIntError, path::Path};

impl Program {
    /// Reads the settings that environment variables hold. An empty variable says nothing.
    ///
    /// # Errors
    ///
    /// A failure about the settings, that names the variable.
    pub fn variables<S: Settings>(&self) -> Result<S, Failure> {
        self.variables_of(|name| std::env::var_os(name))
    }

    fn variables_of<S: Settings>(
        &self,
        value_of: impl Fn(&str) -> Option<OsString>,
    ) -> Result<S, Failure> {
        let mut read = S::default();
        for argument in self.settings::<S>().get_arguments() {
            let Some(variable) = variable_of(self, argument) else { continue };
            let Some(value) = value_of(&variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            let setting = self.read(argument, &[value]);
            let setting = setting.with_context(|| format!("the variable {variable}"));
            read = read.or(setting.map_err(Failure::of(Kind::Settings))?);
        }
        Ok(read)
    }

    /// Returns the names of the variables that stand for flags.
    pub fn variable_names<S: Settings>(&self) -> Vec<String> {
        let settings = self.settings::<S>();
        settings.get_arguments().filter_map(|argument| variable_of(self, argument)).collect()
    }

    /// Returns the token of the API that the environment holds. There is no flag for it: others see
    /// command lines.
    pub fn api_token(&self) -> Option<String> {
        std::env::var(self.api_token_variable()).ok().filter(|token| !token.is_empty())
    }

    /// Returns the secret in the environment variable of that name, if it is not empty. The
    /// program's prefix is put before the name.
    pub fn secret(&self, name: &str) -> Option<HiddenText> {
        let value = std::env::var(format!("{}{name}", self.prefix)).ok();
        value.filter(|value| !value.is_empty()).map(HiddenText)
    }

    pub(crate) fn api_token_variable(&self) -> String {
        format!("{}API_TOKEN", self.prefix)
    }

    /// Reads the settings in a TOML file. Its entries are named like the flags.
    ///
    /// # Errors
    ///
    /// A failure about the settings, that names the file, and the entry or the line.
    pub fn file<S: Settings>(&self, path: &Path) -> Result<S, Failure> {
        self.file_with(path, |text| {
            let mut read = S::default();
            for (name, value) in toml_entries(text)? {
                read = read.or(self.entry(&name, &value).context(name)?);
            }
            Ok(read)
        })
    }

    /// Reads a file of settings in a form of its own; `parse` gets its text.
    ///
    /// # Errors
    ///
    /// A failure about the settings, that names the file and says what `parse` said.
    pub fn file_with<T>(
        &self,
        path: &Path,
        parse: impl FnOnce(&str) -> anyhow::Result<T>,
    ) -> Result<T, Failure> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration file {}", path.display()));
        let text = text.map_err(Failure::of(Kind::Settings))?;
        parse(&text)
            .with_context(|| format!("the configuration file {} is malformed", path.display()))
            .map_err(Failure::of(Kind::Settings))
    }

    /// Reads one entry of a file: a text, a number, true or false; for a flag that may be repeated
    /// also a list of these.
    ///
    /// # Errors
    ///
    /// What is wrong: there is no such setting, or what it must be.
    pub fn entry<S: Settings>(&self, name: &str, value: &Value) -> anyhow::Result<S> {
        let settings = self.settings::<S>();
        let argument = settings.get_arguments().find(|argument| {
            let other = argument.get_visible_aliases().unwrap_or_default();
            argument.get_long() == Some(name) || other.contains(&name)
        });
        // A file that names itself would be read for ever.
        let argument = argument.filter(|argument| argument.get_id() != "config");
        let Some(argument) = argument else {
            bail!("no setting has this name; `{}` lists them", self.help());
        };
        let takes_many = matches!(argument.get_action(), ArgAction::Append);
        let texts = match value.as_array().filter(|_| takes_many) {
            Some(list) if list.is_empty() => return self.empty_list(argument),
            Some(list) => {
                list.iter().map(|item| text(argument, item)).collect::<anyhow::Result<_>>()?
            }
            None => vec![text(argument, value)?],
        };
        self.read(argument, &texts)
    }

    /// Reads the value of one setting the way its flag would.
    fn read<S: Settings>(&self, argument: &Arg, values: &[OsString]) -> anyhow::Result<S> {
        let flag = argument.get_long().expect("every setting has a long flag");
        let arguments = values.iter().map(|value| {
            let mut text = OsString::from(format!("--{flag}="));
            text.push(value);
            text
        });
        let matches = self.settings::<S>().try_get_matches_from(arguments);
        let read = matches.and_then(|matches| S::from_arg_matches(&matches));
        read.map_err(|error| anyhow!(reason(&error, argument, values)))
    }

    /// Reads an empty list, which no flag can say: the setting is given, and nothing is in it.
    fn empty_list<S: Settings>(&self, argument: &Arg) -> anyhow::Result<S> {
        let id = argument.get_id().clone();
        let settings = self
            .settings::<S>()
            .mut_arg(id, |argument| argument.num_args(0..).value_delimiter(None));
        let flag = argument.get_long().expect("every setting has a long flag");
        let matches = settings.try_get_matches_from([format!("--{flag}")])?;
        Ok(S::from_arg_matches(&matches)?)
    }
}

/// Returns the variable that stands for a flag; `None` for one that is no setting.
pub(crate) fn variable_of(program: &Program, argument: &Arg) -> Option<String> {
    if let Some(own) = argument.get_env() {
        return own.to_str().map(str::to_owned);
    }
    let flag = argument.get_long()?;
    if matches!(argument.get_action(), ArgAction::Help | ArgAction::Version) {
        return None;
    }
    Some(format!("{}{}", program.prefix, flag.to_uppercase().replace('-', "_")))
}

/// Reads the entries of a TOML text. An error names the line and does not show it: it may hold a
/// secret.
///
/// # Errors
///
/// What is wrong with it, and in which line.
pub fn toml_entries(text: &str) -> anyhow::Result<Map<String, Value>> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        anyhow!("{line}{}", error.message())
    })?;
    let Value::Object(entries) = serde_json::to_value(table)? else { bail!("it is no table") };
    Ok(entries)
}

/// Writes a value of a file the way a flag would have it.
fn text(argument: &Arg, value: &Value) -> anyhow::Result<OsString> {
    let expected = expected(argument);
    match value {
        Value::String(text) => Ok(text.into()),
        Value::Number(number) => Ok(number.to_string().into()),
        Value::Bool(value) => Ok(value.to_string().into()),
        Value::Null => bail!("must be {expected}, not null"),
        Value::Array(_) => bail!("must be {expected}, not a list"),
        Value::Object(_) => bail!("must be {expected}, not a table"),
    }
}

/// Names the form of a setting as its help does.
fn expected(argument: &Arg) -> String {
    if is_switch(argument) {
        return "true or false".to_owned();
    }
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| "a text".to_owned(), |name| format!("one {name}"))
}

fn is_switch(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<bool>()
}

/// Says why a value is not taken, without the flag that nobody gave.
fn reason(error: &clap::Error, argument: &Arg, values: &[OsString]) -> String {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.clone(),
        _ => values.first().map(|value| value.display().to_string()).unwrap_or_default(),
    };
    if is_switch(argument) {
        return format!("{value} is neither true nor false");
    }
    if let Some(ContextValue::Strings(choices)) = error.get(ContextKind::ValidValue)
        && !choices.is_empty()
    {
        return format!("{value} is none of {}", choices.join(", "));
    }
    match error.source() {
        Some(cause) if cause.is::<ParseIntError>() => format!("{value} is not a whole number"),
        Some(cause) => {
            let cause = cause.to_string();
            if cause.contains(&value) { cause } else { format!("{value}: {cause}") }
        }
        None => format!("{value} is not {}", expected(argument)),
    }
}

#[cfg(test)]
mod tests;
