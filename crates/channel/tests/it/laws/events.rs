//! Events of every kind: some right, most wrong in one way or another.

use crate::support::{
    chain::CHAIN,
    users::secret_of,
    world::{TOKEN, units},
};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;
use tally_channel::{
    Candidate, ChainFact, Channel, ChannelFact, Content, Envelope, Event, Lock, LockTree,
    MediatedTransfer, Outgoing, PaymentKey, PaymentOrder, PaymentStage, Phase, Protocol, Refund,
    Rejected, SecretRequest, Side, StoredProof,
};
use tally_crypto::SecretKey;
use tally_primitives::{
    BlockSpan, Hashlock, LocksRoot, NodeAddress, Nonce, PaymentId, Secret, TokenAmount,
};

/// Events to be, each told by a few numbers what to do with the state it meets.
#[derive(Debug, Clone)]
pub(crate) struct Script(pub(crate) Vec<Step>);

/// One event to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Channels stay open and blocks stay: messages get further.
    is_calm: bool,
    kind: u8,
    pick: u8,
    twist: u8,
    number: u64,
}

pub(crate) fn any_script() -> impl Strategy<Value = Script> {
    let step = (0..26_u8, any::<u8>(), 0..12_u8, 0..200_u64);
    (any::<bool>(), vec(step, 0..80)).prop_map(|(is_calm, steps)| {
        let step = |(kind, pick, twist, number)| Step { is_calm, kind, pick, twist, number };
        Script(steps.into_iter().map(step).collect())
    })
}

/// Returns the key of node `number`, as [`World`](crate::support::world::World) makes it.
fn key(number: u8) -> SecretKey {
    SecretKey::generate(tally_crypto::keccak256([number]).0)
}

/// Returns the secrets that events speak of: those of the first payments, and some of nobody's.
fn secrets() -> Vec<Secret> {
    let payment = |number| PaymentKey {
        token: TOKEN,
        target: NodeAddress::new([0; 20]),
        identifier: PaymentId(number),
    };
    let known =
        (1..7).flat_map(|number| [0, 1].map(|attempt| secret_of(&payment(number), attempt)));
    known.chain((1..4).map(|byte| Secret::new([byte; 32]))).collect()
}

/// Returns every hash that a state may know of.
pub(crate) fn hashlocks(protocol: &Protocol) -> BTreeSet<Hashlock> {
    let locks = protocol.channels().flat_map(|channel| {
        let of = |side| channel.end(side).locks().keys().copied().collect::<Vec<_>>();
        [Side::Ours, Side::Theirs].map(of).concat()
    });
    locks.chain(secrets().iter().map(tally_crypto::hashlock)).collect()
}

/// Returns every payment that a state may know of.
pub(crate) fn payments(protocol: &Protocol) -> Vec<PaymentKey> {
    let targets = protocol.channels().map(Channel::partner).collect::<Vec<_>>();
    let keys = |target: &NodeAddress| {
        let target = *target;
        (0..12).map(move |number| PaymentKey {
            token: TOKEN,
            target,
            identifier: PaymentId(number),
        })
    };
    targets.iter().flat_map(keys).collect()
}

impl Step {
    /// Returns the event for a node in this state.
    pub(crate) fn event(&self, protocol: &Protocol) -> Event {
        let head = protocol.head();
        let channel = self.channel(protocol).address();
        match self.kind {
            0..3 => {
                let head = head.after(BlockSpan(self.number % 7));
                let confirmed = head.before(BlockSpan(u64::from(self.twist) % 3));
                Event::BlockReached { head, confirmed: confirmed.max(protocol.confirmed()) }
            }
            3 if !self.is_calm => Event::ReorgedTo(head.before(BlockSpan(self.number % 5))),
            3..8 => Event::ChainFact { at: protocol.confirmed(), fact: self.fact(protocol) },
            8..10 => Event::PaymentRequested(self.order(protocol)),
            10 => match self.twist % 3 {
                0 if !self.is_calm => Event::CloseRequested(channel),
                1 => Event::CloseFailed(channel),
                _ => Event::DirectTransferDelivered { channel, nonce: Nonce(self.number % 4) },
            },
            11..20 => self.received(protocol, Outgoing::Envelope(self.envelope(protocol))),
            20 => self.secret_request(protocol),
            25 if self.is_calm => self.secret_request(protocol),
            _ => self.received(protocol, self.plain(protocol)),
        }
    }

