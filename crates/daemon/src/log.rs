use crate::{Failure, Kind, LogFormat, LogLevel, Program};
use anyhow::Context;
use std::{fs::File, path::PathBuf, sync::Arc};
use tracing_subscriber::{EnvFilter, fmt, fmt::writer::BoxMakeWriter};

const LOG: &str = "Log";

crate::settings! {
    /// What is logged, how and where.
    pub struct LogSettings {}

    /// Log messages of this level and of more severe ones. [default: info]
    #[arg(short = 'l', long, value_name = "LEVEL", ignore_case = true, help_heading = LOG)]
    log_level [LogLevel]

    /// What to log, by target: info,tally_http=debug. Wins over --log-level.
    #[arg(long, value_name = "FILTER", help_heading = LOG)]
    log_filter [String]

    /// How to write log lines. [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = LOG)]
    log_format [LogFormat]

    /// File to append the log to, instead of standard error.
    #[arg(long, value_name = "FILE", help_heading = LOG)]
    log_file [PathBuf]
}

impl LogSettings {
    /// Returns the defaults.
    pub fn defaults() -> Self {
        Self {
            log_level: Some(LogLevel::Info),
            log_format: Some(LogFormat::Text),
            ..Self::default()
        }
    }

    /// Says what they mean for a daemon.
    pub fn check(&self, program: &Program) -> Logging {
        let level = self.log_level.unwrap_or(LogLevel::Info).name();
        Logging {
            filter: self.log_filter.clone().unwrap_or_else(|| Logging::filter(program, level)),
            format: self.log_format.unwrap_or(LogFormat::Text),
            file: self.log_file.clone(),
            shows_place: false,
        }
    }
}

/// What is logged, how and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// Which targets at which levels, as `tracing_subscriber` reads it.
    pub filter: String,
    /// How a line is written.
    pub format: LogFormat,
    /// The file; standard error if absent.
    pub file: Option<PathBuf>,
    /// Whether each line names its place in the source.
    pub shows_place: bool,
}

impl Logging {
    /// Returns the filter for a level: `off`, `error`, `warn`, `info`, `debug` or `trace`. The
    /// libraries below the project's are worth hearing only when something is wrong.
    pub fn filter(program: &Program, level: &str) -> String {
        let others = if matches!(level, "off" | "error") { level } else { "warn" };
        format!("{others},tally={level},{}={level}", program.name.replace('-', "_"))
    }

    /// Starts the log.
    ///
    /// # Errors
    ///
    /// A failure about the settings: the filter is none, or the file cannot be written.
    pub fn start(&self) -> Result<(), Failure> {
        let filter = EnvFilter::try_new(&self.filter)
            .with_context(|| format!("{} is not a log filter", self.filter))
            .map_err(Failure::of(Kind::Settings))?;
        let writer = match &self.file {
            Some(path) => {
                let file = File::options().create(true).append(true).open(path);
                let file = file
                    .with_context(|| format!("cannot write the log file {}", path.display()))
                    .map_err(Failure::of(Kind::Settings))?;
                BoxMakeWriter::new(Arc::new(file))
            }
            None => BoxMakeWriter::new(std::io::stderr),
        };
        let is_terminal =
            self.file.is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
        let log = fmt()
            .with_env_filter(filter)
            .with_writer(writer)
            .with_ansi(is_terminal)
            .with_file(self.shows_place)
            .with_line_number(self.shows_place);
        match self.format {
            LogFormat::Text => log.init(),
            LogFormat::Json => log.json().init(),
        }
        Ok(())
    }
}
