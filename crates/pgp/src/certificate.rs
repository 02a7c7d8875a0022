//! What of a key holds: its user ids, its signing parts, its end. And signatures over texts.

use pgp::{
    composed::{SignedPublicKey, SignedPublicSubKey},
    crypto::hash::HashAlgorithm,
    packet::{Packet, PacketParser, Signature, SignatureType, SignatureVersion, SubpacketType},
    types::{KeyDetails, KeyVersion, PublicParams, Tag, VerifyingKey},
};
use rsa::traits::PublicKeyParts;

use crate::{CLOCK_SKEW_SECONDS, KeyError, PublicKey, VerifyError};

/// Shorter RSA keys neither sign nor verify.
const RSA_BITS_MIN: usize = 2048;

/// What the signatures of a key over itself say, checked once, when the key is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// User ids with a valid signature, not revoked, in their order.
    pub(crate) user_ids: Vec<String>,
    /// Whether the key took itself back.
    pub(crate) is_revoked: bool,
    /// Unix seconds from which on the key is past its time.
    pub(crate) expires: Option<u64>,
    /// The parts that may sign.
    pub(crate) signers: Vec<Part>,
}

/// A part of a key that may sign texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) place: Place,
    /// Unix seconds from which on this part is past its time.
    pub(crate) expires: Option<u64>,
}

/// Where in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Primary,
    /// The subkey of this number.
    Subkey(usize),
}

impl Certificate {
    /// Checks all signatures of the key over itself; those of others are not looked at.
    pub(crate) fn of(key: &SignedPublicKey) -> Result<Self, KeyError> {
        if key.version() != KeyVersion::V4 {
            return Err(KeyError::Version);
        }
        let mut newest = Newest::default();
        let directs = key.details.direct_signatures.iter();
        for signature in directs.filter(|signature| signature.typ() == Some(SignatureType::Key)) {
            if holds(signature, |signature| signature.verify_key(&key.primary_key)) {
                newest.see(signature);
            }
        }
        let mut user_ids = Vec::new();
        for user in &key.details.users {
            let certified = |signature: &Signature| {
                signature.verify_certification(&key.primary_key, Tag::UserId, &user.id)
            };
            let valid: Vec<&Signature> =
                user.signatures.iter().filter(|signature| holds(signature, certified)).collect();
            let latest = |is_revocation: bool| {
                let kind = valid.iter().filter(|signature| {
                    (signature.typ() == Some(SignatureType::CertRevocation)) == is_revocation
                });
                kind.max_by_key(|signature| seconds(signature)).copied()
            };
            let Some(certification) = latest(false) else { continue };
            if latest(true).is_some_and(|revoked| seconds(revoked) >= seconds(certification)) {
                continue;
            }
            newest.see(certification);
            if let Some(id) = user.id.as_str() {
                user_ids.push(id.to_owned());
            }
        }
        // A key without a word of its own about itself promises nothing.
        let about = newest.signature.ok_or(KeyError::Damaged)?;
        let revocations = &key.details.revocation_signatures;
        let is_revoked = revocations
            .iter()
            .any(|signature| holds(signature, |signature| signature.verify_key(&key.primary_key)));
        let mut signers = Vec::new();
        if is_strong(key.public_params()) && may_sign(about) {
            signers.push(Part { place: Place::Primary, expires: None });
        }
        for (index, subkey) in key.public_subkeys.iter().enumerate() {
            if let Some(expires) = signing_subkey(key, subkey) {
                signers.push(Part { place: Place::Subkey(index), expires });
            }
        }
        Ok(Self { user_ids, is_revoked, expires: end(&key.primary_key, about), signers })
    }
}

/// The newest word of a key about itself.
#[derive(Default)]
struct Newest<'a> {
    signature: Option<&'a Signature>,
}

impl<'a> Newest<'a> {
    fn see(&mut self, signature: &'a Signature) {
        if self.signature.is_none_or(|known| seconds(known) < seconds(signature)) {
            self.signature = Some(signature);
        }
    }
}

