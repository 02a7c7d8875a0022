//! The command line: every setting is a flag, before or after the command.

use crate::{Settings, source};
use clap::{
    Arg, Command, CommandFactory, Parser,
    builder::{BoolishValueParser, Resettable},
};
use std::{any::TypeId, ffi::OsString};

/// The heading of the settings that the help of every command shows. The others are shown where the
/// daemon is started, and taken everywhere.
pub const GENERAL: &str = "General";

/// A daemon, as its user calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What its environment variables begin with: `APIP_`. The rest is the flag's name in capitals,
    /// with underscores, unless the flag names its variable itself.
    pub prefix: &'static str,
    /// The command that starts the daemon; `None` if it starts without one.
    pub main: Option<&'static str>,
    /// Commands that have no use for the settings.
    pub without_settings: &'static [&'static str],
}

impl Program {
    /// Describes the command line: the commands of `C`, and the settings as flags that may stand
    /// before or after any of them.
    pub fn command<C: CommandFactory, S: Settings>(&self) -> Command {
        self.with_settings::<S>(C::command(), self.main.is_none())
    }

    /// Reads a command line that [`command`](Self::command) describes: what to do, and the flags.
    /// Of a flag that is given twice the later one counts.
    ///
    /// # Errors
    ///
    /// What is to be printed: a wrong use, or the help.
    pub fn parse<C: Parser, S: Settings>(
        &self,
        command: Command,
        arguments: Vec<OsString>,
    ) -> Result<(C, S), clap::Error> {
        let matches = command.try_get_matches_from(arguments)?;
        let settings = S::augment_args(Command::new(self.name));
        let any = settings.get_arguments().map(|argument| argument.get_id().as_str()).next();
        let mut flags = S::default();
        let mut level = Some(&matches);
        while let Some(matches) = level {
            if any.is_some_and(|any| matches.try_contains_id(any).is_ok()) {
                flags = S::from_arg_matches(matches)?.or(flags);
            }
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        Ok((C::from_arg_matches(&matches)?, flags))
    }

    /// Returns what the user is told to run to see all settings.
    pub(crate) fn help(&self) -> String {
        let main = self.main.map(|main| format!(" {main}")).unwrap_or_default();
        format!("{}{main} --help", self.name)
    }

    /// Describes the settings alone.
    pub(crate) fn settings<S: Settings>(&self) -> Command {
        let command = S::augment_args(Command::new(self.name).no_binary_name(true));
        command.mut_args(switchable).disable_help_flag(true)
    }

    /// Adds the settings to a command and to those below it.
    fn with_settings<S: Settings>(&self, command: Command, shows_all: bool) -> Command {
        // Adding the settings also replaces what the command says of itself.
        let (short, long) = (command.get_about().cloned(), command.get_long_about().cloned());
        let own: Vec<_> = command.get_arguments().map(|own| own.get_id().clone()).collect();
        let command = S::augment_args(command)
            .about(Resettable::from(short))
            .long_about(Resettable::from(long))
            .mut_args(|argument| {
                if own.contains(argument.get_id()) {
                    return argument;
                }
                let is_shown = shows_all || argument.get_help_heading() == Some(GENERAL);
                self.described(switchable(argument)).hide(!is_shown)
            });
        let command = if shows_all {
            command
        } else {
            command.after_help(format!("All settings may be given: {} lists them.", self.help()))
        };
        command.mut_subcommands(|command| {
            if self.without_settings.contains(&command.get_name()) {
                return command;
            }
            let shows_all = self.main == Some(command.get_name());
            self.with_settings::<S>(command, shows_all)
        })
    }

    fn described(&self, argument: Arg) -> Arg {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        // The variables are read apart, because a flag before the command must win over the
        // variable of the same flag after it.
        match source::variable_of(self, &argument) {
            Some(variable) => argument.env(None).help(format!("{help} [env: {variable}]")),
            None => argument,
        }
    }
}

/// Lets a flag of the type `bool` stand without a value, and be switched off with `=false`.
fn switchable(argument: Arg) -> Arg {
    if argument.get_value_parser().type_id() != TypeId::of::<bool>() {
        return argument;
    }
    argument
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(BoolishValueParser::new())
        .hide_possible_values(true)
}
