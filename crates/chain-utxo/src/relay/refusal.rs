//! What nodes mean when they do not take a transaction.

use crate::MalformedTransaction;
use std::error::Error;
use tally_chain::utxo::{BroadcastError, Rejection};

/// The node's codes. Source: `rpc/protocol.h` of Bitcoin Core.
const RPC_DESERIALIZATION_ERROR: i64 = -22;
const RPC_VERIFY_ERROR: i64 = -25;
const RPC_VERIFY_REJECTED: i64 = -26;
const RPC_VERIFY_ALREADY_IN_UTXO_SET: i64 = -27;

/// How much of a node's words is passed on.
const REASON_CHARS_MAX: usize = 300;

/// What a node's refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has the transaction already.
    Known,
    /// It does not want it.
    Refused(Rejection),
    /// It said nothing about the transaction.
    Unrelated,
}

/// Words of nodes, old and new, and what they mean. The first that is found counts.
const WORDS: &[(&str, Verdict)] = &[
    ("already in block chain", Verdict::Known),
    ("already in utxo set", Verdict::Known),
    ("txn-already-in-mempool", Verdict::Known),
    ("txn-already-known", Verdict::Known),
    ("txn-same-nonwitness-data-in-mempool", Verdict::Known),
    ("missingorspent", Verdict::Refused(Rejection::InputsMissing)),
    ("missing inputs", Verdict::Refused(Rejection::InputsMissing)),
    ("missing-inputs", Verdict::Refused(Rejection::InputsMissing)),
    ("txn-mempool-conflict", Verdict::Refused(Rejection::Conflict)),
    ("insufficient fee", Verdict::Refused(Rejection::Conflict)),
    ("replacement", Verdict::Refused(Rejection::Conflict)),
    ("spends-conflicting-tx", Verdict::Refused(Rejection::Conflict)),
    ("min relay fee not met", Verdict::Refused(Rejection::FeeTooLow)),
    ("mempool min fee not met", Verdict::Refused(Rejection::FeeTooLow)),
    ("mempool full", Verdict::Refused(Rejection::FeeTooLow)),
    ("insufficient priority", Verdict::Refused(Rejection::FeeTooLow)),
    ("bad-txns", Verdict::Refused(Rejection::Invalid)),
    ("script-verify-flag", Verdict::Refused(Rejection::Invalid)),
    // Not the fee's fault, but as passing: too many others of its family wait.
    ("too-long-mempool-chain", Verdict::Refused(Rejection::FeeTooLow)),
    ("non-final", Verdict::Refused(Rejection::FeeTooLow)),
    ("non-bip68-final", Verdict::Refused(Rejection::FeeTooLow)),
];

/// Judges a node's refusal to take a transaction; `code` is `None` where only words came.
pub(crate) fn judge(code: Option<i64>, message: &str) -> Verdict {
    let concerns = matches!(
        code,
        None | Some(
            RPC_DESERIALIZATION_ERROR
                | RPC_VERIFY_ERROR
                | RPC_VERIFY_REJECTED
                | RPC_VERIFY_ALREADY_IN_UTXO_SET
        )
    );
    if code == Some(RPC_VERIFY_ALREADY_IN_UTXO_SET) {
        return Verdict::Known;
    }
    if !concerns {
        return Verdict::Unrelated;
    }
    let message = message.to_ascii_lowercase();
    let known =
        WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, verdict)| *verdict);
    match (known, code) {
        (Some(verdict), _) => verdict,
        (None, Some(_)) => Verdict::Refused(Rejection::Invalid),
        // Whoever is in between may say anything, and about anything.
        (None, None) => Verdict::Unrelated,
    }
}

/// Passes a refusal on, with as much of the words as fits a line.
pub(crate) fn rejected(kind: Rejection, message: &str) -> BroadcastError {
    let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
    let reason = message.trim().chars().map(printable).take(REASON_CHARS_MAX).collect();
    BroadcastError::Rejected { kind, reason }
}

/// What nobody need be asked about.
pub(crate) fn malformed(error: &MalformedTransaction) -> BroadcastError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    rejected(Rejection::Invalid, &format!("{error}{cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each answer of nodes, of Bitcoin today and of the older ones that Freecash descends
    /// from, means what it should.
    #[test]
    fn words_of_nodes_are_understood() {
        let refused = Verdict::Refused;
        for (code, message, verdict) in [
            (-27, "Transaction outputs already in utxo set", Verdict::Known),
            (-27, "transaction already in block chain", Verdict::Known),
            (-26, "txn-already-known", Verdict::Known),
            (-25, "bad-txns-inputs-missingorspent", refused(Rejection::InputsMissing)),
            (-25, "Missing inputs", refused(Rejection::InputsMissing)),
            (-26, "txn-mempool-conflict", refused(Rejection::Conflict)),
            (
                -26,
                "insufficient fee, rejecting replacement ab; new feerate 0.1 BTC/kvB <= old",
                refused(Rejection::Conflict),
            ),
            (-26, "min relay fee not met, 0 < 110", refused(Rejection::FeeTooLow)),
            (-26, "64: dust", refused(Rejection::Invalid)),
            (
                -26,
                "mandatory-script-verify-flag-failed (Signature must be zero)",
                refused(Rejection::Invalid),
            ),
            (-25, "Fee exceeds maximum configured by user", refused(Rejection::Invalid)),
            (
                -22,
                "TX decode failed. Make sure the tx has at least one input.",
                refused(Rejection::Invalid),
            ),
            (-28, "Loading block index...", Verdict::Unrelated),
            (-32_601, "Method not found", Verdict::Unrelated),
        ] {
            assert_eq!(judge(Some(code), message), verdict, "{code} {message}");
        }
        assert_eq!(judge(None, "min relay fee not met"), refused(Rejection::FeeTooLow));
        assert_eq!(judge(None, "bad-txns-in-belowout"), refused(Rejection::Invalid));
        for words in ["no idea", "<html>400 Bad Request</html>", ""] {
            assert_eq!(judge(None, words), Verdict::Unrelated, "{words}");
        }
    }

    #[test]
    fn words_are_cut_and_kept_to_one_line() {
        let long = format!("\n{}\u{7}x", "a\n".repeat(400));
        let BroadcastError::Rejected { reason, .. } = rejected(Rejection::Invalid, &long) else {
            panic!("it is a refusal");
        };
        assert_eq!(reason.chars().count(), REASON_CHARS_MAX);
        assert!(!reason.contains(char::is_control));
    }
}
