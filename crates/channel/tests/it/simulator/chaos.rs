use super::{
    cast::{Cast, LAG_MAX},
    random::Random,
};
use crate::support::{chain::Call, cheater::OldState, node::Crash, users::secret_of, world::units};
use tally_channel::{Event, Message, Phase, Side};
use tally_primitives::{Hashlock, Secret, TokenAmount};

/// What happens in one history.
const STEPS: u64 = 300;

impl Cast {
    /// Lets things happen, one after the other.
    pub(crate) fn live(&mut self, random: &mut Random) {
        for _ in 0..STEPS {
            self.step(random);
            self.look_closely(random);
            if random.percent(15) {
                self.seize(random);
            }
            self.assert_conserved();
        }
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(100) {
            0..24 => self.pay(random),
            24..62 => self.deliver(random),
            62..65 => self.repeat(random),
            65..74 => self.disturb(random),
            74..78 => self.stop_or_start(random),
            78..80 => self.crash(random),
            80..93 => self.mine(random),
            93..95 => (0..random.between(5, 30)).for_each(|_| self.mine(random)),
            95..97 => self.reorganise(random),
            97..98 => self.close(random),
            _ => self.cheat(random),
        }
    }

    fn anyone(&self, random: &mut Random) -> usize {
        1 + usize::try_from(random.below(self.world.count() as u64)).unwrap()
    }

    fn pay(&mut self, random: &mut Random) {
        let (mut from, mut target) = (self.anyone(random), self.anyone(random));
        if random.percent(30) {
            // Those who conspire pay each other through the others.
            let cheaters: Vec<usize> = self.cheaters.iter().copied().collect();
            from = random.pick(&cheaters).copied().unwrap_or(from);
            target = random.pick(&cheaters).copied().unwrap_or(target);
        }
        if !self.world.node(from).is_up {
            return;
        }
        let amount = random.between(1, 40);
        let is_direct = random.percent(25);
        // Most cannot begin: too much, no way, or oneself. That is part of the play.
        if self.cheaters.contains(&from) && random.percent(20) {
            // A hash whose secret is public before the lock exists.
            let secret = secret_of(&self.world.next_key(target), 0);
            self.public.insert(tally_crypto::hashlock(&secret));
            self.secrets.insert(secret.clone());
            self.world.submit(from, Call::RegisterSecret(secret));
        }
        let fee = if self.has_fees { random.below(6) } else { 0 };
        let key = self.world.try_pay(from, target, amount, |order| {
            order.is_direct = is_direct;
            order.fee = units(fee);
        });
        if let Ok(key) = key {
            self.fees.insert(key.identifier, fee);
        }
        if let (Ok(key), true) = (key, self.cheaters.contains(&from)) {
            self.secrets.extend((0..3).map(|attempt| secret_of(&key, attempt)));
        }
    }

    fn deliver(&mut self, random: &mut Random) {
        for _ in 0..random.between(1, 6) {
            let wires = self.world.busy_wires();
            let Some((from, to)) = random.pick(&wires).copied() else { return };
            self.world.deliver(from, to);
        }
    }

    fn repeat(&mut self, random: &mut Random) {
        let wires = self.world.busy_wires();
        if let Some((from, to)) = random.pick(&wires).copied() {
            self.world.duplicate(from, to);
        }
    }

    fn disturb(&mut self, random: &mut Random) {
        let (left, right) = (self.anyone(random), self.anyone(random));
        if left == right {
        } else if self.world.is_cut(left, right) || random.percent(10) {
            self.world.mend(left, right);
        } else {
            self.world.cut(left, right);
        }
    }

    fn stop_or_start(&mut self, random: &mut Random) {
        let number = self.anyone(random);
        if self.rogues.contains(&number) {
        } else if self.world.node(number).is_up {
            self.world.stop(number);
        } else {
            self.start(number);
        }
    }

    fn start(&mut self, number: usize) {
        self.world.start(number);
        self.lag.insert(number, 0);
    }

    fn crash(&mut self, random: &mut Random) {
        let number = self.anyone(random);
        let crash = if random.percent(50) { Crash::BeforeCommit } else { Crash::AfterCommit };
        if self.world.node(number).is_up {
            self.world.crash_next(number, crash);
        }
    }

