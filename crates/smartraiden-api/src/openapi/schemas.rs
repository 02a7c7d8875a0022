mod history;

use super::{AMOUNT_MAX, reference};
use serde_json::{Map, Value, json};

/// Returns the named schemas.
pub(super) fn all() -> Value {
    let mut all = json!({
        "Address": {
            "type": "string",
            "pattern": "^0[xX][0-9a-fA-F]{40}$",
            "description": "20 bytes; read in any case, written with the EIP-55 checksum.",
        },
        "Amount": {
            "type": "integer",
            "minimum": 0,
            "maximum": AMOUNT_MAX,
            "description": "Base units of the token; bare digits, exact.",
        },
        "PositiveAmount": {
            "type": "integer",
            "minimum": 1,
            "maximum": AMOUNT_MAX,
            "description": "Base units of the token, at least 1; bare digits, exact.",
        },
        "Hash": { "type": "string", "pattern": "^0x[0-9a-f]{64}$" },
        "Number": { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        "Ok": { "type": "string", "const": "ok" },
        "Error": object(&["Error"], &[("Error", text("The field and the reason."))]),
    });
    let all_named = bodies().into_iter().chain(replies()).chain(events()).chain(history::all());
    for (name, schema) in all_named {
        all[name] = schema;
    }
    all
}

/// Makes the schema of an object that has these fields and no others.
fn object(required: &[&str], fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Makes the schema of an object that always has all of these fields.
fn whole(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    object(&names, fields)
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn described(name: &str, description: &str) -> Value {
    let mut schema = reference(name);
    schema["description"] = json!(description);
    schema
}

fn address(description: &str) -> Value {
    described("Address", description)
}

fn amount(description: &str) -> Value {
    described("Amount", description)
}

fn number(description: &str) -> Value {
    described("Number", description)
}

/// Lets a field be `null`, which counts as absent.
fn optional(schema: Value) -> Value {
    let description = schema["description"].clone();
    json!({ "anyOf": [schema, { "type": "null" }], "description": description })
}

fn bodies() -> [(&'static str, Value); 4] {
    [("OpenChannel", open()), ("ChangeChannel", change()), ("Pay", pay()), ("Peer", peer())]
}

fn open() -> Value {
    let settle_timeout =
        number("Blocks of the window after a close; the node's default if absent or 0.");
    object(
        &["partner_address", "token_address"],
        &[
            ("partner_address", address("The other participant.")),
            ("token_address", address("The token it carries; must be registered.")),
            ("balance", optional(amount("The first deposit; none if absent or 0."))),
            ("settle_timeout", optional(settle_timeout)),
            ("state", json!({ "enum": ["", null], "description": "Absent or empty." })),
            ("reveal_timeout", json!({ "description": "Ignored." })),
        ],
    )
}

fn change() -> Value {
    let states = json!({
        "type": ["string", "null"],
        "enum": ["closed", "settled", "", null],
        "description": "What it shall be.",
    });
    let balance = optional(amount("How many tokens more to deposit."));
    let mut change = object(&[], &[("balance", balance), ("state", states)]);
    let deposits = json!({
        "balance": { "type": "integer", "minimum": 1 },
        "state": { "enum": ["", null] },
    });
    let ends = json!({
        "balance": { "enum": [0, null] },
        "state": { "enum": ["closed", "settled"] },
    });
    change["anyOf"] = json!([
        { "required": ["balance"], "properties": deposits },
        { "required": ["state"], "properties": ends },
    ]);
    change
}

fn pay() -> Value {
    let is_direct = json!({ "type": "boolean", "description": "Only the direct channel." });
    object(
        &["amount"],
        &[
            ("amount", described("PositiveAmount", "What the target shall receive; at least 1.")),
            ("identifier", optional(number("The payment's number; drawn if absent or 0."))),
            ("fee", optional(amount("The most to add for mediators; 0 if absent."))),
            ("is_direct", optional(is_direct)),
            ("initiator_address", json!({ "description": "Ignored." })),
            ("target_address", json!({ "description": "Ignored: the path says it." })),
            ("token_address", json!({ "description": "Ignored: the path says it." })),
        ],
    )
}

fn peer() -> Value {
    let host = r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])";
    let port =
        "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
    let endpoint = json!({
        "type": "string",
        "pattern": format!("^{host}:{port}$"),
        "description": "Where it listens: host:port.",
    });
    object(
        &["address", "ip_port"],
        &[
            ("address", address("The peer.")),
            ("ip_port", endpoint),
            ("device_type", optional(text("Accepted and ignored."))),
        ],
    )
}

fn channel_fields() -> Vec<(&'static str, Value)> {
    let states = json!({ "type": "string", "enum": ["opened", "closed", "settled"] });
    vec![
        ("channel_address", address("The channel's contract.")),
        ("partner_address", address("The other participant.")),
        ("balance", amount("What the node owns, pending locks included; 0 once settled.")),
        ("partner_balance", amount("What the partner owns; 0 once settled.")),
        ("locked_amount", amount("The node's pending locks.")),
        ("partner_locked_amount", amount("The partner's pending locks.")),
        ("token_address", address("The token.")),
        ("state", states),
        ("settle_timeout", number("Blocks of the window after a close.")),
        ("reveal_timeout", number("Blocks the node keeps in reserve to claim a lock.")),
    ]
}

fn payout_fields() -> [(&'static str, Value); 2] {
    [
        ("payout", amount("What the node was paid; only once settled.")),
        ("partner_payout", amount("What the partner was paid; only once settled.")),
    ]
}

fn replies() -> Vec<(&'static str, Value)> {
    let with_payouts = |fields: Vec<(&'static str, Value)>| {
        let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let all: Vec<_> = fields.iter().cloned().chain(payout_fields()).collect();
        object(&required, &all)
    };
    let detail = channel_fields().into_iter().chain(detail_fields()).collect();
    let transfer = whole(&[
        ("initiator_address", address("Who paid: this node.")),
        ("target_address", address("Who was paid.")),
        ("token_address", address("In which token.")),
        ("amount", amount("What the target received.")),
        ("identifier", number("The payment's number.")),
        ("fee", amount("The most that was to be added for mediators.")),
        ("is_direct", json!({ "type": "boolean" })),
    ]);
    let lock = whole(&[
        ("Expiration", number("The last block in which it can be claimed.")),
        ("Amount", amount("What it holds.")),
        ("HashLock", described("Hash", "Its hash.")),
    ]);
    let proof = whole(&[
        ("Nonce", number("Counts the payer's proofs.")),
        ("TransferAmount", amount("All the payer has transferred so far.")),
        ("LocksRoot", described("Hash", "The payer's pending locks.")),
        ("ChannelAddress", address("The channel.")),
        ("MessageHash", described("Hash", "The message that carried the proof.")),
        ("Signature", json!({ "type": ["string", "null"], "pattern": "^0x[0-9a-f]{130}$" })),
    ]);
    vec![
        ("OwnAddress", whole(&[("our_address", address("This node."))])),
        ("Manager", whole(&[("channel_manager_address", address("The token's manager."))])),
        (
            "Partner",
            whole(&[
                ("partner_address", address("The partner.")),
                ("channel", text("The path of the channel with it.")),
            ]),
        ),
        ("Channel", with_payouts(channel_fields())),
        ("ChannelDetail", with_payouts(detail)),
        ("Lock", whole(&[("Lock", lock), ("LockHashed", described("Hash", "Its leaf."))])),
        ("Proof", proof),
        ("Transfer", transfer),
    ]
}

fn detail_fields() -> Vec<(&'static str, Value)> {
    let locks = |description: &str| {
        json!({
            "type": "object", "additionalProperties": reference("Lock"), "description": description,
        })
    };
    let leaves = json!({ "type": "array", "items": reference("Hash") });
    let proof = json!({ "anyOf": [reference("Proof"), { "type": "null" }] });
    vec![
        ("deposit", amount("All the node deposited.")),
        ("partner_deposit", amount("All the partner deposited.")),
        ("opened_block", number("When it was opened.")),
        ("ClosedBlock", number("When it was closed; 0 if it was not.")),
        ("SettledBlock", number("When it paid out; 0 if it did not.")),
        ("OurUnkownSecretLocks", locks("The node's locks whose secret it does not know, by hash.")),
        ("OurKnownSecretLocks", locks("The node's locks whose secret it knows.")),
        ("PartnerUnkownSecretLocks", locks("The partner's locks whose secret is not known here.")),
        ("PartnerKnownSecretLocks", locks("The partner's locks whose secret is known here.")),
        ("OurLeaves", leaves.clone()),
        ("PartnerLeaves", leaves),
        ("OurBalanceProof", proof.clone()),
        ("PartnerBalanceProof", proof),
        ("Signature", json!({ "type": "null", "description": "Always null, as it was." })),
    ]
}

fn event(event_type: &str, fields: &[(&str, Value)]) -> Value {
    let kind = json!({ "type": "string", "const": event_type });
    let common = [("event_type", kind), ("block_number", number("When."))];
    let all: Vec<_> = common.into_iter().chain(fields.iter().cloned()).collect();
    whole(&all)
}

fn events() -> Vec<(&'static str, Value)> {
    let token_added = event(
        "TokenAdded",
        &[
            ("token_address", address("The token.")),
            ("channel_manager_address", address("The manager of its channels.")),
        ],
    );
    let channel_new = event(
        "ChannelNew",
        &[
            ("token_address", address("The token.")),
            ("netting_channel", address("The channel.")),
            ("participant1", address("The opener.")),
            ("participant2", address("The partner.")),
            ("settle_timeout", number("Blocks of the window after a close.")),
        ],
    );
    let one_of = json!({ "oneOf": channel_events() });
    vec![("TokenAdded", token_added), ("ChannelNew", channel_new), ("ChannelEvent", one_of)]
}

fn channel_events() -> Vec<Value> {
    let channel = ("netting_channel_address", address("The channel."));
    let identifier = ("identifier", number("The payment's number."));
    vec![
        event(
            "ChannelNewBalance",
            &[
                ("participant", address("Whose deposit grew.")),
                ("balance", amount("All it deposited so far.")),
            ],
        ),
        event("ChannelClosed", &[channel.clone(), ("closing_address", address("Who closed it."))]),
        event(
            "TransferUpdated",
            &[
                ("token_address", address("The token.")),
                ("channel_manager_address", address("The manager of its channels.")),
                ("participant", address("Whose newer proof was stored.")),
            ],
        ),
        event(
            "ChannelSecretRevealed",
            &[channel.clone(), ("secret", described("Hash", "The secret, public by now."))],
        ),
        event("ChannelSettled", &[channel]),
        event(
            "EventTransferSentSuccess",
            &[
                identifier.clone(),
                ("amount", amount("What the target received.")),
                ("target", address("Who was paid.")),
            ],
        ),
        event("EventTransferSentFailed", &[identifier.clone(), ("reason", text("Why."))]),
        event(
            "EventTransferReceivedSuccess",
            &[identifier, ("amount", amount("What arrived.")), ("initiator", address("Who paid."))],
        ),
    ]
}
