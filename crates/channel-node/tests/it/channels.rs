//! Tokens and channels from opening to payout, and the events they leave.

use crate::world::{FUNDS, Running, World, units};
use tally_channel_node::{
    BlockRange, ChannelEventKind, ChannelState, DepositRequest, OpenRequest, RequestError,
};
use tally_primitives::{BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount};

fn request(world: &World, partner: &Running) -> OpenRequest {
    OpenRequest {
        token: world.token,
        partner: partner.handle.address(),
        deposit: units(100),
        settle_timeout: Some(BlockSpan(20)),
    }
}

/// Goal: a channel's whole life pays out what was agreed, and each step is in the history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_lives_and_pays_out() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let opened = a.handle.open_channel(request(&world, b)).await.unwrap();
    assert_eq!((opened.deposit, opened.settle_timeout), (units(100), BlockSpan(20)));
    assert_eq!((opened.balance, opened.state), (units(100), ChannelState::Opened));
    let channel = opened.channel;
    let deposit = DepositRequest { channel, amount: units(50) };
    assert_eq!(a.handle.deposit(deposit).await.unwrap().balance, units(150));
    a.connected(1).await;
    b.sees(channel, |view| view.partner_deposit == units(150)).await;
    a.pay(&world, b, 40, true).await.unwrap();
    a.pay(&world, b, 20, false).await.unwrap();
    b.sees(channel, |view| view.balance == units(60) && view.partner_locked.is_zero()).await;

    let early = b.handle.settle(channel).await.unwrap_err();
    assert!(matches!(early, RequestError::StillOpen(_)), "{early}");
    let closed = b.handle.close(channel).await.unwrap();
    assert_eq!(closed.state, ChannelState::Closed);
    let again = b.handle.close(channel).await.unwrap_err();
    assert!(matches!(again, RequestError::AlreadyClosed(_)), "{again}");
    let early = b.handle.settle(channel).await.unwrap_err();
    assert!(matches!(early, RequestError::SettlementWindowOpen { .. }), "{early}");
    a.sees(channel, |view| view.state == ChannelState::Closed).await;
    let late = a.handle.deposit(DepositRequest { channel, amount: units(1) }).await.unwrap_err();
    assert!(matches!(late, RequestError::AlreadyClosed(_)), "{late}");
    let late = a.pay(&world, b, 1, true).await.unwrap_err();
    assert!(matches!(late, RequestError::NoDirectChannel { .. }), "{late}");

    let head = world.chain.mine(21).number;
    for node in &nodes {
        node.processed(head).await;
    }
    let settled = b.handle.settle(channel).await.unwrap();
    assert_eq!((settled.state, settled.balance), (ChannelState::Settled, TokenAmount::ZERO));
    assert_eq!(settled.payouts, Some([units(60), units(90)]));
    a.sees(channel, |view| view.payouts == Some([units(90), units(60)])).await;
    let holder = |node: &Running| node.handle.address();
    let balance = a.handle.token_balance(world.token, holder(a)).await.unwrap();
    assert_eq!(balance, units(FUNDS - 60));
    let again = a.handle.settle(channel).await.unwrap_err();
    assert!(matches!(again, RequestError::AlreadySettled(_)), "{again}");
    assert_eq!(a.handle.partners(world.token).await.unwrap(), []);

    let kinds: Vec<ChannelEventKind> = b
        .handle
        .channel_events(channel, BlockRange::default())
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    let received =
        |kind: &&ChannelEventKind| matches!(kind, ChannelEventKind::TransferReceivedSuccess { .. });
    assert_eq!(kinds.iter().filter(received).count(), 2);
    let balance =
        |amount| ChannelEventKind::NewBalance { participant: holder(a), balance: units(amount) };
    assert_eq!(kinds[..2], [balance(100), balance(150)]);
    let closed = ChannelEventKind::Closed { closing_address: holder(b) };
    assert_eq!(kinds[kinds.len() - 2..], [closed, ChannelEventKind::Settled]);
}

