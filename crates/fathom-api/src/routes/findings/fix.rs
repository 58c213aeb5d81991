//! The exact change that puts a finding right, of what the last scans read, and how it is taken back. Nothing is run.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use fathom_access::AccessError;
use fathom_checks::{Check, Checks, Filled, Status, named_text, script, variable};
use fathom_content::{
    Content,
    checks::{CheckFiles, UndoKind},
};
use fathom_model::{Edge, Explanation, KeptFinding, Part, Resource, SourceKind, Target, Timestamp, Uid};
use fathom_posture::{Engines, Ground, Proven, Shapes, Stale};
use fathom_store::{Store, Which};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use crate::{
    access::Visible,
    checking,
    extract::{Nothing, Query, shown},
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::mirrored,
    waiting,
};

const FILLING: &str = "filling the fix";
/// Resources that are named as touched.
const TOUCHED_MAX: usize = 50;

mirrored! {
    /// How a fix is taken back.
    enum FixUndoKind of UndoKind {
        /// Commands take it back.
        Reversible,
        /// The fix makes a new resource, and the undo takes that away.
        Replaces,
        /// It cannot be taken back.
        OneWay,
    }
}

mirrored! {
    /// What a check says.
    enum FixStatus of Status {
        /// It holds.
        Pass,
        /// It does not hold.
        Fail,
        /// Something that it asks is not known.
        Unknown,
        /// It is not about the resource.
        NotApplicable,
    }
}

/// Something that people choose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixChoice {
    /// The variable that stands for it in the commands.
    variable: String,
    /// What it is.
    what: String,
}

/// The code that declares the resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixCode {
    /// Its name there.
    name: String,
    /// Where that is.
    origin: String,
    /// Whether it is Terraform.
    terraform: bool,
}

/// How it is taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixUndo {
    /// What kind of way it is.
    kind: FixUndoKind,
    /// Why there is none, or what does not come back with it.
    because: Option<String>,
    /// The lines of a shell script, made of the present values: keep them before the fix is run.
    script: Vec<String>,
    /// What of it is not known.
    missing: Vec<String>,
}

/// What refers to something that would be changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixTouch {
    /// What refers to it: its ARN.
    from: String,
    /// How.
    kind: String,
    /// What it refers to, where that is not the resource itself.
    to: Option<String>,
}

/// What the check says of a copy with the change made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixThen {
    /// Its answer.
    status: FixStatus,
    /// Whether the change holds what people choose: another choice may give another answer.
    with_choices: bool,
    /// What is not known.
    missing: Vec<String>,
}

/// The change that puts a finding right.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixAnswer {
    /// Whether the values of the commands are outside of what the caller may see; then there are none.
    withheld: bool,
    /// The lines of a shell script. It asks for what people choose.
    script: Vec<String>,
    /// What of the commands is not known.
    missing: Vec<String>,
    /// What people choose.
    choices: Vec<FixChoice>,
    /// The same in Terraform.
    terraform: String,
    /// The code that declares the resource, where there is any.
    declared: Option<FixCode>,
    /// How it is taken back; null where nobody wrote that yet.
    undo: Option<FixUndo>,
    /// Other resources that it changes.
    changes: Vec<String>,
    /// What refers to what it changes.
    touches: Vec<FixTouch>,
    /// How many more do.
    more_touches: u64,
    /// What the check says afterwards; null where the fix does not say what it makes of the description.
    then: Option<FixThen>,
}

