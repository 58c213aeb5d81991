//! What can go wrong with a query: said in the user's words, with the place in the text and a way out.

use std::{fmt, path::PathBuf};

use datafusion::{
    common::{Diagnostic, SchemaError},
    error::DataFusionError,
    sql::sqlparser::parser::ParserError,
};
use fathom_model::spelling::nearest;

use crate::{
    hints::{place_of, split_place},
    limits::Limits,
    source::{NoAnswer, SourceError},
};

/// A place in the query's text, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a query has no answer. The text names the place where it is known; [`SqlError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The text is no SQL.
    #[error("{}{message}", prefix(*.at))]
    Syntax {
        /// What the parser met.
        message: String,
        /// Where.
        at: Option<Place>,
        /// What to do.
        hint: Option<String>,
    },
    /// A table that does not exist.
    #[error("{}there is no table `{name}`", prefix(*.at))]
    UnknownTable {
        /// The name as written.
        name: String,
        /// Where.
        at: Option<Place>,
        /// Tables with similar names, nearest first.
        near: Vec<String>,
    },
    /// A column that none of the query's tables has.
    #[error("{}there is no column `{name}`{}", prefix(*.at), of_table(.table.as_deref()))]
    UnknownColumn {
        /// The name as written.
        name: String,
        /// The table it was looked for in, where the query says so.
        table: Option<String>,
        /// Where.
        at: Option<Place>,
        /// Columns with similar names, nearest first.
        near: Vec<String>,
    },
    /// A statement that would change something, or reach outside the estate.
    #[error("{}`{what}` is refused: SQL here only reads the estate", prefix(*.at))]
    Refused {
        /// The statement's first word or words.
        what: String,
        /// Where it begins.
        at: Option<Place>,
    },
    /// The query reads as SQL but means nothing, or nothing that can be answered: wrong types, an unknown function, a
    /// missing GROUP BY, the permissions of everyone to everything.
    #[error("{}{message}", prefix(*.at))]
    Meaning {
        /// What is wrong.
        message: String,
        /// Where.
        at: Option<Place>,
        /// What to do.
        hint: Option<String>,
    },
    /// The query is longer or more nested than the limit.
    #[error("the query has {found} {what}, the limit is {most}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// It needs more memory than it may take.
    #[error("the query needs more than the {bytes_max} bytes of memory that it may take")]
    Memory {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// It takes longer than it may.
    #[error("the query did not end within {seconds_max} s")]
    Timeout {
        /// The limit, in seconds.
        seconds_max: u64,
    },
    /// A value that the query cannot work with: a division by zero, a text that is no number.
    #[error("the query failed: {message}")]
    Failed {
        /// What happened.
        message: String,
    },
    /// A scan changed the estate while the query read it.
    #[error("the estate changed while column `{column}` was read")]
    Changed {
        /// The column whose values are of another kind now.
        column: String,
    },
    /// The query engine did not start.
    #[error("cannot start the query engine")]
    Start(#[source] std::io::Error),
    /// The estate could not be read.
    #[error("cannot read the estate")]
    Source(#[source] SourceError),
    /// The answer could not be written.
    #[error("cannot write the answer{}", to_path(.path.as_ref()))]
    Write {
        /// The file, where it is one.
        path: Option<PathBuf>,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The answer could not be put into its format.
    #[error("cannot put the answer into the format")]
    Encode(#[source] SourceError),
}

fn prefix(at: Option<Place>) -> String {
    at.map(|at| format!("{at}: ")).unwrap_or_default()
}

fn of_table(table: Option<&str>) -> String {
    table.map(|table| format!(" in `{table}`")).unwrap_or_default()
}

fn to_path(path: Option<&PathBuf>) -> String {
    path.map(|path| format!(" to {}", path.display())).unwrap_or_default()
}

impl SqlError {
    /// A query whose task is gone: it panicked, or the lake was dropped.
    pub(crate) fn broken() -> Self {
        Self::Failed { message: "the query engine stopped".to_owned() }
    }

    /// Where in the query's text, if it is known.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Syntax { at, .. }
            | Self::UnknownTable { at, .. }
            | Self::UnknownColumn { at, .. }
            | Self::Refused { at, .. }
            | Self::Meaning { at, .. } => *at,
            _ => None,
        }
    }

    /// What to do about it, in one sentence.
    pub fn hint(&self) -> Option<String> {
        let names = |near: &[String]| {
            let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(", ")
        };
        match self {
            Self::Syntax { hint, .. } | Self::Meaning { hint, .. } => hint.clone(),
            Self::UnknownTable { near, .. } | Self::UnknownColumn { near, .. } if !near.is_empty() => {
                Some(format!("did you mean {}?", names(near)))
            }
            Self::UnknownTable { .. } => Some("`SHOW TABLES` lists all tables".to_owned()),
            Self::UnknownColumn { table, .. } => {
                Some(format!("`DESCRIBE {}` lists the columns", table.as_deref().unwrap_or("<table>")))
            }
            Self::Refused { .. } => Some("use SELECT, EXPLAIN, DESCRIBE or SHOW TABLES".to_owned()),
            Self::TooLarge { .. } => Some(
                "put long lists of values into `IN (…)`, name inner queries with WITH, or ask in parts"
                    .to_owned(),
            ),
            Self::Memory { .. } => {
                Some("ask for fewer columns (not `document`), add conditions, or raise the limit".to_owned())
            }
            Self::Timeout { .. } => {
                Some("add conditions, check that joins have them, or raise the limit".to_owned())
            }
            Self::Changed { .. } => Some("ask again".to_owned()),
            Self::Failed { .. } => Some("`TRY_CAST` gives NULL where a value does not convert".to_owned()),
            Self::Start(_) | Self::Source(_) | Self::Write { .. } | Self::Encode(_) => None,
        }
    }
}

/// What happens while the source is read, on its way through DataFusion.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The source failed.
    #[error("cannot read the estate")]
    Source(#[source] SourceError),
    /// A value is not of the kind that its column had when the query was planned.
    #[error("the estate changed while column `{column}` was read")]
    Changed {
        /// The column.
        column: String,
    },
}

impl From<ReadError> for DataFusionError {
    fn from(error: ReadError) -> Self {
        Self::External(Box::new(error))
    }
}

/// Says an error of DataFusion in our words. `limits` are those of the query, where it runs already.
pub(crate) fn from_datafusion(error: &DataFusionError, sql: &str, limits: Option<&Limits>) -> SqlError {
    let mut diagnostic: Option<&Diagnostic> = None;
    let mut error = error;
    loop {
        error = match error {
            DataFusionError::Context(_, inner) => inner,
            DataFusionError::Shared(inner) => inner,
            DataFusionError::Diagnostic(said, inner) => {
                diagnostic = diagnostic.or(Some(said));
                inner
            }
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => first,
                None => break,
            },
            _ => break,
        };
    }
    let at = diagnostic
        .and_then(|said| said.span)
        .filter(|span| span.start.line > 0)
        .map(|span| Place { line: span.start.line, column: span.start.column });
    match error {
        DataFusionError::SQL(error, _) => {
            let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = &**error else {
                let message = "the query is nested too deeply".to_owned();
                return SqlError::Syntax { message, at: None, hint: None };
            };
            let (message, at) = split_place(message);
            SqlError::Syntax { message: lower_first(&message), at, hint: None }
        }
        DataFusionError::SchemaError(error, _) => from_schema_error(error, sql, at),
        DataFusionError::ResourcesExhausted(_) => {
            SqlError::Memory { bytes_max: limits.map_or(0, |limits| limits.bytes_max) }
        }
        DataFusionError::External(error) => match error.downcast_ref::<ReadError>() {
            Some(ReadError::Changed { column }) => SqlError::Changed { column: column.clone() },
            Some(ReadError::Source(source)) => match source.downcast_ref::<NoAnswer>() {
                Some(NoAnswer { message, hint }) => {
                    SqlError::Meaning { message: message.clone(), at: None, hint: hint.clone() }
                }
                None => SqlError::Source(copy_of(&**source)),
            },
            None => SqlError::Failed { message: error.to_string() },
        },
        DataFusionError::Plan(message) | DataFusionError::NotImplemented(message) => {
            meaning(message, diagnostic, at)
        }
        DataFusionError::Execution(message) | DataFusionError::Internal(message) if limits.is_none() => {
            meaning(message, diagnostic, at)
        }
        DataFusionError::ArrowError(error, _) => {
            SqlError::Failed { message: lower_first(&error.to_string()) }
        }
        DataFusionError::Execution(message) | DataFusionError::Internal(message) => {
            SqlError::Failed { message: lower_first(first_line(message)) }
        }
        other => SqlError::Failed { message: first_line(&other.to_string()).to_owned() },
    }
}

fn from_schema_error(error: &SchemaError, sql: &str, at: Option<Place>) -> SqlError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let table = field.relation.as_ref().map(|relation| relation.table().to_owned());
            let candidates = valid_fields.iter().filter(|valid| match (&table, &valid.relation) {
                (Some(table), Some(relation)) => relation.table() == table,
                _ => true,
            });
            SqlError::UnknownColumn {
                near: nearest(&field.name, candidates.map(|valid| valid.name.as_str())),
                at: at.or_else(|| place_of(&field.name, sql)),
                name: field.name.clone(),
                table,
            }
        }
        SchemaError::AmbiguousReference { field } => SqlError::Meaning {
            message: format!("more than one table has a column `{}`", field.name),
            at: at.or_else(|| place_of(&field.name, sql)),
            hint: Some(format!("write the table before it, like `resources.{}`", field.name)),
        },
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => SqlError::Meaning {
            message: format!("two columns are called `{name}`"),
            at: at.or_else(|| place_of(name, sql)),
            hint: Some("give one of them another name with AS".to_owned()),
        },
    }
}

