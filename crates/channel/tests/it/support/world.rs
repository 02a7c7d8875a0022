//! Nodes, the wires between them and the chain under them.

use super::{
    chain::{Call, FakeChain},
    mailbox::Frame,
    node::{Crash, Effect, Node},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tally_channel::{Channel, Message, ProtocolError, Side};
use tally_crypto::SecretKey;
use tally_primitives::{BlockSpan, ChannelAddress, NodeAddress, TokenAddress, TokenAmount};

/// The token of all tests that need only one.
pub(crate) const TOKEN: TokenAddress = TokenAddress::new([7; 20]);
/// The window of channels, unless a test says otherwise.
pub(crate) const SETTLE: BlockSpan = BlockSpan(100);
/// The reveal timeout of nodes, unless a test says otherwise.
pub(crate) const REVEAL: BlockSpan = BlockSpan(10);

pub(crate) const fn units(amount: u64) -> TokenAmount {
    TokenAmount::from_units(amount)
}

/// Everything there is. Nodes are numbered from 1, as in the documents.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) chain: FakeChain,
    pub(crate) nodes: Vec<Node>,
    wires: BTreeMap<(usize, usize), VecDeque<Frame>>,
    /// Pairs whose connection is broken.
    cut: BTreeSet<(usize, usize)>,
    pub(crate) next_payment: u64,
}

impl World {
    /// Makes `count` nodes without channels.
    pub(crate) fn new(count: usize) -> Self {
        let nodes = (1..=count)
            .map(|number| {
                let seed = tally_crypto::keccak256([u8::try_from(number).unwrap()]);
                Node::new(SecretKey::generate(seed.0), REVEAL)
            })
            .collect();
        let mut world = Self {
            chain: FakeChain::new(),
            nodes,
            wires: BTreeMap::new(),
            cut: BTreeSet::new(),
            next_payment: 1,
        };
        for number in 1..=count {
            world.connect_all(number);
        }
        world
    }

    /// Makes nodes with channels: node, node, deposit, deposit.
    pub(crate) fn with_channels(count: usize, channels: &[(usize, usize, u64, u64)]) -> Self {
        let mut world = Self::new(count);
        for (left, right, mine, theirs) in channels {
            world.open(*left, *right, [*mine, *theirs], SETTLE);
        }
        world.mine(1);
        world
    }

    /// Opens a channel with deposits of both sides; mined with the next blocks.
    pub(crate) fn open(
        &mut self,
        left: usize,
        right: usize,
        deposits: [u64; 2],
        settle_timeout: BlockSpan,
    ) -> ChannelAddress {
        self.open_in(TOKEN, left, right, deposits, settle_timeout)
    }

    pub(crate) fn open_in(
        &mut self,
        token: TokenAddress,
        left: usize,
        right: usize,
        deposits: [u64; 2],
        settle_timeout: BlockSpan,
    ) -> ChannelAddress {
        let (from, partner) = (self.address(left), self.address(right));
        self.chain.submit(from, Call::Open { token, partner, settle_timeout });
        self.chain.mine();
        let found = self.chain.contracts().find(|(_, contract)| {
            contract.token == token
                && contract.participants == [from, partner]
                && !contract.is_settled()
        });
        let (channel, _) = found.expect("it was opened");
        for (number, amount) in [left, right].into_iter().zip(deposits) {
            self.deposit(number, channel, amount);
        }
        channel
    }

    pub(crate) fn deposit(&mut self, number: usize, channel: ChannelAddress, amount: u64) {
        if amount > 0 {
            let amount = units(amount);
            self.chain.submit(self.address(number), Call::Deposit { channel, amount });
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    pub(crate) fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number - 1]
    }

    pub(crate) fn address(&self, number: usize) -> NodeAddress {
        self.node(number).address()
    }

    pub(crate) fn number(&self, address: NodeAddress) -> usize {
        self.nodes.iter().position(|node| node.address() == address).expect("a node of ours") + 1
    }

