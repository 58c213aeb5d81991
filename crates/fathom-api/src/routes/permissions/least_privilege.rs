//! What a principal may do against what it did.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::account_of;
use fathom_compare::Answer;
use fathom_model::Timestamp;
use fathom_privilege::{self as privilege, Log};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    PermissionsAsOf, needed, refused,
    unused::{DAYS_DEFAULT, DAYS_MAX, not_answered},
    views::{AccessKind, mirrored},
};
use crate::{
    extract::{Query, within},
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Who, and over how long.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LeastPrivilegeQuery {
    /// A user or role by ARN or name.
    #[param(required = true)]
    principal: Option<String>,
    /// What was used in so many days counts.
    #[param(minimum = 1, maximum = 3650, default = 90)]
    days: Option<u32>,
    /// Whether the proposal leaves out what no log would show.
    drop_unseen: bool,
}

mirrored! {
    /// Why a log shows nothing of an action that was used.
    enum UnseenReason of privilege::Unseen {
        /// It is logged as a data event, if somebody turned these on, or a trail may be told to leave it out.
        DataEvent,
        /// No call is named like it.
        NoEvent,
        /// It only reads, and the log that was read has no calls that only read.
        ReadsNotLogged,
        /// No log of the account was read for this time.
        NoLog,
        /// The catalogue does not know it.
        NotKnown,
    }
}

/// How much of the time the log of one region covers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogCover {
    /// The region.
    region: String,
    /// The oldest event that was read.
    #[schema(value_type = String, format = DateTime)]
    first: Timestamp,
    /// The newest.
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
    /// Days of the time asked about between these.
    days: u32,
    /// Days between the oldest and the newest event that only read; 0 where there is none.
    days_of_reads: u32,
}

/// Actions of one service and kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionGroup {
    /// The service, as actions name it.
    service: String,
    /// The kind of access.
    access: AccessKind,
    /// The actions, sorted.
    actions: Vec<String>,
}

/// Granted actions of which no log shows whether they were used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnseenActions {
    /// Why not.
    reason: UnseenReason,
    /// The reason in words.
    because: String,
    /// How many.
    count: u64,
    /// The actions.
    groups: Vec<ActionGroup>,
}

/// An action that was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsedOne {
    /// The action.
    action: String,
    /// The kind of access.
    access: AccessKind,
    /// Whether an identity policy that was read grants it.
    granted: bool,
    /// When it was used last.
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
    /// The event of that time.
    event: String,
    /// On what, as far as events name it by ARN; `…/*` for any object of a bucket.
    resources: Vec<String>,
    /// Whether also on something that no event names so.
    elsewhere: bool,
}

/// A service, as IAM remembers it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceRemembered {
    /// The service, as actions name it.
    service: String,
    /// When it was tried last; null where not within the days that IAM remembers.
    #[schema(value_type = Option<String>, format = DateTime)]
    last: Option<Timestamp>,
}

/// What IAM remembers beside the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IamRemembers {
    /// Where it is from.
    source: String,
    /// When the report was made; what was used since is not in it.
    #[schema(value_type = String, format = DateTime)]
    made: Timestamp,
    /// How many days IAM remembers.
    window_days: u32,
    /// The services that identity policies allowed then, by name.
    services: Vec<ServiceRemembered>,
}

/// Where the log and IAM say different things; neither is taken for the truth.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcesDisagree {
    /// The action, or the service where IAM tells no more; of a credential or a user its ARN.
    what: String,
    /// The last use that the log has; null where it has none.
    #[schema(value_type = Option<String>, format = DateTime)]
    log: Option<Timestamp>,
    /// The last attempt that IAM remembers; null where it remembers none.
    #[schema(value_type = Option<String>, format = DateTime)]
    iam: Option<Timestamp>,
    /// In words.
    because: String,
}

impl From<privilege::Disagreement> for SourcesDisagree {
    fn from(one: privilege::Disagreement) -> Self {
        Self { what: one.what, log: one.log, iam: one.iam, because: one.because }
    }
}

/// Calls whose actions are not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallNotMapped {
    /// The service as events name it.
    source: String,
    /// The operation as events name it.
    name: String,
    /// The last time.
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
}

/// One used action on one resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsedRequest {
    /// The action.
    action: String,
    /// The resource.
    resource: String,
}

/// What was asked of the proposed policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalProof {
    /// How many requests for what was used the evaluator allows as it does today; it refuses none.
    allowed: u64,
    /// Used, though the identity policies that were read do not allow it.
    not_granted: Vec<UsedRequest>,
    /// Whether it is proved that nothing is allowed that is not granted today; null where that is not known.
    not_wider: Option<bool>,
    /// Why that is not known.
    because: Vec<String>,
}

