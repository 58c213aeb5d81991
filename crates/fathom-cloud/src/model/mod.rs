//! What the service models say: shapes, operations, protocols, paginators, endpoints.
//!
//! A [`Service`] is one service's model, read from the JSON form that the `botocore` package ships (`service-2.json`),
//! trimmed or not. Shapes are interned: a [`ShapeRef`] holds the index of its target and the traits that apply at that
//! place, so that the codecs never look up a shape by name. [`Models::embedded`] gives the models in the binary;
//! `cargo xtask models` writes them.
//!
//! **Invariant:** a loaded model is complete: every reference resolves, every required member and payload exists.

mod embedded;
mod endpoints;
mod load;
mod pages;
mod service;
mod shape;

pub use embedded::Models;
pub use endpoints::{Endpoint, Endpoints, Partition, ServiceEndpoints};
pub use load::{ModelError, NOT_SECRET};
pub(crate) use pages::is_set;
pub use pages::sign_of_more;
pub use service::{Operation, Paginator, Protocol, Service};
pub use shape::{Kind, Location, Member, Namespace, Shape, ShapeId, ShapeRef, Structure, TimestampFormat};
