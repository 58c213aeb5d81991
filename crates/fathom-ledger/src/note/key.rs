//! Keys of signed notes and their text forms.
//!
//! A verifier key reads `<name>+<key id>+<base64>`, a signer key `PRIVATE+KEY+<name>+<key id>+<base64>`; the
//! base64 holds the algorithm byte (0x01, Ed25519) and the 32 bytes of the public key or the seed. Both forms
//! are those of the Go package `golang.org/x/mod/sumdb/note`, so its tools read ours.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Bytes of the seed that a signer key is made from.
pub const SEED_BYTES: usize = 32;
/// The longest key name that we take.
pub const MAX_KEY_NAME_BYTES: usize = 255;

const MAX_KEY_TEXT_BYTES: usize = 512;
const ALGORITHM_ED25519: u8 = 0x01;
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// Why a key cannot be made or read. Key material never shows in the message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The name is empty, too long, or contains a space, a plus sign or a control character.
    #[error(
        "a key name has 1 to {MAX_KEY_NAME_BYTES} bytes without spaces, plus signs and control characters"
    )]
    Name,
    /// The text is not in the form of a key.
    #[error("not a key in the form of a signed note")]
    Form,
    /// The algorithm is not Ed25519.
    #[error("the key's algorithm is not Ed25519")]
    Algorithm,
    /// The key id does not belong to name and key.
    #[error("the key id does not fit the key")]
    KeyId,
    /// The public key is not a point of the curve, or one of small order.
    #[error("the public key is not valid for Ed25519")]
    PublicKey,
}

/// A private key with its name. [`fmt::Debug`] shows the public part only.
#[derive(Clone)]
pub struct SignerKey {
    verifier: VerifierKey,
    key: SigningKey,
}

/// A public key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: u32,
    key: VerifyingKey,
}

impl SignerKey {
    /// From 32 random bytes, which the caller draws from the operating system.
    pub fn from_seed(name: &str, seed: &[u8; SEED_BYTES]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { verifier: VerifierKey::new(name, key.verifying_key())?, key })
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// Id of the key.
    pub fn key_id(&self) -> u32 {
        self.verifier.key_id
    }

    /// The public part.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The Ed25519 signature of RFC 8032 over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The text form, which IS the secret: keep it in a file or a vault, never in a log.
    pub fn to_secret_text(&self) -> String {
        let id = self.verifier.key_id;
        format!("{PRIVATE_PREFIX}{}+{id:08x}+{}", self.verifier.name, encode(self.key.as_bytes()))
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl FromStr for SignerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::Form)?;
        let (name, key_id, seed) = split_key(rest)?;
        let key = Self::from_seed(name, &seed)?;
        if key.key_id() == key_id { Ok(key) } else { Err(KeyError::KeyId) }
    }
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, KeyError> {
        check_key_name(name)?;
        if key.is_weak() {
            return Err(KeyError::PublicKey);
        }
        let mut sha = Sha256::new();
        sha.update(name.as_bytes());
        sha.update([b'\n', ALGORITHM_ED25519]);
        sha.update(key.as_bytes());
        let digest: [u8; 32] = sha.finalize().into();
        let [a, b, c, d, ..] = digest;
        Ok(Self { name: name.to_owned(), key_id: u32::from_be_bytes([a, b, c, d]), key })
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key: the first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`, big-endian.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// Whether `signature` is this key's over `message`. Strict: refuses the malleable forms that RFC 8032
    /// leaves open.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|s| self.key.verify_strict(message, &s).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, self.key_id, encode(self.key.as_bytes()))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, key_id, bytes) = split_key(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::PublicKey)?;
        let key = Self::new(name, key)?;
        if key.key_id == key_id { Ok(key) } else { Err(KeyError::KeyId) }
    }
}

/// Checks a key name as the signed-note specification asks.
pub fn check_key_name(name: &str) -> Result<(), KeyError> {
    let fits = !name.is_empty()
        && name.len() <= MAX_KEY_NAME_BYTES
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
    if fits { Ok(()) } else { Err(KeyError::Name) }
}

fn encode(key: &[u8]) -> String {
    let mut bytes = vec![ALGORITHM_ED25519];
    bytes.extend_from_slice(key);
    STANDARD.encode(bytes)
}

/// Splits `<name>+<key id>+<base64>`; the base64 may itself contain plus signs.
fn split_key(text: &str) -> Result<(&str, u32, [u8; 32]), KeyError> {
    if text.len() > MAX_KEY_TEXT_BYTES {
        return Err(KeyError::Form);
    }
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (id, encoded) = rest.split_once('+').ok_or(KeyError::Form)?;
    if id.len() != 8 || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(KeyError::Form);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Form)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
    let (algorithm, key) = bytes.split_first().ok_or(KeyError::Form)?;
    if *algorithm != ALGORITHM_ED25519 {
        return Err(KeyError::Algorithm);
    }
    Ok((name, id, key.try_into().map_err(|_| KeyError::Form)?))
}
