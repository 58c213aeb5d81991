//! Tests of the catalogue: facts of AWS's documentation, what must hold for any input, and two independent sources.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod arns;
mod facts;
mod hostile;
mod kinds;
mod patterns;
mod peers;

use fathom_catalogue::{Catalogue, CatalogueError};

fn catalogue() -> &'static Catalogue {
    Catalogue::embedded().unwrap_or_else(|error: CatalogueError| panic!("{error}"))
}
