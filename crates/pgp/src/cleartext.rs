//! The cleartext signature framework (RFC 9580 §7): a text one can read, and its signature.

use crate::{VerifyError, armor, verify::TEXT_BYTES_MAX};

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
pub(crate) const SIGNATURE: &str = "SIGNATURE";

/// A signed message, taken apart.
pub(crate) struct Cleartext {
    /// Lines joined by LF, unescaped, with their trailing blanks, without a last line end.
    pub(crate) text: String,
    /// The names in its `Hash:` lines, as written.
    pub(crate) hashes: Vec<String>,
    /// The packets of the signature.
    pub(crate) packets: Vec<u8>,
}

/// Writes the message: no line end after the last line.
///
/// `text` has LF line ends and none at its end.
pub(crate) fn write(text: &str, hash: &str, version: Option<&str>, packets: &[u8]) -> String {
    let armor = armor::write(SIGNATURE, version, packets);
    let mut message = String::with_capacity(text.len() + armor.len() + 64);
    message.push_str(BEGIN);
    message.push_str("\nHash: ");
    message.push_str(hash);
    message.push_str("\n\n");
    for line in text.split('\n') {
        if line.starts_with('-') {
            message.push_str("- ");
        }
        message.push_str(line);
        message.push('\n');
    }
    message.push_str(&armor);
    message
}

/// Takes a message apart, whose lines end with LF or CRLF.
///
/// # Errors
///
/// [`VerifyError::NotCleartext`] or [`VerifyError::TooLong`].
pub(crate) fn read(message: &str) -> Result<Cleartext, VerifyError> {
    if message.len() > TEXT_BYTES_MAX {
        return Err(VerifyError::TooLong);
    }
    let message = line_feeds(message).ok_or(VerifyError::NotCleartext)?;
    parts(&message).ok_or(VerifyError::NotCleartext)
}

fn parts(message: &str) -> Option<Cleartext> {
    let mut lines = message.split('\n');
    let begin = lines.by_ref().find(|line| !trimmed(line).is_empty())?;
    if trimmed(begin) != BEGIN {
        return None;
    }
    let mut hashes = Vec::new();
    for line in lines.by_ref() {
        let line = trimmed(line);
        if line.is_empty() {
            break;
        }
        // Nothing but `Hash` may stand there: other lines would be shown and not be signed.
        let names = line.strip_prefix("Hash:")?;
        hashes.extend(names.split(',').map(|name| name.trim().to_owned()));
    }
    let mut text = Vec::new();
    let end = loop {
        let line = lines.next()?;
        match line.strip_prefix("- ") {
            Some(escaped) => text.push(escaped),
            None if line.starts_with('-') => break line,
            None => text.push(line),
        }
    };
    let packets = armor::read(SIGNATURE, std::iter::once(end).chain(lines))?;
    Some(Cleartext { text: text.join("\n"), hashes, packets })
}

/// What is hashed: lines without their trailing blanks, joined by CRLF.
pub(crate) fn canonical(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + text.len() / 16);
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(trimmed(line).as_bytes());
    }
    bytes
}

/// The text with LF line ends only; none if a carriage return stands elsewhere.
pub(crate) fn line_feeds(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    (!text.contains('\r')).then_some(text)
}

fn trimmed(line: &str) -> &str {
    line.trim_end_matches([' ', '\t'])
}

#[cfg(test)]
mod tests;
