use super::{Account, Breach, Harness, breach, history::History, must, same};
use crate::{ChainSource, ChainUpdate, SourceStart};
use tally_primitives::{BlockNumber, BlockSpan, Secret};

/// Goal: blocks come in order without gaps, whether they were there before or come later.
/// Method: follow while blocks and events are made.
pub(super) async fn blocks_come_in_order<H: Harness>(harness: &H) -> Result<(), Breach> {
    const CHECK: &str = "blocks come in order";
    harness.mine(5).await;
    let mut source = harness.source(SourceStart::Fresh, BlockSpan(0));
    let mut history = History::default();
    let contracts = harness.contracts(Account::First);
    for secret in 0..4 {
        history.read_to(CHECK, &mut source, harness.head().await).await?;
        let secret = Secret::new([secret; 32]);
        must(CHECK, "register a secret", contracts.register_secret(secret).await)?;
        harness.mine(u64::from(secret_count(&history)) + 1).await;
    }
    history.read_to(CHECK, &mut source, harness.head().await).await?;
    same(CHECK, "events", history.events().len(), 4)?;
    same(CHECK, "rollbacks", history.rollbacks.len(), 0)
}

fn secret_count(history: &History) -> u8 {
    u8::try_from(history.events().len()).unwrap_or(u8::MAX)
}

/// Goal: a reorganisation is one rollback to the fork, then the new branch, whose events only
/// count. Method: undo a secret's registration, register another, twice at different depths.
pub(super) async fn a_reorganisation_is_one_rollback<H: Harness>(
    harness: &H,
) -> Result<(), Breach> {
    const CHECK: &str = "a reorganisation is one rollback";
    let contracts = harness.contracts(Account::First);
    let mut source = harness.source(SourceStart::Fresh, BlockSpan(0));
    let mut history = History::default();
    for (round, depth) in [3, 7].into_iter().enumerate() {
        harness.mine(4).await;
        let fork = harness.head().await;
        let byte = 10 + u8::try_from(round).unwrap_or_default();
        let undone = Secret::new([byte; 32]);
        must(CHECK, "register", contracts.register_secret(undone.clone()).await)?;
        let above = harness.head().await.number.since(fork.number).0;
        harness.mine(depth - above).await;
        history.read_to(CHECK, &mut source, harness.head().await).await?;
        same(CHECK, "events before", history.events().len(), round + 1)?;

        harness.reorg(depth).await;
        harness.mine(1).await;
        history.read_to(CHECK, &mut source, harness.head().await).await?;
        same(CHECK, "rollbacks", history.rollbacks.len(), round + 1)?;
        same(CHECK, "fork", history.rollbacks.last().copied(), Some(fork))?;
        same(CHECK, "events after", history.events().len(), round)?;

        // What was undone can be done again.
        must(CHECK, "register again", contracts.register_secret(undone).await)?;
        history.read_to(CHECK, &mut source, harness.head().await).await?;
        same(CHECK, "events again", history.events().len(), round + 1)?;
    }
    Ok(())
}

/// Goal: with three confirmations, a block comes when three lie above it, and a reorganisation of
/// three goes unnoticed. Method: count what comes.
pub(super) async fn confirmations_hold_blocks_back<H: Harness>(harness: &H) -> Result<(), Breach> {
    const CHECK: &str = "confirmations hold blocks back";
    const CONFIRMATIONS: BlockSpan = BlockSpan(3);
    harness.mine(6).await;
    let mut source = harness.source(SourceStart::Fresh, CONFIRMATIONS);
    let mut history = History::default();
    for _ in 0..3 {
        let head = harness.head().await.number;
        read_to_number(CHECK, &mut source, &mut history, head.before(CONFIRMATIONS)).await?;
        harness.reorg(CONFIRMATIONS.0).await;
        harness.mine(2).await;
    }
    same(CHECK, "rollbacks", history.rollbacks.len(), 0)?;

    let head = harness.head().await.number;
    read_to_number(CHECK, &mut source, &mut history, head.before(CONFIRMATIONS)).await?;
    harness.reorg(CONFIRMATIONS.0 + 2).await;
    harness.mine(1).await;
    let head = harness.head().await.number;
    read_to_number(CHECK, &mut source, &mut history, head.before(CONFIRMATIONS)).await?;
    same(CHECK, "rollbacks", history.rollbacks.len(), 1)
}

/// Reads until the block with this number came, and checks that each had its confirmations.
async fn read_to_number(
    check: &'static str,
    source: &mut impl ChainSource,
    history: &mut History,
    number: BlockNumber,
) -> Result<(), Breach> {
    while history.last().is_none_or(|last| last.number < number) {
        let update = must(check, "next update", source.next_update().await)?;
        if let ChainUpdate::Connected { block, head } = &update
            && head.since(block.at.number) < BlockSpan(3)
        {
            return Err(breach(check, format!("{:?} came with the head at {head}", block.at)));
        }
        history.take(check, update)?;
    }
    Ok(())
}
