use crate::{
    IdHash, OutputRef, TransactionId,
    codec::{
        Format, IdRule, Signing,
        text::{Part, Span, Text},
    },
};

/// A piece of a text to be replaced, and by what.
struct Edit<'e>(Span, &'e str);

const NULL: &str = "null";

impl Format {
    /// Returns the id that the transaction with this text has.
    pub(crate) fn id_of(&self, text: &Text, hash: IdHash) -> TransactionId {
        TransactionId::from_bytes(hash.hash_parts(&self.id_preimage(text)))
    }

    /// Returns what the id is the hash of, in pieces.
    pub(crate) fn id_preimage<'t>(&self, text: &'t Text) -> Vec<&'t [u8]> {
        let edits = match self.id {
            IdRule::Unsigned => unsigned(text, Some(Edit(text.id_member, ""))),
            IdRule::Signed => vec![Edit(text.id, NULL)],
        };
        pieces(text, edits)
    }

    /// Returns the message that the keys of input number `at` sign. The input exists.
    pub(crate) fn message(
        &self,
        text: &Text,
        hash: IdHash,
        has_timestamp: bool,
        at: usize,
        spends: Option<&OutputRef>,
    ) -> Vec<u8> {
        match self.signing {
            Signing::OneInput => one_input(text, hash, has_timestamp, at),
            Signing::Whole => pieces(text, unsigned(text, None)).concat(),
            Signing::Digest => digest(text, spends).to_vec(),
        }
    }

    /// Returns an upper bound on how many bytes are hashed to check the signatures of input number
    /// `at`, of which there are `signatures`.
    pub(crate) fn message_work(&self, text: &Text, at: usize, signatures: usize) -> usize {
        let whole = text.json.len();
        match self.signing {
            Signing::OneInput => {
                let others = span_of(&text.inputs).map_or(0, |all| all.end() - all.start());
                let own = text.inputs[at].whole;
                (whole - others + own.end() - own.start()).saturating_mul(signatures + 1)
            }
            Signing::Whole => whole.saturating_mul(signatures),
            Signing::Digest => whole,
        }
    }
}

/// The transaction that is signed has an id of its own: the hash of itself, which the message then
/// repeats. For a transaction with one input it is the transaction's id.
fn one_input(text: &Text, hash: IdHash, has_timestamp: bool, at: usize) -> Vec<u8> {
    let edits = |id| {
        let outputs = if has_timestamp { only(&text.outputs, at) } else { Vec::new() };
        let mut edits = only(&text.inputs, at);
        edits.extend(outputs);
        edits.push(Edit(text.inputs[at].fulfillment, NULL));
        edits.push(id);
        edits
    };
    let id = hash.hash_parts(&pieces(text, edits(Edit(text.id_member, ""))));
    let id = format!("\"{}\"", TransactionId::from_bytes(id));
    pieces(text, edits(Edit(text.id, &id))).concat()
}

fn digest(text: &Text, spends: Option<&OutputRef>) -> [u8; 32] {
    let spends =
        spends.map(|output| format!("{}{}", output.transaction, output.index)).unwrap_or_default();
    let mut pieces = pieces(text, unsigned(text, Some(Edit(text.id, NULL))));
    pieces.push(spends.as_bytes());
    IdHash::Sha3.hash_parts(&pieces)
}

/// Takes the fulfilments away, and what `and` says.
fn unsigned<'e>(text: &Text, and: Option<Edit<'e>>) -> Vec<Edit<'e>> {
    let fulfillments = text.inputs.iter().map(|input| Edit(input.fulfillment, NULL));
    fulfillments.chain(and).collect()
}

/// Takes all parts of a list away but number `at`, which becomes number 0. If there is no such
/// part, none is left.
fn only(parts: &[Part], at: usize) -> Vec<Edit<'static>> {
    let Some(all) = span_of(parts) else { return Vec::new() };
    let Some(part) = parts.get(at) else { return vec![Edit(all, "")] };
    let before = Span::new(all.start()..part.whole.start());
    let after = Span::new(part.whole.end()..all.end());
    let position = part.position.map(|position| Edit(position, "0"));
    [Edit(before, ""), Edit(after, "")].into_iter().chain(position).collect()
}

/// Where a list's content is.
fn span_of(parts: &[Part]) -> Option<Span> {
    let (first, last) = (parts.first()?, parts.last()?);
    Some(Span::new(first.whole.start()..last.whole.end()))
}

/// Returns the text after `edits`, which do not overlap, in pieces.
fn pieces<'t>(text: &'t Text, mut edits: Vec<Edit<'t>>) -> Vec<&'t [u8]> {
    edits.sort_by_key(|edit| (edit.0.start(), edit.0.end()));
    let bytes = text.json.as_bytes();
    let mut pieces = Vec::with_capacity(2 * edits.len() + 2);
    let mut at = 0;
    for Edit(span, instead) in edits {
        pieces.push(&bytes[at..span.start()]);
        pieces.push(instead.as_bytes());
        at = span.end();
    }
    pieces.push(&bytes[at..]);
    pieces
}
