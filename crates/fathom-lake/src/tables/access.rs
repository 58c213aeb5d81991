//! `access`: who may do what to what, worked out when it is asked for.
//!
//! A thread of its own walks over principals and resources and hands rows on as they are taken; when nobody takes them
//! any more, it ends.

use std::{ops::ControlFlow, sync::Arc};

use datafusion::{
    error::{DataFusionError, Result},
    execution::memory_pool::{MemoryConsumer, MemoryReservation},
};
use fathom_access::{AccessError, AccessRow, Permissions, Wanted, account_of, name_of};
use fathom_catalogue::Kind as Action;
use fathom_iam::{Context, organisation::Kind as Who};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::{Ask, Asked, Field, Kind, Shared, from_fields};
use crate::{
    batch::Batches,
    error::ReadError,
    source::{Chunks, NoAnswer, Source, SourceError},
};

pub(super) const ABOUT: &str = "Who may do what, one row for each action that somebody may do to something, as of the last scans; name a `principal` or a `resource`, else everything is worked out";

/// Columns of which conditions are handed down.
pub(super) const NARROW: &[&str] = &[
    "principal",
    "principal_name",
    "principal_kind",
    "principal_account",
    "resource",
    "resource_type",
    "resource_account",
    "access",
    "action",
    "decision",
];

/// Pairs of a principal and a resource that one query may ask about.
const PAIRS_MAX: u64 = 2_000_000;
/// Rows that one table of a query may have.
const ROWS_MAX: u64 = 5_000_000;
/// Rows that are handed on at once.
const CHUNK_ROWS: usize = 4096;
/// Chunks that are made before somebody takes them.
const AHEAD_MAX: usize = 2;
/// What a resource costs beside its texts while it is looked at, in bytes.
const RESOURCE_BYTES: usize = 160;

pub(super) const FIELDS: &[Field<AccessRow>] = &[
    Field::new(
        "principal",
        Kind::Text,
        "who: an ARN, the account of a root user or of outsiders, a service, `*` for everyone; null where `gap` says what is not known",
        |row| row.asker.as_ref().map(|asker| asker.principal.as_str()).into(),
    ),
    Field::new("principal_name", Kind::Text, "the name of a user or role", |row| {
        row.asker.as_deref().and_then(name_of).into()
    }),
    Field::new(
        "principal_kind",
        Kind::Text,
        "user, role, root; or whom the resource itself lets in from outside its account, as far as its own side decides: anyone, any_account, outside, federated, service",
        |row| row.asker.as_ref().map(|asker| kind_word(asker.kind)).into(),
    ),
    Field::new(
        "principal_account",
        Kind::Text,
        "the account they are of; null for services and everyone",
        |row| row.asker.as_ref().and_then(|asker| account_of(&asker.principal)).into(),
    ),
    Field::new(
        "resource",
        Kind::Text,
        "the resource's ARN, `*` for actions without one; objects of a bucket count as the bucket",
        |row| row.resource.as_ref().map(|resource| resource.target.arn.as_str()).into(),
    ),
    Field::new("resource_type", Kind::Text, "its type, like AWS::S3::Bucket", |row| {
        row.resource.as_ref().map(|resource| resource.kind.as_str()).filter(|kind| !kind.is_empty()).into()
    }),
    Field::new("resource_account", Kind::Text, "the account that owns it", |row| {
        row.resource.as_ref().and_then(|resource| resource.target.account.as_deref()).into()
    }),
    Field::new("access", Kind::Text, "the kind of access: list, read, data, tagging, write, admin", |row| {
        row.action.map(|(access, _)| access.name()).into()
    }),
    Field::new("action", Kind::Text, "the action, like s3:GetObject", |row| {
        row.action.map(|(_, action)| action).into()
    }),
    Field::new(
        "decision",
        Kind::Text,
        "allowed; only_if something holds that is not known; unknown, since it depends on what was not read. What is refused has no row",
        |row| row.decision.word().into(),
    ),
    Field::new("gap", Kind::Text, "what was not read, or cannot be asked, that may let in more", |row| {
        row.gap.as_deref().into()
    }),
];

/// Works it out, for what the conditions leave.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let wanted = wanted(&ask.asked);
    worked_out(source, ask, FIELDS, move |permissions, tell| {
        let wanted = wanted?;
        let pairs = permissions.pairs(&wanted);
        if pairs > PAIRS_MAX {
            return Err(too_much(&format!("{pairs} pairs of principal and resource"), PAIRS_MAX));
        }
        permissions.visit(&wanted, &Context::new(), tell).map_err(told)
    })
}

/// Reads a table that is worked out of the permissions, on a thread of its own.
pub(super) fn worked_out<T, F>(
    source: &Arc<dyn Source>,
    ask: Ask,
    fields: &'static [Field<T>],
    work: F,
) -> Batches
where
    T: Send + 'static,
    F: FnOnce(&Permissions, &mut dyn FnMut(Vec<T>) -> ControlFlow<()>) -> Result<(), SourceError>
        + Send
        + 'static,
{
    let (source, shared) = (Arc::clone(source), Arc::clone(&ask.permissions));
    async move {
        let permissions = load(&source, &shared).await?;
        let held = reserve(&permissions, &ask)?;
        let (sender, receiver) = mpsc::channel(AHEAD_MAX);
        tokio::task::spawn_blocking(move || {
            let mut sent = Sent { sender, rows: Vec::new(), count: 0, is_too_much: false };
            let worked = work(&permissions, &mut |rows| sent.take(rows));
            sent.end(worked);
        });
        let chunks = stream::unfold((receiver, Some(held)), |(mut receiver, held)| async move {
            let held = held?;
            match receiver.recv().await {
                Some(Ok(Some(rows))) => Some((Ok(rows), (receiver, Some(held)))),
                Some(Ok(None)) => None,
                Some(Err(error)) => Some((Err(error), (receiver, None))),
                // It says when it is done; it never just goes away unless it broke.
                None => Some((Err(SourceError::from("working out permissions stopped")), (receiver, None))),
            }
        });
        let chunks: Chunks<T> = chunks.boxed();
        Ok::<Batches, DataFusionError>(from_fields(chunks, fields, ask))
    }
    .into_stream()
    .try_flatten()
    .boxed()
}

