use crate::{
    command::lines::{HEIGHT, LINE_BLOCK, LINE_VOTES},
    config::Config,
    ledger::{self, Folder},
};
use anyhow::{Context, anyhow};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};
use tally_daemon::{Failure, Kind, bar, say};
use tally_ledger_store::LedgerStore;

/// Writes every block of the chain with its votes, one JSON object a line.
pub(crate) fn export(config: &Config, path: &Path) -> Result<(), Failure> {
    let ledger = ledger::open_existing(&Folder::of(&config.data)?)?;
    if path == Path::new("-") {
        return write_all(&ledger, io::stdout().lock()).map_err(Failure::of(Kind::Data));
    }
    // A file that is there is somebody's only copy, perhaps.
    let file = File::create_new(path)
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::of(Kind::Data))?;
    let written = write_all(&ledger, &file).and_then(|()| Ok(file.sync_all()?));
    written
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::of(Kind::Data))
}

fn write_all(ledger: &LedgerStore, to: impl Write) -> anyhow::Result<()> {
    let Some(tip) = ledger.height() else { return Ok(()) };
    let mut to = BufWriter::new(to);
    let progress = bar("exporting blocks", tip + 1);
    for height in 0..=tip {
        let block = ledger.block(height)?.ok_or_else(|| anyhow!("block {height} is missing"))?;
        let votes = ledger.votes(&block.id())?;
        let votes: Vec<String> = votes.iter().map(tally_ledger::Vote::to_json).collect();
        let (block, votes) = (block.to_json(), votes.join(","));
        writeln!(to, r#"{{"{HEIGHT}":{height},"{LINE_BLOCK}":{block},"{LINE_VOTES}":[{votes}]}}"#)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    to.flush()?;
    say(&format!("Exported {} blocks", tip + 1));
    Ok(())
}
