//! What bodies and replies look like. The tests check them against the schemas.

use super::{Content, Schema};

const fn named(schema: &'static str, example: &'static str) -> Content {
    Content { schema: Schema::Named(schema), example }
}

const fn list(schema: &'static str, example: &'static str) -> Content {
    Content { schema: Schema::List(schema), example }
}

pub(super) const OK_TEXT: Content = Content { schema: Schema::Text, example: "ok" };
pub(super) const OK_JSON: Content = named("Ok", "\"ok\"");
pub(super) const BALANCE: Content = named("Amount", "4999870");

pub(super) const OWN_ADDRESS: Content = named(
    "OwnAddress",
    r#"{
  "our_address": "0x33Df901ABc22DcB7F33c2a77aD43CC98FbFa0790"
}"#,
);

pub(super) const PEERS: Content = list(
    "Peer",
    r#"[
  {
    "address": "0x33Df901ABc22DcB7F33c2a77aD43CC98FbFa0790",
    "ip_port": "192.0.2.7:40001",
    "device_type": "other"
  }
]"#,
);

pub(super) const TOKENS: Content = list(
    "Address",
    r#"[
  "0x61bB630D3B2e8eda0FC1d50F9f958eC02e3969F6",
  "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8"
]"#,
);

pub(super) const MANAGER: Content = named(
    "Manager",
    r#"{
  "channel_manager_address": "0xC4F8393fb7971E8B299bC1b302F85BfFB3a1275a"
}"#,
);

pub(super) const PARTNERS: Content = list(
    "Partner",
    r#"[
  {
    "partner_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
    "channel": "/api/1/channels/0x2a65Aca4D5fC5B5C859090a6c34d164135398226"
  }
]"#,
);

pub(super) const OPEN: Content = named(
    "OpenChannel",
    r#"{
  "partner_address": "0x61c808d82a3ac53231750dadc13c777b59310bd9",
  "token_address": "0xea674fdde714fd979de3edf0f56aa9716b898ec8",
  "balance": 35000000,
  "settle_timeout": 100
}"#,
);

pub(super) const OPENED: Content = named(
    "Channel",
    r#"{
  "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
  "partner_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
  "balance": 35000000,
  "partner_balance": 0,
  "locked_amount": 0,
  "partner_locked_amount": 0,
  "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
  "state": "opened",
  "settle_timeout": 100,
  "reveal_timeout": 30
}"#,
);

pub(super) const CHANNELS: Content = list(
    "Channel",
    r#"[
  {
    "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
    "partner_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
    "balance": 35000000,
    "partner_balance": 0,
    "locked_amount": 0,
    "partner_locked_amount": 0,
    "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
    "state": "opened",
    "settle_timeout": 100,
    "reveal_timeout": 30
  }
]"#,
);

pub(super) const DETAIL: Content = named(
    "ChannelDetail",
    r#"{
  "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
  "partner_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
  "balance": 35000000,
  "partner_balance": 0,
  "locked_amount": 45,
  "partner_locked_amount": 0,
  "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
  "state": "opened",
  "settle_timeout": 100,
  "reveal_timeout": 30,
  "deposit": 35000000,
  "partner_deposit": 0,
  "opened_block": 54388,
  "ClosedBlock": 0,
  "SettledBlock": 0,
  "OurUnkownSecretLocks": {
    "0x1111111111111111111111111111111111111111111111111111111111111111": {
      "Lock": {
        "Expiration": 54480,
        "Amount": 45,
        "HashLock": "0x1111111111111111111111111111111111111111111111111111111111111111"
      },
      "LockHashed": "0x2222222222222222222222222222222222222222222222222222222222222222"
    }
  },
  "OurKnownSecretLocks": {},
  "PartnerUnkownSecretLocks": {},
  "PartnerKnownSecretLocks": {},
  "OurLeaves": [
    "0x2222222222222222222222222222222222222222222222222222222222222222"
  ],
  "PartnerLeaves": [],
  "OurBalanceProof": {
    "Nonce": 1,
    "TransferAmount": 0,
    "LocksRoot": "0x2222222222222222222222222222222222222222222222222222222222222222",
    "ChannelAddress": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
    "MessageHash": "0x3333333333333333333333333333333333333333333333333333333333333333",
    "Signature": null
  },
  "PartnerBalanceProof": null,
  "Signature": null
}"#,
);

pub(super) const CHANGE: Content = named(
    "ChangeChannel",
    r#"{
  "state": "closed"
}"#,
);

pub(super) const CLOSED: Content = named(
    "Channel",
    r#"{
  "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
  "partner_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
  "balance": 35000000,
  "partner_balance": 0,
  "locked_amount": 0,
  "partner_locked_amount": 0,
  "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
  "state": "closed",
  "settle_timeout": 100,
  "reveal_timeout": 30
}"#,
);

pub(super) const PAY: Content = named(
    "Pay",
    r#"{
  "amount": 42,
  "identifier": 14909067296492875713
}"#,
);

