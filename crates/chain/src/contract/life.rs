use super::{Account, Breach, Harness, Statement, breach, history::History, must, same};
use crate::{
    ChainEvent, ChannelContracts, Claim, OpenChannel, Proof, Receipt, Refusal, SourceStart,
    TransactionError,
};
use tally_crypto::{hashlock, keccak256_parts};
use tally_primitives::{
    BlockNumber, BlockSpan, ChannelAddress, LocksRoot, MessageHash, Nonce, Secret, Signature,
    TokenAddress, TokenAmount, U256,
};

const WINDOW: BlockSpan = BlockSpan(6);

fn units(units: u64) -> TokenAmount {
    TokenAmount::from_units(units)
}

/// An unsigned proof.
fn proof(nonce: u64, transferred: u64, locksroot: LocksRoot) -> Proof {
    Proof {
        nonce: Nonce(nonce),
        transferred: units(transferred),
        locksroot,
        message_hash: MessageHash::new([0xab; 32]),
        signature: Signature([0; 65]),
    }
}

fn lock(expiration: BlockNumber, amount: u64, secret: &Secret) -> [u8; 72] {
    let mut lock = [0; 72];
    lock[..8].copy_from_slice(&expiration.0.to_be_bytes());
    lock[8..40].copy_from_slice(&U256::from(amount).to_be_bytes::<32>());
    lock[40..].copy_from_slice(hashlock(secret).as_bytes());
    lock
}

/// Returns the root of a tree with this one lock, and the root after it was paid.
fn roots_of_one(lock: &[u8; 72]) -> [LocksRoot; 2] {
    let leaf = keccak256_parts(&[lock]);
    [LocksRoot(leaf), LocksRoot(keccak256_parts(&[b"spent", leaf.as_slice()]))]
}

struct Parties<'a> {
    first: &'a dyn ChannelContracts,
    second: &'a dyn ChannelContracts,
    token: TokenAddress,
}

impl<'a> Parties<'a> {
    fn of<H: Harness>(harness: &'a H) -> Self {
        let (first, second) =
            (harness.contracts(Account::First), harness.contracts(Account::Second));
        Self { first, second, token: harness.token() }
    }

    fn opening(&self, deposit: u64) -> OpenChannel {
        let partner = self.second.account();
        let deposit = units(deposit);
        OpenChannel { token: self.token, partner, settle_timeout: WINDOW, deposit }
    }
}

