use std::fmt;

use pgp::{
    composed::{SignedKeyDetails, SignedSecretKey},
    crypto::{ed25519, eddsa_legacy, hash::HashAlgorithm, public_key::PublicKeyAlgorithm},
    packet::{
        self, Features, KeyFlags, PubKeyInner, SignatureConfig, SignatureType, Subpacket,
        SubpacketData,
    },
    ser::Serialize,
    types::{
        EddsaLegacyPublicParams, KeyDetails, KeyVersion, PacketHeaderVersion, Password,
        PlainSecretParams, PublicParams, S2kParams, SecretParams, SignedUser, SigningKey,
        StringToKey, Tag, Timestamp,
    },
};
use zeroize::Zeroizing;

use crate::{
    Fingerprint, KeyError, PublicKey, SignError, USER_IDS_MAX,
    certificate::Place,
    cleartext,
    public::{armored, read_key},
    verify::TEXT_BYTES_MAX,
};

/// Random bytes that [`SecretKey::to_armored_protected`] needs: a salt of 8 and a start of 16.
pub const PROTECTION_LENGTH: usize = 24;

const SECRET: &str = "PRIVATE KEY BLOCK";
/// Longest user id, in bytes.
const USER_ID_BYTES_MAX: usize = 2048;
/// 65,011,712 bytes are hashed to try one passphrase (RFC 9580 §3.7.1.3).
const PASSPHRASE_COUNT: u8 = 255;

/// A secret key, open and ready to sign. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SecretKey {
    inner: SignedSecretKey,
    public: PublicKey,
    signer: Place,
}

