//! The HTTP API and its OpenAPI document.
//!
//! A thin shell: each route reads its parameters, asks the store or the lake, and writes the answer in the form that
//! the document describes. Start in [`router`] (all routes and layers), then one file of `routes/` for each resource;
//! [`Server`] listens, [`Access`] decides who comes in, [`Problem`] is what every error looks like.
//!
//! **Invariant:** a route exists only if the document has it.
//! **Invariant:** nothing is listened to beyond loopback without TLS, and nothing but health, the document, the console's
//! files and what signing in takes is answered to somebody whom we do not know.
//! **Invariant:** every other route says what it needs, and answers only about what the caller may see.
//! **Invariant:** everything has a limit: bodies, parameters, pages, streams, statements, connections, time.

mod access;
mod certificates;
mod checking;
mod code;
mod connections;
mod console;
mod continuous;
mod drifting;
mod extract;
mod failing;
mod guarding;
mod intruding;
mod limits;
mod openapi;
mod opening;
mod permitting;
mod problem;
mod reaching;
mod router;
mod routes;
mod scanning;
mod serve;
mod state;
mod token;
mod views;
mod waiting;
mod weakening;

pub use access::{Access, Ceremonies, HostNameError, Hosts};
pub use code::{CodeFile, CodeSource, ReadCode};
pub use continuous::ScheduleStatus;
pub use openapi::{openapi, openapi_text};
pub use problem::{Code, MEDIA_TYPE, Problem};
pub use router::{BASE, router};
pub use scanning::{ScanEnd, ScanRequest, ScanRunner, ScanStatus, StartScan, StartScanError};
pub use serve::{ServeError, ServeOptions, Server, serve};
pub use state::ApiState;
pub use token::{TokenError, TokenHash};
