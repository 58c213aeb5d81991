//! Who may enter, and what they may do: roles and scopes, passwords, one-time codes, recovery codes, sessions, lock-out.
//!
//! Rules and ceremonies only: what is kept is kept by `fathom-store`, what is asked over HTTP is asked by `fathom-api`.
//! The time is an argument everywhere. Start in `role.rs`: the one table of who may do what.
//!
//! **Invariant:** nothing that opens something is shown by an error or a `Debug` form.

pub mod attempts;
pub mod name;
pub mod oidc;
pub mod passkey;
pub mod password;
mod role;
mod secret;
pub mod session;
pub mod totp;
mod waiting;

pub use role::{Permission, Permissions, Role};
pub use secret::{
    NoRandom, RECOVERY_CODES, Secret, TOKEN_PREFIX, csrf_of, hash_of, hash_of_code, random, same,
};
pub use session::Method;
