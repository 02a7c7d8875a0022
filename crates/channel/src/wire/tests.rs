use super::*;
use crate::{
    BalanceProof, Content, Envelope, Lock, MediatedTransfer, Message, Refund, Rejected,
    SecretRequest, SignedProof,
};
use proptest::{collection::vec, prelude::*, sample::Index};
use tally_primitives::{
    BlockNumber, ChannelAddress, Hashlock, LocksRoot, MessageHash, NodeAddress, Nonce, PaymentId,
    Secret, Signature, TokenAmount,
};

/// Returns bytes of the right length for `kind` that count upwards behind the prefix.
fn counting(kind: MessageKind) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0_u8..=255).cycle().take(kind.length()).collect();
    bytes[..2].copy_from_slice(&[WIRE_VERSION, kind.byte()]);
    bytes
}

/// Returns where the nonce of a `kind` starts.
const fn nonce_offset(kind: MessageKind) -> Option<usize> {
    match kind {
        MessageKind::DirectTransfer
        | MessageKind::MediatedTransfer
        | MessageKind::Unlock
        | MessageKind::LockExpired
        | MessageKind::LockCancellation
        | MessageKind::CancellationAcknowledged
        | MessageKind::Rejected => Some(22),
        MessageKind::SecretRequest | MessageKind::RevealSecret | MessageKind::Refund => None,
    }
}

#[test]
fn a_byte_names_at_most_one_kind() {
    let known: Vec<_> = (0..=255).filter_map(MessageKind::from_byte).collect();
    assert_eq!(known, MessageKind::ALL);
}

/// Goal: the lengths of docs/formats.md.
#[test]
fn every_kind_has_its_length() {
    let lengths = MessageKind::ALL.map(|kind| (kind.byte(), kind.length()));
    let documented = [
        (1, 167),
        (2, 311),
        (3, 199),
        (4, 191),
        (5, 191),
        (16, 74),
        (17, 34),
        (18, 54),
        (19, 191),
        (20, 30),
    ];
    assert_eq!(lengths, documented);
}

/// Goal: any bytes of the right length are a message of that kind, except for a zero nonce.
#[test]
fn every_kind_is_read_and_written_back() {
    for kind in MessageKind::ALL {
        let bytes = counting(kind);
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.kind(), kind);
        assert_eq!(message.encode(), bytes);
    }
}

#[test]
fn refuses_other_lengths() {
    for kind in MessageKind::ALL {
        let mut bytes = counting(kind);
        bytes.extend([0; 300]);
        for length in (2..bytes.len()).filter(|length| *length != kind.length()) {
            let expected = WireError::WrongLength { kind, expected: kind.length(), length };
            assert_eq!(Message::decode(&bytes[..length]), Err(expected));
        }
    }
}

#[test]
fn refuses_a_message_without_version_and_kind() {
    assert_eq!(Message::decode(&[]), Err(WireError::TooShort { length: 0 }));
    assert_eq!(Message::decode(&[WIRE_VERSION]), Err(WireError::TooShort { length: 1 }));
}

/// Goal: a node that meets a later version says so, whatever else that version changed.
#[test]
fn refuses_other_versions_first() {
    for version in (0..=255).filter(|version| *version != WIRE_VERSION) {
        for rest in [&[][..], &[0], &[255; 400]] {
            let bytes = [&[version], rest].concat();
            assert_eq!(Message::decode(&bytes), Err(WireError::UnknownVersion(version)));
        }
    }
}

#[test]
fn refuses_unknown_kinds() {
    for kind in (0..=255).filter(|byte| MessageKind::from_byte(*byte).is_none()) {
        let bytes = [WIRE_VERSION, kind, 0, 0];
        assert_eq!(Message::decode(&bytes), Err(WireError::UnknownKind(kind)));
    }
}

#[test]
fn refuses_a_zero_nonce() {
    for kind in MessageKind::ALL {
        let Some(offset) = nonce_offset(kind) else { continue };
        let mut bytes = counting(kind);
        bytes[offset..offset + 8].fill(0);
        assert_eq!(Message::decode(&bytes), Err(WireError::ZeroNonce { kind, offset }));
        bytes[offset + 7] = 1;
        assert!(Message::decode(&bytes).is_ok());
    }
}

#[test]
fn errors_say_what_and_where() {
    let kind = MessageKind::Refund;
    let shown = [
        WireError::TooShort { length: 1 }.to_string(),
        WireError::UnknownVersion(9).to_string(),
        WireError::UnknownKind(6).to_string(),
        WireError::WrongLength { kind, expected: kind.length(), length: 55 }.to_string(),
        WireError::ZeroNonce { kind: MessageKind::Rejected, offset: 22 }.to_string(),
    ];
    let expected = [
        "1 bytes are too short for a version and a kind",
        "version 9 at byte 0 is not 1",
        "kind 6 at byte 1 is unknown",
        "Refund has 54 bytes, not 55",
        "nonce at byte 22 of Rejected is zero",
    ];
    assert_eq!(shown, expected);
}

/// Goal: no two fields of a message share bytes, and all reach their place.
/// Method: every bit of a valid message is turned over; the result is refused or another message.
#[test]
fn every_bit_counts() {
    for kind in MessageKind::ALL {
        let bytes = counting(kind);
        let message = Message::decode(&bytes).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(Message::decode(&flipped).as_ref(), Ok(&message), "{kind}, bit {bit}");
        }
    }
}

fn amount() -> impl Strategy<Value = TokenAmount> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(TokenAmount::from_be_bytes),
        any::<u64>().prop_map(TokenAmount::from_units),
        Just(TokenAmount::ZERO),
        Just(TokenAmount::MAX),
    ]
}

