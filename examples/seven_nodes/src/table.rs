//! Balances as tables.

use crate::stage::Stage;
use anyhow::{Context, Result};
use serde_json::Value;

/// What the two ends of one channel own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) ends: (usize, usize),
    pub(crate) balances: (u64, u64),
    pub(crate) locked: (u64, u64),
}

/// Asks the first end of every channel for its balances.
pub(crate) fn balances(stage: &Stage) -> Result<Vec<Row>> {
    stage.channels.iter().map(|(ends, channel)| row(stage, *ends, channel)).collect()
}

fn row(stage: &Stage, ends: (usize, usize), channel: &str) -> Result<Row> {
    let view = stage.node(ends.0).get(&format!("channels/{channel}"))?.expect(200)?;
    let number = |field: &str| {
        view.get(field).and_then(Value::as_u64).with_context(|| format!("no {field} in {view}"))
    };
    Ok(Row {
        ends,
        balances: (number("balance")?, number("partner_balance")?),
        locked: (number("locked_amount")?, number("partner_locked_amount")?),
    })
}

/// Prints the channels that changed, before and after.
pub(crate) fn print_changes(before: &[Row], after: &[Row]) {
    let changed: Vec<_> = before.iter().zip(after).filter(|(old, new)| old != new).collect();
    if changed.is_empty() {
        println!("    no balance changed");
        return;
    }
    println!("    channel      before        after");
    for (old, new) in changed {
        let (left, right) = new.ends;
        println!("    {left} - {right}   {:>12} {:>12}", pair(old), pair(new));
    }
}

/// Prints every channel.
pub(crate) fn print_all(rows: &[Row]) {
    println!("    channel    balances");
    for row in rows {
        println!("    {} - {}   {:>10}", row.ends.0, row.ends.1, pair(row));
    }
}

fn pair(row: &Row) -> String {
    let end = |balance: u64, locked: u64| {
        if locked == 0 { balance.to_string() } else { format!("{balance}({locked})") }
    };
    format!("{} / {}", end(row.balances.0, row.locked.0), end(row.balances.1, row.locked.1))
}
