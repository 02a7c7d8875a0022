use clap::Subcommand;

/// What a daemon with one job is told to do: the job, or something beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Run the daemon: no command was given.
    Run,
    /// Print the settings in effect.
    ShowConfig,
}

/// The commands of such a daemon, for the member `#[command(subcommand)] Option<Verb>` of its
/// command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Looks at the settings.
    #[command(subcommand)]
    Config(ConfigVerb),
}

/// What to do with the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigVerb {
    /// Prints the settings in effect as TOML, without secrets.
    Show,
}

impl From<Option<Verb>> for Order {
    fn from(verb: Option<Verb>) -> Self {
        match verb {
            None => Self::Run,
            Some(Verb::Config(ConfigVerb::Show)) => Self::ShowConfig,
        }
    }
}
