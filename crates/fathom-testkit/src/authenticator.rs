//! An authenticator with a passkey, and a browser's part of using it, as WebAuthn Level 3 and CTAP 2 describe them. In a
//! real browser, the console's journeys use the authenticator of Chromium.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Flags of authenticator data: somebody touched it, and was checked; it tells of a key.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const WITH_KEY: u8 = 0x40;

/// Browser or authenticator refuse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The page may not use this relying party.
    #[error("a page of {page} may not use a passkey of {relying_party}")]
    Site {
        /// The page's host.
        page: String,
        /// The relying party that was asked for.
        relying_party: String,
    },
    /// The server does not want a second passkey on a device.
    #[error("the device has a passkey that the server excludes")]
    Excluded,
    /// There is none.
    #[error("the device has no passkey of this place")]
    None,
    /// The server takes no key of the kind that the device makes.
    #[error("the server does not take ES256")]
    Algorithm,
}

struct Passkey {
    id: [u8; 16],
    relying_party: String,
    user: String,
    key: SigningKey,
}

/// An authenticator that holds one passkey.
pub struct Device {
    passkey: Option<Passkey>,
    counter: u32,
    verifies: bool,
}

impl Device {
    /// An empty one, which checks who uses it and counts how often its passkey is used.
    pub fn new() -> Self {
        Self { passkey: None, counter: 0, verifies: true }
    }

    /// Whether it checks who uses it.
    pub fn verifies(&mut self, verifies: bool) {
        self.verifies = verifies;
    }

    /// Sets the counter of its passkey, as that of a copy that was used less often.
    pub fn set_counter(&mut self, counter: u32) {
        self.counter = counter;
    }

    /// Makes a passkey at a page, as the server's options say; the answer in its JSON form.
    ///
    /// # Panics
    /// Where the options have another form.
    pub fn make(&mut self, page: &str, options: &Value) -> Result<Value, Refusal> {
        let (origin, relying_party) = place(page, text(&options["rp"]["id"]))?;
        let excluded = options["excludeCredentials"].as_array().into_iter().flatten();
        let own = self.passkey.as_ref().map(|passkey| URL_SAFE_NO_PAD.encode(passkey.id));
        if excluded.filter_map(|one| one["id"].as_str()).any(|id| own.as_deref() == Some(id)) {
            return Err(Refusal::Excluded);
        }
        let taken = options["pubKeyCredParams"].as_array().expect("kinds of keys");
        if !taken.iter().any(|one| one["alg"] == -7) {
            return Err(Refusal::Algorithm);
        }
        let random: [u8; 48] = random();
        let (id, key) = random.split_at(16);
        let passkey = Passkey {
            id: id.try_into().expect("16 bytes"),
            relying_party: relying_party.clone(),
            user: text(&options["user"]["id"]).to_owned(),
            key: SigningKey::from_slice(key).expect("nearly every number is a key"),
        };
        let mut data = self.data(&relying_party, WITH_KEY);
        // No maker is told.
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(passkey.id);
        data.extend(cose(&passkey.key));
        let client = client_data("webauthn.create", &origin, &options["challenge"]);
        let id = URL_SAFE_NO_PAD.encode(passkey.id);
        self.passkey = Some(passkey);
        Ok(json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation(&data)),
                "transports": ["usb"],
            },
        }))
    }

    /// Signs in at a page with it.
    ///
    /// # Panics
    /// Where the options have another form.
    pub fn sign_in(&mut self, page: &str, options: &Value) -> Result<Value, Refusal> {
        let (origin, relying_party) = place(page, text(&options["rpId"]))?;
        self.counter += 1;
        let mut signed = self.data(&relying_party, 0);
        let passkey = self.passkey.as_ref().filter(|passkey| passkey.relying_party == relying_party);
        let passkey = passkey.ok_or(Refusal::None)?;
        let client = client_data("webauthn.get", &origin, &options["challenge"]);
        let data = URL_SAFE_NO_PAD.encode(&signed);
        signed.extend(Sha256::digest(&client));
        let signature: Signature = passkey.key.sign(&signed);
        let id = URL_SAFE_NO_PAD.encode(passkey.id);
        Ok(json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
                "authenticatorData": data,
                "signature": URL_SAFE_NO_PAD.encode(signature.to_der().as_bytes()),
                "userHandle": passkey.user,
            },
        }))
    }

    /// The head of authenticator data: whose it is, flags, counter.
    fn data(&self, relying_party: &str, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(relying_party).to_vec();
        data.push(flags | PRESENT | if self.verifies { VERIFIED } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in the options")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes
}

/// The origin of a page, and the relying party where the page may use it: its host, or what its host ends with.
fn place(page: &str, relying_party: &str) -> Result<(String, String), Refusal> {
    let page = Url::parse(page).expect("an address");
    let host = page.host_str().expect("a host");
    if host != relying_party && !host.ends_with(&format!(".{relying_party}")) {
        return Err(Refusal::Site { page: host.to_owned(), relying_party: relying_party.to_owned() });
    }
    Ok((page.origin().ascii_serialization(), relying_party.to_owned()))
}

fn client_data(kind: &str, origin: &str, challenge: &Value) -> Vec<u8> {
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
        .to_string()
        .into_bytes()
}

/// A P-256 key as COSE writes it: a CBOR map of the kind, the algorithm, the curve and both coordinates.
fn cose(key: &SigningKey) -> Vec<u8> {
    let point = key.verifying_key().to_encoded_point(false);
    let mut bytes = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
    bytes.extend(point.x().expect("a point"));
    bytes.extend([0x22, 0x58, 32]);
    bytes.extend(point.y().expect("a point"));
    bytes
}

/// Authenticator data in a CBOR map, with an attestation that says nothing.
fn attestation(data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xa3, 0x63];
    bytes.extend(b"fmt");
    bytes.push(0x64);
    bytes.extend(b"none");
    bytes.push(0x67);
    bytes.extend(b"attStmt");
    bytes.extend([0xa0, 0x68]);
    bytes.extend(b"authData");
    bytes.extend([0x58, u8::try_from(data.len()).expect("short")]);
    bytes.extend(data);
    bytes
}