/// Goal: whoever closes, the partner's newer knowledge counts. Method: the payer closes; the payee
/// submits the proof by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_payee_answers_a_close() {
    let world = World::new(2).await;
    let nodes = world.start_all(2).await;
    let [a, b] = &nodes[..] else { unreachable!() };
    let channel = a.handle.open_channel(request(&world, b)).await.unwrap().channel;
    a.connected(1).await;
    b.sees(channel, |view| view.partner_deposit == units(100)).await;
    a.pay(&world, b, 70, true).await.unwrap();
    a.handle.close(channel).await.unwrap();
    b.until("its proof is on the chain", async |handle| {
        let events = handle.channel_events(channel, BlockRange::default()).await.unwrap();
        let updated =
            |kind: &ChannelEventKind| matches!(kind, ChannelEventKind::TransferUpdated { .. });
        events.iter().any(|event| updated(&event.kind))
    })
    .await;
    let head = world.chain.mine(21).number;
    a.processed(head).await;
    let settled = a.handle.settle(channel).await.unwrap();
    assert_eq!(settled.payouts, Some([units(30), units(70)]));
}

/// Goal: tokens and openings are listed by block, for everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_listed_by_block() {
    let world = World::new(3).await;
    let nodes = world.start_all(3).await;
    let [a, b, c] = &nodes[..] else { unreachable!() };
    let first = a.handle.open_channel(request(&world, b)).await.unwrap();
    let second = b.handle.open_channel(request(&world, c)).await.unwrap();
    a.processed(second.opened_block).await;
    let all = a.handle.token_events(world.token, BlockRange::default()).await.unwrap();
    let channels: Vec<ChannelAddress> = all.iter().map(|event| event.channel).collect();
    assert_eq!(channels, [first.channel, second.channel]);
    assert_eq!(all[1].participants, [b.handle.address(), c.handle.address()]);
    let range = BlockRange { from: Some(second.opened_block), to: None };
    assert_eq!(a.handle.token_events(world.token, range).await.unwrap(), all[1..]);
    let range = BlockRange { from: None, to: Some(first.opened_block) };
    assert_eq!(a.handle.token_events(world.token, range).await.unwrap(), all[..1]);
    let tokens = a.handle.network_events(BlockRange::default()).await.unwrap();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].token, world.token);
    let error = a.handle.channel_events(second.channel, BlockRange::default()).await.unwrap_err();
    assert!(matches!(error, RequestError::UnknownChannel(_)), "{error}");
    assert_eq!(a.handle.partners(world.token).await.unwrap().len(), 1);
    assert_eq!(b.handle.partners(world.token).await.unwrap().len(), 2);
}

/// Goal: what cannot be opened or registered is refused with its reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_openings_are_refused() {
    let world = World::new(3).await;
    let nodes = world.start_all(3).await;
    let [a, b, c] = &nodes[..] else { unreachable!() };
    let open = request(&world, b);
    a.handle.open_channel(open.clone()).await.unwrap();
    let to = |partner: NodeAddress| OpenRequest { partner, ..open.clone() };
    let token = TokenAddress::new([9; 20]);
    let short = Some(BlockSpan(5));
    let long = Some(BlockSpan(2_700_001));
    let unfunded = OpenRequest { deposit: units(FUNDS + 1), ..request(&world, c) };
    let cases = [
        (open.clone(), "is already open in this token"),
        (to(a.handle.address()), "this node's own address cannot be the partner"),
        (to(NodeAddress::new([0; 20])), "the zero address cannot be the partner"),
        (OpenRequest { token, ..open.clone() }, "is not registered"),
        (OpenRequest { settle_timeout: short, ..open.clone() }, "it must be 6 to 2700000"),
        (OpenRequest { settle_timeout: long, ..open.clone() }, "it must be 6 to 2700000"),
        (unfunded, "insufficient tokens: the account holds 999900, the request needs 1000001"),
    ];
    for (request, reason) in cases {
        let error = a.handle.open_channel(request).await.unwrap_err();
        assert!(error.to_string().ends_with(reason), "{error}");
    }
    let error = a.handle.register_token(world.token).await.unwrap_err();
    assert!(matches!(error, RequestError::TokenAlreadyRegistered(_)), "{error}");
    let error = a.handle.register_token(token).await.unwrap_err();
    assert!(matches!(error, RequestError::NotAToken(_)), "{error}");
    let unknown = ChannelAddress::new([9; 20]);
    let error = a.handle.close(unknown).await.unwrap_err();
    assert!(matches!(error, RequestError::UnknownChannel(_)), "{error}");
    let error = a.handle.settle(unknown).await.unwrap_err();
    assert!(matches!(error, RequestError::UnknownChannel(_)), "{error}");
    assert_eq!(a.handle.channels().await.unwrap().len(), 1);
}
