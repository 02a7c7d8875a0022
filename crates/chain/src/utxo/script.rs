//! Locking scripts, as far as anybody here reads them.

const OP_PUSHDATA1: u8 = 0x4c;
const OP_PUSHDATA2: u8 = 0x4d;
const OP_PUSHDATA4: u8 = 0x4e;
const OP_RETURN: u8 = 0x6a;
const OP_DUP: u8 = 0x76;
const OP_EQUAL: u8 = 0x87;
const OP_EQUALVERIFY: u8 = 0x88;
const OP_HASH160: u8 = 0xa9;
const OP_CHECKSIG: u8 = 0xac;

/// Who may spend an output, as far as a script of a usual form says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// The owner of the public key with this hash (P2PKH).
    Key([u8; 20]),
    /// Whoever satisfies the script with this hash (P2SH).
    Script([u8; 20]),
    /// A script of another form, which has no address.
    Other,
}

impl Lock {
    /// Reads a locking script.
    pub fn of(script: &[u8]) -> Self {
        match script {
            [OP_DUP, OP_HASH160, 20, hash @ .., OP_EQUALVERIFY, OP_CHECKSIG] => {
                hash.try_into().map_or(Self::Other, Self::Key)
            }
            [OP_HASH160, 20, hash @ .., OP_EQUAL] => {
                hash.try_into().map_or(Self::Other, Self::Script)
            }
            _ => Self::Other,
        }
    }

    /// Returns the locking script; `None` for a lock that does not say which.
    pub fn script(&self) -> Option<Vec<u8>> {
        match self {
            Self::Key(hash) => {
                Some([&[OP_DUP, OP_HASH160, 20][..], hash, &[OP_EQUALVERIFY, OP_CHECKSIG]].concat())
            }
            Self::Script(hash) => Some([&[OP_HASH160, 20][..], hash, &[OP_EQUAL]].concat()),
            Self::Other => None,
        }
    }
}

/// Says whether nobody can ever spend what the script locks, because it only holds data.
pub fn is_data(script: &[u8]) -> bool {
    script.first() == Some(&OP_RETURN)
}

/// Returns what a script that begins with `OP_RETURN` carries: the bytes of its pushes, one after
/// the other. `None` for every other script.
///
/// Reading ends at the first thing that is not a whole push: what comes after it was not meant as
/// data. Source: spec of scripts, `PUSHDATA1` and `2` and `4` with little-endian lengths.
pub fn op_return(script: &[u8]) -> Option<Vec<u8>> {
    let mut rest = script.strip_prefix(&[OP_RETURN])?;
    let mut data = Vec::new();
    while let Some((pushed, after)) = split_push(rest) {
        data.extend_from_slice(pushed);
        rest = after;
    }
    Some(data)
}

/// Splits the first push off; `None` at the end, at another operation, and where it is cut.
fn split_push(script: &[u8]) -> Option<(&[u8], &[u8])> {
    let (operation, rest) = script.split_first()?;
    let (length, rest) = match *operation {
        direct if direct < OP_PUSHDATA1 => (usize::from(direct), rest),
        OP_PUSHDATA1 => split_length::<1>(rest)?,
        OP_PUSHDATA2 => split_length::<2>(rest)?,
        OP_PUSHDATA4 => split_length::<4>(rest)?,
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn split_length<const N: usize>(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<N>()?;
    let mut wide = [0; 4];
    wide[..N].copy_from_slice(length);
    usize::try_from(u32::from_le_bytes(wide)).ok().map(|length| (length, rest))
}

/// Returns the script that carries `data` in one push.
pub fn carrier(data: &[u8]) -> Vec<u8> {
    let length = data.len();
    let mut script = vec![OP_RETURN];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < OP_PUSHDATA1 => script.push(short),
        (Ok(short), _) => script.extend([OP_PUSHDATA1, short]),
        (Err(_), Ok(middle)) => {
            script.push(OP_PUSHDATA2);
            script.extend(middle.to_le_bytes());
        }
        (Err(_), Err(_)) => {
            script.push(OP_PUSHDATA4);
            script.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
    script.extend_from_slice(data);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scripts_of_the_usual_forms_have_an_owner() {
        let hash = [7; 20];
        let key = [&[0x76, 0xa9, 0x14][..], &hash, &[0x88, 0xac]].concat();
        let script = [&[0xa9, 0x14][..], &hash, &[0x87]].concat();
        assert_eq!(Lock::of(&key), Lock::Key(hash));
        assert_eq!(Lock::of(&script), Lock::Script(hash));
        // Another length, a byte too many, nothing.
        for other in [&key[..24], &[&key[..], &[0]].concat(), &script[1..], &[], &[0x76, 0xa9]] {
            assert_eq!(Lock::of(other), Lock::Other, "{other:?}");
        }
    }

    #[test]
    fn data_is_read_from_pushes_of_every_kind() {
        assert_eq!(op_return(&[OP_RETURN, 2, b'h', b'i']), Some(b"hi".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 0x4c, 2, b'h', b'i']), Some(b"hi".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 0x4d, 2, 0, b'h', b'i']), Some(b"hi".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 0x4e, 2, 0, 0, 0, b'h', b'i']), Some(b"hi".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 1, b'h', 0, 0x4c, 1, b'i']), Some(b"hi".to_vec()));
    }

    #[test]
    fn reading_ends_at_what_is_no_whole_push() {
        assert_eq!(op_return(&[OP_RETURN]), Some(vec![]));
        assert_eq!(op_return(&[OP_RETURN, 1, b'h', OP_DUP, 1, b'i']), Some(b"h".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 1, b'h', 9, b'i']), Some(b"h".to_vec()));
        assert_eq!(op_return(&[OP_RETURN, 0x4e, 0xff, 0xff, 0xff, 0xff, 1]), Some(vec![]));
        assert_eq!(op_return(&[OP_DUP, 1, b'h']), None);
        assert_eq!(op_return(&[]), None);
    }

    proptest! {
        /// Any bytes are read without a panic, and give no more than they hold.
        #[test]
        fn any_script_is_read(script in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(data) = op_return(&script) {
                prop_assert!(data.len() < script.len());
            }
            if let Some(same) = Lock::of(&script).script() {
                prop_assert_eq!(same, script);
            }
        }

        /// What is put into a script comes out again, at all lengths where the form changes.
        #[test]
        fn what_is_carried_is_read_back(
            length in prop_oneof![0..80usize, 250..260usize, 4_000..4_010usize, 65_530..65_540usize],
            byte in any::<u8>(),
        ) {
            let data = vec![byte; length];
            prop_assert_eq!(op_return(&carrier(&data)), Some(data));
        }
    }
}
