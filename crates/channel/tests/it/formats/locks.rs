use super::{hash, rows};
use tally_channel::Lock;
use tally_primitives::{BlockNumber, Hashlock, Secret, TokenAmount};

/// Goal: encodings and leaves are those of the predecessor, byte by byte.
#[test]
fn locks_are_those_of_the_vectors() {
    let mut checked = 0;
    for row in rows(include_str!("../../../vectors/locks.txt")) {
        let hashlock = Hashlock(hash(row[3]));
        if row[2] != "-" {
            let secret = Secret::new(hash(row[2]).0);
            assert_eq!(tally_crypto::hashlock(&secret), hashlock);
        }
        let expiration = BlockNumber(row[0].parse().unwrap());
        let lock = Lock { expiration, amount: row[1].parse().unwrap(), hashlock };
        assert_eq!(hex::encode(lock.encode()), row[4]);
        assert_eq!(lock.leaf(), hash(row[5]));
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// Goal: a lock is good in its last block, as the contract sees it.
#[test]
fn a_lock_expires_after_its_last_block() {
    let lock = Lock {
        expiration: BlockNumber(10),
        amount: TokenAmount::from_units(1),
        hashlock: Hashlock::default(),
    };
    let expired = [5, 10, 11].map(|head| lock.is_expired(BlockNumber(head)));
    assert_eq!(expired, [false, false, true]);
}
