use super::{
    EsploraError, EsploraSettings,
    client::{Client, Sent, doubtful},
    sought::Told,
};
use crate::{
    BLOCK_BYTES_MAX, decode_transaction,
    relay::{Offload, Verdict, judge, malformed, rejected},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tally_chain::{
    ChainError,
    utxo::{BoxFuture, BroadcastError, FeeRate, Rejection, Relay, Transaction, Watched},
};
use tally_primitives::{BlockId, BlockNumber, Txid};

/// The longest table of estimates that is read; they have some 30 rows.
const ESTIMATES_BYTES_MAX: u64 = 65_536;
/// No estimate is believed above this, in satoshi for a virtual byte: a thousandth of a coin.
const ESTIMATE_MAX: f64 = 100_000.0;

/// The way into the network through an Esplora server.
///
/// Must be used within a runtime of tokio, on whose threads for blocking calls the server is asked.
/// At most [`EsploraSettings::requests`] calls are under way at once.
///
/// What waits for a block is asked for script by script, a few of them each time: what pays to many
/// scripts is told late, and what got into a block meanwhile is still told for a while. What spends
/// an output is found only if the output's script is watched too.
#[derive(Debug)]
pub struct EsploraRelay {
    server: Offload<Server>,
}

#[derive(Debug)]
struct Server {
    client: Client,
    told: Mutex<Told>,
    scripts_per_look: usize,
}

impl EsploraRelay {
    /// Makes a relay; the server need not be reachable yet.
    ///
    /// # Errors
    ///
    /// [`EsploraError::Url`] if the address is none that can be asked.
    pub fn new(settings: &EsploraSettings) -> Result<Self, EsploraError> {
        let server = Server {
            client: Client::new(settings)?,
            told: Mutex::default(),
            scripts_per_look: settings.scripts_per_look.max(1),
        };
        Ok(Self { server: Offload::new(server, settings.requests) })
    }
}

impl Relay for EsploraRelay {
    fn broadcast(&self, raw: Vec<u8>) -> BoxFuture<'_, Result<Txid, BroadcastError>> {
        Box::pin(async move {
            let txid = decode_transaction(&raw).map_err(|error| malformed(&error))?.txid;
            let sent = self.server.run(move |server| Ok(server.send(txid, &raw))).await;
            sent.unwrap_or_else(|error| Err(BroadcastError::Unavailable(error)))
        })
    }

    fn fee_rate(&self, blocks: u16) -> BoxFuture<'_, Result<Option<FeeRate>, ChainError>> {
        Box::pin(self.server.run(move |server| {
            let estimates: Option<BTreeMap<String, f64>> =
                server.client.json("/fee-estimates", ESTIMATES_BYTES_MAX)?;
            Ok(estimates.and_then(|estimates| chosen(&estimates, blocks)))
        }))
    }

    fn unconfirmed<'a>(
        &'a self,
        watched: &'a Watched,
    ) -> BoxFuture<'a, Result<Vec<Transaction>, ChainError>> {
        let watched = watched.clone();
        Box::pin(self.server.run(move |server| {
            let mut told = server.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.look(&server.client, &watched, server.scripts_per_look)
        }))
    }

    fn transaction(&self, txid: Txid) -> BoxFuture<'_, Result<Option<Transaction>, ChainError>> {
        Box::pin(self.server.run(move |server| server.transaction(txid)))
    }

    fn recent(&self, count: u16) -> BoxFuture<'_, Result<Vec<(BlockNumber, BlockId)>, ChainError>> {
        Box::pin(self.server.run(move |server| {
            let newest = server.client.height()?.0;
            let heights = (0..=newest).rev().take(usize::from(count)).map(BlockNumber);
            // A height that is gone meanwhile was undone: it is not recent any more.
            let known = |height| Ok(server.client.block_id(height)?.map(|id| (height, id)));
            heights.filter_map(|height| known(height).transpose()).collect()
        }))
    }
}