/// Goal: every event of a channel's life is delivered, with the right fields, in the block and by
/// the transaction that the caller was told. Method: live one.
#[expect(clippy::too_many_lines, reason = "one life told from beginning to end")]
pub(super) async fn delivers_a_whole_life<H: Harness>(harness: &H) -> Result<(), Breach> {
    const CHECK: &str = "a whole life";
    let Parties { first, second, token } = Parties::of(harness);
    let parties = Parties { first, second, token };
    let [one, two] = [first.account(), second.account()];
    let mut source = harness.source(SourceStart::Fresh, BlockSpan(0));
    let mut wanted: Vec<(Option<Receipt>, ChainEvent)> = Vec::new();

    let manager = must(CHECK, "register", first.register_token(token).await)?;
    wanted.push((None, ChainEvent::TokenAdded { token, manager }));
    let endpoint = "127.0.0.1:40001".to_owned();
    let receipt = must(CHECK, "endpoint", second.register_endpoint(endpoint.clone()).await)?;
    wanted.push((Some(receipt), ChainEvent::EndpointRegistered { node: two, endpoint }));

    let opened = must(CHECK, "open", first.open_channel(parties.opening(100)).await)?;
    let channel = opened.channel;
    let balance = |participant, total| ChainEvent::ChannelNewBalance {
        channel,
        participant,
        total_deposit: units(total),
    };
    let participants = [one, two];
    let new = ChainEvent::ChannelNew { token, channel, participants, settle_timeout: WINDOW };
    wanted.push((Some(opened.receipt), new));
    wanted.push((Some(opened.receipt), balance(one, 100)));
    let receipt = must(CHECK, "deposit", second.deposit(token, channel, units(40)).await)?;
    wanted.push((Some(receipt), balance(two, 40)));
    let receipt = must(CHECK, "deposit", first.deposit(token, channel, units(11)).await)?;
    wanted.push((Some(receipt), balance(one, 111)));

    // The second closes with a proof of the first's; the first answers with a newer one of the
    // second's, which holds a lock.
    let secret = Secret::new([0x5e; 32]);
    let expiration = harness.head().await.number.after(BlockSpan(1_000));
    let lock = lock(expiration, 5, &secret);
    let [pending, spent] = roots_of_one(&lock);
    let nothing = LocksRoot::default();
    let owed =
        harness.sign(Account::First, channel, Statement::BalanceProof, proof(3, 30, nothing));
    let receipt = must(CHECK, "close", second.close(channel, Some(owed)).await)?;
    wanted.push((
        Some(receipt),
        ChainEvent::ChannelClosed {
            channel,
            closer: two,
            nonce: Nonce(3),
            transferred: units(30),
            locksroot: nothing,
        },
    ));
    let closed_at = receipt.block;
    let owed =
        harness.sign(Account::Second, channel, Statement::BalanceProof, proof(4, 8, pending));
    let receipt = must(CHECK, "update", first.update_transfer(channel, owed).await)?;
    let updated = |payer, nonce, transferred, locksroot| ChainEvent::TransferUpdated {
        channel,
        payer,
        nonce: Nonce(nonce),
        transferred: units(transferred),
        locksroot,
    };
    wanted.push((Some(receipt), updated(two, 4, 8, pending)));

    // The first has a newer proof of its own, which the second acknowledged.
    let statement = Statement::Acknowledgement { payer: one };
    let newer = harness.sign(Account::Second, channel, statement, proof(5, 31, nothing));
    let receipt = must(CHECK, "supersede", first.supersede_transfer(channel, newer).await)?;
    wanted.push((Some(receipt), updated(one, 5, 31, nothing)));

    let receipt = must(CHECK, "reveal", first.register_secret(secret.clone()).await)?;
    let hashlock = hashlock(&secret);
    let revealed = ChainEvent::SecretRevealed { secret: secret.clone(), hashlock };
    wanted.push((Some(receipt), revealed));
    must(CHECK, "reveal again", second.register_secret(secret.clone()).await)?;

    let claim = Claim { lock, secret: secret.clone(), proof: Vec::new() };
    let unlock = first.unlock(channel, two, units(8), pending, vec![claim]).await;
    let unlocked = ChainEvent::ChannelUnlocked {
        channel,
        payer: two,
        secret,
        amount: units(5),
        transferred: units(13),
        locksroot: spent,
    };
    wanted.push((Some(must(CHECK, "unlock", unlock)?), unlocked));

    let passed = harness.head().await.number.since(closed_at);
    harness.mine(WINDOW.0.saturating_sub(passed.0)).await;
    let stored = [(units(31), nothing), (units(13), spent)];
    let receipt = must(CHECK, "settle", second.settle(channel, stored).await)?;
    let payouts = [units(111 - 31 + 13), units(40 + 31 - 13)];
    wanted
        .push((Some(receipt), ChainEvent::ChannelSettled { channel, payouts, cooperative: false }));

    let mut history = History::default();
    history.read_to(CHECK, &mut source, harness.head().await).await?;
    same(CHECK, "rollbacks", history.rollbacks.len(), 0)?;
    compare(CHECK, &history, &wanted)?;
    for (account, contracts) in [(0, first), (1, second)] {
        let before = harness.tokens_each().try_sub(units([111, 40][account]));
        let after = before.ok().and_then(|rest| rest.try_add(payouts[account]).ok());
        let balance = contracts.token_balance(token, contracts.account()).await;
        same(CHECK, "balance", Some(must(CHECK, "balance", balance)?), after)?;
    }
    Ok(())
}

