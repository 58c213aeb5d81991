//! SQL over the estate with DataFusion, and results as table, JSON, CSV or Parquet.
//!
//! [`Lake`] gives the tables (`resources`, `edges`, `unknowns`, `access`, … and one view for each resource type) and runs one
//! query at a time under [`Limits`]; [`Answer`] streams the rows; [`output`] writes them down. The facts come from a
//! [`Source`]: the store in the product, memory in tests.
//!
//! Start in `lake.rs` (a query from text to stream), then `tables/` (one file a table), then `output/`.
//!
//! **Invariant:** SQL here only reads the estate. Nothing can be written, no file or address can be named, no spill
//! file is made, and every query has a limit on rows, memory and time.
//! **Invariant:** tables are read lazily and by column: documents leave the store only where a query names them, or
//! asks what changed in them.

mod answer;
mod batch;
mod cell;
mod engine;
mod error;
mod hints;
mod lake;
mod limits;
pub mod output;
mod source;
mod statement;
mod store;
mod tables;

pub use answer::{Answer, Column};
pub use error::{Place, SqlError};
pub use lake::Lake;
pub use limits::Limits;
pub use source::{Chunks, NoAnswer, Row, Source, SourceError, VersionRow, Which, WhichEdges};
pub use tables::{ColumnInfo, Kind, TableInfo};