impl SecretKey {
    /// Reads one armored secret key and opens it with the passphrase, which may be empty for a key
    /// that has none. It signs with its last subkey that may, or else with the primary key.
    ///
    /// How long an RSA key takes to sign tells a little about it (RUSTSEC-2023-0071): who can ask for
    /// many signatures and measure finely learns of it. Ed25519 keys, such as
    /// [`SecretKey::generate`] makes, sign in constant time, and faster.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_armored(text: &str, passphrase: &str) -> Result<Self, KeyError> {
        let mut inner: SignedSecretKey = read_key(SECRET, text)?;
        let password = Password::from(passphrase);
        let mut is_open = inner.primary_key.remove_password(&password).is_ok();
        for subkey in &mut inner.secret_subkeys {
            // The primary key may be kept elsewhere: then what signs is a subkey.
            is_open |= subkey.key.remove_password(&password).is_ok();
        }
        if !is_open {
            return Err(KeyError::Passphrase);
        }
        Self::new(inner)
    }

    /// A new Ed25519 key with these user ids, made at `created` (Unix seconds) of `seed`, 32 random
    /// bytes: the same arguments make the same key.
    ///
    /// # Errors
    ///
    /// [`KeyError::UserIds`], [`KeyError::UserId`] or [`KeyError::Time`].
    pub fn generate(user_ids: &[String], seed: &[u8; 32], created: u64) -> Result<Self, KeyError> {
        let time = timestamp(created).ok_or(KeyError::Time)?;
        let key = ed25519_key(seed, time);
        let details = details(&key, user_ids, time)?;
        Self::new(SignedSecretKey::new(key, details, Vec::new(), Vec::new()))
    }

    /// The same key with other user ids, signed at `now` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`KeyError::UserIds`], [`KeyError::UserId`], [`KeyError::Time`], or [`KeyError::CannotSign`]
    /// if the primary key is kept elsewhere.
    pub fn with_user_ids(&self, user_ids: &[String], now: u64) -> Result<Self, KeyError> {
        let time = timestamp(now).ok_or(KeyError::Time)?;
        let mut inner = self.inner.clone();
        inner.details = details(&inner.primary_key, user_ids, time)?;
        Self::new(inner)
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The fingerprint of the primary key.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.public.fingerprint()
    }

    /// The armored secret key, open to whoever reads it, with a line end after its last line.
    #[must_use]
    pub fn to_armored(&self) -> Zeroizing<String> {
        Zeroizing::new(armored(SECRET, &self.inner))
    }

    /// The armored secret key, closed with a passphrase. `random` is new for each call.
    ///
    /// # Errors
    ///
    /// [`KeyError::Passphrase`] if it is empty.
    pub fn to_armored_protected(
        &self,
        passphrase: &str,
        random: &[u8; PROTECTION_LENGTH],
    ) -> Result<Zeroizing<String>, KeyError> {
        if passphrase.is_empty() {
            return Err(KeyError::Passphrase);
        }
        let mut inner = self.inner.clone();
        let password = Password::from(passphrase);
        let closed = inner.primary_key.set_password_with_s2k(&password, protection(random, 0));
        closed.map_err(|_| KeyError::Passphrase)?;
        for (index, subkey) in (1_u8..).zip(&mut inner.secret_subkeys) {
            let closed = subkey.key.set_password_with_s2k(&password, protection(random, index));
            closed.map_err(|_| KeyError::Passphrase)?;
        }
        Ok(Zeroizing::new(armored(SECRET, &inner)))
    }

    /// Signs `text` in the clear with SHA-512, at `created` (Unix seconds).
    ///
    /// The message has LF line ends and none after its last line. CRLF in the text becomes LF, and
    /// one line end after its last line is dropped. Blanks at the ends of lines are shown but, as
    /// OpenPGP has it, not signed.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn sign_clear(&self, text: &str, created: u64) -> Result<String, SignError> {
        self.sign_clear_as(text, created, None)
    }

    /// As [`SecretKey::sign_clear`], with a line `Version: …` in the armor of the signature.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn sign_clear_as(
        &self,
        text: &str,
        created: u64,
        version: Option<&str>,
    ) -> Result<String, SignError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(SignError::TooLong);
        }
        let time = timestamp(created).ok_or(SignError::Time)?;
        let text = cleartext::line_feeds(text).ok_or(SignError::CarriageReturn)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let canonical = cleartext::canonical(text);
        let signature = match self.signer {
            Place::Primary => sign(&self.inner.primary_key, &canonical, time),
            Place::Subkey(index) => {
                let subkey = self.inner.secret_subkeys.get(index).ok_or(SignError::Failed)?;
                sign(&subkey.key, &canonical, time)
            }
        };
        let packet = signature.map_err(|_| SignError::Failed)?;
        Ok(cleartext::write(text, "SHA512", version, &packet))
    }

    fn new(inner: SignedSecretKey) -> Result<Self, KeyError> {
        let public = PublicKey::new(inner.to_public_key())?;
        let first = inner.public_subkeys.len();
        // Secret subkeys follow the others in the public key.
        let open = public.certificate().signers.iter().filter_map(|part| match part.place {
            Place::Primary => is_open(inner.primary_key.secret_params()).then_some(Place::Primary),
            Place::Subkey(index) => {
                let index = index.checked_sub(first)?;
                let subkey = inner.secret_subkeys.get(index)?;
                is_open(subkey.key.secret_params()).then_some(Place::Subkey(index))
            }
        });
        let signer = open.last().ok_or(KeyError::CannotSign)?;
        Ok(Self { inner, public, signer })
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SecretKey");
        shown.field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

fn is_open(parameters: &SecretParams) -> bool {
    match parameters {
        SecretParams::Plain(_) => true,
        SecretParams::Encrypted(_) => false,
    }
}

fn ed25519_key(seed: &[u8; 32], time: Timestamp) -> packet::SecretKey {
    let secret = ed25519::SecretKey::try_from_bytes(*seed, ed25519::Mode::EdDSALegacy);
    let secret = secret.expect("any 32 bytes are a key");
    let public = PublicParams::EdDSALegacy(EddsaLegacyPublicParams::from(&secret));
    let algorithm = PublicKeyAlgorithm::EdDSALegacy;
    let public = PubKeyInner::new(KeyVersion::V4, algorithm, time, None, public)
        .and_then(packet::PublicKey::from_inner)
        .expect("version 4 has this algorithm");
    let secret = PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(secret));
    packet::SecretKey::new(public, SecretParams::Plain(secret)).expect("a key of a known length")
}

