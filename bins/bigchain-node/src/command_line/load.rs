use clap::{Args, ValueEnum};
use std::{num::NonZeroU32, path::PathBuf};

/// What `load` posts and where.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct LoadArguments {
    /// Address of the node's API.
    #[arg(long, value_name = "URL", default_value = "http://localhost:9984")]
    pub(crate) url: String,

    /// Number of transactions; 0: no end. Ctrl-C ends the run early and prints the report.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 1000)]
    pub(crate) count: u64,

    /// What to post.
    #[arg(long, value_name = "KIND", default_value = "create")]
    pub(crate) kind: LoadKind,

    /// Requests under way at the same time.
    #[arg(long, value_name = "COUNT", default_value = "64")]
    pub(crate) in_flight: NonZeroU32,

    /// Transactions to post per second. [default: as many as the node takes]
    #[arg(long, value_name = "COUNT", value_parser = rate)]
    pub(crate) rate: Option<NonZeroU32>,

    /// File with the token that the API wants to see.
    #[arg(long, value_name = "FILE")]
    pub(crate) api_token_file: Option<PathBuf>,

    /// Seconds to wait for posted transactions to become valid, after the last was posted.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) patience: u64,
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| {
        "must be a whole number from 1; leave --rate away to post as many as the node takes"
            .to_owned()
    })
}

/// What `load` posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadKind {
    /// Assets.
    Create,
    /// Transfers of assets that were created before the measurement.
    Transfer,
    /// Assets, and the transfer of each as soon as it is valid.
    Mixed,
}