impl Server {
    fn send(&self, txid: Txid, raw: &[u8]) -> Result<Txid, BroadcastError> {
        let words = match self.client.send(raw).map_err(BroadcastError::Unavailable)? {
            Sent::Taken(taken) if taken == txid => return Ok(txid),
            Sent::Taken(found) => {
                let error = doubtful(EsploraError::AnotherTransaction { txid, found });
                return Err(BroadcastError::Unavailable(error));
            }
            Sent::Refused(words) => words,
        };
        let (code, message) = node_words(&words);
        match judge(code, &message) {
            Verdict::Known => Ok(txid),
            // What it spends is gone, maybe because it is in a block itself.
            Verdict::Refused(Rejection::InputsMissing) if self.knows(txid)? => Ok(txid),
            Verdict::Refused(kind) => Err(rejected(kind, &message)),
            Verdict::Unrelated => {
                let status = EsploraError::Answer(format!("/tx ({message})"));
                Err(BroadcastError::Unavailable(doubtful(status)))
            }
        }
    }

    fn knows(&self, txid: Txid) -> Result<bool, BroadcastError> {
        let known = self.transaction(txid).map_err(BroadcastError::Unavailable)?;
        Ok(known.is_some())
    }

    fn transaction(&self, txid: Txid) -> Result<Option<Transaction>, ChainError> {
        let path = format!("/tx/{txid}/raw");
        let Some(raw) = self.client.get(&path, BLOCK_BYTES_MAX as u64)? else { return Ok(None) };
        let transaction = decode_transaction(&raw)
            .map_err(|source| doubtful(EsploraError::Transaction { txid, source }))?;
        let found = transaction.txid;
        if found == txid {
            Ok(Some(transaction))
        } else {
            Err(doubtful(EsploraError::AnotherTransaction { txid, found }))
        }
    }
}

/// Finds what the server's node said in what the server says:
/// `sendrawtransaction RPC error: {"code":-26,"message":"…"}`.
fn node_words(text: &str) -> (Option<i64>, String) {
    #[derive(Deserialize)]
    struct Said {
        code: i64,
        message: String,
    }
    let said = text.find('{').and_then(|begin| text.get(begin..));
    let said = said.and_then(|said| serde_json::Deserializer::from_str(said).into_iter().next());
    match said {
        Some(Ok(Said { code, message })) => (Some(code), message),
        Some(Err(_)) | None => (None, text.to_owned()),
    }
}

/// Chooses the estimate for the longest span that is not longer than `blocks`, or the shortest.
fn chosen(estimates: &BTreeMap<String, f64>, blocks: u16) -> Option<FeeRate> {
    let rows: BTreeMap<u16, f64> = estimates
        .iter()
        .filter_map(|(span, rate)| Some((span.parse().ok()?, *rate)))
        .filter(|(_, rate)| *rate > 0.0 && *rate <= ESTIMATE_MAX)
        .collect();
    let row = rows.range(..=blocks).next_back().or_else(|| rows.first_key_value());
    row.map(|(_, rate)| FeeRate::per_kvb((rate * 1_000.0).ceil() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_chosen_by_their_span() {
        let read = |text| serde_json::from_str::<BTreeMap<String, f64>>(text).unwrap();
        let estimates = read(r#"{"2":20.5,"6":3.0001,"144":1,"x":7,"1008":-1}"#);
        for (blocks, rate) in [(1, 20_500), (2, 20_500), (5, 20_500), (6, 3_001), (2_000, 1_000)] {
            assert_eq!(chosen(&estimates, blocks), Some(FeeRate::per_kvb(rate)), "{blocks}");
        }
        assert_eq!(chosen(&read(r#"{"6":1e12}"#), 6), None);
        assert_eq!(chosen(&read("{}"), 6), None);
    }

    #[test]
    fn the_words_of_the_node_are_found() {
        let text = r#"sendrawtransaction RPC error: {"code":-26,"message":"dust"} "#;
        assert_eq!(node_words(text), (Some(-26), "dust".to_owned()));
        for text in ["Invalid hex string", "{", r#"{"code":"x"}"#] {
            assert_eq!(node_words(text), (None, text.to_owned()));
        }
    }
}
