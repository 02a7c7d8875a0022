//! What all the project's daemons share: how settings are read and shown, what is checked before a
//! start, the log, the reasons to fail and their exit codes, and running until a signal.
//!
//! A daemon defines its [`settings!`] once. Each of them is a flag, an environment variable and an
//! entry of a TOML file, and all three are read by the same parser: a wrong value is named the same
//! way wherever it stands. [`Program`] reads the three; the daemon fills in its defaults, checks what
//! only it knows, and hands the rest to the parts that stand here:
//!
//! | for | there is |
//! |---|---|
//! | token, TLS, origins of the API | [`AccessSettings`] → [`Access`] |
//! | level, filter, format, file of the log | [`LogSettings`] → [`Logging`] |
//! | a node of a chain of outputs | [`NodeSettings`] → [`Login`] |
//! | a database that servers share | [`PostgresSettings`] → [`Postgres`] |
//! | commands beside running | [`Order`], [`Verb`] |
//! | where state lives | [`Place`] |
//! | an error with an exit code | [`Failure`], [`Kind`] |
//! | signals, servers, the end | [`block_on`], [`Signals`], [`bind`], [`serve`] |
//! | files that are whole or not there | [`write_whole`] |
//! | standard output and error | [`print()`], [`announce`], [`say`], [`bar`] |
//!
//! The crate knows no API, no database and no domain: a database is opened by a function that the
//! daemon passes in.
//!
//! ```
//! use clap::Parser;
//! use std::net::{Ipv4Addr, SocketAddr};
//! use tally_daemon::{Access, AccessSettings, Failure, GENERAL, ListenAddress, Program};
//!
//! const PROGRAM: Program = Program {
//!     name: "echo-server",
//!     prefix: "ECHO_",
//!     main: None,
//!     without_settings: &[],
//! };
//!
//! tally_daemon::settings! {
//!     /// All settings of the daemon.
//!     pub(crate) struct Settings {
//!         access: AccessSettings,
//!     }
//!
//!     /// TOML file with settings.
//!     #[arg(long, value_name = "FILE", help_heading = GENERAL)]
//!     #[serde(skip)]
//!     config [std::path::PathBuf]
//!
//!     /// Address of the API. [default: 127.0.0.1:9000]
//!     #[arg(long, value_name = "IP:PORT", help_heading = "API")]
//!     api_address [ListenAddress]
//! }
//!
//! /// Answers what it is sent.
//! #[derive(Debug, Parser)]
//! #[command(name = "echo-server")]
//! struct CommandLine;
//!
//! fn read(arguments: Vec<std::ffi::OsString>) -> Result<(SocketAddr, Access), Failure> {
//!     let command = PROGRAM.command::<CommandLine, Settings>();
//!     let (_, flags) = PROGRAM
//!         .parse::<CommandLine, Settings>(command, arguments)
//!         .unwrap_or_else(|error| error.exit());
//!     let settings = flags.or(PROGRAM.variables()?);
//!     let settings = match &settings.config {
//!         Some(path) => settings.clone().or(PROGRAM.file(path)?),
//!         None => settings,
//!     };
//!     let default = ListenAddress((Ipv4Addr::LOCALHOST, 9000).into());
//!     let address = settings.api_address.unwrap_or(default).0;
//!     let access = settings.access.check(&PROGRAM, PROGRAM.api_token().as_deref())?;
//!     access.exposure(address)?;
//!     Ok((address, access))
//! }
//!
//! // An address that others can reach needs a guard.
//! let failure = read(vec!["echo-server".into(), "--api-address=:7".into()]).unwrap_err();
//! assert!(failure.text().contains("--allow-unauthenticated"));
//! ```

mod access;
mod failure;
mod files;
mod log;
mod node;
mod order;
mod place;
mod postgres;
mod program;
mod run;
mod settings;
mod source;
mod terminal;
mod values;

pub use access::{Access, AccessSettings};
pub use failure::{Failure, Kind};
pub use files::{Readers, home, secret_in, write_whole};
pub use log::{LogSettings, Logging};
pub use node::{Login, NodeSettings};
pub use order::{ConfigVerb, Order, Verb};
pub use place::{Database, Place};
pub use postgres::{Postgres, PostgresSettings};
pub use program::{GENERAL, Program};
pub use run::{Signals, announce, bind, block_on, serve};
pub use settings::{Settings, as_toml};
pub use source::toml_entries;
pub use terminal::{ProgressBar, bar, print, say};
pub use values::{HIDDEN, HiddenText, ListenAddress, LogFormat, LogLevel};
