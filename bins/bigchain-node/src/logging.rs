use crate::{
    config::{LogFormat, Logging},
    failure::{Failure, Kind},
};
use anyhow::Context;
use std::{fs::File, sync::Arc};
use tracing_subscriber::{EnvFilter, fmt, fmt::writer::BoxMakeWriter};

/// Starts the log: to standard error or a file, as text or JSON lines.
pub(crate) fn start(logging: &Logging) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&logging.filter)
        .with_context(|| format!("{} is not a log filter", logging.filter))
        .map_err(Failure::of(Kind::Settings))?;
    let writer = match &logging.file {
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
        logging.file.is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_terminal);
    match logging.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