    /// Returns the newest channel of two nodes.
    pub(crate) fn between(&self, left: usize, right: usize) -> ChannelAddress {
        let ends = [self.address(left), self.address(right)];
        let both = |contract: &super::contract::Contract| {
            contract.participants.iter().all(|who| ends.contains(who))
        };
        let of_both = self.chain.contracts().filter(|(_, contract)| both(contract));
        of_both.max_by_key(|(_, contract)| contract.opened).expect("they have a channel").0
    }

    /// Returns the channel of two nodes as the first of them sees it.
    pub(crate) fn channel(&self, left: usize, right: usize) -> &Channel {
        self.node(left).protocol.channel(self.between(left, right)).expect("it followed the chain")
    }

    /// Returns both balances of a channel, as the first node sees it, in units.
    pub(crate) fn balances(&self, left: usize, right: usize) -> [u64; 2] {
        let channel = self.channel(left, right);
        [Side::Ours, Side::Theirs].map(|side| small(channel.balance(side)))
    }

    /// Returns what both ends have locked in a channel, as the first node sees it, in units.
    pub(crate) fn locked(&self, left: usize, right: usize) -> [u64; 2] {
        let channel = self.channel(left, right);
        [Side::Ours, Side::Theirs].map(|side| small(channel.end(side).locked()))
    }

    /// Mines blocks; after each all nodes follow the chain and say all they have to say.
    pub(crate) fn mine(&mut self, blocks: u64) {
        self.run();
        for _ in 0..blocks {
            self.chain.mine();
            self.follow_all();
            self.run();
        }
    }

    /// Mines until the chain's head is `block`.
    pub(crate) fn mine_to(&mut self, block: u64) {
        let head = self.chain.head().0;
        assert!(block >= head, "block {block} is in the past of {head}");
        self.mine(block - head);
    }

    /// Undoes the newest blocks and mines others in their place, one more than were undone.
    pub(crate) fn reorganise(
        &mut self,
        depth: usize,
        survives: impl FnMut(&super::chain::Tx) -> bool,
    ) {
        self.chain.undo(depth, survives);
        (0..=depth).for_each(|_| self.chain.mine());
        self.follow_all();
        self.run();
    }

    pub(crate) fn follow_all(&mut self) {
        (1..=self.count()).for_each(|number| self.follow(number));
    }

    pub(crate) fn follow(&mut self, number: usize) {
        if self.node(number).is_up {
            let chain = std::mem::replace(&mut self.chain, FakeChain::new());
            let effects = self.node_mut(number).follow(&chain);
            self.chain = chain;
            self.perform(number, effects);
        }
    }

    /// Delivers everything that is on a wire, and what follows from it.
    pub(crate) fn run(&mut self) {
        while let Some((from, to)) = self.busy_wires().first().copied() {
            self.deliver(from, to);
        }
    }

    /// Returns the wires that carry something.
    pub(crate) fn busy_wires(&self) -> Vec<(usize, usize)> {
        self.wires.iter().filter(|(_, frames)| !frames.is_empty()).map(|(ends, _)| *ends).collect()
    }

    /// Delivers the oldest frame between two nodes.
    pub(crate) fn deliver(&mut self, from: usize, to: usize) {
        let frame = self.wires.get_mut(&(from, to)).and_then(VecDeque::pop_front);
        let frame = frame.expect("something is on this wire");
        let sender = self.address(from);
        let effects = self.node_mut(to).receive(sender, frame);
        self.perform(to, effects);
    }

    /// Delivers between two nodes in this direction until the next frame is a letter of this kind,
    /// which stays on the wire; or until there is none.
    pub(crate) fn deliver_all(&mut self, from: usize, to: usize) {
        while self.wires.get(&(from, to)).is_some_and(|frames| !frames.is_empty()) {
            self.deliver(from, to);
        }
    }

