use crate::{
    command,
    config::Config,
    key,
    ledger::{self, Folder},
};
use anyhow::anyhow;
use std::error::Error;
use tally_daemon::{Failure, Kind, bar, say};
use tally_ledger_store::{Finding, Step};

/// Findings that are told one by one; a ledger that lost a table has millions.
const SHOWN_MAX: u64 = 100;

/// Checks the whole ledger again.
pub(crate) fn verify(config: &Config) -> Result<(), Failure> {
    let folder = Folder::of(&config.data)?;
    let members =
        key::find(&config.key)?.map(|key| ledger::members(&config.federation, key.public_key()));
    let ledger = ledger::open_existing(&folder)?;
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)
        .map_err(|error| Failure::new(Kind::Unexpected, anyhow!("no randomness: {error}")))?;
    let mut found = 0;
    let mut progress = bar("blocks", 0);
    let mut part = "";
    for Step { part: next, done, total, findings } in ledger.verify(members, entropy) {
        if next != part {
            progress.finish_and_clear();
            part = next;
            progress = bar(part, total.unwrap_or(0));
        }
        progress.set_position(done);
        for finding in findings {
            found += 1;
            if found <= SHOWN_MAX {
                progress.suspend(|| say(&describe(&finding)));
            }
        }
    }
    progress.finish_and_clear();
    let counts = ledger.counts();
    let height = ledger.height().map_or_else(|| "none".to_owned(), |height| height.to_string());
    command::show(&format!(
        "height        {height}\ntransactions  {}\nbacklog       {}\nfindings      {found}\n",
        counts.transactions, counts.backlog
    ))?;
    if found == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Data,
        anyhow!(
            "the ledger in {} is damaged: {found} findings. Do not run the node on it; start anew \
             from another member's blocks or from an export",
            folder.path().display()
        ),
    ))
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::MissingRow { table, key } => format!("missing: {} {key}", table.name()),
        Finding::ExtraRow { table, key } => format!("not expected: {} {key}", table.name()),
        Finding::WrongRow { table, key } => format!("wrong: {} {key}", table.name()),
        Finding::InvalidBlock { height, reason } => {
            format!("block {height} is invalid: {}: {}", reason.code, reason.message)
        }
        Finding::WrongCounts { kept, counted } => {
            format!("the counts are {kept:?} and should be {counted:?}")
        }
        Finding::Unreadable(error) => {
            let mut text = format!("cannot be read: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                text.push_str(&format!(": {error}"));
                source = error.source();
            }
            text
        }
    }
}