fn compare(
    check: &'static str,
    history: &History,
    wanted: &[(Option<Receipt>, ChainEvent)],
) -> Result<(), Breach> {
    let seen = history.blocks.iter().flat_map(|block| {
        block.events.iter().map(|logged| (block.at.number, logged.transaction, &logged.event))
    });
    let seen: Vec<_> = seen.collect();
    same(check, "number of events", seen.len(), wanted.len())?;
    for ((block, transaction, event), (receipt, wanted)) in seen.into_iter().zip(wanted) {
        same(check, "event", event, wanted)?;
        if let Some(receipt) = receipt {
            same(check, "block of the receipt", receipt.block, block)?;
            same(check, "transaction of the receipt", receipt.transaction, transaction)?;
        }
    }
    Ok(())
}

/// Expects a refusal.
fn refused<T: std::fmt::Debug>(
    step: &str,
    result: Result<T, TransactionError>,
    wanted: impl Fn(&Refusal) -> bool,
) -> Result<(), Breach> {
    match result {
        Err(TransactionError::Refused(refusal)) if wanted(&refusal) => Ok(()),
        other => Err(breach("refusals are typed", format!("{step}: {other:?}"))),
    }
}

/// Goal: each refusal that callers react to has its own type, and changes nothing. Method: provoke
/// each.
pub(super) async fn refusals_are_typed<H: Harness>(harness: &H) -> Result<(), Breach> {
    const CHECK: &str = "refusals are typed";
    let parties = Parties::of(harness);
    let Parties { first, second, token } = parties;
    let opening = parties.opening(0);

    let no_token = TokenAddress::new([0x77; 20]);
    refused("no token", first.register_token(no_token).await, |r| *r == Refusal::NotAToken)?;
    refused("unknown token", first.open_channel(opening).await, |r| *r == Refusal::UnknownToken)?;
    must(CHECK, "register", first.register_token(token).await)?;
    refused("twice", second.register_token(token).await, |r| {
        *r == Refusal::TokenAlreadyRegistered
    })?;

    let with_oneself = OpenChannel { partner: first.account(), ..opening };
    refused("oneself", first.open_channel(with_oneself).await, |r| *r == Refusal::SamePartner)?;
    let hasty = OpenChannel { settle_timeout: BlockSpan(1), ..opening };
    refused("timeout", first.open_channel(hasty).await, |r| {
        matches!(r, Refusal::InvalidSettleTimeout { min: 6, max: 2_700_000 })
    })?;
    let all = harness.tokens_each();
    let needed = all.try_add(units(1)).unwrap_or(all);
    let too_much = Refusal::InsufficientTokens { available: all, needed };
    let rich = OpenChannel { deposit: needed, ..opening };
    refused("rich opening", first.open_channel(rich).await, |r| *r == too_much)?;

    let channel = must(CHECK, "open", first.open_channel(opening).await)?.channel;
    refused(
        "exists",
        second.open_channel(OpenChannel { partner: first.account(), ..opening }).await,
        |r| *r == Refusal::ChannelExists(channel),
    )?;
    refused("rich deposit", first.deposit(token, channel, needed).await, |r| *r == too_much)?;
    refused("no deposit", first.deposit(token, channel, units(0)).await, |r| {
        *r == Refusal::NothingToDeposit
    })?;
    refused("rich transfer", first.transfer_tokens(token, second.account(), needed).await, |r| {
        *r == too_much
    })?;
    let nothing = [(units(0), LocksRoot::default()); 2];
    refused("settle open", first.settle(channel, nothing).await, |r| {
        *r == Refusal::ChannelNotClosed
    })?;
    refused_when_closed(harness, &parties, channel).await?;
    let unmined = first.unmined().await.ok().map(|unmined| unmined.count);
    same(CHECK, "unmined transactions", unmined, Some(0))?;
    same(CHECK, "balance", first.token_balance(token, first.account()).await.ok(), Some(all))
}