/// When the subkey ends, if it may sign at all.
fn signing_subkey(key: &SignedPublicKey, subkey: &SignedPublicSubKey) -> Option<Option<u64>> {
    let bound =
        |signature: &Signature| signature.verify_subkey_binding(&key.primary_key, &subkey.key);
    let valid: Vec<&Signature> =
        subkey.signatures.iter().filter(|signature| holds(signature, bound)).collect();
    if valid.iter().any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation)) {
        return None;
    }
    let binding = valid.into_iter().max_by_key(|signature| seconds(signature))?;
    let back = binding.embedded_signature()?;
    let agreed = holds(back, |back| back.verify_primary_key_binding(&subkey.key, &key.primary_key));
    (binding.key_flags().sign() && agreed && is_strong(subkey.key.public_params()))
        .then(|| end(&subkey.key, binding))
}

/// Whether a signature of a key over itself is valid and of a kind that cannot be forged.
fn holds(
    signature: &Signature,
    verify: impl FnOnce(&Signature) -> pgp::errors::Result<()>,
) -> bool {
    signature.version() == SignatureVersion::V4
        && signature.created().is_some()
        && signature.hash_alg().is_some_and(is_unforgeable)
        && demands_are_known(signature)
        && verify(signature).is_ok()
}

fn may_sign(about: &Signature) -> bool {
    let flags = about.config().is_some_and(|config| {
        config.hashed_subpackets.iter().any(|packet| packet.typ() == SubpacketType::KeyFlags)
    });
    // Without flags a key may do what its algorithm can (RFC 9580 §5.2.3.29).
    !flags || about.key_flags().sign()
}

fn end(key: &impl KeyDetails, about: &Signature) -> Option<u64> {
    let span = about.key_expiration_time().map_or(0, |span| u64::from(span.as_secs()));
    (span > 0).then(|| u64::from(key.created_at().as_secs()) + span)
}

fn seconds(signature: &Signature) -> u64 {
    signature.created().map_or(0, |time| u64::from(time.as_secs()))
}

/// SHA-2 and SHA-3 of 256 bits and more.
fn is_unforgeable(hash: HashAlgorithm) -> bool {
    matches!(
        hash,
        HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    )
}

fn is_strong(parameters: &PublicParams) -> bool {
    match parameters {
        PublicParams::RSA(parameters) => parameters.key.n().bits() >= RSA_BITS_MIN,
        PublicParams::ECDSA(_)
        | PublicParams::EdDSALegacy(_)
        | PublicParams::Ed25519(_)
        | PublicParams::Ed448(_) => true,
        PublicParams::DSA(_)
        | PublicParams::ECDH(_)
        | PublicParams::Elgamal(_)
        | PublicParams::X25519(_)
        | PublicParams::X448(_)
        | PublicParams::Unknown { .. } => false,
    }
}

/// A signature that demands to be understood and is not, is not valid (RFC 9580 §5.2.3.7).
fn demands_are_known(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        let demands = config.hashed_subpackets.iter().filter(|packet| packet.is_critical);
        demands.map(|packet| packet.typ()).all(|kind| {
            matches!(
                kind,
                SubpacketType::SignatureCreationTime
                    | SubpacketType::SignatureExpirationTime
                    | SubpacketType::KeyExpirationTime
                    | SubpacketType::PrimaryUserId
                    | SubpacketType::KeyFlags
                    | SubpacketType::Features
                    | SubpacketType::EmbeddedSignature
                    | SubpacketType::ExportableCertification
                    | SubpacketType::Revocable
                    | SubpacketType::RevocationReason
                    | SubpacketType::IssuerKeyId
                    | SubpacketType::IssuerFingerprint
                    | SubpacketType::SignersUserID
                    | SubpacketType::PreferredSymmetricAlgorithms
                    | SubpacketType::PreferredHashAlgorithms
                    | SubpacketType::PreferredCompressionAlgorithms
            )
        })
    })
}

/// The one signature of a signed text.
pub(crate) struct TextSignature {
    signature: Signature,
}

