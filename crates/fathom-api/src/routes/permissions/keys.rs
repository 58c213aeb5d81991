//! Keys: who can use and administer each, its grants, its rotation, what it encrypts.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{Counts, Custody, GrantReport, Grantee, KeyReport, Keys, Rotation, Who};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NAMED_MAX, Page, PermissionsAsOf, context,
    kept::SaysKind,
    refused,
    views::{AskerView, mirrored},
};
use crate::{
    extract::{Query, within},
    permitting,
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Days after which a grant counts as forgotten.
const OLD_DAYS: u32 = 365;
/// The most that may be asked for.
const OLD_DAYS_MAX: u32 = 36_500;

/// Which keys.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeysQuery {
    /// Only this one, by ARN.
    key: Option<String>,
    /// Days after which a grant counts as forgotten.
    #[param(minimum = 1, maximum = 36500, default = 365)]
    old_days: Option<u32>,
    /// What is known of the requests, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

mirrored! {
    /// In whose hands the secret part of a key is.
    enum CustodyKind of Custody {
        /// AWS manages it for a service.
        AwsManaged,
        /// The customer's, made by KMS.
        Customer,
        /// The customer's, made elsewhere and imported.
        Imported,
        /// The customer's, in a CloudHSM cluster of its own.
        CloudHsm,
        /// In a key manager outside AWS.
        External,
        /// The document does not say.
        Unknown,
    }
}

mirrored! {
    /// Whether the one that a grant is for still exists.
    enum GranteeKind of Grantee {
        /// Its account was scanned and has nobody of this name.
        Gone,
        /// It is of an account that nobody knows.
        Outside,
        /// What it is was not read.
        Unknown,
        /// It is there.
        Known,
        /// A service of AWS.
        Service,
    }
}

/// Whether something gets a new secret part or value by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RotationView {
    /// Whether it does.
    state: RotationKind,
    /// After so many days; null where that was not read.
    every_days: Option<u64>,
    /// Why it never does, or why it is not known; null otherwise.
    why: Option<String>,
}

/// Whether something rotates.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RotationKind {
    /// It does.
    On,
    /// It does not.
    Off,
    /// AWS does it, about every year.
    ByAws,
    /// Such a one never does.
    Cannot,
    /// It was not read.
    Unknown,
}

impl From<Rotation> for RotationView {
    fn from(rotation: Rotation) -> Self {
        let (state, every_days, why) = match rotation {
            Rotation::On { every_days } => (RotationKind::On, every_days, None),
            Rotation::Off => (RotationKind::Off, None, None),
            Rotation::ByAws => (RotationKind::ByAws, None, None),
            Rotation::Cannot { why } => (RotationKind::Cannot, None, Some(why.to_owned())),
            Rotation::Unknown { why } => (RotationKind::Unknown, None, Some(why)),
        };
        Self { state, every_days, why }
    }
}

/// How many can, by what they are.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct WhoCounts {
    /// Users.
    users: u64,
    /// Roles.
    roles: u64,
    /// Root users.
    roots: u64,
    /// Services of AWS.
    services: u64,
    /// Everyone, other accounts and their principals, identity providers.
    outside: u64,
    /// Of all these, those who can only under conditions.
    only_if: u64,
    /// Of all these, those of whom it is not known.
    unknown: u64,
}

impl From<Counts> for WhoCounts {
    fn from(counts: Counts) -> Self {
        Self {
            users: counts.users as u64,
            roles: counts.roles as u64,
            roots: counts.roots as u64,
            services: counts.services as u64,
            outside: counts.outside as u64,
            only_if: counts.only_if as u64,
            unknown: counts.unknown as u64,
        }
    }
}

/// Somebody who can do something with a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyWho {
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// The best of what becomes of the actions.
    says: SaysKind,
    /// The actions that are not refused.
    actions: Vec<String>,
}

impl From<Who> for KeyWho {
    fn from(who: Who) -> Self {
        Self { asker: who.asker.into(), says: who.says.into(), actions: who.actions }
    }
}

/// A grant of a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantView {
    /// Its id.
    id: String,
    /// Its name; null where it has none.
    name: Option<String>,
    /// Whom it is for.
    grantee: String,
    /// Whether that one still exists.
    state: GranteeKind,
    /// Who may end it beside those who administer the key; null where nobody is named.
    retiring: Option<String>,
    /// What it allows.
    operations: Vec<String>,
    /// How many days ago it was made; null where the scan does not say.
    age_days: Option<i64>,
    /// Whether nobody remembers it: whom it is for is gone, or it is old. No log that is kept says whether it is used.
    forgotten: bool,
}

