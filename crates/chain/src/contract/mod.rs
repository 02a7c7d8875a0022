//! The tests that every adapter of the port must pass.
//!
//! An adapter implements [`Harness`] over a chain of its own and calls [`check`] in a test.

mod history;
mod life;
mod ordering;
mod restart;

use crate::{ChainSource, ChannelContracts, Proof, SourceStart};
use std::{fmt::Debug, future::Future};
use tally_primitives::{
    BlockRef, BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount,
};

/// Which of the harness's accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// The one that opens.
    First,
    /// Its partner.
    Second,
}

impl Account {
    /// Returns the account on the other side.
    pub const fn partner(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// What a signature is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// The payer's balance proof.
    BalanceProof,
    /// The payee's acknowledgement of the payer's proof.
    Acknowledgement {
        /// The payer.
        payer: NodeAddress,
    },
}

/// A chain of the adapter's kind with the contracts deployed.
///
/// # Requirements
///
/// * Both accounts have coin for gas and hold [`tokens_each`](Self::tokens_each) of the token.
/// * The token is not registered.
/// * Every transaction is mined soon without anybody's help.
pub trait Harness: Send + Sync {
    /// The source under test.
    type Source: ChainSource;

    /// Returns the contracts as one of the accounts calls them.
    fn contracts(&self, account: Account) -> &dyn ChannelContracts;

    /// Returns the token.
    fn token(&self) -> TokenAddress;

    /// Returns how much of the token each account holds.
    fn tokens_each(&self) -> TokenAmount;

    /// Starts a source.
    fn source(&self, start: SourceStart, confirmations: BlockSpan) -> Self::Source;

    /// Returns the newest block.
    fn head(&self) -> impl Future<Output = BlockRef> + Send;

    /// Makes empty blocks.
    fn mine(&self, count: u64) -> impl Future<Output = ()> + Send;

    /// Replaces the newest `depth` blocks by as many empty ones; their transactions are lost.
    fn reorg(&self, depth: u64) -> impl Future<Output = ()> + Send;

    /// Fills in the signature of a proof for `channel`.
    fn sign(
        &self,
        account: Account,
        channel: ChannelAddress,
        statement: Statement,
        proof: Proof,
    ) -> Proof;
}

/// A requirement of the port that an adapter does not meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {what}")]
pub struct Breach {
    /// Which check found it.
    pub check: &'static str,
    /// What happened instead.
    pub what: String,
}

/// Runs all checks, each on a chain of its own.
///
/// # Errors
///
/// The first [`Breach`] found. A check that waits for an update that never comes does not end, so
/// callers set a time limit.
pub async fn check<H: Harness>(harness: impl AsyncFn() -> H) -> Result<(), Breach> {
    life::delivers_a_whole_life(&harness().await).await?;
    life::refusals_are_typed(&harness().await).await?;
    life::simultaneous_calls_all_happen(&harness().await).await?;
    ordering::blocks_come_in_order(&harness().await).await?;
    ordering::a_reorganisation_is_one_rollback(&harness().await).await?;
    ordering::confirmations_hold_blocks_back(&harness().await).await?;
    restart::a_restart_loses_and_repeats_nothing(&harness().await).await?;
    restart::a_restart_finds_its_block_undone(&harness().await).await
}

fn breach(check: &'static str, what: impl Into<String>) -> Breach {
    Breach { check, what: what.into() }
}

/// Turns a failed step into a breach.
fn must<T, E: Debug>(check: &'static str, step: &str, result: Result<T, E>) -> Result<T, Breach> {
    result.map_err(|error| breach(check, format!("{step}: {error:?}")))
}

/// Compares what was seen with what should be.
fn same<T: Debug + PartialEq>(
    check: &'static str,
    what: &str,
    seen: T,
    wanted: T,
) -> Result<(), Breach> {
    if seen == wanted {
        return Ok(());
    }
    Err(breach(check, format!("{what}: {seen:?} instead of {wanted:?}")))
}
