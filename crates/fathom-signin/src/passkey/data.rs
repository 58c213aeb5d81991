//! What is kept of a passkey, as bytes.

use serde::{Deserialize, Serialize};
use webauthn_rp::{
    RegisteredCredential,
    bin::{Decode as _, Encode as _},
    response::{
        AuthTransports,
        register::{CompressedPubKey, DynamicState, StaticState},
    },
};

use super::{HANDLE_BYTES, PasskeyError};

/// What never changes: the public key. The sizes are those of Ed25519, P-256, P-384 and RSA.
type Fixed = StaticState<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>;

/// A passkey as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    /// The public key, in the form of the library that checks it; hexadecimal.
    key: String,
    /// Counter and flags, so too.
    state: String,
    /// Over which ways the authenticator is reached.
    transports: u8,
}

impl Data {
    pub(super) fn of(made: &RegisteredCredential<'_, HANDLE_BYTES>) -> Self {
        let (fixed, changing) = (made.static_state(), made.dynamic_state());
        let Ok(key) = fixed.encode();
        let Ok(state) = changing.encode();
        let Ok(transports) = made.transports().encode();
        Self { key: hex::encode(key), state: hex::encode(state), transports }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, PasskeyError> {
        serde_json::from_slice(bytes).map_err(|_| PasskeyError::Stored("its form"))
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, PasskeyError> {
        serde_json::to_vec(self).map_err(|_| PasskeyError::Stored("its form"))
    }

    pub(super) fn transports(&self) -> Result<AuthTransports, PasskeyError> {
        AuthTransports::decode(self.transports).map_err(|_| PasskeyError::Stored("its transports"))
    }

    pub(super) fn states(&self) -> Result<(Fixed, DynamicState), PasskeyError> {
        let key = hex::decode(&self.key).map_err(|_| PasskeyError::Stored("its key"))?;
        let fixed = Fixed::decode(&key).map_err(|_| PasskeyError::Stored("its key"))?;
        let mut state = [0; 7];
        hex::decode_to_slice(&self.state, &mut state).map_err(|_| PasskeyError::Stored("its counter"))?;
        let changing = DynamicState::decode(state).map_err(|_| PasskeyError::Stored("its counter"))?;
        Ok((fixed, changing))
    }

    pub(super) fn renew(&mut self, changing: DynamicState) {
        let Ok(state) = changing.encode();
        self.state = hex::encode(state);
    }
}
