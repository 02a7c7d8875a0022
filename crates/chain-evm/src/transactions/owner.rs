use super::{Order, TransactionSettings, fees::Fees, insufficient_gas, submission::Submission};
use crate::rpc::{
    Endpoint, HeadHints, RpcFailure,
    calls::{At, MinedReceipt},
};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Bytes, TxKind, U256};
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};
use tally_chain::{ChainError, TransactionError};
use tally_crypto::SecretKey;
use tally_primitives::{ChainId, TransactionHash};
use tokio::sync::{mpsc, oneshot};

/// Transactions in flight at a time: what go-ethereum guarantees to hold of one account.
const IN_FLIGHT_MAX: usize = 16;

/// How often a transaction is tried with other nonces or fees before its caller hears of it.
const ATTEMPTS_MAX: u32 = 8;

/// Mined transactions kept for sending again, should a reorganisation lose one that later ones
/// wait for.
const KEPT_MAX: usize = 64;

/// How long no receipt may be found for a nonce that is used up, before another transaction is
/// taken to have used it. Servers behind a balancer lag a few seconds behind each other.
const LOST_AFTER: Duration = Duration::from_secs(15);

/// How long to wait before asking again for a nonce that a server got wrong.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A plain transfer's gas.
const TRANSFER_GAS: u64 = 21_000;

/// A transaction to send, and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) order: Order,
    pub(crate) reply: oneshot::Sender<Result<MinedReceipt, TransactionError>>,
}

/// The one owner of an account's nonces.
#[derive(Debug)]
pub(crate) struct Owner {
    endpoint: Endpoint,
    key: SecretKey,
    chain_id: ChainId,
    settings: TransactionSettings,
    jobs: mpsc::Receiver<Job>,
    hints: HeadHints,
    /// The nonce after the last one given out; `None` until the chain was asked.
    next_nonce: Option<u64>,
    in_flight: BTreeMap<u64, InFlight>,
    /// Mined transactions, oldest first.
    kept: VecDeque<(u64, Bytes)>,
}

#[derive(Debug)]
struct InFlight {
    order: Order,
    /// All versions that were ever sent with this nonce, newest last; any may be mined.
    versions: Vec<Version>,
    since: Instant,
    version_since: Instant,
    used_up_since: Option<Instant>,
    /// Taken when the caller has been told.
    reply: Option<oneshot::Sender<Result<MinedReceipt, TransactionError>>>,
}

#[derive(Debug, Clone)]
struct Version {
    hash: B256,
    raw: Bytes,
    fees: Fees,
}

impl InFlight {
    fn newest(&self) -> &Version {
        self.versions.last().expect("a transaction in flight has been signed")
    }

    fn answer(&mut self, result: Result<MinedReceipt, TransactionError>) {
        if let Some(reply) = self.reply.take() {
            // The caller may have gone.
            let _ = reply.send(result);
        }
    }
}

impl Owner {
    pub(crate) fn new(
        endpoint: Endpoint,
        key: SecretKey,
        chain_id: ChainId,
        settings: TransactionSettings,
        jobs: mpsc::Receiver<Job>,
    ) -> Self {
        let hints = HeadHints::start(&endpoint);
        Self {
            endpoint,
            key,
            chain_id,
            settings,
            jobs,
            hints,
            next_nonce: None,
            in_flight: BTreeMap::new(),
            kept: VecDeque::new(),
        }
    }

    /// Sends what callers order and looks after what is in flight, until all callers are gone.
    pub(crate) async fn run(mut self) {
        loop {
            tokio::select! {
                job = self.jobs.recv(), if self.in_flight.len() < IN_FLIGHT_MAX => {
                    let Some(job) = job else { return };
                    self.take(job).await;
                }
                () = self.hints.wait(self.settings.poll), if !self.in_flight.is_empty() => {}
            }
            if let Err(failure) = self.check().await {
                tracing::debug!(error = %failure, "could not look after transactions");
            }
        }
    }

    async fn take(&mut self, job: Job) {
        match self.send(&job.order).await {
            Ok((nonce, version)) => {
                let now = Instant::now();
                let in_flight = InFlight {
                    order: job.order,
                    versions: vec![version],
                    since: now,
                    version_since: now,
                    used_up_since: None,
                    reply: Some(job.reply),
                };
                self.in_flight.insert(nonce, in_flight);
                self.next_nonce = Some(nonce + 1);
            }
            Err(error) => {
                let _ = job.reply.send(Err(error));
            }
        }
    }

