//! The tables of the estate: what they are called, what is in them, and how each is read.
//!
//! A fixed table is a list of [`Field`]s over one model type; `view.rs` makes a table of each resource definition.

mod access;
mod access_who;
mod asked;
mod changes;
mod coverage;
mod edges;
mod explanations;
mod exposure;
mod flows;
mod provider;
pub(crate) mod reach;
mod resources;
mod scans;
mod unauthenticated;
mod unknowns;
mod versions;
mod view;
mod vulnerabilities;

use std::{collections::BTreeMap, fmt, sync::Arc};

use datafusion::{
    arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit},
    execution::memory_pool::MemoryPool,
};
use fathom_access::Permissions;
use fathom_content::{Content, Vendors};
use fathom_net::Network;
use fathom_reach::open::Open;
use serde::Serialize;
use tokio::sync::OnceCell;

pub(crate) use asked::Asked;
pub(crate) use provider::Provider;
pub(crate) use view::View;

use crate::{
    batch::{Batches, batches},
    cell::Cell,
    source::{Chunks, Source},
};

/// The kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text.
    Text,
    /// JSON as text; `->` and `json_get` read it.
    Json,
    /// True or false.
    Boolean,
    /// A whole number, 64 bits with sign.
    Integer,
    /// A number, 64 bits.
    Number,
    /// A moment in UTC, in microseconds.
    Time,
    /// Read from documents: boolean or integer where all values are, text otherwise.
    Varies,
}

impl Kind {
    /// The word that people read in a schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Time => "timestamp",
            Self::Varies => "varies",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Json | Self::Varies => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

/// A column, as people look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// What it holds, in one line; for a column of a document, the path it is read from.
    pub description: String,
}

/// A table, as people look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    /// Its name.
    pub name: String,
    /// What a row is, in one line.
    pub description: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a fixed table: name, kind, description, and how to get it from a fact.
pub(crate) struct Field<T> {
    name: &'static str,
    kind: Kind,
    about: &'static str,
    get: for<'a> fn(&'a T) -> Cell<'a>,
}

impl<T> Field<T> {
    const fn new(
        name: &'static str,
        kind: Kind,
        about: &'static str,
        get: for<'a> fn(&'a T) -> Cell<'a>,
    ) -> Self {
        Self { name, kind, about, get }
    }

    fn info(&self) -> ColumnInfo {
        ColumnInfo { name: self.name.to_owned(), kind: self.kind, description: self.about.to_owned() }
    }
}

/// A table and the way to read it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) info: TableInfo,
    pub(crate) reader: Reader,
}

/// How a table is read.
#[derive(Debug, Clone)]
pub(crate) enum Reader {
    Resources,
    Edges,
    Scans,
    Coverage,
    Unknowns,
    Explanations,
    Versions,
    Changes,
    Access,
    AccessWho,
    Exposure,
    Unauthenticated,
    Vulnerabilities,
    Flows,
    Reach(Arc<reach::Wanted>),
    View(Arc<View>),
}

/// What a query wants of a table.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The wanted columns, as places in the table's own list.
    pub(crate) columns: Vec<usize>,
    /// The schema of exactly these columns.
    pub(crate) schema: SchemaRef,
    /// Which rows can count.
    pub(crate) asked: Asked,
    /// What large helpers are counted against.
    pub(crate) pool: Arc<dyn MemoryPool>,
    /// Who can do what, read once for a query.
    pub(crate) permissions: Shared,
}

/// Reads what users say of whose accounts outside are; the error is told as it is.
pub(crate) type ReadVendors = dyn Fn() -> Result<Vendors, String> + Send + Sync;

/// Who can do what and what reaches what, once a table of the query needs it, and whose accounts outside are.
pub(crate) struct Who {
    /// Read once for a query.
    pub(crate) permissions: OnceCell<Arc<Permissions>>,
    /// What reaches what, read once for a query.
    pub(crate) network: OnceCell<Arc<Network>>,
    /// What answers without asking who comes, worked out once for a query.
    pub(crate) open: OnceCell<Arc<Open>>,
    /// The rules and definitions.
    pub(crate) content: Arc<Content>,
    /// What users say beside what AWS documents of its own accounts.
    pub(crate) vendors: Option<Arc<ReadVendors>>,
}

