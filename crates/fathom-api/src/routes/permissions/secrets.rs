//! Secrets: who can read each, which takes its key too.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{Reader, SecretReport, Secrets};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NAMED_MAX, Page, PermissionsAsOf, context,
    kept::SaysKind,
    keys::{RotationView, WhoCounts},
    refused,
    views::AskerView,
};
use crate::{
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Which secrets.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SecretsQuery {
    /// Only this one, by ARN.
    secret: Option<String>,
    /// What is known of the requests, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Somebody who may read a secret, or would but for its key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretReader {
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// What the secret's side and their own say.
    may_read: SaysKind,
    /// What the key says; null where reading takes no permission on a key.
    may_decrypt: Option<SaysKind>,
    /// Both together.
    content: SaysKind,
    /// What decides of the key, where no policy does; null otherwise.
    note: Option<String>,
}

impl From<Reader> for SecretReader {
    fn from(reader: Reader) -> Self {
        Self {
            asker: reader.asker.into(),
            may_read: reader.may_read.into(),
            may_decrypt: reader.may_decrypt.map(Into::into),
            content: reader.content.into(),
            note: reader.note,
        }
    }
}

/// What is known of a secret; its value is never read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretRow {
    /// Its ARN.
    secret: String,
    /// Its type.
    resource_type: String,
    /// What people call it; null where it has no name but its id.
    name: Option<String>,
    /// The account that owns it.
    account: String,
    /// Its key: an ARN, the alias of one that AWS manages, or why it is not known; null where none has a policy.
    key: Option<String>,
    /// How many can read it.
    readers: WhoCounts,
    /// Who they are, and who may ask for it and cannot decrypt it; at most 100.
    read_by: Vec<SecretReader>,
    /// How many may ask for it and cannot decrypt it.
    without_key: u64,
    /// Whether it gets a new value by itself.
    rotation: RotationView,
    /// When it last did; null where that is not known.
    rotated_at: Option<String>,
    /// When its value last changed; null where that is not known.
    changed_at: Option<String>,
    /// The day on which it was last read, as AWS tells; null where it never was, or AWS does not tell of such a secret.
    used_at: Option<String>,
    /// When it will be gone; null where it will not.
    deleted_at: Option<String>,
    /// What to look at, in words.
    concerns: Vec<String>,
    /// What was not read of it.
    gaps: Vec<String>,
}

impl From<SecretReport> for SecretRow {
    fn from(report: SecretReport) -> Self {
        Self {
            key: report.key.map(|key| key.name().to_owned()),
            secret: report.secret,
            resource_type: report.resource_type,
            name: report.name,
            account: report.account,
            readers: report.readers.into(),
            read_by: report.read_by.into_iter().take(NAMED_MAX).map(Into::into).collect(),
            without_key: report.without_key as u64,
            rotation: report.rotation.into(),
            rotated_at: report.rotated_at,
            changed_at: report.changed_at,
            used_at: report.used_at,
            deleted_at: report.deleted_at,
            concerns: report.concerns,
            gaps: report.gaps,
        }
    }
}

/// The secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretsAnswer {
    /// Those first that have most to look at.
    rows: Vec<SecretRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// What was not read that may decide about all of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Who can read each secret
///
/// Secrets of Secrets Manager and SecureString parameters. Whoever may ask for the value and may not use the key reads
/// nothing.
#[utoipa::path(get, path = "/permissions/secrets", tag = "permissions", operation_id = "secrets", params(SecretsQuery),
    responses(
        (status = 200, description = "The answer", body = SecretsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn secrets(
    State(state): State<ApiState>,
    Query(query): Query<SecretsQuery>,
) -> Result<Json<SecretsAnswer>, Problem> {
    let given = context(&query.context)?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let mut secrets = Secrets::load(&state.store.for_questions(), state.now())
        .await
        .map_err(|error| refused("secret", error))?;
    if let Some(only) = &query.secret {
        secrets.0.retain(|secret| secret.arn == *only);
    }
    let asking = Arc::clone(&snapshot);
    let found = permitting::ask(&state, move || {
        asking.permissions.secrets(&secrets, &given).map_err(|error| refused("secret", error))
    })
    .await?;
    let total = found.len();
    Ok(Json(SecretsAnswer {
        total: total as u64,
        next: page.next(total),
        rows: page.cut(found).into_iter().map(Into::into).collect(),
        gaps: snapshot.permissions.index.organisation().unread().to_vec(),
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}
