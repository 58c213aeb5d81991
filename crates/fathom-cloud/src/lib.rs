//! The model-driven AWS client.
//!
//! Operations come from service models (trimmed from the `botocore` package by `cargo xtask models`), so a call is
//! data: service, operation, parameters. Start reading in [`client`]: it turns such a call into signed HTTP, limits
//! and retries it, follows pages, and tells apart why a call could not be answered.
//!
//! - [`model`]: what the models say: shapes, operations, protocols, paginators.
//! - [`codec`]: the five protocols, both directions, between JSON values with AWS member names and HTTP messages.
//! - [`record`]: writes every exchange to a file, and answers from such a file instead of the cloud.
//! - [`wire`]: the plain request and response that both sides share.
//!
//! **Invariant:** nothing in here knows a single service by name except where a service breaks its own protocol
//! (S3 addressing); such exceptions live in one table each.

pub mod client;
pub mod codec;
pub mod model;
pub mod record;
pub mod wire;
