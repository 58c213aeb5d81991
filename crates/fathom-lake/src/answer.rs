//! The answer to a query: columns at once, rows as they come.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use datafusion::arrow::{
    array::RecordBatch,
    datatypes::{DataType, SchemaRef},
};
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{engine::Guard, error::SqlError, limits::Limits};

/// What a running query sends: batches, then nothing or an error.
pub(crate) type Sent = Result<Option<RecordBatch>, SqlError>;

/// A query that runs in the engine.
pub(crate) struct Running {
    /// The schema of its rows.
    pub(crate) schema: SchemaRef,
    /// Its rows.
    pub(crate) batches: mpsc::Receiver<Sent>,
    /// Ends it.
    pub(crate) guard: Guard,
}

/// Columns by these names hold JSON as text.
const JSON_COLUMNS: [&str; 5] = ["document", "tags", "because", "accounts", "regions"];

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name; where two columns have the same, the second is called `name_2`.
    pub name: String,
    /// The kind of its values: `text`, `integer`, `number`, `boolean`, `timestamp`, `json`, or Arrow's own word.
    pub kind: String,
    /// Whether its texts are JSON, to be shown as JSON values where the format has them.
    pub json: bool,
    /// Whether its values are numbers.
    pub number: bool,
}

/// The rows of a query, as a stream under the query's limits. Dropping it ends the query.
pub struct Answer {
    columns: Vec<Column>,
    schema: SchemaRef,
    /// The rows to come, and what ends the query; none once it ended.
    running: Option<(mpsc::Receiver<Sent>, Guard)>,
    limits: Limits,
    started: Instant,
    elapsed: Option<Duration>,
    rows: u64,
    truncated: bool,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("columns", &self.columns)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Answer {
    pub(crate) fn new(running: Running, limits: Limits, started: Instant) -> Self {
        Self {
            columns: columns_of(&running.schema),
            schema: running.schema,
            running: Some((running.batches, running.guard)),
            limits,
            started,
            elapsed: None,
            rows: 0,
            truncated: false,
        }
    }

    /// The columns, in order, with distinct names.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The Arrow schema of the batches, as the query made it.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows; none after the last.
    ///
    /// # Errors
    /// Where the query fails on the way or passes a limit; there are no rows after an error.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        let Some((batches, _)) = &mut self.running else { return Ok(None) };
        let sent = match timeout_at(self.started + self.limits.time_max(), batches.recv()).await {
            Err(_) => Err(SqlError::Timeout { seconds_max: self.limits.seconds_max }),
            // The sender says when it is done; it never just goes away unless it broke.
            Ok(None) => Err(SqlError::broken()),
            Ok(Some(sent)) => sent,
        };
        let batch = match sent {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                self.end();
                return Ok(None);
            }
            Err(error) => {
                self.end();
                return Err(error);
            }
        };
        let left = usize::try_from(self.limits.rows_max - self.rows).unwrap_or(usize::MAX);
        let batch = if batch.num_rows() > left {
            self.truncated = true;
            self.end();
            batch.slice(0, left)
        } else {
            batch
        };
        self.rows += batch.num_rows() as u64;
        Ok(Some(batch))
    }

    /// All rows that are left, at most as many as the limit.
    pub async fn collect(&mut self) -> Result<Vec<RecordBatch>, SqlError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Rows given so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether there are more rows than the limit; known once [`Answer::next`] gave none.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Time from the start of the query to its last row, or until now.
    pub fn elapsed(&self) -> Duration {
        self.elapsed.unwrap_or_else(|| self.started.elapsed())
    }

    fn end(&mut self) {
        self.running = None;
        self.elapsed = Some(self.started.elapsed());
    }
}

fn columns_of(schema: &SchemaRef) -> Vec<Column> {
    let mut names: HashSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    schema
        .fields()
        .iter()
        .map(|field| {
            let count = seen.entry(field.name()).or_insert(0);
            *count += 1;
            let mut name = field.name().clone();
            while *count > 1 {
                name = format!("{}_{count}", field.name());
                if names.insert(name.clone()) {
                    break;
                }
                *count += 1;
            }
            let marked =
                field.metadata().get("ARROW:extension:name").is_some_and(|kind| kind == "arrow.json");
            let text = matches!(field.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
            let json = text && (marked || JSON_COLUMNS.contains(&field.name().as_str()));
            Column {
                kind: if json { "json".to_owned() } else { kind_of(field.data_type()) },
                number: field.data_type().is_numeric(),
                name,
                json,
            }
        })
        .collect()
}

fn kind_of(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Union(..) => "varies".to_owned(),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list".to_owned(),
        DataType::Struct(_) | DataType::Map(..) => "object".to_owned(),
        kind if kind.is_integer() => "integer".to_owned(),
        kind if kind.is_numeric() => "number".to_owned(),
        kind => kind.to_string().to_lowercase(),
    }
}
