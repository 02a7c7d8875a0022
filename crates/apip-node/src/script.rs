//! Locking scripts, as far as a directory looks into them.

use tally_chain::utxo::Output;

/// `OP_RETURN`: what follows can never be spent.
const OP_RETURN: u8 = 0x6a;
const OP_PUSHDATA1: u8 = 0x4c;
const OP_PUSHDATA2: u8 = 0x4d;
const OP_PUSHDATA4: u8 = 0x4e;

/// Who may spend an output, as far as a script of a usual form says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lock {
    /// The owner of the key with this hash: `76 a9 14 <20> 88 ac`.
    Key([u8; 20]),
    /// Who satisfies the script with this hash: `a9 14 <20> 87`.
    Script([u8; 20]),
    /// A script without an address.
    Other,
}

impl Lock {
    /// Reads a locking script.
    pub(crate) fn of(script: &[u8]) -> Self {
        match script {
            [0x76, 0xa9, 0x14, hash @ .., 0x88, 0xac] => {
                hash.try_into().map_or(Self::Other, Self::Key)
            }
            [0xa9, 0x14, hash @ .., 0x87] => hash.try_into().map_or(Self::Other, Self::Script),
            _ => Self::Other,
        }
    }
}

/// Says whether nobody can ever spend the output, because it only holds data.
pub(crate) fn is_data(output: &Output) -> bool {
    output.script.first() == Some(&OP_RETURN)
}

/// Returns what a script writes into the chain: the pushes after `OP_RETURN`, joined.
///
/// `None` if it is another script or nothing is pushed. What cannot be read as a push ends the data,
/// and so does a push that is cut off.
pub(crate) fn data(script: &[u8]) -> Option<Vec<u8>> {
    let mut rest = script.strip_prefix(&[OP_RETURN])?;
    let mut data = vec![];
    while let Some((pushed, after)) = push(rest) {
        data.extend_from_slice(pushed);
        rest = after;
    }
    (!data.is_empty()).then_some(data)
}

/// Reads one push; returns what it pushes and what follows.
fn push(script: &[u8]) -> Option<(&[u8], &[u8])> {
    let (code, rest) = script.split_first()?;
    let (length, rest) = match *code {
        direct @ 0..OP_PUSHDATA1 => (usize::from(direct), rest),
        OP_PUSHDATA1 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        OP_PUSHDATA2 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        OP_PUSHDATA4 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn pushes_of_every_form_are_joined() {
        let script = [
            &[0x6a, 2][..],
            b"ab",
            &[0x4c, 1],
            b"c",
            &[0x4d, 2, 0],
            b"de",
            &[0x4e, 1, 0, 0, 0, b'f'],
        ];
        assert_eq!(data(&script.concat()).as_deref(), Some(&b"abcdef"[..]));
        let long = [&[0x6a, 0x4d, 0xa0, 0x0f][..], &[b'x'; 4000]].concat();
        assert_eq!(data(&long).map(|data| data.len()), Some(4000));
    }

    #[test]
    fn data_ends_where_pushes_do() {
        assert_eq!(data(&[0x6a]), None);
        assert_eq!(data(&[0x6a, 0]), None);
        assert_eq!(data(&[0x51, 1, b'a']), None);
        assert_eq!(data(&[0x6a, 1, b'a', 0xac, 1, b'b']), Some(vec![b'a']));
        // Cut off.
        assert_eq!(data(&[0x6a, 1, b'a', 3, b'b']), Some(vec![b'a']));
        assert_eq!(data(&[0x6a, 0x4d, 1]), None);
    }
}