    /// Mines a block. Those who would be behind for too long look at the chain; so do some others.
    pub(crate) fn mine(&mut self, random: &mut Random) {
        self.settle_what_can_be();
        self.claim_in_the_last_block();
        let head = self.world.chain.head().0;
        for rogue in self.rogues.clone() {
            let is_silent = self.silent_until.get(&rogue).is_some_and(|until| *until > head);
            if !is_silent && random.percent(15) {
                self.attack(random, rogue);
            }
        }
        self.world.chain.mine();
        for number in self.honest() {
            let lag = self.lag[&number] + 1;
            self.lag.insert(number, lag);
            let must = lag >= LAG_MAX && !self.sleepers.contains(&number);
            if lag > LAG_MAX {
                self.negligent.insert(number);
            }
            if must || (self.world.node(number).is_up && random.percent(70)) {
                self.look(number);
            }
        }
    }

    /// Lets a node see the whole chain, even if it has to be started for that.
    pub(crate) fn look(&mut self, number: usize) {
        if self.world.node(number).is_up {
            self.world.follow(number);
        }
        // It may have died on the way.
        while !self.world.node(number).is_up {
            self.world.start(number);
        }
        self.lag.insert(number, 0);
    }

    fn reorganise(&mut self, random: &mut Random) {
        if !self.plot.reorgs {
            return;
        }
        let depth = usize::try_from(random.between(1, 2)).unwrap();
        // What moves money into channels comes again, as a wallet makes sure of.
        self.world.chain.undo(depth, |tx| {
            matches!(tx.call, Call::Open { .. } | Call::Deposit { .. }) || random.percent(80)
        });
        (0..=depth).for_each(|_| self.world.chain.mine());
        for number in self.honest() {
            if self.world.node(number).is_up || !self.sleepers.contains(&number) {
                self.look(number);
            }
        }
    }

    fn close(&mut self, random: &mut Random) {
        if !self.plot.closes {
            return;
        }
        let Some((left, right, channel)) = random.pick(&self.channels).copied() else { return };
        let closer = if random.percent(50) { left } else { right };
        if self.world.node(closer).is_up {
            // It may be closed already.
            let _ = self.world.request(closer, Event::CloseRequested(channel));
        }
    }

    /// Cheaters look at everything that passes them, and get to know every secret that was shown
    /// to anybody.
    fn look_closely(&mut self, random: &mut Random) {
        if self.cheaters.is_empty() {
            return;
        }
        for number in 1..=self.world.count() {
            let sent = &self.world.node(number).sent;
            let seen = self.overheard.entry(number).or_default();
            for (_, message) in &sent[*seen..] {
                match message {
                    Message::RevealSecret(secret) => {
                        self.secrets.insert(secret.clone());
                    }
                    Message::Refund(refund) => {
                        self.given_up.insert((number, refund.hashlock));
                    }
                    _ => {}
                }
            }
            *seen = sent.len();
        }
        for number in self.cheaters.iter().copied() {
            for channel in self.world.node(number).protocol.channels() {
                let state = OldState::of(channel).map(|state| (number, state));
                if let Some(state) = state.filter(|state| !self.old_states.contains(state))
                    && random.percent(80)
                {
                    self.old_states.push(state);
                }
            }
        }
    }

    /// Those who turned wait with a claim for the last block in which it counts.
    fn claim_in_the_last_block(&mut self) {
        let next = self.world.chain.head().0 + 1;
        let rogues = self.old_states.iter().filter(|(who, _)| self.rogues.contains(who));
        let due: Vec<(usize, Hashlock)> = rogues
            .flat_map(|(who, state)| state.locks.iter().map(|lock| (*who, *lock)))
            .filter(|(_, lock)| lock.expiration.0 == next)
            .map(|(who, lock)| (who, lock.hashlock))
            .collect();
        for (who, hashlock) in due {
            let opens = |secret: &&Secret| tally_crypto::hashlock(secret) == hashlock;
            if let Some(secret) = self.secrets.iter().find(opens) {
                self.world.submit(who, Call::RegisterSecret(secret.clone()));
            }
        }
    }

    /// A cheater turns, or one that has turned does its worst on the chain.
    fn cheat(&mut self, random: &mut Random) {
        let cheaters: Vec<usize> = self.cheaters.iter().copied().collect();
        if let Some(number) = random.pick(&cheaters).copied().filter(|_| random.percent(25)) {
            self.turn(number);
            self.attack(random, number);
        }
    }