prop_compose! {
    fn nonce()(number in prop_oneof![1..10_u64, 1..=u64::MAX, Just(u64::MAX)]) -> Nonce {
        Nonce(number)
    }
}

prop_compose! {
    fn signature()(r: [u8; 32], s: [u8; 32], v: u8) -> Signature {
        let mut bytes = [v; 65];
        bytes[..32].copy_from_slice(&r);
        bytes[32..64].copy_from_slice(&s);
        Signature(bytes)
    }
}

prop_compose! {
    fn mediated_transfer()(
        identifier: u64, expiration: u64, amount in amount(), hashlock: [u8; 32],
        initiator: [u8; 20], target: [u8; 20], fee in amount(),
    ) -> MediatedTransfer {
        let expiration = BlockNumber(expiration);
        MediatedTransfer {
            identifier: PaymentId(identifier),
            lock: Lock { expiration, amount, hashlock: Hashlock::new(hashlock) },
            initiator: NodeAddress::new(initiator),
            target: NodeAddress::new(target),
            fee,
        }
    }
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<u64>().prop_map(|number| Content::DirectTransfer { identifier: PaymentId(number) }),
        mediated_transfer().prop_map(Content::MediatedTransfer),
        any::<(u64, [u8; 32])>().prop_map(|(number, secret)| Content::Unlock {
            identifier: PaymentId(number),
            secret: Secret::new(secret),
        }),
        any::<[u8; 32]>().prop_map(|hash| Content::LockExpired { hashlock: Hashlock::new(hash) }),
        any::<[u8; 32]>()
            .prop_map(|hash| Content::LockCancellation { hashlock: Hashlock::new(hash) }),
    ]
}

prop_compose! {
    fn envelope()(
        channel: [u8; 20], nonce in nonce(), transferred in amount(), locksroot: [u8; 32],
        content in content(),
    ) -> Envelope {
        let (channel, locksroot) = (ChannelAddress::new(channel), LocksRoot::new(locksroot));
        Envelope { channel, nonce, transferred, locksroot, content }
    }
}

prop_compose! {
    fn acknowledged()(
        channel: [u8; 20], nonce in nonce(), transferred in amount(), locksroot: [u8; 32],
        message_hash: [u8; 32], signature in signature(),
    ) -> SignedProof {
        let proof = BalanceProof {
            channel: ChannelAddress::new(channel),
            nonce,
            transferred,
            locksroot: LocksRoot::new(locksroot),
            message_hash: MessageHash::new(message_hash),
        };
        SignedProof { proof, signature }
    }
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        5 => (envelope(), signature())
            .prop_map(|(envelope, signature)| Message::Envelope(envelope, signature)),
        1 => (any::<(u64, [u8; 32])>(), amount()).prop_map(|((number, hash), amount)| {
            Message::SecretRequest(SecretRequest {
                identifier: PaymentId(number),
                hashlock: Hashlock::new(hash),
                amount,
            })
        }),
        1 => any::<[u8; 32]>().prop_map(|secret| Message::RevealSecret(Secret::new(secret))),
        1 => any::<([u8; 20], [u8; 32])>().prop_map(|(channel, hash)| Message::Refund(Refund {
            channel: ChannelAddress::new(channel),
            hashlock: Hashlock::new(hash),
        })),
        1 => acknowledged().prop_map(Message::CancellationAcknowledged),
        1 => (any::<[u8; 20]>(), nonce()).prop_map(|(channel, nonce)| Message::Rejected(
            Rejected { channel: ChannelAddress::new(channel), nonce },
        )),
    ]
}

/// Bytes that begin like a message, of about its length.
fn almost_message() -> impl Strategy<Value = Vec<u8>> {
    (0..MessageKind::ALL.len(), -2_isize..=2, vec(any::<u8>(), 400)).prop_map(
        |(index, off, mut bytes)| {
            let kind = MessageKind::ALL[index];
            bytes[..2].copy_from_slice(&[WIRE_VERSION, kind.byte()]);
            bytes.truncate(kind.length().saturating_add_signed(off));
            bytes
        },
    )
}

/// Law: what decodes is the one encoding of what it decodes to. That it returns at all is the law
/// that decoding never panics.
fn assert_refused_or_canonical(bytes: &[u8]) {
    if let Ok(message) = Message::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(message in message()) {
        let bytes = message.encode();
        prop_assert_eq!(bytes.len(), message.kind().length());
        prop_assert_eq!(Message::decode(&bytes), Ok(message));
    }

    #[test]
    fn the_signature_is_last_and_the_rest_is_hashed(
        envelope in envelope(), signature in signature(),
    ) {
        let bytes = Message::Envelope(envelope.clone(), signature).encode();
        let (unsigned, last) = bytes.split_at(bytes.len() - Signature::LENGTH);
        prop_assert_eq!(last, &signature.0[..]);
        prop_assert_eq!(tally_crypto::keccak256(unsigned), envelope.message_hash().0);
    }

    #[test]
    fn any_bytes_are_refused_or_canonical(
        bytes in prop_oneof![vec(any::<u8>(), 0..400), almost_message()],
    ) {
        assert_refused_or_canonical(&bytes);
    }

    #[test]
    fn damaged_messages_are_refused_or_canonical(
        message in message(),
        damage in vec((any::<Index>(), any::<u8>()), 0..4),
        end in 0..400_usize,
        tail in vec(any::<u8>(), 0..3),
    ) {
        let mut bytes = message.encode();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        assert_refused_or_canonical(&bytes);
        bytes.truncate(end);
        bytes.extend(tail);
        assert_refused_or_canonical(&bytes);
    }
}