/// What the thread that works sends: rows, then nothing or an error.
struct Sent<T> {
    sender: mpsc::Sender<Result<Option<Vec<T>>, SourceError>>,
    rows: Vec<T>,
    count: u64,
    is_too_much: bool,
}

impl<T> Sent<T> {
    fn take(&mut self, rows: Vec<T>) -> ControlFlow<()> {
        self.count += rows.len() as u64;
        if self.count > ROWS_MAX {
            self.is_too_much = true;
            return ControlFlow::Break(());
        }
        self.rows.extend(rows);
        if self.rows.len() < CHUNK_ROWS {
            return if self.sender.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        match self.sender.blocking_send(Ok(Some(std::mem::take(&mut self.rows)))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Nobody may listen any more, which is no error.
    fn end(self, worked: Result<(), SourceError>) {
        let last = match worked {
            _ if self.is_too_much => Err(too_much("more rows", ROWS_MAX)),
            Ok(()) => Ok(None),
            Err(error) => Err(error),
        };
        if last.is_ok() && !self.rows.is_empty() && self.sender.blocking_send(Ok(Some(self.rows))).is_err() {
            return;
        }
        let _ = self.sender.blocking_send(last);
    }
}

async fn load(source: &Arc<dyn Source>, shared: &Shared) -> Result<Arc<Permissions>> {
    let loaded = shared.permissions.get_or_try_init(|| source.permissions()).await;
    Ok(Arc::clone(loaded.map_err(ReadError::Source)?))
}

/// Counts what is held of the resources against the memory of the query, as long as it is held.
fn reserve(permissions: &Permissions, ask: &Ask) -> Result<MemoryReservation> {
    let bytes = permissions
        .resources
        .iter()
        .map(|(arn, resource)| 2 * arn.len() + resource.kind.len() + RESOURCE_BYTES);
    let reservation = MemoryConsumer::new("permissions").register(&ask.pool);
    reservation.try_grow(bytes.sum())?;
    Ok(reservation)
}

/// What the conditions leave to work out.
fn wanted(asked: &Asked) -> Result<Wanted, SourceError> {
    check_words(asked, "principal_kind", &WHO.map(kind_word))?;
    check_words(asked, "decision", &DECISIONS)?;
    let of = |column: &str| asked.texts.get(column).cloned().unwrap_or_default();
    Ok(Wanted {
        principals: of("principal"),
        names: of("principal_name"),
        principal_accounts: of("principal_account"),
        resources: of("resource"),
        resource_types: of("resource_type"),
        resource_accounts: of("resource_account"),
        access: access_of(asked)?,
        actions: of("action"),
    })
}

pub(super) const DECISIONS: [&str; 3] = ["allowed", "only_if", "unknown"];
pub(super) const WHO: [Who; 8] = [
    Who::Anyone,
    Who::AnyAccount,
    Who::Outside,
    Who::Federated,
    Who::Service,
    Who::Root,
    Who::User,
    Who::Role,
];

pub(super) fn kind_word(kind: Who) -> &'static str {
    match kind {
        Who::Anyone => "anyone",
        Who::AnyAccount => "any_account",
        Who::Outside => "outside",
        Who::Federated => "federated",
        Who::Service => "service",
        Who::Root => "root",
        Who::User => "user",
        Who::Role => "role",
    }
}

/// The kinds of access that are asked for.
pub(super) fn access_of(asked: &Asked) -> Result<Vec<Action>, SourceError> {
    check_words(asked, "access", &Action::ALL.map(Action::name))?;
    let words = asked.texts.get("access").map(Vec::as_slice).unwrap_or_default();
    Ok(Action::ALL.into_iter().filter(|kind| words.iter().any(|word| word == kind.name())).collect())
}

/// Refuses a word that a column never has: an answer without rows would read like a "no".
pub(super) fn check_words(asked: &Asked, column: &str, words: &[&str]) -> Result<(), SourceError> {
    let values = asked.texts.get(column).map(Vec::as_slice).unwrap_or_default();
    match values.iter().find(|value| !words.contains(&value.as_str())) {
        None => Ok(()),
        Some(value) => Err(SourceError::from(NoAnswer {
            message: format!("`{column}` is never `{value}`"),
            hint: Some(format!("it is one of {}", words.join(", "))),
        })),
    }
}

/// A mistake in what is named, as it is.
pub(super) fn told(error: AccessError) -> SourceError {
    match error {
        AccessError::Store(_) | AccessError::Catalogue(_) | AccessError::Content(_) => error.into(),
        told => SourceError::from(NoAnswer { message: told.to_string(), hint: None }),
    }
}

fn too_much(found: &str, most: u64) -> SourceError {
    let hint = "name a `principal` or a `resource` (`=` or `IN`), or narrow `resource_type`, `resource_account` or \
                `principal_account`";
    SourceError::from(NoAnswer {
        message: format!("this asks for {found}, the limit is {most}"),
        hint: Some(hint.to_owned()),
    })
}