    /// Sends an order with the next nonce.
    async fn send(&mut self, order: &Order) -> Result<(u64, Version), TransactionError> {
        let transient = |failure: RpcFailure| failure.during("sending a transaction");
        let mut fees = Fees::estimate(&self.endpoint).await.map_err(transient)?;
        for _ in 0..ATTEMPTS_MAX {
            let nonce = self.nonce().await.map_err(transient)?;
            let version = self.sign(order, nonce, fees);
            let result = self.endpoint.send_raw(&version.raw).await;
            match Submission::of(&result) {
                Submission::Accepted | Submission::Unclear => {
                    tracing::debug!(nonce, transaction = %version.hash, "transaction sent");
                    return Ok((nonce, version));
                }
                Submission::NonceTaken => {
                    self.next_nonce = Some(nonce + 1);
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Submission::Underpriced => fees = fees.bumped(fees),
                Submission::Unpayable => {
                    return Err(insufficient_gas(&self.endpoint, self.key.address()).await);
                }
                Submission::Rejected => {
                    let operation = "sending a transaction";
                    let source = match result {
                        Err(failure) => failure.into(),
                        Ok(_) => "an answer was misread".into(),
                    };
                    return Err(ChainError::Permanent { operation, source }.into());
                }
            }
        }
        let source = "the server accepts no nonce or fee of this account".into();
        Err(ChainError::Transient { operation: "sending a transaction", source }.into())
    }

    /// Returns the nonce for the next transaction.
    ///
    /// With nothing in flight the chain decides, because a reorganisation may have given nonces
    /// back; otherwise the count goes on.
    async fn nonce(&mut self) -> Result<u64, RpcFailure> {
        if self.next_nonce.is_none() {
            self.clear_leftovers().await?;
        }
        match self.next_nonce {
            Some(nonce) if !self.in_flight.is_empty() => Ok(nonce),
            _ => self.count(At::Pending).await,
        }
    }

    async fn count(&self, at: At) -> Result<u64, RpcFailure> {
        self.endpoint.transaction_count(self.key.address().0, at).await
    }

    /// Waits for transactions of an earlier run that are still not mined, and cancels those that
    /// are stuck: their calls are unknown here, so nobody could raise their fees.
    async fn clear_leftovers(&mut self) -> Result<(), RpcFailure> {
        let deadline = Instant::now() + self.settings.stuck_after;
        let (mut mined, mut pending) = self.counts().await?;
        while mined < pending && Instant::now() < deadline {
            self.hints.wait(self.settings.poll).await;
            (mined, pending) = self.counts().await?;
        }
        if mined < pending {
            tracing::info!(count = pending - mined, "cancelling transactions of an earlier run");
            let mut fees = Fees::estimate(&self.endpoint).await?;
            for nonce in mined..pending {
                fees = self.cancel(nonce, fees).await?;
            }
        }
        self.next_nonce = Some(pending);
        Ok(())
    }

    async fn counts(&self) -> Result<(u64, u64), RpcFailure> {
        Ok((self.count(At::Latest).await?, self.count(At::Pending).await?))
    }

    /// Replaces whatever waits with this nonce by a transfer of nothing; returns the fees it took.
    async fn cancel(&self, nonce: u64, mut fees: Fees) -> Result<Fees, RpcFailure> {
        let to = Some(self.key.address().0);
        let order = Order { to, data: Bytes::new(), gas_limit: TRANSFER_GAS };
        for _ in 0..4 * ATTEMPTS_MAX {
            let version = self.sign(&order, nonce, fees);
            let result = self.endpoint.send_raw(&version.raw).await;
            match Submission::of(&result) {
                Submission::Underpriced => fees = fees.bumped(fees),
                Submission::Accepted | Submission::NonceTaken => break,
                Submission::Unclear | Submission::Unpayable | Submission::Rejected => {
                    result?;
                }
            }
        }
        Ok(fees)
    }

    /// Looks what became of the transactions in flight.
    async fn check(&mut self) -> Result<(), RpcFailure> {
        if self.in_flight.is_empty() {
            return Ok(());
        }
        let mined = self.count(At::Latest).await?;
        let used_up: Vec<u64> = self.in_flight.range(..mined).map(|(nonce, _)| *nonce).collect();
        for nonce in used_up {
            self.resolve(nonce).await?;
        }
        self.give_up_late();
        let stuck_after = self.settings.stuck_after;
        let Some((lowest, first)) = self.in_flight.first_key_value() else { return Ok(()) };
        let lowest = *lowest;
        if lowest >= mined && first.version_since.elapsed() > stuck_after {
            self.send_kept(mined, lowest).await;
            self.send_again().await;
            if lowest == mined {
                self.replace(lowest).await?;
            }
        }
        Ok(())
    }

    /// Finds the receipt for a nonce that is used up.
    async fn resolve(&mut self, nonce: u64) -> Result<(), RpcFailure> {
        let Some(in_flight) = self.in_flight.get(&nonce) else { return Ok(()) };
        for version in in_flight.versions.iter().rev() {
            if let Some(receipt) = self.endpoint.receipt(version.hash).await? {
                let raw = version.raw.clone();
                self.keep(nonce, raw);
                if let Some(mut in_flight) = self.in_flight.remove(&nonce) {
                    in_flight.answer(Ok(receipt));
                }
                return Ok(());
            }
        }
        let Some(in_flight) = self.in_flight.get_mut(&nonce) else { return Ok(()) };
        let used_up_since = *in_flight.used_up_since.get_or_insert_with(Instant::now);
        if used_up_since.elapsed() > LOST_AFTER {
            let source = "another transaction of the account took its nonce".into();
            let operation = "sending a transaction";
            in_flight.answer(Err(ChainError::Transient { operation, source }.into()));
            self.in_flight.remove(&nonce);
        }
        Ok(())
    }

    fn keep(&mut self, nonce: u64, raw: Bytes) {
        self.kept.push_back((nonce, raw));
        if self.kept.len() > KEPT_MAX {
            self.kept.pop_front();
        }
    }

    /// Tells the callers of transactions that take too long; the nonces stay looked after.
    fn give_up_late(&mut self) {
        for in_flight in self.in_flight.values_mut() {
            if in_flight.since.elapsed() > self.settings.give_up_after {
                let transaction = TransactionHash(in_flight.newest().hash);
                in_flight.answer(Err(TransactionError::TimedOut { transaction }));
            }
        }
    }

    /// Sends mined transactions again that a reorganisation may have lost: later ones wait for them.
    async fn send_kept(&self, mined: u64, lowest: u64) {
        for (_, raw) in self.kept.iter().filter(|(nonce, _)| (mined..lowest).contains(nonce)) {
            // A server that has it says so; one that will not have it changes nothing.
            let _ = self.endpoint.send_raw(raw).await;
        }
    }

    /// Sends everything in flight again, in case a server lost it.
    async fn send_again(&self) {
        for in_flight in self.in_flight.values() {
            let _ = self.endpoint.send_raw(&in_flight.newest().raw).await;
        }
    }

    /// Replaces a stuck transaction by one that pays more.
    async fn replace(&mut self, nonce: u64) -> Result<(), RpcFailure> {
        let current = Fees::estimate(&self.endpoint).await?;
        let Some(in_flight) = self.in_flight.get(&nonce) else { return Ok(()) };
        let fees = in_flight.newest().fees.bumped(current);
        let version = self.sign(&in_flight.order, nonce, fees);
        let result = self.endpoint.send_raw(&version.raw).await;
        tracing::info!(nonce, transaction = %version.hash, "stuck transaction replaced");
        let Some(in_flight) = self.in_flight.get_mut(&nonce) else { return Ok(()) };
        in_flight.version_since = Instant::now();
        match Submission::of(&result) {
            // Underpriced ones are remembered too, so that the next replacement offers still more.
            Submission::Accepted | Submission::Unclear | Submission::Underpriced => {
                in_flight.versions.push(version);
            }
            Submission::NonceTaken | Submission::Unpayable | Submission::Rejected => {}
        }
        Ok(())
    }

    fn sign(&self, order: &Order, nonce: u64, fees: Fees) -> Version {
        let kind = order.to.map_or(TxKind::Create, TxKind::Call);
        let (value, input, gas_limit) = (U256::ZERO, order.data.clone(), order.gas_limit);
        let chain_id = self.chain_id.0;
        let envelope = match fees {
            Fees::Dynamic { max, tip } => self.signed(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: max,
                max_priority_fee_per_gas: tip,
                to: kind,
                value,
                access_list: Default::default(),
                input,
            }),
            Fees::Legacy { price } => self.signed(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price: price,
                gas_limit,
                to: kind,
                value,
                input,
            }),
        };
        Version { hash: *envelope.tx_hash(), raw: envelope.encoded_2718().into(), fees }
    }

    fn signed<T>(&self, transaction: T) -> TxEnvelope
    where
        T: SignableTransaction<alloy_primitives::Signature>,
        TxEnvelope: From<alloy_consensus::Signed<T>>,
    {
        let signature = self.key.sign_digest(&transaction.signature_hash());
        let signature = alloy_primitives::Signature::from_raw_array(&signature.0)
            .expect("the recovery byte is 27 or 28");
        transaction.into_signed(signature).into()
    }
}