/// The refusals of a closed and of a settled channel.
async fn refused_when_closed<H: Harness>(
    harness: &H,
    parties: &Parties<'_>,
    channel: ChannelAddress,
) -> Result<(), Breach> {
    const CHECK: &str = "refusals are typed";
    let Parties { first, second, token } = *parties;
    let receipt = must(CHECK, "close", first.close(channel, None).await)?;
    let until = receipt.block.after(WINDOW);
    refused("close twice", second.close(channel, None).await, |r| *r == Refusal::ChannelNotOpen)?;
    refused("deposit", first.deposit(token, channel, units(1)).await, |r| {
        *r == Refusal::ChannelNotOpen
    })?;
    let sign = |nonce| {
        let unsigned = proof(nonce, 0, LocksRoot::default());
        harness.sign(Account::First, channel, Statement::BalanceProof, unsigned)
    };
    must(CHECK, "update", second.update_transfer(channel, sign(2)).await)?;
    refused("stale", second.update_transfer(channel, sign(2)).await, |r| {
        *r == Refusal::StaleNonce
    })?;
    let nothing = [(units(0), LocksRoot::default()); 2];
    refused("early", first.settle(channel, nothing).await, |r| {
        *r == Refusal::WindowOpen { until }
    })?;
    let left = until.since(harness.head().await.number);
    harness.mine(left.0).await;
    refused("late", second.update_transfer(channel, sign(3)).await, |r| {
        *r == Refusal::WindowClosed
    })?;
    let wrong = [(units(1), LocksRoot::default()), nothing[1]];
    refused("wrong values", first.settle(channel, wrong).await, |r| *r == Refusal::UnknownProof)?;
    must(CHECK, "settle", first.settle(channel, nothing).await)?;
    refused("settled", first.settle(channel, nothing).await, |r| *r == Refusal::ChannelSettled)
}

/// Goal: calls of one account at the same time all happen, once each. Method: eight at once, two of
/// which need allowances of the same channel.
pub(super) async fn simultaneous_calls_all_happen<H: Harness>(harness: &H) -> Result<(), Breach> {
    const CHECK: &str = "simultaneous calls all happen";
    let parties = Parties::of(harness);
    let Parties { first, token, .. } = parties;
    must(CHECK, "register", first.register_token(token).await)?;
    let channel = must(CHECK, "open", first.open_channel(parties.opening(1)).await)?.channel;
    let reveal = |byte| first.register_secret(Secret::new([byte; 32]));
    let deposit = |amount| first.deposit(token, channel, units(amount));
    let results = tokio::join!(
        reveal(1),
        deposit(20),
        reveal(2),
        reveal(3),
        deposit(300),
        reveal(4),
        first.register_endpoint("127.0.0.1:1".to_owned()),
        reveal(5),
    );
    let (a, b, c, d, e, f, g, h) = results;
    let mut transactions = Vec::new();
    for result in [a, b, c, d, e, f, g, h] {
        transactions.push(must(CHECK, "call", result)?.transaction);
    }
    transactions.sort_unstable();
    transactions.dedup();
    same(CHECK, "transactions", transactions.len(), 8)?;

    let mut history = History::default();
    let mut source = harness.source(SourceStart::Fresh, BlockSpan(0));
    history.read_to(CHECK, &mut source, harness.head().await).await?;
    same(CHECK, "events", history.events().len(), 1 + 2 + 8)?;
    let total = history.events().into_iter().filter_map(|event| match event {
        ChainEvent::ChannelNewBalance { total_deposit, .. } => Some(total_deposit),
        ChainEvent::TokenAdded { .. }
        | ChainEvent::ChannelNew { .. }
        | ChainEvent::ChannelWithdraw { .. }
        | ChainEvent::ChannelClosed { .. }
        | ChainEvent::TransferUpdated { .. }
        | ChainEvent::ChannelUnlocked { .. }
        | ChainEvent::ChannelSettled { .. }
        | ChainEvent::SecretRevealed { .. }
        | ChainEvent::EndpointRegistered { .. } => None,
    });
    same(CHECK, "deposits", total.max(), Some(units(321)))
}
