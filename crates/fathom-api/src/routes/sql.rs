//! Questions in SQL over the estate.

use axum::{Json, extract::State};
use fathom_lake::{Column, Limits, SqlError, TableInfo, output::cell_json};
use fathom_model::{Moment, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    extract::{Body, Nothing, Query, within},
    problem::{Code, Problem, ProblemView, chain},
    state::ApiState,
};

/// The longest statement.
const QUERY_BYTES_MAX: usize = 64 * 1024;
/// Rows of an answer where the client does not say.
const ROWS_DEFAULT: u64 = 1000;
/// The most rows of an answer.
const ROWS_MAX: u64 = 10_000;
/// The most bytes that an answer's values may have.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Time for a statement where the client does not say.
const SECONDS_DEFAULT: u64 = 30;
/// The most time for a statement; below the time that every answer has.
const SECONDS_MAX: u64 = 60;
/// Memory that one statement may hold.
const MEMORY_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// One reading statement.
    #[schema(examples("SELECT type, count(*) AS n FROM resources GROUP BY type ORDER BY n DESC"))]
    query: String,
    /// The most rows of the answer; more are cut off, and the answer says so.
    #[schema(minimum = 1, maximum = 10000, default = 1000)]
    rows_max: Option<u64>,
    /// The most seconds that it may take.
    #[schema(minimum = 1, maximum = 60, default = 30)]
    seconds_max: Option<u64>,
    /// Asks about the estate as it was: a time, a day (at its end), `7d`, or `scan:12`.
    as_of: Option<String>,
}

/// A column of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnView {
    /// Its name; distinct within the answer.
    name: String,
    /// The kind of its values: `text`, `integer`, `number`, `boolean`, `timestamp`, `json`, `list`, `object`, …
    kind: String,
}

/// The scan that an answer about the past is as of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SqlAsOf {
    /// The scan.
    scan: i64,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// A newer scan that had ended at the moment asked for, but whose state a compaction of the history let go of; null
    /// where there is none.
    instead_of: Option<i64>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerView {
    /// The columns, in order.
    columns: Vec<ColumnView>,
    /// The rows; each has a value for each column.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    rows: Vec<Box<RawValue>>,
    /// Whether rows were cut off.
    truncated: bool,
    /// The scan that left the estate as it was asked about; absent where the question is about now.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<SqlAsOf>,
    /// Time that it took.
    millis: u64,
}

/// A column that can be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableColumn {
    /// Its name.
    name: String,
    /// The kind of its values; `varies` where documents decide it.
    kind: &'static str,
    /// What it holds.
    description: String,
}

/// A table that can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableView {
    /// Its name.
    name: String,
    /// What a row is.
    description: String,
    /// Its columns, in order.
    columns: Vec<TableColumn>,
}

/// The tables that can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tables {
    /// The tables, by name.
    tables: Vec<TableView>,
}

/// Asks a question in SQL
///
/// One reading statement over the tables of `/sql/tables`. An error in the statement carries line, column and a hint.
#[utoipa::path(post, path = "/sql", tag = "sql", operation_id = "sql", request_body = Question,
    responses(
        (status = 200, description = "The answer", body = AnswerView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn query(
    State(state): State<ApiState>,
    _: Query<Nothing>,
    Body(question): Body<Question>,
) -> Result<Json<AnswerView>, Problem> {
    if question.query.len() > QUERY_BYTES_MAX {
        return Err(Problem::new(Code::InvalidBody, format!("`query` has at most {QUERY_BYTES_MAX} bytes")));
    }
    let limits = Limits {
        rows_max: within("rows_max", question.rows_max, ROWS_DEFAULT, &(1..=ROWS_MAX))?,
        bytes_max: MEMORY_BYTES_MAX,
        seconds_max: within("seconds_max", question.seconds_max, SECONDS_DEFAULT, &(1..=SECONDS_MAX))?,
    };
    let _place = state.statements.try_acquire().map_err(|_| {
        Problem::new(Code::TooBusy, "other statements are running")
            .hint("try again when they are done")
            .retry_after(2)
    })?;
    let (lake, as_of) = match &question.as_of {
        Some(text) => {
            let moment: Moment =
                text.parse().map_err(|error| Problem::new(Code::InvalidBody, format!("`as_of`: {error}")))?;
            let past = state.store.past(&moment, state.now()).await?;
            let as_of = SqlAsOf {
                scan: past.scan().id,
                finished_at: past.scan().finished_at,
                instead_of: past.let_go().map(|scan| scan.id),
            };
            (state.lake.over(past), Some(as_of))
        }
        None => (state.lake.clone(), None),
    };
    let mut answer = lake.query(&question.query, limits).await.map_err(|error| failed(&error))?;
    let columns = answer.columns().to_vec();
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = answer.next().await.map_err(|error| failed(&error))? {
        for row in 0..batch.num_rows() {
            // Each row is written as a JSON array at once: no number loses a digit on the way through a value.
            let mut text = Vec::new();
            for (column, array) in columns.iter().zip(batch.columns()) {
                text.push(if text.is_empty() { b'[' } else { b',' });
                cell_json(column, array.as_ref(), row, &mut text).map_err(|error| failed(&error))?;
            }
            text.extend_from_slice(if text.is_empty() { b"[]" } else { b"]" });
            bytes += text.len();
            if bytes > ANSWER_BYTES_MAX {
                return Err(Problem::new(
                    Code::QueryFailed,
                    format!("the answer has more than {ANSWER_BYTES_MAX} bytes"),
                )
                .hint("ask for fewer columns (not `document`) or fewer rows"));
            }
            let row = String::from_utf8(text).ok().and_then(|text| RawValue::from_string(text).ok());
            rows.push(row.ok_or_else(|| Problem::new(Code::Internal, "a row could not be written as JSON"))?);
        }
    }
    Ok(Json(AnswerView {
        columns: columns.into_iter().map(|Column { name, kind, .. }| ColumnView { name, kind }).collect(),
        rows,
        truncated: answer.truncated(),
        as_of,
        millis: answer.elapsed().as_millis() as u64,
    }))
}

/// The tables that can be asked, with their columns
#[utoipa::path(get, path = "/sql/tables", tag = "sql", operation_id = "sql_tables",
    responses(
        (status = 200, description = "The answer", body = Tables),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn tables(State(state): State<ApiState>, _: Query<Nothing>) -> Json<Tables> {
    Json(Tables { tables: state.lake.tables().into_iter().map(table).collect() })
}

fn table(info: TableInfo) -> TableView {
    let columns = info
        .columns
        .into_iter()
        .map(|column| TableColumn {
            name: column.name,
            kind: column.kind.as_str(),
            description: column.description,
        })
        .collect();
    TableView { name: info.name, description: info.description, columns }
}

fn failed(error: &SqlError) -> Problem {
    let code = match error {
        SqlError::Syntax { .. }
        | SqlError::UnknownTable { .. }
        | SqlError::UnknownColumn { .. }
        | SqlError::Refused { .. }
        | SqlError::Meaning { .. }
        | SqlError::TooLarge { .. } => Code::InvalidQuery,
        SqlError::Memory { .. }
        | SqlError::Timeout { .. }
        | SqlError::Failed { .. }
        | SqlError::Changed { .. } => Code::QueryFailed,
        _ => Code::Internal,
    };
    let mut problem = Problem::new(code, chain(error));
    if let Some(place) = error.place() {
        problem = problem.at(place.line, place.column);
    }
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
