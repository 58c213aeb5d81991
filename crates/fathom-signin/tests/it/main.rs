//! Ceremonies against independent peers: a real authenticator, a real OpenID Connect provider.

mod oidc;
mod passkeys;
mod settings;
