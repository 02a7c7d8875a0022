//! The lines that `export` writes and `import` reads: a block, its height and the votes on it.
//! `{"height": 0, "block": …, "votes": […]}`, heights ascending from 0 without gaps.

use anyhow::{Context, anyhow, bail};
use std::io::{BufRead, Read};
use tally_ledger::{
    BLOCK_JSON_BYTES_MAX, Block, VOTE_BYTES_MAX, VOTERS_MAX, Vote,
    json::{self, Limits, NumberStyle, Value},
};

/// Names of the members of a line.
pub(super) const HEIGHT: &str = "height";
pub(super) const LINE_BLOCK: &str = "block";
pub(super) const LINE_VOTES: &str = "votes";

/// Longer lines are no blocks.
const LINE_BYTES_MAX: usize = BLOCK_JSON_BYTES_MAX + VOTERS_MAX * VOTE_BYTES_MAX + 1024;

/// The deepest transaction, in a block, in a line.
const NESTING_MAX: usize = tally_ledger::NESTING_MAX + 8;

/// A block and the votes on it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) block: Block,
    pub(super) votes: Vec<Vote>,
}

/// Reads the next line, which must be the block of this height; `None` at the end.
pub(super) fn read(from: &mut impl BufRead, height: u64) -> anyhow::Result<Option<Line>> {
    let mut text = Vec::new();
    let limit = LINE_BYTES_MAX as u64 + 1;
    from.by_ref().take(limit).read_until(b'\n', &mut text).context("cannot read it")?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > LINE_BYTES_MAX {
        bail!("line {}: longer than any block", height + 1);
    }
    parse(&text, height).map(Some).with_context(|| format!("line {}", height + 1))
}

fn parse(text: &[u8], height: u64) -> anyhow::Result<Line> {
    let limits = Limits { bytes: LINE_BYTES_MAX, depth: NESTING_MAX };
    let Value::Object(line) = json::parse(text, limits)? else { bail!("no JSON object") };
    let member = |name: &str| line.get(name).ok_or_else(|| anyhow!("no member {name}"));
    if *member(HEIGHT)? != Value::integer(height) {
        bail!("its height is not {height}: blocks must be in order and complete");
    }
    let block = json::canonical(member(LINE_BLOCK)?, NumberStyle::Literal);
    let block = Block::parse_json(block.as_bytes()).context(LINE_BLOCK)?;
    let Value::Array(votes) = member(LINE_VOTES)? else { bail!("{LINE_VOTES}: no list") };
    let votes = votes.iter().map(|vote| {
        let text = json::canonical(vote, NumberStyle::Literal);
        Vote::parse(text.as_bytes()).context(LINE_VOTES)
    });
    Ok(Line { block, votes: votes.collect::<Result<_, _>>()? })
}