impl From<GrantReport> for GrantView {
    fn from(grant: GrantReport) -> Self {
        Self {
            id: grant.id,
            name: grant.name,
            grantee: grant.grantee,
            state: grant.state.into(),
            retiring: grant.retiring,
            operations: grant.operations,
            age_days: grant.age_days,
            forgotten: grant.forgotten,
        }
    }
}

/// What is known of a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyRow {
    /// Its ARN.
    key: String,
    /// The account that owns it.
    account: String,
    /// Where it is.
    region: String,
    /// Its aliases.
    aliases: Vec<String>,
    /// In whose hands it is.
    custody: CustodyKind,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …; null where the scan does not say.
    state: Option<String>,
    /// When it will be deleted; null where it will not.
    deletion: Option<String>,
    /// `SYMMETRIC_DEFAULT`, `RSA_2048`, …; null where the scan does not say.
    spec: Option<String>,
    /// Whether it gets a new secret part by itself.
    rotation: RotationView,
    /// The primary and the replicas of a key that is in several regions, by ARN, the primary first.
    replicas: Vec<String>,
    /// The action that uses the secret part: `kms:Decrypt` of a key that encrypts.
    use_action: String,
    /// How many can do that.
    users: WhoCounts,
    /// Who they are, at most 100.
    used_by: Vec<KeyWho>,
    /// How many can change who may use it, or delete it.
    administrators: WhoCounts,
    /// Who they are, at most 100.
    administered_by: Vec<KeyWho>,
    /// Its grants, those first that nobody remembers; at most 100.
    grants: Vec<GrantView>,
    /// How many grants it has.
    grants_count: u64,
    /// What is encrypted with it, at most 100.
    encrypts: Vec<String>,
    /// How many things are encrypted with it.
    encrypts_count: u64,
    /// What to look at, in words.
    concerns: Vec<String>,
    /// What was not read of it.
    gaps: Vec<String>,
}

impl From<KeyReport> for KeyRow {
    fn from(report: KeyReport) -> Self {
        let (grants_count, encrypts_count) = (report.grants.len() as u64, report.encrypts.len() as u64);
        Self {
            key: report.key,
            account: report.account,
            region: report.region,
            aliases: report.aliases,
            custody: report.custody.into(),
            state: report.state,
            deletion: report.deletion,
            spec: report.spec,
            rotation: report.rotation.into(),
            replicas: report.replicas,
            use_action: report.use_action.to_owned(),
            users: report.users.into(),
            used_by: report.used_by.into_iter().take(NAMED_MAX).map(Into::into).collect(),
            administrators: report.administrators.into(),
            administered_by: report.administered_by.into_iter().take(NAMED_MAX).map(Into::into).collect(),
            grants: report.grants.into_iter().take(NAMED_MAX).map(Into::into).collect(),
            grants_count,
            encrypts: report.encrypts.into_iter().take(NAMED_MAX).collect(),
            encrypts_count,
            concerns: report.concerns,
            gaps: report.gaps,
        }
    }
}

/// The keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeysAnswer {
    /// Those first that have most to look at.
    rows: Vec<KeyRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// What was not read that may decide about all of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Who can use and who can administer each key, its grants, its rotation, and what it encrypts
#[utoipa::path(get, path = "/permissions/keys", tag = "permissions", operation_id = "keys", params(KeysQuery),
    responses(
        (status = 200, description = "The answer", body = KeysAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn keys(
    State(state): State<ApiState>,
    Query(query): Query<KeysQuery>,
) -> Result<Json<KeysAnswer>, Problem> {
    let given = context(&query.context)?;
    let old_days = within("old_days", query.old_days, OLD_DAYS, &(1..=OLD_DAYS_MAX))?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let now = state.now();
    let mut keys =
        Keys::load(&state.store.for_questions(), now).await.map_err(|error| refused("key", error))?;
    if let Some(only) = &query.key {
        keys.keys.retain(|key| key.arn == *only);
    }
    let asking = Arc::clone(&snapshot);
    let found = permitting::ask(&state, move || {
        asking.permissions.keys(&keys, &given, old_days.into(), now).map_err(|error| refused("key", error))
    })
    .await?;
    let total = found.len();
    Ok(Json(KeysAnswer {
        total: total as u64,
        next: page.next(total),
        rows: page.cut(found).into_iter().map(Into::into).collect(),
        gaps: snapshot.permissions.index.organisation().unread().to_vec(),
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}