pub(super) const PAID: Content = named(
    "Transfer",
    r#"{
  "initiator_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
  "target_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
  "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
  "amount": 42,
  "identifier": 14909067296492875713,
  "fee": 0,
  "is_direct": false
}"#,
);

pub(super) const NETWORK_EVENTS: Content = list(
    "TokenAdded",
    r#"[
  {
    "block_number": 12,
    "channel_manager_address": "0xc0ea08A2d404d3172d2AdD29A45be56dA40e2949",
    "event_type": "TokenAdded",
    "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8"
  }
]"#,
);

pub(super) const TOKEN_EVENTS: Content = list(
    "ChannelNew",
    r#"[
  {
    "block_number": 54380,
    "event_type": "ChannelNew",
    "netting_channel": "0xc0ea08A2d404d3172d2AdD29A45be56dA40e2949",
    "participant1": "0x4894A542053248E0c504e3dEF2048c08f73E1CA6",
    "participant2": "0x356857Cd22CBEFccDa4e96AF13b408623473237A",
    "settle_timeout": 100,
    "token_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8"
  }
]"#,
);

pub(super) const CHANNEL_EVENTS: Content = list(
    "ChannelEvent",
    r#"[
  {
    "balance": 150000,
    "block_number": 54388,
    "event_type": "ChannelNewBalance",
    "participant": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8"
  },
  {
    "amount": 7,
    "block_number": 54390,
    "event_type": "EventTransferSentSuccess",
    "identifier": 14909067296492875713,
    "target": "0xc7262f1447FCB2f75aB14B2A28DeEd6006eEA95B"
  }
]"#,
);

pub(super) const VERSION: Content = named(
    "Version",
    r#"{
  "version": "0.1.0",
  "api_version": 1
}"#,
);

pub(super) const COIN: Content = named("Amount", "9999748000000000000");

pub(super) const ETH_STATUS: Content = named(
    "EthStatus",
    r#"{
  "XMPPStatus": 1,
  "EthStatus": 1,
  "LastBlockTime": "11-21|19:30:05.120",
  "block_number": 54390,
  "synced": true,
  "peers": 3,
  "mesh": false
}"#,
);

pub(super) const PAYMENTS: Content = list(
    "Payment",
    r#"[
  {
    "id": 17,
    "time": 1763753405,
    "block_number": 54390,
    "role": "initiator",
    "state": "failed",
    "reason": "no route available",
    "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
    "initiator_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
    "target_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
    "identifier": 14909067296492875713,
    "amount": 42,
    "fee": 0,
    "incoming_channel": null,
    "outgoing_channel": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226"
  }
]"#,
);

pub(super) const STATUS: Content = named(
    "PaymentStatus",
    r#"{
  "state": "pending",
  "reason": null,
  "initiator_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
  "target_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
  "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
  "amount": 42,
  "identifier": 14909067296492875713,
  "fee": 0,
  "is_direct": false
}"#,
);

pub(super) const PENDING: Content = list(
    "PendingTransfer",
    r#"[
  {
    "role": "mediator",
    "state": "locked",
    "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
    "initiator_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
    "target_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
    "identifier": 14909067296492875713,
    "amount": 42,
    "fee": 0,
    "locks": [
      {
        "direction": "incoming",
        "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
        "amount": 42,
        "expiration": 54480,
        "hashlock": "0x1111111111111111111111111111111111111111111111111111111111111111"
      },
      {
        "direction": "outgoing",
        "channel_address": "0xc0ea08A2d404d3172d2AdD29A45be56dA40e2949",
        "amount": 42,
        "expiration": 54468,
        "hashlock": "0x1111111111111111111111111111111111111111111111111111111111111111"
      }
    ]
  }
]"#,
);

pub(super) const SENT: Content = list(
    "SentTransfer",
    r#"[
  {
    "Key": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226-4",
    "block_number": 54390,
    "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
    "to_address": "0x61C808D82A3Ac53231750daDc13c777b59310bD9",
    "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
    "nonce": 4,
    "amount": 42
  }
]"#,
);

pub(super) const RECEIVED: Content = list(
    "ReceivedTransfer",
    r#"[
  {
    "Key": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226-3",
    "block_number": 54391,
    "channel_address": "0x2a65Aca4D5fC5B5C859090a6c34d164135398226",
    "from_address": "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8",
    "token_address": "0xc9d55C7bbd80C0c2AEd865e9CA13D015096ce671",
    "nonce": 3,
    "amount": 42
  }
]"#,
);

pub(super) const STREAM: Content = Content {
    schema: Schema::Events,
    example: "id: 18\nevent: channel\ndata: {\"block_number\":54391,\"channel_address\":\
        \"0x2a65Aca4D5fC5B5C859090a6c34d164135398226\",\"event_type\":\"ChannelSettled\",\"id\":18,\
        \"netting_channel_address\":\"0x2a65Aca4D5fC5B5C859090a6c34d164135398226\",\
        \"time\":1763753420}\n\n",
};