/// The fix of a finding
///
/// With the values of its resource as the last scans read them. Nothing is run.
#[utoipa::path(get, path = "/findings/{id}/fix", tag = "findings", operation_id = "finding_fix",
    params(("id" = String, Path, description = "The finding's id")),
    responses(
        (status = 200, description = "The answer", body = FixAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn fix(
    State(state): State<ApiState>,
    visible: Visible,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<FixAnswer>, Problem> {
    let found = state.store.find_findings(&id, 1).await?.into_iter().find(|one| one.id == id);
    let Some(finding) = found.filter(|one| super::sees(&visible, one)) else {
        let words = format!("no finding has the id `{}`", shown(&id));
        return Err(Problem::new(Code::NotFound, words).hint("GET /findings lists them"));
    };
    let (task, handle) = (state.clone(), Handle::current());
    // It reads what its check is about, and takes a core for that: in one of the places that questions have.
    let answer =
        permitting::ask(&state, move || handle.block_on(work_out(&task, &finding, &visible))).await?;
    Ok(Json(answer))
}

/// What is asked once it is known that somebody may ask.
struct Filling<'a> {
    store: Store,
    content: &'a Content,
    checks: Checks,
    now: Timestamp,
    resource: Resource,
}

async fn work_out(state: &ApiState, finding: &KeptFinding, visible: &Visible) -> Result<FixAnswer, Problem> {
    let content = Arc::clone(&state.content);
    let directory = state.content_directory.as_deref();
    let mut files = CheckFiles::load(directory);
    files.files.retain(|file| file.check.id == finding.check);
    let (checks, _) = Checks::compile(files, &Shapes::of(&content));
    let checks = checks.with_fixes();
    let gone = |words: &str| Problem::new(Code::Conflict, words);
    let Some(check) = checks.all.first() else {
        return Err(gone("the check is no longer there, so its fix is not known"));
    };
    // What engines say, and what is read of other resources, is for who sees all.
    let withheld = !visible.documents() || (!visible.is_all() && check.asked().next().is_some());
    if withheld {
        return Ok(FixAnswer::withheld(check));
    }
    let store = state.store.for_questions();
    let which = Which { uids: vec![finding.resource.clone()], ..Which::all() };
    let mut found: Vec<_> = store.stream_resources(&which, true).try_concat().await?;
    let resource = match found.pop() {
        Some(stored) if stored.deleted_at.is_none() => stored.resource,
        _ => return Err(gone("the resource is gone, so there is nothing to put right")),
    };
    let filling = Filling { store, content: &content, checks, now: state.now(), resource };
    filling.answer(state, visible).await
}

impl Filling<'_> {
    async fn answer(&self, state: &ApiState, visible: &Visible) -> Result<FixAnswer, Problem> {
        let Some(check) = self.checks.all.first() else { return Err(waiting::not_done(FILLING)) };
        let uid = &self.resource.uid;
        let filled = {
            let engines = if check.asked().next().is_some() {
                checking::engines(state, &Stale::all()).await
            } else {
                Engines::default()
            };
            let loading = Ground::load_with(&self.store, self.content, &self.checks, self.now, engines);
            let ground = loading.await.map_err(checking::failed)?;
            if let Some((Status::Pass | Status::NotApplicable, _)) =
                fathom_posture::answer(check, &ground, uid.as_str())
            {
                let words = "the check passes of what the last scans read, so there is nothing to put right";
                return Err(Problem::new(Code::Conflict, words));
            }
            fathom_posture::fill(&self.checks, &ground, &self.resource)
        };
        let Some(filled) = filled else {
            return Err(Problem::new(Code::Conflict, "the last scans did not read the resource"));
        };
        let (changed, then) = self.then(&filled).await.map_err(checking::failed)?;
        let explanation = Explanation { statements: self.store.statements(uid).await? };
        let mut answer = FixAnswer::of(check, filled);
        answer.then = then;
        answer.declared = explanation.of(Part::DeclaredBy).map(|code| FixCode {
            name: code.value.clone(),
            origin: code.origin.clone(),
            terraform: code.source == SourceKind::Terraform,
        });
        let mut meant = changed;
        if !meant.contains(uid) {
            meant.push(uid.clone());
        }
        let mut touches: Vec<Edge> = Vec::new();
        for one in &meant {
            let edges = self.store.edges_of(one).await?;
            touches.extend(edges.incoming.into_iter().filter(|edge| !meant.contains(&edge.from)));
        }
        for edge in touches {
            if answer.touches.len() >= TOUCHED_MAX {
                answer.more_touches += 1;
            } else if visible.sees(state, &edge.from).await? {
                answer.touches.push(FixTouch::of(&edge, uid));
            } else {
                answer.withheld = true;
            }
        }
        for one in meant.into_iter().filter(|one| one != uid) {
            if visible.sees(state, &one).await? {
                answer.changes.push(one.to_string());
            } else {
                answer.withheld = true;
            }
        }
        Ok(answer)
    }

    /// What would be changed, and what the check says of it then.
    async fn then(&self, filled: &Filled) -> Result<(Vec<Uid>, Option<FixThen>), AccessError> {
        let copied = fathom_posture::copied(&self.store, &self.resource, filled).await?;
        if copied.documents.is_empty() {
            return Ok((Vec::new(), None));
        }
        let changed = copied.documents.iter().map(|(one, _)| one.uid.clone()).collect();
        let overlay = fathom_see::planned::rewritten(&self.store, self.content, copied.documents).await?;
        let after = self.store.under(overlay);
        let asked = (self.resource.uid.as_str(), copied.with_choices);
        let proven = Proven::of(&after, self.content, &self.checks, asked, self.now).await?;
        let then = proven.map(|proven| FixThen {
            status: proven.status.into(),
            with_choices: proven.with_choices,
            missing: proven.missing,
        });
        Ok((changed, then))
    }
}

impl FixAnswer {
    fn of(check: &Check, filled: Filled) -> Self {
        let undo = check.fix.undo.as_ref().map(|undo| FixUndo {
            kind: undo.kind.into(),
            because: undo.because.clone(),
            script: script(&filled.undo, &filled.choices),
            missing: filled.undo_missing,
        });
        let choices = filled.choices.iter();
        Self {
            withheld: false,
            script: script(&filled.cli, &filled.choices),
            missing: filled.missing,
            choices: choices
                .map(|(name, what)| FixChoice { variable: variable(name), what: what.clone() })
                .collect(),
            terraform: named_text(&filled.terraform),
            declared: None,
            undo,
            changes: Vec::new(),
            touches: Vec::new(),
            more_touches: 0,
            then: None,
        }
    }

    fn withheld(check: &Check) -> Self {
        let undo = check.fix.undo.as_ref().map(|undo| FixUndo {
            kind: undo.kind.into(),
            because: undo.because.clone(),
            script: Vec::new(),
            missing: Vec::new(),
        });
        Self {
            withheld: true,
            script: Vec::new(),
            missing: Vec::new(),
            choices: Vec::new(),
            terraform: check.definition.fix.terraform.value.clone(),
            declared: None,
            undo,
            changes: Vec::new(),
            touches: Vec::new(),
            more_touches: 0,
            then: None,
        }
    }
}

impl FixTouch {
    fn of(edge: &Edge, uid: &Uid) -> Self {
        let to = match &edge.to {
            Target::Known { uid: to } if to != uid => Some(to.to_string()),
            _ => None,
        };
        Self { from: edge.from.to_string(), kind: edge.kind.to_string(), to }
    }
}