fn timestamp(seconds: u64) -> Option<Timestamp> {
    u32::try_from(seconds).ok().map(Timestamp::from_secs)
}

fn sign(key: &impl SigningKey, canonical: &[u8], time: Timestamp) -> pgp::errors::Result<Vec<u8>> {
    let config = config(key, SignatureType::Text, time, Vec::new())?;
    let signature = config.sign(key, &Password::empty(), canonical)?;
    packet::Packet::Signature(signature).to_bytes()
}

/// The frame of a signature of version 4 with SHA-512: when, by whom, and `more`.
fn config(
    key: &impl KeyDetails,
    kind: SignatureType,
    time: Timestamp,
    more: Vec<SubpacketData>,
) -> pgp::errors::Result<SignatureConfig> {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512);
    let mut hashed = vec![
        SubpacketData::SignatureCreationTime(time),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
    ];
    hashed.extend(more);
    config.hashed_subpackets =
        hashed.into_iter().map(Subpacket::regular).collect::<pgp::errors::Result<_>>()?;
    let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
    config.unhashed_subpackets = vec![Subpacket::regular(issuer)?];
    Ok(config)
}

/// The user ids, each signed by the key; the first is the primary one.
fn details(
    key: &packet::SecretKey,
    user_ids: &[String],
    time: Timestamp,
) -> Result<SignedKeyDetails, KeyError> {
    if user_ids.is_empty() || user_ids.len() > USER_IDS_MAX {
        return Err(KeyError::UserIds);
    }
    let mut users = Vec::with_capacity(user_ids.len());
    for (index, text) in user_ids.iter().enumerate() {
        if text.is_empty() || text.len() > USER_ID_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(KeyError::UserId);
        }
        let user = signed_user(key, text, index == 0, time);
        users.push(user.map_err(|_| KeyError::CannotSign)?);
    }
    Ok(SignedKeyDetails::new(Vec::new(), Vec::new(), users, Vec::new()))
}

fn signed_user(
    key: &packet::SecretKey,
    text: &str,
    is_primary: bool,
    time: Timestamp,
) -> pgp::errors::Result<SignedUser> {
    let id = packet::UserId::from_str(PacketHeaderVersion::New, text)?;
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let mut features = Features::new();
    features.set_seipd_v1(true);
    let hashes = vec![HashAlgorithm::Sha512, HashAlgorithm::Sha256];
    let mut more = vec![
        SubpacketData::KeyFlags(flags),
        SubpacketData::Features(features),
        SubpacketData::PreferredHashAlgorithms(hashes.into()),
    ];
    if is_primary {
        more.push(SubpacketData::IsPrimary(true));
    }
    let config = config(key, SignatureType::CertPositive, time, more)?;
    let password = Password::empty();
    let signature =
        config.sign_certification(key, key.public_key(), &password, Tag::UserId, &id)?;
    Ok(SignedUser::new(id, vec![signature]))
}

/// AES-256 under a salted and repeated hash of the passphrase; `index` sets the keys of one file
/// apart.
fn protection(random: &[u8; PROTECTION_LENGTH], index: u8) -> S2kParams {
    let mut salt = [0; 8];
    let mut start = [0; 16];
    salt.copy_from_slice(&random[..8]);
    start.copy_from_slice(&random[8..]);
    salt[0] ^= index;
    S2kParams::Cfb {
        sym_alg: pgp::crypto::sym::SymmetricKeyAlgorithm::AES256,
        s2k: StringToKey::IteratedAndSalted {
            hash_alg: HashAlgorithm::Sha256,
            salt,
            count: PASSPHRASE_COUNT,
        },
        iv: start.to_vec().into(),
    }
}