impl Who {
    /// Nothing read yet.
    pub(crate) fn new(content: Arc<Content>, vendors: Option<Arc<ReadVendors>>) -> Self {
        let (permissions, network, open) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { permissions, network, open, content, vendors }
    }
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Who")
    }
}

/// Who can do what, as the tables of one query share it.
pub(crate) type Shared = Arc<Who>;

impl Reader {
    /// Starts to read; nothing is read before the first poll.
    pub(crate) fn read(&self, source: &Arc<dyn Source>, ask: Ask) -> Batches {
        match self {
            Self::Resources => resources::read(source, ask),
            Self::Edges => edges::read(source, ask),
            Self::Scans => from_fields(source.scans(), scans::FIELDS, ask),
            Self::Coverage => from_fields(source.coverage(), coverage::FIELDS, ask),
            Self::Unknowns => unknowns::read(source, ask),
            Self::Explanations => explanations::read(source, ask),
            Self::Versions => versions::read(source, ask),
            Self::Changes => changes::read(source, ask),
            Self::Access => access::read(source, ask),
            Self::AccessWho => access_who::read(source, ask),
            Self::Exposure => exposure::read(source, ask),
            Self::Unauthenticated => unauthenticated::read(source, ask),
            Self::Vulnerabilities => vulnerabilities::read(source, ask),
            Self::Flows => flows::read(source, ask),
            Self::Reach(wanted) => reach::read(source, ask, wanted),
            Self::View(view) => view::read(view, source, ask),
        }
    }
}

/// All tables by name.
pub(crate) fn all(content: &Content) -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for (name, about, columns, reader) in [
        ("resources", resources::ABOUT, infos(resources::FIELDS), Reader::Resources),
        ("edges", edges::ABOUT, infos(edges::FIELDS), Reader::Edges),
        ("scans", scans::ABOUT, infos(scans::FIELDS), Reader::Scans),
        ("coverage", coverage::ABOUT, infos(coverage::FIELDS), Reader::Coverage),
        ("unknowns", unknowns::ABOUT, infos(unknowns::FIELDS), Reader::Unknowns),
        ("explanations", explanations::ABOUT, infos(explanations::FIELDS), Reader::Explanations),
        ("resource_versions", versions::ABOUT, infos(versions::FIELDS), Reader::Versions),
        ("changes", changes::ABOUT, infos(changes::FIELDS), Reader::Changes),
        ("access", access::ABOUT, infos(access::FIELDS), Reader::Access),
        ("access_who", access_who::ABOUT, infos(access_who::FIELDS), Reader::AccessWho),
        ("exposure", exposure::ABOUT, infos(exposure::FIELDS), Reader::Exposure),
        ("unauthenticated", unauthenticated::ABOUT, infos(unauthenticated::FIELDS), Reader::Unauthenticated),
        ("vulnerabilities", vulnerabilities::ABOUT, infos(vulnerabilities::FIELDS), Reader::Vulnerabilities),
        ("flows", flows::ABOUT, infos(flows::FIELDS), Reader::Flows),
    ] {
        let info = TableInfo { name: name.to_owned(), description: about.to_owned(), columns };
        tables.insert(name.to_owned(), Table { info, reader });
    }
    for definition in content.resources.values() {
        let (info, view) = View::new(definition);
        tables.entry(info.name.clone()).or_insert(Table { info, reader: Reader::View(Arc::new(view)) });
    }
    tables
}

/// The Arrow schema of columns.
pub(crate) fn schema_of(columns: &[ColumnInfo]) -> SchemaRef {
    let fields: Vec<ArrowField> =
        columns.iter().map(|column| ArrowField::new(&column.name, column.kind.data_type(), true)).collect();
    Arc::new(Schema::new(fields))
}

fn infos<T>(fields: &[Field<T>]) -> Vec<ColumnInfo> {
    fields.iter().map(Field::info).collect()
}

/// Reads a table whose rows are the source's facts themselves.
fn from_fields<T: Send + 'static>(chunks: Chunks<T>, fields: &'static [Field<T>], ask: Ask) -> Batches {
    let wanted: Vec<&Field<T>> = ask.columns.iter().filter_map(|column| fields.get(*column)).collect();
    batches(chunks, ask.schema, move |fact, batch| {
        for (place, field) in wanted.iter().enumerate() {
            batch.push(place, (field.get)(fact))?;
        }
        batch.end_row();
        Ok(())
    })
}
