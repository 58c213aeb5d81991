//! Signed notes (C2SP signed-note v1): a text, a blank line, and one signature per line.
//!
//! ```text
//! the text, any number of lines
//!
//! — key.example/name base64(key id || signature)
//! ```

mod key;

pub use key::{KeyError, MAX_KEY_NAME_BYTES, SEED_BYTES, SignerKey, VerifierKey, check_key_name};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest note that we read.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// The most signatures that a note may carry; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;
/// The largest signature that we keep: post-quantum ones take up to nearly 5 kB.
pub const MAX_SIGNATURE_BYTES: usize = 8 * 1024;

const SIGNATURE_PREFIX: &str = "— ";
const SEPARATOR: &str = "\n\n";
const KEY_ID_BYTES: usize = 4;

/// A parsed note. Its text means nothing until [`Note::verify`] has accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// Id of the key, which also tells the algorithm.
    pub key_id: u32,
    /// Signature in the form of that algorithm: 64 bytes for Ed25519.
    pub signature: Vec<u8>,
}

/// Why a note cannot be made, read or believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// The note exceeds [`MAX_NOTE_BYTES`].
    #[error("note of {bytes} bytes exceeds {MAX_NOTE_BYTES}")]
    TooLarge {
        /// Size of the note.
        bytes: usize,
    },
    /// The note is not UTF-8.
    #[error("the note is not UTF-8")]
    NotText,
    /// The note contains an ASCII control character other than newline.
    #[error("the note contains a control character")]
    ControlCharacter,
    /// The text does not end in a newline.
    #[error("the text of a note must end in a newline")]
    TextEnd,
    /// There is no blank line before the signatures, or no newline at the end.
    #[error("the note has no block of signatures")]
    NoSignatures,
    /// A signature line is not in the form of the specification.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which signature, from 1.
        line: usize,
    },
    /// There are more than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A known key's signature does not fit the text.
    #[error("the signature of `{name}` does not fit the text")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// No known key has signed.
    #[error("no signature of a known key")]
    UnknownKeys,
    /// There is no key to sign with.
    #[error("a note needs at least one key to sign it")]
    NoKey,
}

impl Note {
    /// Signs `text`, which must end in a newline, with each key.
    pub fn sign(text: &str, keys: &[&SignerKey]) -> Result<Self, NoteError> {
        check_text(text)?;
        if keys.is_empty() {
            return Err(NoteError::NoKey);
        }
        if keys.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let signatures = keys
            .iter()
            .map(|key| NoteSignature {
                name: key.name().to_owned(),
                key_id: key.key_id(),
                signature: key.sign(text.as_bytes()).to_vec(),
            })
            .collect();
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Reads a note; checks its form only.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { bytes: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        let end = note.rfind(SEPARATOR).ok_or(NoteError::NoSignatures)?;
        // The text keeps the first newline of the separator.
        let (text, block) = note.split_at_checked(end + 1).ok_or(NoteError::NoSignatures)?;
        check_text(text)?;
        let block = block.strip_prefix('\n').ok_or(NoteError::NoSignatures)?;
        let lines = block.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at >= MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let wrong = NoteError::SignatureLine { line: at + 1 };
            signatures.push(NoteSignature::parse(line).ok_or(wrong)?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, known or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds the signatures of another copy of the same note, for example those of witnesses.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
        Ok(())
    }

    /// The keys among `known` that have signed, in the order of the note.
    ///
    /// Signatures of other keys are ignored; one of a known key that does not fit refuses the whole note, and
    /// so does the absence of any known key.
    pub fn verify<'k>(&self, known: &[&'k VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed_by: Vec<&'k VerifierKey> = Vec::new();
        for signature in &self.signatures {
            let key =
                known.iter().find(|key| key.name() == signature.name && key.key_id() == signature.key_id);
            let Some(key) = key else { continue };
            if !key.verifies(self.text.as_bytes(), &signature.signature) {
                return Err(NoteError::BadSignature { name: signature.name.clone() });
            }
            if !signed_by.contains(key) {
                signed_by.push(key);
            }
        }
        if signed_by.is_empty() { Err(NoteError::UnknownKeys) } else { Ok(signed_by) }
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let mut out = self.text.clone();
        out.push('\n');
        for signature in &self.signatures {
            out.push_str(&signature.to_line());
            out.push('\n');
        }
        out
    }
}

impl NoteSignature {
    /// One line without its newline.
    pub fn to_line(&self) -> String {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        format!("{SIGNATURE_PREFIX}{} {}", self.name, STANDARD.encode(bytes))
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        check_key_name(name).ok()?;
        if encoded.len() > MAX_SIGNATURE_BYTES.div_ceil(3) * 4 {
            return None;
        }
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
        (!signature.is_empty()).then(|| Self {
            name: name.to_owned(),
            key_id: u32::from_be_bytes(*key_id),
            signature: signature.to_vec(),
        })
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLarge { bytes: text.len() });
    }
    if !text.ends_with('\n') {
        return Err(NoteError::TextEnd);
    }
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::ControlCharacter);
    }
    Ok(())
}
