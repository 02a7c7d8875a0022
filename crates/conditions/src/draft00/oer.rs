use crate::{
    error::{ConditionError, Fault},
    reader::Reader,
};

/// Appends a length.
pub(super) fn write_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = shortest(length as u64);
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
}

/// Returns how many bytes a length takes.
pub(super) fn length_of_length(length: u64) -> u64 {
    if length < 0x80 { 1 } else { 1 + shortest(length).len() as u64 }
}

pub(super) fn write_octets(out: &mut Vec<u8>, bytes: &[u8]) {
    write_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(super) fn write_number(out: &mut Vec<u8>, number: u64) {
    write_octets(out, &shortest(number));
}

/// Returns how many bytes a number takes with its length.
pub(super) fn length_of_number(number: u64) -> u64 {
    1 + shortest(number).len() as u64
}

/// Returns the shortest big-endian form, at least one byte.
fn shortest(number: u64) -> Vec<u8> {
    let leading = (number.leading_zeros() / 8).min(7) as usize;
    number.to_be_bytes()[leading..].to_vec()
}

/// Splits off a reader of the bytes behind a length.
pub(super) fn read_octets<'a>(reader: &mut Reader<'a>) -> Result<Reader<'a>, ConditionError> {
    let start = *reader;
    let first = reader.u8()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        // Four bytes of length are more than any payload has.
        let bytes = match first & 0x7f {
            count @ 1..=4 => reader.take(usize::from(count))?,
            _ => return Err(start.error(Fault::NotCanonical)),
        };
        let length = bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
        if bytes[0] == 0 || length < 0x80 {
            return Err(start.error(Fault::NotCanonical));
        }
        length
    };
    reader.part(length)
}

pub(super) fn read_number(reader: &mut Reader<'_>) -> Result<u64, ConditionError> {
    let start = *reader;
    let mut octets = read_octets(reader)?;
    let bytes = octets.rest();
    let is_shortest = match bytes {
        [] => false,
        [_] => true,
        [first, ..] => *first != 0 && bytes.len() <= 8,
    };
    if !is_shortest {
        return Err(start.error(Fault::NotCanonical));
    }
    Ok(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// Reads a number of at most 32 bits.
pub(super) fn read_u32(reader: &mut Reader<'_>) -> Result<u32, ConditionError> {
    let start = *reader;
    u32::try_from(read_number(reader)?).map_err(|_| start.error(Fault::NotCanonical))
}
