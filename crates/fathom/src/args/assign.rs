//! Arguments of `fathom assign`.

use clap::Subcommand;

use super::{date, one_line};

/// Who takes care of what.
#[derive(Debug, Subcommand)]
pub(crate) enum AssignCommand {
    /// Assign resources; an assignment of the same resource ends
    To {
        /// The person or team
        #[arg(value_parser = one_line)]
        to: String,
        /// ARNs, ids or names
        #[arg(required = true, num_args = 1..=1000)]
        resources: Vec<String>,
        /// It is a team, not a person
        #[arg(long)]
        team: bool,
        /// What is to be done
        #[arg(long)]
        note: String,
        /// Until when, a date like 2027-01-31; until somebody ends it otherwise
        #[arg(long, value_name = "DATE", value_parser = date)]
        until: Option<jiff::civil::Date>,
        /// Who assigns it; you, as the system knows you, otherwise
        #[arg(long, value_parser = one_line)]
        by: Option<String>,
    },
    /// List what is assigned
    List {
        /// Only to this person or team
        #[arg(long)]
        to: Option<String>,
        /// The most rows
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// End an assignment
    End {
        /// Its number, as `fathom assign list` prints it
        id: i64,
        /// Why it ends
        #[arg(long)]
        reason: String,
        /// Who ends it; you, as the system knows you, otherwise
        #[arg(long, value_parser = one_line)]
        by: Option<String>,
    },
}
