//! Who can do what: the questions of the command line, over what the last scan left.
//!
//! Every answer is about all accounts: a part of the policies would give wrong answers, so whoever sees a part is refused.

mod actions;
mod escalation;
mod explain;
mod kept;
mod keys;
mod least_privilege;
mod matrix;
mod openings;
mod secrets;
mod unused;
mod views;
mod what_can;
mod what_if;
mod what_on;
mod who_can;

use std::collections::BTreeMap;

use fathom_access::{AccessError, Permitted};
use fathom_catalogue::Fit;
use fathom_iam::{Context, organisation::Target};
use fathom_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use actions::{__path_actions, actions};
pub(crate) use escalation::{__path_escalation, __path_escalations, escalation, escalations};
pub(crate) use explain::{__path_explain, explain};
pub(crate) use keys::{__path_keys, keys};
pub(crate) use least_privilege::{__path_least_privilege, least_privilege};
pub(crate) use matrix::{__path_matrix, matrix};
pub(in crate::routes) use openings::vendors;
pub(crate) use openings::{__path_openings, openings};
pub(crate) use secrets::{__path_secrets, secrets};
pub(crate) use unused::{__path_unused, unused};
pub(crate) use what_can::{__path_what_can, what_can};
pub(crate) use what_if::{__path_explain_what_if, __path_what_if, explain_what_if, what_if};
pub(crate) use what_on::{__path_what_on, what_on};
pub(crate) use who_can::{__path_who_can, who_can};

use crate::{
    extract::{shown, within},
    permitting::Snapshot,
    problem::{Code, Problem, chain},
    routes::{ROWS_DEFAULT, ROWS_MAX},
    state::ApiState,
};
use views::{AccessKind, PermittedView};
pub(crate) use views::{ConditionView, DecisionKind, LayerKind, ReasonView};

/// The longest action, resource or principal; ARNs have at most 2048 characters.
const TEXT_BYTES_MAX: usize = 2048;
/// The most context values of a question.
const CONTEXT_MAX: usize = 50;
/// Resources of one row that are named.
const NAMED_MAX: usize = 100;

/// The scan that permissions are as of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PermissionsAsOf {
    /// The scan that ended last.
    scan: i64,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl PermissionsAsOf {
    fn of(snapshot: &Snapshot) -> Self {
        Self { scan: snapshot.scan.id, finished_at: snapshot.scan.finished_at }
    }
}

/// A parameter that has to be there, within its length.
pub(super) fn needed(name: &str, text: Option<String>) -> Result<String, Problem> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Problem::parameter(name, format!("`{name}` is needed")))?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(Problem::parameter(name, format!("`{name}` has at most {TEXT_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// A text that names are to have in them, within its length; empty where there is none.
pub(super) fn part(name: &str, text: Option<String>) -> Result<String, Problem> {
    text.filter(|text| !text.trim().is_empty())
        .map_or_else(|| Ok(String::new()), |text| needed(name, Some(text)))
}

/// What is given of the requests, as `KEY=VALUE`; a key that stands more than once has several values.
fn context(pairs: &[String]) -> Result<Context, Problem> {
    if pairs.len() > CONTEXT_MAX {
        return Err(Problem::parameter("context", format!("at most {CONTEXT_MAX} context values are taken")));
    }
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pair in pairs {
        let (key, value) =
            pair.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(|| {
                let words = format!("`{}` is not KEY=VALUE, such as aws:SourceIp=10.0.0.1", shown(pair));
                Problem::parameter("context", words)
            })?;
        values.entry(key.trim()).or_default().push(value.to_owned());
    }
    let mut context = Context::new();
    for (key, values) in values {
        context.set(key, values);
    }
    Ok(context)
}

/// The resource that somebody means.
async fn target(state: &ApiState, action: &str, text: &str) -> Result<Target, Problem> {
    fathom_access::target(&state.store, action, text).await.map_err(|error| refused("resource", error))
}

/// Why a question was not answered; `parameter` is what a name stood in.
fn refused(parameter: &str, error: AccessError) -> Problem {
    let text = chain(&error);
    match error {
        AccessError::Store(error) => error.into(),
        AccessError::Catalogue(_) | AccessError::Content(_) | AccessError::Rules(_) => {
            Problem::new(Code::Internal, text)
        }
        AccessError::Ambiguous { text, found } => {
            Problem::parameter(parameter, format!("`{}` may mean several", shown(&text)))
                .hint(format!("name one: {}", found.join(", ")))
        }
        AccessError::Nobody { name } => {
            Problem::new(Code::NotFound, format!("no user or role is called `{}`", shown(&name)))
                .hint("write an ARN or a name, or an account's id for its root user")
        }
        AccessError::Nothing { text } => {
            Problem::new(Code::NotFound, format!("nothing is called `{}`", shown(&text)))
                .hint("write an ARN, or the id or name of something that was scanned")
        }
        AccessError::NoAction { resource } => Problem::parameter(
            parameter,
            format!("the catalogue of actions knows none on {}", shown(&resource)),
        )
        .hint("ask of one action who can do it"),
        AccessError::Question(_) => Problem::new(Code::InvalidParameter, text),
    }
}

/// What whoever asked should know of the question itself.
fn notes(snapshot: &Snapshot, action: &str, asked: &str, target: &Target) -> Vec<String> {
    let mut notes = Vec::new();
    if target.arn != asked {
        notes.push(format!(
            "{} is asked of objects: the answer is for one of {} that no policy names more closely",
            shown(action),
            shown(asked)
        ));
    }
    match snapshot.permissions.fits(action, &target.arn) {
        None => notes.push(format!(
            "the catalogue does not know {}; it may be new, or misspelt, and then nobody has a use for it",
            shown(action)
        )),
        Some(Fit::No) => notes.push(format!(
            "{} is not asked of such a resource, as the catalogue has it; policies decide all the same",
            shown(action)
        )),
        Some(Fit::OnlyEverything) if target.arn != "*" => notes.push(format!(
            "{} is asked of no resource, only of *: a policy for this one alone does not give it",
            shown(action)
        )),
        Some(_) => {}
    }
    if let Some(note) = snapshot.permissions.encryption.note_of(action, &target.arn) {
        notes.push(format!("of the key: {note}"));
    }
    notes
}

/// A part of the rows: those from `cursor` on, how many there are, and where the next part begins.
pub(super) struct Page {
    begin: usize,
    end: usize,
}

impl Page {
    pub(super) fn read(cursor: Option<u64>, limit: Option<u32>) -> Result<Self, Problem> {
        let limit = within("limit", limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
        let begin = usize::try_from(cursor.unwrap_or_default()).unwrap_or(usize::MAX);
        Ok(Self { begin, end: begin.saturating_add(limit as usize) })
    }

    pub(super) fn cut<T>(&self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.begin).take(self.end - self.begin).collect()
    }

    pub(super) fn next(&self, total: usize) -> Option<u64> {
        (self.end < total).then_some(self.end as u64)
    }
}

/// Only the kinds of access that are wanted; all where none is named.
fn permitted(all: Vec<Permitted>, wanted: &[AccessKind]) -> Vec<PermittedView> {
    all.into_iter()
        .map(PermittedView::from)
        .filter(|one| wanted.is_empty() || wanted.contains(&one.access()))
        .collect()
}
