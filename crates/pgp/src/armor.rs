//! Armor (RFC 9580 §6): base64 between two dashed lines, read strictly and written exactly.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Columns of base64 in a line.
const COLUMNS: usize = 64;
/// Lines such as `Version: …` before the base64.
const HEADERS_MAX: usize = 16;

/// Writes `data` as a block of the given kind, such as `SIGNATURE`, with an optional `Version:`
/// line, and without a line end after the last line.
pub(crate) fn write(kind: &str, version: Option<&str>, data: &[u8]) -> String {
    let encoded = STANDARD.encode(data);
    let mut text = String::with_capacity(encoded.len() + encoded.len() / COLUMNS + 128);
    text.push_str("-----BEGIN PGP ");
    text.push_str(kind);
    text.push_str("-----\n");
    if let Some(version) = version {
        text.push_str("Version: ");
        text.push_str(version);
        text.push('\n');
    }
    text.push('\n');
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = next;
    }
    text.push('=');
    text.push_str(&STANDARD.encode(checksum(data)));
    text.push_str("\n-----END PGP ");
    text.push_str(kind);
    text.push_str("-----");
    text
}

/// Reads the block of the given kind that `lines` are, all of them: nothing but blank lines may
/// follow. The checksum may be missing, as RFC 9580 §6.1 advises, but not be wrong.
pub(crate) fn read<'a>(kind: &str, lines: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
    let mut lines = lines.map(|line| line.trim_end_matches([' ', '\t']));
    let begin = lines.by_ref().find(|line| !line.is_empty())?;
    if !is_dashed(begin, "BEGIN", kind) {
        return None;
    }
    for count in 0.. {
        let line = lines.next()?;
        if line.is_empty() {
            break;
        }
        if count == HEADERS_MAX || !is_header(line) {
            return None;
        }
    }
    let mut encoded = String::new();
    let mut sum = None;
    loop {
        let line = lines.next()?;
        if is_dashed(line, "END", kind) {
            break;
        }
        if sum.is_some() {
            return None;
        }
        match line.strip_prefix('=') {
            Some(checksum) => sum = Some(STANDARD.decode(checksum).ok()?),
            None => encoded.push_str(line),
        }
    }
    if lines.any(|line| !line.is_empty()) {
        return None;
    }
    let data = STANDARD.decode(encoded).ok()?;
    match sum {
        Some(sum) if sum != checksum(&data) => None,
        Some(_) | None => Some(data),
    }
}

/// Whether the line is `-----BEGIN PGP <kind>-----`, or `END`.
pub(crate) fn is_dashed(line: &str, edge: &str, kind: &str) -> bool {
    let inner = line.strip_prefix("-----").and_then(|line| line.strip_suffix("-----"));
    inner
        .and_then(|inner| inner.strip_prefix(edge))
        .and_then(|inner| inner.strip_prefix(" PGP "))
        .is_some_and(|inner| inner == kind)
}

fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// CRC-24 (RFC 9580 §6.1.1).
fn checksum(data: &[u8]) -> [u8; 3] {
    let mut register = 0x00B7_04CE_u32;
    for &byte in data {
        register ^= u32::from(byte) << 16;
        for _ in 0..8 {
            register <<= 1;
            if register & 0x0100_0000 != 0 {
                register ^= 0x0186_4CFB;
            }
        }
    }
    let [_, high, middle, low] = register.to_be_bytes();
    [high, middle, low]
}