/// What a principal may do against what it did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeastPrivilegeAnswer {
    /// Its ARN.
    principal: String,
    /// From when on uses count.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// The days between these.
    days: u32,
    /// How much of them the log covers, by region of its account.
    places: Vec<LogCover>,
    /// Scanned regions of its account without any log for this time.
    silent: Vec<String>,
    /// The identity policies that were compared.
    policies: Vec<String>,
    /// How many actions they grant.
    granted: u64,
    /// What was used.
    used: Vec<UsedOne>,
    /// Granted, would be in the log, and is not.
    never_used: Vec<ActionGroup>,
    /// How many those are.
    never_used_count: u64,
    /// Granted, and no log tells.
    unseen: Vec<UnseenActions>,
    /// Granted, no log would show it whole, and IAM remembers no attempt of its service in this time.
    never_tried: Vec<ActionGroup>,
    /// How many those are.
    never_tried_count: u64,
    /// What IAM remembers beside the log; null where a note says why.
    remembered: Option<IamRemembers>,
    /// Where the log and IAM say different things; what is granted of it is kept.
    disagreements: Vec<SourcesDisagree>,
    /// Calls in the log whose actions are not known.
    not_mapped: Vec<CallNotMapped>,
    /// Whether the proposal leaves out what no log would show.
    drops_unseen: bool,
    /// The policy that leaves what is used; null where the notes say why.
    #[schema(value_type = Option<Object>)]
    policy: Option<serde_json::Value>,
    /// Its characters, as AWS counts them.
    policy_chars: u64,
    /// What was asked of it; null where there is none.
    proof: Option<ProposalProof>,
    /// What whoever reads this should know.
    notes: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// What a user or role may do and did not, and the policy that leaves what it did
///
/// What was used is what the imported CloudTrail logs tell, and what IAM remembers where the scan read it. Actions that no log would show are told as such, and kept unless
/// `drop_unseen` is given.
#[utoipa::path(get, path = "/permissions/least-privilege", tag = "permissions", operation_id = "least_privilege",
    params(LeastPrivilegeQuery),
    responses(
        (status = 200, description = "The answer", body = LeastPrivilegeAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn least_privilege(
    State(state): State<ApiState>,
    Query(query): Query<LeastPrivilegeQuery>,
) -> Result<Json<LeastPrivilegeAnswer>, Problem> {
    let name = needed("principal", query.principal)?;
    let days = within("days", query.days, DAYS_DEFAULT, &(1..=DAYS_MAX))?;
    let snapshot = permitting::snapshot(&state).await?;
    let number = snapshot.permissions.principal(&name).map_err(|error| refused("principal", error))?;
    let (principal, _) = snapshot
        .permissions
        .index
        .principal(number)
        .ok_or_else(|| Problem::new(Code::Internal, "a number stands for nobody"))?;
    let account = account_of(principal).unwrap_or_default();
    let store = state.store.for_questions();
    let log = Log::read(&store, principal, account, days, state.now()).await.map_err(not_answered)?;
    let asking = Arc::clone(&snapshot);
    let drop_unseen = query.drop_unseen;
    let found = permitting::ask(&state, move || {
        privilege::least_privilege(&asking.permissions, number, &log, drop_unseen).map_err(not_answered)
    })
    .await?;
    Ok(Json(view(found, PermissionsAsOf::of(&snapshot))))
}

fn view(found: privilege::LeastPrivilege, as_of: PermissionsAsOf) -> LeastPrivilegeAnswer {
    let place = |place: privilege::Place| LogCover {
        region: place.region.as_str().to_owned(),
        first: place.first,
        last: place.last,
        days: place.days,
        days_of_reads: place.days_of_reads,
    };
    let used = |used: privilege::UsedAction| UsedOne {
        action: used.action,
        access: used.access.into(),
        granted: used.granted,
        last: used.last,
        event: used.event,
        resources: used.resources,
        elsewhere: used.elsewhere,
    };
    let unseen = |group: privilege::UnseenGroup| UnseenActions {
        reason: group.reason.into(),
        because: group.because,
        count: group.count as u64,
        groups: groups(group.groups),
    };
    let call =
        |call: privilege::NotMapped| CallNotMapped { source: call.source, name: call.name, last: call.last };
    LeastPrivilegeAnswer {
        principal: found.principal,
        since: found.since,
        until: found.until,
        days: found.days,
        places: found.places.into_iter().map(place).collect(),
        silent: found.silent,
        policies: found.policies,
        granted: found.granted as u64,
        used: found.used.into_iter().map(used).collect(),
        never_used: groups(found.never_used),
        never_used_count: found.never_used_count as u64,
        unseen: found.unseen.into_iter().map(unseen).collect(),
        never_tried: groups(found.never_tried),
        never_tried_count: found.never_tried_count as u64,
        remembered: found.accessed.map(remembered),
        disagreements: found.disagreements.into_iter().map(Into::into).collect(),
        not_mapped: found.not_mapped.into_iter().map(call).collect(),
        drops_unseen: found.drops_unseen,
        policy: found.policy,
        policy_chars: found.policy_chars as u64,
        proof: found.proof.map(proof),
        notes: found.notes,
        as_of,
    }
}

fn remembered(accessed: privilege::Accessed) -> IamRemembers {
    let service =
        |one: privilege::AccessedService| ServiceRemembered { service: one.service, last: one.last };
    IamRemembers {
        source: accessed.source.to_owned(),
        made: accessed.made,
        window_days: accessed.window_days,
        services: accessed.services.into_iter().map(service).collect(),
    }
}

fn groups(groups: Vec<privilege::Group>) -> Vec<ActionGroup> {
    let group = |group: privilege::Group| ActionGroup {
        service: group.service,
        access: group.access.into(),
        actions: group.actions,
    };
    groups.into_iter().map(group).collect()
}

fn proof(proof: privilege::Proof) -> ProposalProof {
    let asked = |asked: privilege::Asked| UsedRequest { action: asked.action, resource: asked.resource };
    let (not_wider, because) = match proof.wider {
        Answer::NotWider => (Some(true), Vec::new()),
        Answer::Wider(_) => (Some(false), Vec::new()),
        Answer::Unknown { because } => (None, because),
    };
    ProposalProof {
        allowed: proof.allowed as u64,
        not_granted: proof.not_granted.into_iter().map(asked).collect(),
        not_wider,
        because,
    }
}
