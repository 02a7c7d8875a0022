use crate::rpc::RpcFailure;

/// What became of a transaction that was handed to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Submission {
    /// The server has it, perhaps from before.
    Accepted,
    /// It may or may not have arrived; handing it over again does no harm.
    Unclear,
    /// Its nonce is taken by a mined transaction.
    NonceTaken,
    /// It pays too little, or too little to replace another of the same nonce.
    Underpriced,
    /// The account cannot pay for its gas.
    Unpayable,
    /// The server will not have it.
    Rejected,
}

/// How servers say it, in lower case: go-ethereum, anvil, Nethermind, Besu, Erigon.
const WORDS: [(&str, Submission); 12] = [
    ("already known", Submission::Accepted),
    ("already imported", Submission::Accepted),
    ("known transaction", Submission::Accepted),
    ("alreadyknown", Submission::Accepted),
    ("nonce too low", Submission::NonceTaken),
    ("nonce is too low", Submission::NonceTaken),
    ("oldnonce", Submission::NonceTaken),
    ("underpriced", Submission::Underpriced),
    ("less than block base fee", Submission::Underpriced),
    ("feetoolow", Submission::Underpriced),
    ("insufficient funds", Submission::Unpayable),
    ("upfront cost exceeds", Submission::Unpayable),
];

/// Codes and words of servers that are only busy.
const BUSY_CODES: [i64; 3] = [-32005, -32603, 429];

impl Submission {
    /// Reads a server's answer to a raw transaction.
    pub(crate) fn of<T>(result: &Result<T, RpcFailure>) -> Self {
        let payload = match result {
            Ok(_) => return Self::Accepted,
            Err(RpcFailure::Refused(payload)) => payload,
            Err(RpcFailure::Transport(_) | RpcFailure::TimedOut(_) | RpcFailure::Malformed(_)) => {
                return Self::Unclear;
            }
        };
        let message = payload.message.to_lowercase();
        if let Some((_, meaning)) = WORDS.iter().find(|(words, _)| message.contains(words)) {
            return *meaning;
        }
        if BUSY_CODES.contains(&payload.code) { Self::Unclear } else { Self::Rejected }
    }
}
