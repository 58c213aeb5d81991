//! Who made and changed a resource, as the provider's log of calls tells it.

use axum::{Json, extract::State};
use fathom_estate::activity::{Who, WhoKind};
use fathom_model::{Activity, Timestamp, Uid};
use fathom_see::trail::{Story, story};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::resource::{checked_uid, not_known};
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Events of an answer where the client does not say, and the most.
const EVENTS: (u32, u32) = (50, 500);

/// Of which resource.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityQuery {
    /// The resource's uid.
    uid: String,
    /// The most events.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// What kind of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhoKindView {
    /// A person, by an identity of their own.
    Person,
    /// A pipeline, by the subject of its token.
    Pipeline,
    /// Something that runs: an instance, a pod, a function.
    Workload,
    /// A service of the provider.
    Service,
    /// The account's root user.
    Root,
    /// A role's session, and nobody knows who took the role.
    Role,
    /// An account, without more.
    Account,
    /// The event does not say.
    Unknown,
}

/// Who is behind a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WhoView {
    /// A name where one is known, an ARN otherwise.
    name: String,
    /// What kind of somebody that is.
    kind: WhoKindView,
    /// The roles in between, the first taken first.
    through: Vec<String>,
    /// The program or service that made the call for them, as far as it says so.
    tool: Option<String>,
    /// The events that handed out the sessions in between.
    proof: Vec<String>,
    /// All of it in words.
    sentence: String,
}

impl From<&Who> for WhoView {
    fn from(who: &Who) -> Self {
        Self {
            name: who.name.clone(),
            kind: match who.kind {
                WhoKind::Person => WhoKindView::Person,
                WhoKind::Pipeline => WhoKindView::Pipeline,
                WhoKind::Workload => WhoKindView::Workload,
                WhoKind::Service => WhoKindView::Service,
                WhoKind::Root => WhoKindView::Root,
                WhoKind::Role => WhoKindView::Role,
                WhoKind::Account => WhoKindView::Account,
                WhoKind::Unknown => WhoKindView::Unknown,
            },
            through: who.through.clone(),
            tool: who.tool.clone(),
            proof: who.proof.clone(),
            sentence: who.sentence(),
        }
    }
}

/// Something that was done to a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ActivityEvent {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `created`, `put`, `changed`, `deleted`; `touched` where no rule describes the event, and that it concerns the
    /// resource is inferred from its parameters.
    action: String,
    /// The operation as the provider names it.
    operation: String,
    /// The event's id.
    event: String,
    /// The account whose log has it.
    account: String,
    /// The region whose log has it.
    region: String,
    /// Who did it.
    who: WhoView,
    /// The address that the call came from.
    from: Option<String>,
    /// Where the event was read.
    source: String,
}

impl ActivityEvent {
    fn new(activity: &Activity, who: &Who) -> Self {
        Self {
            at: activity.at,
            action: activity.action.to_string(),
            operation: activity.operation.clone(),
            event: activity.event.clone(),
            account: activity.account.to_string(),
            region: activity.region.to_string(),
            who: who.into(),
            from: activity.actor.from.clone(),
            source: activity.source.clone(),
        }
    }
}

/// The event that made a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CreationView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The event's id.
    event: String,
    /// The operation as the provider names it.
    operation: String,
    /// Who made it.
    who: WhoView,
    /// The address that the call came from.
    from: Option<String>,
    /// Where the event was read.
    source: String,
}

/// Whether any log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogState {
    /// Some of it was.
    Read,
    /// None was.
    NoLog,
}

/// What the log tells about a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityAnswer {
    /// The resource.
    uid: String,
    /// Whether any log was read.
    state: LogState,
    /// What made it.
    creation: Option<CreationView>,
    /// Why that is not known, where it is not.
    creation_unknown: Option<String>,
    /// The newest change that a rule describes, its making left out.
    last_change: Option<ActivityEvent>,
    /// What was done to it, newest first.
    events: Vec<ActivityEvent>,
    /// How many events there are.
    total: u64,
}

/// Who made and changed a resource
#[utoipa::path(get, path = "/activity", tag = "history", operation_id = "activity", params(ActivityQuery),
    responses(
        (status = 200, description = "The answer", body = ActivityAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn activity(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ActivityQuery>,
) -> Result<Json<ActivityAnswer>, Problem> {
    let uid = checked_uid(&query.uid)?;
    let limit = within("limit", query.limit, EVENTS.0, &(1..=EVENTS.1))?;
    visible.check(&state, &uid).await?;
    let told = told(&state, &uid).await?.ok_or_else(|| not_known(&query.uid))?;
    let has_log = !told.events.is_empty() || !state.store.trail_spans().await?.is_empty();
    let (creation, creation_unknown) = match &told.creation {
        Ok(made) => {
            let view = CreationView {
                at: made.at,
                event: made.event.clone(),
                operation: made.operation.clone(),
                who: (&made.who).into(),
                from: made.from.clone(),
                source: made.source.clone(),
            };
            (Some(view), None)
        }
        Err(why) => (None, Some(why.to_string())),
    };
    let events = told.events.iter().take(limit as usize);
    Ok(Json(ActivityAnswer {
        uid: query.uid,
        state: if has_log { LogState::Read } else { LogState::NoLog },
        creation,
        creation_unknown,
        last_change: told.last_change().map(|(activity, who)| ActivityEvent::new(activity, who)),
        total: told.events.len() as u64,
        events: events.map(|(activity, who)| ActivityEvent::new(activity, who)).collect(),
    }))
}

/// Who changed something last.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LastChange {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who, in words.
    who: String,
    /// The operation as the provider names it.
    operation: String,
    /// The event's id.
    event: String,
}

/// Who changed a resource last, where the log tells it.
pub(super) async fn last_change(state: &ApiState, uid: &Uid) -> Result<Option<LastChange>, Problem> {
    let Some(told) = told(state, uid).await? else { return Ok(None) };
    Ok(told.last_change().map(|(activity, who)| LastChange {
        at: activity.at,
        who: who.sentence(),
        operation: activity.operation.clone(),
        event: activity.event.clone(),
    }))
}

/// What the log tells about a resource; none where the resource is not known.
async fn told(state: &ApiState, uid: &Uid) -> Result<Option<Story>, Problem> {
    match state.store.resource(uid).await? {
        Some(stored) => Ok(Some(story(&state.store, &state.content, &stored.resource).await?)),
        None => Ok(None),
    }
}
