//! What can go wrong with a query: said in the user's words, with the place in the text and a way out.

use std::{fmt, path::PathBuf};

use datafusion::error::DataFusionError;

use crate::source::SourceError;

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
    /// The query reads as SQL but means nothing: wrong types, an unknown function, a missing GROUP BY.
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
            Self::UnknownTable { near, .. } if near.is_empty() => Some("`SHOW TABLES` lists all tables".to_owned()),
            Self::UnknownTable { near, .. } => Some(format!("did you mean {}?", names(near))),
            Self::UnknownColumn { near, table, .. } if near.is_empty() => {
                Some(format!("`DESCRIBE {}` lists the columns", table.as_deref().unwrap_or("<table>")))
            }
            Self::UnknownColumn { near, .. } => Some(format!("did you mean {}?", names(near))),
            Self::Refused { .. } => Some("use SELECT, EXPLAIN, DESCRIBE or SHOW TABLES".to_owned()),
            Self::TooLarge { .. } => Some("put long lists of values into `IN (…)`, or ask in parts".to_owned()),
            Self::Memory { .. } => {
                Some("ask for fewer columns (not `document`), add conditions, or raise the limit".to_owned())
            }
            Self::Timeout { .. } => Some("add conditions, check that joins have them, or raise the limit".to_owned()),
            Self::Changed { .. } => Some("ask again".to_owned()),
            Self::Failed { .. } => Some("`TRY_CAST` gives NULL where a value does not convert".to_owned()),
            Self::Source(_) | Self::Write { .. } | Self::Encode(_) => None,
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