/// An error shared by several readers cannot be taken out: its chain of messages can.
fn copy_of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> SourceError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text.into()
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default().trim()
}

/// A mistake that shows when a query is planned. The engine's texts go on for several lines, of which the first is not
/// always the one that helps.
fn meaning(message: &str, diagnostic: Option<&Diagnostic>, at: Option<Place>) -> SqlError {
    let helps = message.find("No function matches").and_then(|at| message.get(at..)).unwrap_or(message);
    let lines: Vec<&str> = helps.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (first, rest) = match lines.as_slice() {
        [first, rest @ ..] => (*first, rest),
        [] => ("the query cannot be planned", [].as_slice()),
    };
    let (first, and_then) = first.split_once(". ").unwrap_or((first, ""));
    let mut hint: Vec<String> = Vec::new();
    if !and_then.is_empty() {
        hint.push(lower_first(and_then.trim_end_matches('.')));
    }
    match rest {
        [head, names @ ..] if head.ends_with("functions:") => {
            hint.push(format!("{} {}", lower_first(head), names.join(", ")));
        }
        _ => hint.extend(rest.iter().map(|line| lower_first(line))),
    }
    if let Some(said) = diagnostic {
        hint.extend(
            hint.is_empty().then(|| said.helps.first().map(|help| lower_first(&help.message))).flatten(),
        );
    }
    SqlError::Meaning {
        message: lower_first(diagnostic.map_or(first, |said| said.message.as_str()).trim_end_matches('.')),
        at,
        hint: (!hint.is_empty()).then(|| hint.join("; ")),
    }
}

fn lower_first(message: &str) -> String {
    let message = message.trim();
    let mut chars = message.chars();
    match (chars.next(), chars.next()) {
        // A word in capitals (SQL, GROUP BY) keeps them.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(message.chars().skip(1)).collect()
        }
        _ => message.to_owned(),
    }
}
