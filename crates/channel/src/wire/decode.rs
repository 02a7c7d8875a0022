use super::{MessageKind, WIRE_VERSION, WireError};
use crate::{
    BalanceProof, Content, Envelope, Lock, MediatedTransfer, Message, Refund, Rejected,
    SecretRequest, SignedProof,
};
use tally_primitives::{
    BlockNumber, ChannelAddress, Hashlock, LocksRoot, MessageHash, NodeAddress, Nonce, PaymentId,
    Secret, Signature, TokenAmount,
};

impl Message {
    /// Reads a message of all of `bytes`. Does not allocate.
    ///
    /// Every message has one encoding: what is accepted here, [`Message::encode`] gives back byte
    /// by byte. Signatures are not checked; see [`Message::verify`].
    ///
    /// # Errors
    ///
    /// `WireError` says what is wrong and where.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut fields = Fields::open(bytes)?;
        let message = match fields.kind {
            MessageKind::DirectTransfer => fields.envelope(|fields| {
                Ok(Content::DirectTransfer { identifier: fields.identifier()? })
            })?,
            MessageKind::MediatedTransfer => fields
                .envelope(|fields| Ok(Content::MediatedTransfer(fields.mediated_transfer()?)))?,
            MessageKind::Unlock => fields.envelope(|fields| {
                Ok(Content::Unlock { identifier: fields.identifier()?, secret: fields.secret()? })
            })?,
            MessageKind::LockExpired => fields
                .envelope(|fields| Ok(Content::LockExpired { hashlock: fields.hashlock()? }))?,
            MessageKind::LockCancellation => fields.envelope(|fields| {
                Ok(Content::LockCancellation { hashlock: fields.hashlock()? })
            })?,
            MessageKind::SecretRequest => Self::SecretRequest(SecretRequest {
                identifier: fields.identifier()?,
                hashlock: fields.hashlock()?,
                amount: fields.amount()?,
            }),
            MessageKind::RevealSecret => Self::RevealSecret(fields.secret()?),
            MessageKind::Refund => {
                Self::Refund(Refund { channel: fields.channel()?, hashlock: fields.hashlock()? })
            }
            MessageKind::CancellationAcknowledged => {
                Self::CancellationAcknowledged(fields.signed_proof()?)
            }
            MessageKind::Rejected => {
                Self::Rejected(Rejected { channel: fields.channel()?, nonce: fields.nonce()? })
            }
        };
        fields.finish()?;
        Ok(message)
    }
}

/// The fields of a message that were not read yet.
struct Fields<'a> {
    kind: MessageKind,
    /// The length of the whole message.
    length: usize,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads version and kind and checks the length.
    fn open(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (kind, rest) = match bytes {
            [version, ..] if *version != WIRE_VERSION => {
                return Err(WireError::UnknownVersion(*version));
            }
            [_, kind, rest @ ..] => (*kind, rest),
            [] | [_] => return Err(WireError::TooShort { length: bytes.len() }),
        };
        let kind = MessageKind::from_byte(kind).ok_or(WireError::UnknownKind(kind))?;
        let fields = Self { kind, length: bytes.len(), rest };
        if fields.length == kind.length() { Ok(fields) } else { Err(fields.wrong_length()) }
    }

    fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong_length()) }
    }

    const fn wrong_length(&self) -> WireError {
        WireError::WrongLength {
            kind: self.kind,
            expected: self.kind.length(),
            length: self.length,
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or_else(|| self.wrong_length())?;
        self.rest = rest;
        Ok(*field)
    }

    fn number(&mut self) -> Result<u64, WireError> {
        self.take().map(u64::from_be_bytes)
    }

    fn identifier(&mut self) -> Result<PaymentId, WireError> {
        self.number().map(PaymentId)
    }

    fn nonce(&mut self) -> Result<Nonce, WireError> {
        let offset = self.length - self.rest.len();
        match self.number()? {
            0 => Err(WireError::ZeroNonce { kind: self.kind, offset }),
            number => Ok(Nonce(number)),
        }
    }

    fn amount(&mut self) -> Result<TokenAmount, WireError> {
        self.take().map(TokenAmount::from_be_bytes)
    }

    fn channel(&mut self) -> Result<ChannelAddress, WireError> {
        self.take().map(ChannelAddress::new)
    }

    fn node(&mut self) -> Result<NodeAddress, WireError> {
        self.take().map(NodeAddress::new)
    }

    fn hashlock(&mut self) -> Result<Hashlock, WireError> {
        self.take().map(Hashlock::new)
    }

    fn locksroot(&mut self) -> Result<LocksRoot, WireError> {
        self.take().map(LocksRoot::new)
    }

    fn secret(&mut self) -> Result<Secret, WireError> {
        self.take().map(Secret::new)
    }

    fn signature(&mut self) -> Result<Signature, WireError> {
        self.take().map(Signature)
    }

    fn lock(&mut self) -> Result<Lock, WireError> {
        Ok(Lock {
            expiration: BlockNumber(self.number()?),
            amount: self.amount()?,
            hashlock: self.hashlock()?,
        })
    }

    fn mediated_transfer(&mut self) -> Result<MediatedTransfer, WireError> {
        Ok(MediatedTransfer {
            identifier: self.identifier()?,
            lock: self.lock()?,
            initiator: self.node()?,
            target: self.node()?,
            fee: self.amount()?,
        })
    }

    fn envelope(
        &mut self,
        content: impl FnOnce(&mut Self) -> Result<Content, WireError>,
    ) -> Result<Message, WireError> {
        let envelope = Envelope {
            channel: self.channel()?,
            nonce: self.nonce()?,
            transferred: self.amount()?,
            locksroot: self.locksroot()?,
            content: content(self)?,
        };
        Ok(Message::Envelope(envelope, self.signature()?))
    }

    fn signed_proof(&mut self) -> Result<SignedProof, WireError> {
        let proof = BalanceProof {
            channel: self.channel()?,
            nonce: self.nonce()?,
            transferred: self.amount()?,
            locksroot: self.locksroot()?,
            message_hash: self.take().map(MessageHash::new)?,
        };
        Ok(SignedProof { proof, signature: self.signature()? })
    }
}
