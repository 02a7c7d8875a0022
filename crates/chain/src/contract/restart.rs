use super::{Account, Breach, Harness, history::History, must, same};
use crate::{ChainEvent, KnownContracts, OpenChannel, SourceStart};
use tally_primitives::{BlockRef, BlockSpan, Secret, TokenAmount};

/// Opens a channel with deposits, so that there are contracts to remember and events to lose.
async fn make_events<H: Harness>(check: &'static str, harness: &H) -> Result<(), Breach> {
    let (first, second) = (harness.contracts(Account::First), harness.contracts(Account::Second));
    let token = harness.token();
    must(check, "register", first.register_token(token).await)?;
    let order = OpenChannel {
        token,
        partner: second.account(),
        settle_timeout: BlockSpan(10),
        deposit: TokenAmount::from_units(7),
    };
    let opened = must(check, "open", first.open_channel(order).await)?;
    harness.mine(2).await;
    for units in 1..=3 {
        let amount = TokenAmount::from_units(units);
        must(check, "deposit", second.deposit(token, opened.channel, amount).await)?;
    }
    must(check, "reveal", first.register_secret(Secret::new([9; 32])).await)?;
    must(check, "close", first.close(opened.channel, None).await)?;
    harness.mine(3).await;
    Ok(())
}

/// The contracts that a history tells of.
fn known(history: &History) -> KnownContracts {
    let mut known = KnownContracts::default();
    for event in history.events() {
        if let ChainEvent::TokenAdded { token, manager } = event {
            known.managers.push((token, manager));
        } else if let ChainEvent::ChannelNew { channel, .. } = event {
            known.channels.push(channel);
        }
    }
    known
}

/// Goal: whichever block the node stopped at, the restarted source goes on with the very next one.
/// Method: compare every restart with an uninterrupted run, with and without known contracts.
pub(super) async fn a_restart_loses_and_repeats_nothing<H: Harness>(
    harness: &H,
) -> Result<(), Breach> {
    const CHECK: &str = "a restart loses and repeats nothing";
    make_events(CHECK, harness).await?;
    let head = harness.head().await;
    let mut whole = History::default();
    whole.read_to(CHECK, &mut harness.source(SourceStart::Fresh, BlockSpan(0)), head).await?;

    for stop in 0..whole.blocks.len() {
        let mut before = whole.clone();
        let after = before.blocks.split_off(stop + 1);
        let Some(block) = before.last() else { continue };
        for known in [None, Some(known(&before))] {
            let start = SourceStart::After { block, recent: Vec::new(), known };
            let mut rest = History::after(block);
            rest.read_to(CHECK, &mut harness.source(start, BlockSpan(0)), head).await?;
            same(CHECK, "blocks", &rest.blocks, &after)?;
            same(CHECK, "rollbacks", rest.rollbacks.len(), 0)?;
        }
    }
    Ok(())
}

/// Goal: a node whose last block was undone while it was down hears so first. Method: stop inside a
/// branch that is then left.
pub(super) async fn a_restart_finds_its_block_undone<H: Harness>(
    harness: &H,
) -> Result<(), Breach> {
    const CHECK: &str = "a restart finds its block undone";
    make_events(CHECK, harness).await?;
    let mut before = History::default();
    let head = harness.head().await;
    before.read_to(CHECK, &mut harness.source(SourceStart::Fresh, BlockSpan(0)), head).await?;
    let recent: Vec<BlockRef> = before.blocks.iter().map(|block| block.at).collect();
    let depth: u64 = 6;
    let fork = recent.iter().rev().nth(usize::try_from(depth).unwrap_or_default()).copied();

    harness.reorg(depth).await;
    harness.mine(1).await;
    let known = Some(known(&before));
    let start = SourceStart::After { block: head, recent, known };
    let mut source = harness.source(start, BlockSpan(0));
    let mut after = before;
    let new_head = harness.head().await;
    after.read_to(CHECK, &mut source, new_head).await?;
    same(CHECK, "rollbacks", &after.rollbacks, &fork.into_iter().collect())?;

    let mut whole = History::default();
    whole.read_to(CHECK, &mut harness.source(SourceStart::Fresh, BlockSpan(0)), new_head).await?;
    same(CHECK, "blocks", after.blocks, whole.blocks)
}