impl TextSignature {
    /// Reads the packets of a signature block; `announced` are the hashes that the text names.
    pub(crate) fn read(packets: &[u8], announced: &[String]) -> Result<Self, VerifyError> {
        let mut found = PacketParser::new(packets);
        let signature = match found.next() {
            Some(Ok(Packet::Signature(signature))) => signature,
            Some(_) | None => return Err(VerifyError::NoSignature),
        };
        match found.next() {
            None => {}
            Some(Ok(Packet::Signature(_))) => return Err(VerifyError::SeveralSignatures),
            Some(_) => return Err(VerifyError::NotCleartext),
        }
        // Packets end where the armor ends: a last one cut short is silently skipped otherwise.
        let whole = pgp::ser::Serialize::to_bytes(&Packet::Signature(signature.clone()));
        if whole.is_ok_and(|whole| whole.len() != packets.len()) {
            return Err(VerifyError::NotCleartext);
        }
        let is_text = signature.typ() == Some(SignatureType::Text);
        if signature.version() != SignatureVersion::V4 || !is_text || !demands_are_known(&signature)
        {
            return Err(VerifyError::UnknownKind);
        }
        let hash = signature.hash_alg().ok_or(VerifyError::UnknownKind)?;
        let name = hash.to_string();
        if !is_unforgeable(hash) || (!announced.is_empty() && !announced.contains(&name)) {
            return Err(VerifyError::WeakHash);
        }
        Ok(Self { signature })
    }

    /// Unix seconds.
    pub(crate) fn created(&self) -> u64 {
        seconds(&self.signature)
    }

    /// Which of the keys made it, at a time when it could.
    pub(crate) fn verify<'a>(
        &self,
        keys: &'a [PublicKey],
        canonical: &[u8],
        now: u64,
    ) -> Result<&'a PublicKey, VerifyError> {
        let mut refused = VerifyError::UnknownKey;
        for key in keys {
            for part in &key.certificate().signers {
                let verified = match part.place {
                    Place::Primary => self.by(&key.inner().primary_key, canonical),
                    Place::Subkey(index) => match key.inner().public_subkeys.get(index) {
                        Some(subkey) => self.by(&subkey.key, canonical),
                        None => continue,
                    },
                };
                match verified {
                    Ok(made) => return self.in_time(key, part, made, now).map(|()| key),
                    Err(VerifyError::UnknownKey) => {}
                    Err(error) => refused = error,
                }
            }
        }
        Err(refused)
    }

    /// When the key was made that made the signature.
    fn by(&self, key: &impl VerifyingKey, canonical: &[u8]) -> Result<u64, VerifyError> {
        let ids = self.signature.issuer_key_id();
        let fingerprints = self.signature.issuer_fingerprint();
        // Both may be missing: then any key may have made it.
        let is_other = ids.iter().any(|id| **id != key.legacy_key_id())
            || fingerprints.iter().any(|fingerprint| **fingerprint != key.fingerprint());
        if is_other {
            return Err(VerifyError::UnknownKey);
        }
        match self.signature.verify(key, canonical) {
            Ok(()) => Ok(u64::from(key.created_at().as_secs())),
            Err(_) if ids.is_empty() && fingerprints.is_empty() => Err(VerifyError::UnknownKey),
            Err(_) => Err(VerifyError::NotValid),
        }
    }

    fn in_time(
        &self,
        key: &PublicKey,
        part: &Part,
        key_created: u64,
        now: u64,
    ) -> Result<(), VerifyError> {
        let certificate = key.certificate();
        if certificate.is_revoked {
            return Err(VerifyError::Revoked);
        }
        let ends = [certificate.expires, part.expires];
        if ends.into_iter().flatten().any(|end| end <= now) {
            return Err(VerifyError::Expired);
        }
        let Some(created) = self.signature.created().map(|time| u64::from(time.as_secs())) else {
            return Err(VerifyError::UnknownKind);
        };
        let span = self.signature.signature_expiration_time();
        let span = span.map_or(0, |span| u64::from(span.as_secs()));
        let is_over = span > 0 && created + span <= now;
        if is_over || created < key_created || created > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(VerifyError::Time);
        }
        Ok(())
    }
}