    fn channel<'a>(&self, protocol: &'a Protocol) -> &'a Channel {
        let count = protocol.channels().count();
        protocol.channels().nth(usize::from(self.pick) % count).expect("it has some")
    }

    /// Returns a secret, mostly one that opens a pending lock.
    fn secret(&self, protocol: &Protocol) -> Secret {
        let mut secrets = secrets();
        let opens = |secret: &Secret| {
            let hashlock = tally_crypto::hashlock(secret);
            let has = |channel: &Channel| {
                let sides = [Side::Ours, Side::Theirs];
                sides.into_iter().any(|side| channel.end(side).locks().contains_key(&hashlock))
            };
            protocol.channels().any(has)
        };
        if self.twist > 3 && secrets.iter().any(opens) {
            secrets.retain(opens);
        }
        secrets[usize::try_from(self.number).unwrap() % secrets.len()].clone()
    }

    /// Returns a hash, mostly of a lock in the picked channel.
    fn hashlock(&self, protocol: &Protocol, side: Side) -> Hashlock {
        let mut known = hashlocks(protocol);
        let locks = self.channel(protocol).end(side).locks();
        if self.twist > 3 && !locks.is_empty() {
            known = locks.keys().copied().collect();
        }
        let index = usize::try_from(self.number).unwrap() % known.len();
        known.into_iter().nth(index).expect("within")
    }

    fn amount(&self) -> TokenAmount {
        if self.twist == 11 { TokenAmount::MAX } else { units(self.number) }
    }

    fn fact(&self, protocol: &Protocol) -> ChainFact {
        let channel = self.channel(protocol);
        let who = channel.participants()[usize::from(self.twist) % 2];
        let stored = StoredProof {
            nonce: Nonce(self.number % 5),
            transferred: units(self.number),
            locksroot: channel
                .end(Side::Theirs)
                .proof(channel.address())
                .map_or(LocksRoot::default(), |proof| proof.locksroot),
        };
        let fact = match self.kind + self.twist % 6 {
            5..10 if self.is_calm => {
                return ChainFact::SecretRevealed { secret: self.secret(protocol) };
            }
            3 | 4 => {
                ChannelFact::Deposited(who, channel.deposit(Side::Ours).max(units(self.number)))
            }
            5 => ChannelFact::Withdrawn(who, units(self.number % 10)),
            6 => ChannelFact::Closed { closer: who, stored },
            7 => ChannelFact::Updated { payer: who, stored },
            8 => ChannelFact::Unlocked {
                payer: who,
                secret: self.secret(protocol),
                transferred: stored.transferred,
                locksroot: stored.locksroot,
            },
            9 => ChannelFact::Settled([units(1), units(2)]),
            10 => {
                return ChainFact::ChannelOpened {
                    channel: channel.address(),
                    token: channel.token(),
                    participants: *channel.participants(),
                    settle_timeout: channel.settle_timeout(),
                };
            }
            _ => return ChainFact::SecretRevealed { secret: self.secret(protocol) },
        };
        ChainFact::Channel(channel.address(), fact)
    }

    fn order(&self, protocol: &Protocol) -> PaymentOrder {
        let candidate = |channel: &Channel| Candidate {
            channel: channel.address(),
            next_hop: channel.partner(),
        };
        PaymentOrder {
            token: TOKEN,
            target: self.channel(protocol).partner(),
            amount: self.amount(),
            identifier: PaymentId(u64::from(self.twist)),
            fee: units(self.number % 3),
            is_direct: self.number.is_multiple_of(2),
            seed: Secret::new([self.pick; 32]),
            candidates: protocol.channels().map(candidate).collect(),
        }
    }

    /// Returns an envelope of the partner: right in all its parts, unless the twist spoils one.
    fn envelope(&self, protocol: &Protocol) -> Envelope {
        let channel = self.channel(protocol);
        let theirs = channel.end(Side::Theirs);
        let mut locks: Vec<Lock> = theirs.locks().values().map(|pending| pending.lock).collect();
        let mut transferred = theirs.transferred();
        let more = |a: TokenAmount, b: TokenAmount| a.try_add(b).unwrap_or(TokenAmount::MAX);
        let hashlock = self.hashlock(protocol, Side::Theirs);
        let content = match self.kind {
            11 => {
                transferred = more(transferred, self.amount());
                Content::DirectTransfer { identifier: PaymentId(self.number) }
            }
            12..15 => {
                let expiration = protocol.head().after(BlockSpan(self.number));
                let secrets = secrets();
                let secret = &secrets[usize::from(self.pick / 3) % secrets.len()];
                let hashlock = tally_crypto::hashlock(secret);
                let lock = Lock { expiration, amount: units(self.number % 30), hashlock };
                locks.push(lock);
                let targets = payments(protocol);
                let far = targets[usize::from(self.pick) % targets.len()].target;
                let target = if self.kind == 12 { protocol.config().address } else { far };
                Content::MediatedTransfer(MediatedTransfer {
                    identifier: PaymentId(self.number),
                    lock,
                    initiator: channel.partner(),
                    target,
                    fee: units(self.number % 2),
                })
            }
            15 | 16 => {
                let secret = self.secret(protocol);
                let hashlock = tally_crypto::hashlock(&secret);
                if let Some(paid) = locks.iter().find(|lock| lock.hashlock == hashlock) {
                    transferred = more(transferred, paid.amount);
                }
                locks.retain(|lock| lock.hashlock != hashlock);
                Content::Unlock { identifier: PaymentId(self.number), secret }
            }
            17 => {
                locks.retain(|lock| lock.hashlock != hashlock);
                Content::LockExpired { hashlock }
            }
            _ => {
                locks.retain(|lock| lock.hashlock != hashlock);
                Content::LockCancellation { hashlock }
            }
        };
        let mut envelope = Envelope {
            channel: channel.address(),
            nonce: theirs.nonce().next(),
            transferred,
            locksroot: LockTree::new(locks.iter().map(Lock::leaf).collect()).root(),
            content,
        };
        match self.twist {
            0 => envelope.nonce = theirs.nonce(),
            1 => envelope.transferred = more(envelope.transferred, units(1)),
            2 => envelope.locksroot = LocksRoot::new([self.pick; 32]),
            _ => {}
        }
        envelope
    }

    fn plain(&self, protocol: &Protocol) -> Outgoing {
        let channel = self.channel(protocol);
        let hashlock = self.hashlock(protocol, Side::Ours);
        match self.kind {
            21 | 22 => Outgoing::RevealSecret(self.secret(protocol)),
            23 => Outgoing::Refund(Refund { channel: channel.address(), hashlock }),
            24 => {
                let own = channel.end(Side::Ours).proof(channel.address());
                let any = channel.end(Side::Theirs).proof(channel.address());
                match own.or(any) {
                    Some(proof) => Outgoing::CancellationAcknowledged {
                        proof,
                        payer: protocol.config().address,
                    },
                    None => Outgoing::RevealSecret(self.secret(protocol)),
                }
            }
            _ => Outgoing::Rejected(Rejected {
                channel: channel.address(),
                nonce: Nonce(self.number % 6),
            }),
        }
    }

    /// Lets a target ask for the secret of a pending payment, unless the twist spoils it.
    fn secret_request(&self, protocol: &Protocol) -> Event {
        let pending = payments(protocol);
        let pending: Vec<_> = pending.iter().filter_map(|key| protocol.payment(key)).collect();
        let Some(payment) = pending.get(usize::from(self.pick) % pending.len().max(1)) else {
            return self.received(protocol, Outgoing::RevealSecret(self.secret(protocol)));
        };
        let hashlock = match &payment.stage {
            PaymentStage::Locked { leg, .. } => leg.lock.hashlock,
            _ => self.hashlock(protocol, Side::Ours),
        };
        let mut request =
            SecretRequest { identifier: payment.key.identifier, hashlock, amount: payment.amount };
        match self.twist {
            0 => request.identifier = PaymentId(self.number),
            1 => request.amount = units(self.number),
            _ => {}
        }
        let keys = [2, 3, 4].map(key);
        let target = keys.iter().find(|key| key.address() == payment.key.target);
        let sender = target.filter(|_| self.twist != 2).unwrap_or(&keys[0]);
        self.received_from(protocol, sender, Outgoing::SecretRequest(request))
    }

    /// Lets the partner of the picked channel say it, or now and then somebody else.
    fn received(&self, protocol: &Protocol, message: Outgoing) -> Event {
        let partner = self.channel(protocol).partner();
        let keys = [2, 3, 4].map(key);
        let other = &keys[usize::from(self.pick) % 3];
        let by_partner = keys.iter().find(|key| key.address() == partner).unwrap_or(other);
        let sender = if self.twist == 3 { other } else { by_partner };
        self.received_from(protocol, sender, message)
    }

    fn received_from(&self, protocol: &Protocol, sender: &SecretKey, message: Outgoing) -> Event {
        let us = protocol.config().address;
        let message = message.sign(CHAIN, sender).verify(CHAIN, sender.address(), us);
        let candidates = protocol
            .channels()
            .filter(|channel| channel.phase() == Phase::Open)
            .map(|channel| Candidate { channel: channel.address(), next_hop: channel.partner() })
            .collect();
        Event::MessageReceived { message: message.expect("its sender signed it"), candidates }
    }
}