    /// A cheater that holds a state with a lock it can open takes its chance: it closes with that
    /// state at once, or lies low until the lock's last block and longer. Its friends fall silent,
    /// too.
    fn seize(&mut self, random: &mut Random) {
        let tempting: Vec<(usize, OldState)> = self
            .old_states
            .iter()
            .filter(|(who, state)| self.is_tempting(*who, state))
            .cloned()
            .collect();
        let Some((number, state)) = random.pick(&tempting).cloned() else { return };
        self.turn(number);
        if random.percent(60) {
            let secrets: Vec<_> = self.secrets.iter().cloned().collect();
            let calls = [Some(state.close()), Some(state.update()), state.unlock(&secrets)];
            calls.into_iter().flatten().for_each(|call| self.world.submit(number, call));
        } else {
            let last = state.locks.iter().map(|lock| lock.expiration.0).max().unwrap_or(0);
            self.silent_until.insert(number, last + random.below(40));
            for friend in self.cheaters.clone() {
                if random.percent(60) {
                    self.turn(friend);
                    self.silent_until.insert(friend, last + 40);
                }
            }
        }
    }

    fn turn(&mut self, number: usize) {
        if self.rogues.insert(number) {
            self.world.stop(number);
        }
    }

    /// Says whether the state holds a lock that could be claimed in an open channel: above all one
    /// that the cheater gave up.
    fn is_tempting(&self, who: usize, state: &OldState) -> bool {
        let head = self.world.chain.head();
        let is_open = self.world.chain.contract(state.signed.proof.channel).closed.is_none();
        is_open
            && state.locks.iter().any(|lock| {
                let is_wanted = self.given_up.contains(&(who, lock.hashlock))
                    || self.public.contains(&lock.hashlock)
                    || self.rogues.contains(&who)
                    || head.0.is_multiple_of(5);
                is_wanted
                    && lock.expiration > head
                    && self.secrets.iter().any(|s| tally_crypto::hashlock(s) == lock.hashlock)
            })
    }

    pub(crate) fn attack(&mut self, random: &mut Random, number: usize) {
        let secrets: Vec<_> = self.secrets.iter().cloned().collect();
        if random.percent(5)
            && let Some(secret) = random.pick(&secrets)
        {
            self.world.submit(number, Call::RegisterSecret(secret.clone()));
        }
        let own = self.channels.iter().filter(|(left, right, _)| [left, right].contains(&&number));
        let own: Vec<_> = own.map(|(.., channel)| *channel).collect();
        let Some(channel) = random.pick(&own).copied() else { return };
        let states = self
            .old_states
            .iter()
            .filter(|(who, state)| *who == number && state.signed.proof.channel == channel);
        let states: Vec<OldState> = states.map(|(_, state)| state.clone()).collect();
        let mut calls = vec![];
        match random.pick(&states) {
            Some(state) => calls.extend([state.close(), state.update()]),
            None => calls.push(Call::Close { channel, partner_proof: None }),
        }
        // Only the state that the contract stores can be claimed from.
        let stored = self.world.chain.contract(channel).stored;
        let claimable = states
            .iter()
            .filter(|state| stored.iter().any(|stored| stored.nonce == state.signed.proof.nonce));
        calls.extend(claimable.filter_map(|state| state.unlock(&secrets)));
        calls.into_iter().for_each(|call| self.world.submit(number, call));
    }

    /// Settles every channel in the first block in which the contract allows it.
    pub(crate) fn settle_what_can_be(&mut self) {
        let next = self.world.chain.head().0 + 1;
        let due: Vec<_> = self
            .world
            .chain
            .contracts()
            .filter(|(_, contract)| !contract.is_settled())
            .filter(|(_, contract)| contract.settles_after().is_some_and(|until| until.0 < next))
            .map(|(channel, _)| channel)
            .collect();
        due.into_iter().for_each(|channel| self.world.submit(1, Call::Settle { channel }));
    }

    /// No node believes that a channel holds more or less than was put in.
    fn assert_conserved(&self) {
        for number in 1..=self.world.count() {
            let protocol = &self.world.node(number).protocol;
            for channel in protocol.channels() {
                let sum = |amounts: [TokenAmount; 2]| amounts[0].try_add(amounts[1]).unwrap();
                let both = [Side::Ours, Side::Theirs];
                let balances = sum(both.map(|side| channel.balance(side)));
                let deposits = sum(both.map(|side| channel.deposit(side)));
                let is_whole = channel.phase() != Phase::Vanished;
                assert!(!is_whole || balances == deposits, "node {number}: {channel:#?}");
                for side in both {
                    let locked = channel.end(side).locked();
                    assert!(locked <= channel.balance(side), "node {number}: {channel:#?}");
                }
            }
        }
    }
}
