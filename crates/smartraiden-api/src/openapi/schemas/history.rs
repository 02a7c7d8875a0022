//! What payments, transfers under way and the node's connections look like.

use super::{address, amount, described, number, object, reference, text, whole};
use serde_json::{Value, json};

fn words(words: &[&str], description: &str) -> Value {
    json!({ "type": "string", "enum": words, "description": description })
}

fn maybe(schema: Value, description: &str) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }], "description": description })
}

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let status = whole(&[
        ("state", words(&["pending", "succeeded", "failed"], "How far it is.")),
        ("reason", maybe(text(""), "Why it failed.")),
        ("initiator_address", address("This node.")),
        ("target_address", address("Who is paid.")),
        ("token_address", address("In which token.")),
        ("amount", amount("What the target receives.")),
        ("identifier", number("The payment's number.")),
        ("fee", amount("The most to add for mediators.")),
        ("is_direct", json!({ "type": "boolean" })),
    ]);
    let version =
        whole(&[("version", text("The daemon's.")), ("api_version", number("That of the paths."))]);
    vec![
        ("Payment", payment()),
        ("PaymentStatus", status),
        ("PendingTransfer", pending()),
        ("SentTransfer", old("to_address", "Who was paid.")),
        ("ReceivedTransfer", old("from_address", "Who paid.")),
        ("Version", version),
        ("EthStatus", eth_status()),
    ]
}

fn payment() -> Value {
    whole(&[
        ("id", number("Its place in the node's journal, and the cursor after it.")),
        ("time", number("When it ended, in Unix seconds; 0 if that was not noted.")),
        ("block_number", number("The newest block then.")),
        ("role", words(&["initiator", "mediator", "target"], "What this node was to it.")),
        ("state", words(&["succeeded", "failed"], "How it ended.")),
        ("reason", maybe(text(""), "Why it failed.")),
        ("token_address", address("In which token.")),
        ("initiator_address", address("Who paid.")),
        ("target_address", address("Who was paid.")),
        ("identifier", number("The payer's number for it.")),
        ("amount", amount("What the target received, or a mediator passed on.")),
        ("fee", amount("The initiator's bound; what a mediator kept; 0 for the target.")),
        ("incoming_channel", maybe(reference("Address"), "The channel it came through.")),
        ("outgoing_channel", maybe(reference("Address"), "The channel it left through.")),
    ])
}

fn pending() -> Value {
    let lock = whole(&[
        ("direction", words(&["incoming", "outgoing"], "Towards this node, or from it.")),
        ("channel_address", address("The channel that holds it.")),
        ("amount", amount("What it holds.")),
        ("expiration", number("The last block in which it can be claimed.")),
        ("hashlock", described("Hash", "Its hash.")),
    ]);
    let states = words(
        &["sent", "locked", "revealed", "cancelling"],
        "sent: directly, not acknowledged; locked; revealed: its secret is out, and it is being \
         paid; cancelling: the next hop gave it up.",
    );
    whole(&[
        ("role", words(&["initiator", "mediator", "target"], "What this node is to it.")),
        ("state", states),
        ("token_address", address("In which token.")),
        ("initiator_address", address("Who pays.")),
        ("target_address", address("Who is paid.")),
        ("identifier", number("The payer's number for it.")),
        ("amount", amount("What the target shall receive.")),
        ("fee", amount("The most that is left for mediators from this node on.")),
        ("locks", json!({ "type": "array", "items": lock })),
    ])
}

fn old(other: &str, who: &str) -> Value {
    whole(&[
        ("Key", text("The channel and the nonce, with a hyphen between.")),
        ("block_number", number("The newest block then.")),
        ("channel_address", address("The channel.")),
        (other, address(who)),
        ("token_address", address("In which token.")),
        ("nonce", number("Counts the proofs of the channel's payer.")),
        ("amount", amount("What arrived.")),
    ])
}

fn eth_status() -> Value {
    let status =
        |description| json!({ "type": "integer", "enum": [0, 1], "description": description });
    object(
        &["XMPPStatus", "EthStatus", "LastBlockTime", "block_number", "synced", "peers", "mesh"],
        &[
            ("XMPPStatus", status("1 if a peer is connected.")),
            ("EthStatus", status("1 if the chain's server answers.")),
            (
                "LastBlockTime",
                text("When the newest block was processed: MM-DD|hh:mm:ss.mmm, UTC."),
            ),
            ("block_number", number("The newest block that was processed.")),
            ("synced", json!({ "type": "boolean" })),
            ("peers", number("Peers with a live connection.")),
            ("mesh", json!({ "type": "boolean", "description": "Only direct transfers." })),
        ],
    )
}