    /// Puts the oldest frame on the wire a second time.
    pub(crate) fn duplicate(&mut self, from: usize, to: usize) {
        let frames = self.wires.get_mut(&(from, to)).expect("a wire");
        if let Some(first) = frames.front().cloned() {
            frames.push_front(first);
        }
    }

    /// Hands `to` a message as if `from` had sent it.
    pub(crate) fn inject(
        &mut self,
        from: usize,
        to: usize,
        message: Message,
    ) -> Result<(), ProtocolError> {
        let sender = self.address(from);
        let (result, effects) = self.node_mut(to).inject(sender, message);
        self.perform(to, effects);
        result
    }

    /// Puts a message on the wire that the sender's core knows nothing of.
    pub(crate) fn smuggle(&mut self, from: usize, to: usize, message: &Message) {
        let peer = self.address(to);
        let frame = self.node_mut(from).post(peer, message);
        self.wires.entry((from, to)).or_default().push_back(frame);
    }

    /// Breaks the connection of two nodes; what was on the wire is lost.
    pub(crate) fn cut(&mut self, left: usize, right: usize) {
        self.cut.insert((left.min(right), left.max(right)));
        self.disconnect(left, right);
    }

    /// Connects two nodes again.
    pub(crate) fn mend(&mut self, left: usize, right: usize) {
        self.cut.remove(&(left.min(right), left.max(right)));
        self.connect(left, right);
    }

    pub(crate) fn is_cut(&self, left: usize, right: usize) -> bool {
        self.cut.contains(&(left.min(right), left.max(right)))
    }

    /// Stops a node; what it had not stored is lost.
    pub(crate) fn stop(&mut self, number: usize) {
        self.node_mut(number).die();
        self.disconnect_all(number);
    }

    /// Starts a node again.
    pub(crate) fn start(&mut self, number: usize) {
        let chain = std::mem::replace(&mut self.chain, FakeChain::new());
        let effects = self.node_mut(number).start(&chain);
        self.chain = chain;
        self.connect_all(number);
        self.perform(number, effects);
    }

    fn connect_all(&mut self, number: usize) {
        for other in (1..=self.count()).filter(|other| *other != number) {
            self.connect(number, other);
        }
    }

    fn connect(&mut self, left: usize, right: usize) {
        if !self.node(left).is_up || !self.node(right).is_up || self.is_cut(left, right) {
            return;
        }
        self.disconnect(left, right);
        for (one, other) in [(left, right), (right, left)] {
            let mark = self.node(other).mark(self.address(one));
            let peer = self.address(other);
            let effects = self.node_mut(one).connect(peer, mark);
            self.perform(one, effects);
        }
    }

    fn disconnect(&mut self, left: usize, right: usize) {
        for (one, other) in [(left, right), (right, left)] {
            self.wires.remove(&(one, other));
            let peer = self.address(other);
            self.node_mut(one).connected.remove(&peer);
        }
    }

    fn disconnect_all(&mut self, number: usize) {
        for other in (1..=self.count()).filter(|other| *other != number) {
            self.disconnect(number, other);
        }
    }

    pub(crate) fn perform(&mut self, number: usize, effects: Vec<Effect>) {
        if !self.node(number).is_up {
            self.disconnect_all(number);
            return;
        }
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => {
                    let to = self.number(to);
                    let is_connected = self.node(number).connected.contains(&self.address(to));
                    if is_connected && self.node(to).is_up {
                        self.wires.entry((number, to)).or_default().push_back(frame);
                    }
                }
                Effect::Call(call) => self.submit(number, call),
            }
        }
    }

    /// Lets a node die at its next commit.
    pub(crate) fn crash_next(&mut self, number: usize, crash: Crash) {
        self.node_mut(number).crash = Some(crash);
    }
}

/// Returns an amount that fits.
pub(crate) fn small(amount: TokenAmount) -> u64 {
    amount.units().try_into().expect("tests pay small amounts")
}
