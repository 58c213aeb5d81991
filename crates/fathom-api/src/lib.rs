//! The HTTP API and its OpenAPI document.
//!
//! A thin shell: each route reads its parameters, asks the store or the lake, and writes the answer in the form that
//! the document describes. Start in [`router`] (all routes and layers), then one file of `routes/` for each resource;
//! [`Server`] listens, [`Access`] decides who comes in, [`Problem`] is what every error looks like.
//!
//! **Invariant:** a route exists only if the document has it.
//! **Invariant:** nothing is listened to beyond loopback without TLS, and nothing but health, the document and the
//! console's files is answered without the token.
//! **Invariant:** everything has a limit: bodies, parameters, pages, streams, statements, connections, time.

mod access;
mod connections;
mod console;
mod continuous;
mod extract;
mod limits;
mod openapi;
mod problem;
mod router;
mod routes;
mod scanning;
mod serve;
mod state;
mod token;
mod views;

pub use access::{Access, HostNameError, Hosts};
pub use continuous::ScheduleStatus;
pub use openapi::{openapi, openapi_text};
pub use problem::{Code, MEDIA_TYPE, Problem};
pub use router::{BASE, router};
pub use scanning::{ScanEnd, ScanRequest, ScanRunner, ScanStatus, StartScan, StartScanError};
pub use serve::{ServeError, ServeOptions, Server, serve};
pub use state::ApiState;
pub use token::{TokenError, TokenHash};
