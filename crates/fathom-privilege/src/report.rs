//! What a principal may do, against what it did.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{AccessError, Permissions};
use fathom_catalogue::{ActionId, Catalogue, Kind};
use fathom_compare::Answer;
use fathom_iam::{
    Policy,
    layers::{Held, Layer},
    organisation::Kind as Principal,
};
use fathom_model::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{
    PrivilegeError,
    accessed::{Accessed, Disagreement},
    granted::Granted,
    log::{Log, Place},
    names::{Names, Unseen},
    narrow::fitting,
    propose::{Keep, Proposal, UsedOn, propose},
    prove::{Proof, prove},
};

/// The most characters, without white space, of a managed policy: the quota of IAM.
const MANAGED_CHARS_MAX: usize = 6_144;
/// The most of the inline policies of a role together: the quota of IAM.
const INLINE_CHARS_MAX: usize = 10_240;
const DAY_SECONDS: i64 = 86_400;

/// Actions of one service and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The service, as actions name it.
    pub service: String,
    /// The kind of access.
    pub access: Kind,
    /// The actions, sorted.
    pub actions: Vec<String>,
}

/// Granted actions of which no log shows whether they were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnseenGroup {
    /// Why not.
    pub reason: Unseen,
    /// The reason in words.
    pub because: String,
    /// How many actions.
    pub count: usize,
    /// The actions.
    pub groups: Vec<Group>,
}

/// An action that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedAction {
    /// The action.
    pub action: String,
    /// The kind of access.
    pub access: Kind,
    /// Whether an identity policy that was read grants it.
    pub granted: bool,
    /// When it was used last.
    pub last: Timestamp,
    /// The event of that time.
    pub event: String,
    /// On what, as far as events name it by ARN; `…/*` for any object of a bucket.
    pub resources: Vec<String>,
    /// Whether also on something that no event names so.
    pub elsewhere: bool,
}

/// Calls whose actions are not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotMapped {
    /// The service as events name it.
    pub source: String,
    /// The operation as events name it.
    pub name: String,
    /// The last time.
    pub last: Timestamp,
}

/// What a principal may do, against what it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeastPrivilege {
    /// Its ARN.
    pub principal: String,
    /// From when on uses count.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The days between these.
    pub days: u32,
    /// How much of them the log covers, by region of its account.
    pub places: Vec<Place>,
    /// Scanned regions of its account without any log for this time.
    pub silent: Vec<String>,
    /// The identity policies that were compared.
    pub policies: Vec<String>,
    /// How many actions of the catalogue they grant.
    pub granted: usize,
    /// What was used.
    pub used: Vec<UsedAction>,
    /// Granted, would be in the log, and is not.
    pub never_used: Vec<Group>,
    /// How many those are.
    pub never_used_count: usize,
    /// Granted, and no log tells.
    pub unseen: Vec<UnseenGroup>,
    /// Granted, no log would show it whole, and IAM remembers no attempt of its service in this time.
    pub never_tried: Vec<Group>,
    /// How many those are.
    pub never_tried_count: usize,
    /// What IAM remembers beside the log; none where a note says why.
    pub accessed: Option<Accessed>,
    /// Where the log and IAM say different things; what is granted of it is kept.
    pub disagreements: Vec<Disagreement>,
    /// Calls in the log whose actions are not known.
    pub not_mapped: Vec<NotMapped>,
    /// Whether actions that no log shows were left out of the proposal, but for those that a used action needs.
    pub drops_unseen: bool,
    /// The policy that leaves what is used; none where the notes say why.
    pub policy: Option<Value>,
    /// Its characters, as AWS counts them.
    pub policy_chars: usize,
    /// What was asked of it.
    pub proof: Option<Proof>,
    /// What whoever reads this should know.
    pub notes: Vec<String>,
}

/// Compares what a principal may do with what it did, and proposes a policy.
///
/// # Errors
/// When nobody or a root user is meant, a table cannot be read, or the proposal is wider than what is granted.
pub fn least_privilege(
    permissions: &Permissions,
    number: u32,
    log: &Log,
    drop_unseen: bool,
) -> Result<LeastPrivilege, PrivilegeError> {
    let (principal, kind) = permissions
        .index
        .principal(number)
        .ok_or_else(|| AccessError::Nobody { name: number.to_string() })?;
    if kind == Principal::Root {
        return Err(PrivilegeError::Root { principal: principal.to_owned() });
    }
    let catalogue = Catalogue::embedded().map_err(AccessError::from)?;
    let names = Names::embedded()?;
    let mut notes = Vec::new();
    let policies = policies(permissions, principal, &mut notes);
    let granted = Granted::of(&policies, catalogue);
    let (calls, not_mapped) = calls(log, names, catalogue);
    let mut unseen = unseen(&granted, &calls, log, names, catalogue);
    let never_tried = never_tried(&mut unseen, &calls, log, names, catalogue);
    let mut never: BTreeSet<ActionId> = granted
        .actions
        .iter()
        .filter(|id| {
            !calls.contains_key(id)
                && !never_tried.contains(id)
                && !unseen.values().any(|some| some.contains(id))
        })
        .copied()
        .collect();
    let (disagreements, disputed) = disagreements(log, &calls, &never, &unseen, catalogue);
    never.retain(|id| !disputed.contains(id));
    let mut kept: BTreeSet<ActionId> = unseen.values().flatten().copied().collect();
    if drop_unseen {
        // AWS asks for these while a call that was used runs: `iam:PassRole` for `lambda:CreateFunction`.
        let needed: BTreeSet<ActionId> = needed(calls.keys(), catalogue);
        kept.retain(|id| needed.contains(id) && !calls.contains_key(id));
    }
    kept.extend(disputed);
    let keep = Keep {
        used: calls.iter().map(|(id, call)| (*id, call.on.clone())).collect(),
        as_granted: kept,
        not_known: !drop_unseen,
    };
    let tells = log.is_there() || log.accessed.is_ok();
    if !log.is_there() {
        let nothing = if tells { "only what IAM remembers counts" } else { "nothing is proposed" };
        notes.push(format!(
            "no log of the account was read for this time, so {nothing}: `fathom import cloudtrail PATH`"
        ));
    }
    let proposal = if tells { propose(principal, &policies, &keep, catalogue)? } else { None };
    let proof = match &proposal {
        Some(proposal) => Some(proved(principal, &policies, proposal, &keep, catalogue)?),
        None => None,
    };
    if proposal.is_none() && tells {
        notes.push("nothing that is granted was used: all identity policies can be taken away".to_owned());
    }
    let policy_chars = proposal.as_ref().map_or(0, Proposal::chars);
    size(policy_chars, drop_unseen, &mut notes);
    if policies.iter().any(|policy| policy.name.contains('/')) {
        notes.push("some of it comes through groups: the proposal is for this principal alone, and the groups must be left".to_owned());
    }
    if !not_mapped.is_empty() {
        notes
            .push("calls whose actions are not known are not in the proposal: look at them first".to_owned());
    }
    remembered(log, &mut notes);
    Ok(LeastPrivilege {
        principal: principal.to_owned(),
        since: log.since,
        until: log.until,
        days: log.days,
        places: log.places.clone(),
        silent: log.silent.iter().map(|region| region.as_str().to_owned()).collect(),
        policies: policies.iter().map(|policy| policy.name.clone()).collect(),
        granted: granted.len(),
        used: used(&calls, &granted, catalogue),
        never_used: groups(never.iter(), catalogue),
        never_used_count: never.len(),
        unseen: told(unseen, &granted, catalogue),
        never_tried: groups(never_tried.iter(), catalogue),
        never_tried_count: never_tried.len(),
        accessed: log.accessed.as_ref().ok().cloned(),
        disagreements,
        not_mapped,
        drops_unseen: drop_unseen,
        policy: proposal.map(|proposal| proposal.document),
        policy_chars,
        proof,
        notes,
    })
}

/// The identity policies that were read.
fn policies(permissions: &Permissions, principal: &str, notes: &mut Vec<String>) -> Vec<Policy> {
    let held = match permissions.index.organisation().policies_of(principal) {
        Some(Layer::Policies(held)) => held.as_slice(),
        Some(Layer::None) => &[],
        Some(Layer::NotRead) | None => {
            notes.push("its identity policies were not read".to_owned());
            &[]
        }
    };
    let mut read = Vec::new();
    for one in held {
        match one {
            Held::Read(policy) => read.push(Policy::clone(policy)),
            Held::Bad(bad) => notes.push(format!("not compared, and to be left as it is: {bad}")),
        }
    }
    read
}

/// An action that was used.
struct Call {
    on: UsedOn,
    last: Timestamp,
    event: String,
}

fn calls(log: &Log, names: &Names, catalogue: &Catalogue) -> (BTreeMap<ActionId, Call>, Vec<NotMapped>) {
    let mut calls: BTreeMap<ActionId, Call> = BTreeMap::new();
    let mut not_mapped: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    // A row stands for events that name the same ARNs.
    let mut rows: BTreeMap<(&str, &str), Vec<&fathom_model::Use>> = BTreeMap::new();
    for one in &log.uses {
        rows.entry((&one.source, &one.name)).or_default().push(one);
    }
    for ((source, name), rows) in rows {
        let last = rows.iter().max_by_key(|row| (row.last, &row.event));
        let Some(last) = last else { continue };
        let Some(actions) = names.actions(source, name) else {
            not_mapped.insert((source, name), last.last);
            continue;
        };
        // Which of its ARNs is that of which action, an event does not tell: one copies from here to there.
        let is_many = actions.len() > 1;
        for action in actions.into_iter().filter_map(|name| catalogue.action(name)) {
            let (mut resources, mut elsewhere) = (BTreeSet::new(), is_many);
            for row in &rows {
                let named = fitting(catalogue, action, row.resources.iter());
                elsewhere |= named.is_empty();
                resources.extend(named);
            }
            let call = calls.entry(action.id()).or_insert_with(|| Call {
                on: UsedOn::default(),
                last: last.last,
                event: last.event.clone(),
            });
            call.on.resources.extend(resources);
            call.on.elsewhere |= elsewhere;
            if last.last > call.last {
                (call.last, call.event) = (last.last, last.event.clone());
            }
        }
    }
    let not_mapped = not_mapped.into_iter().map(|((source, name), last)| NotMapped {
        source: source.to_owned(),
        name: name.to_owned(),
        last,
    });
    (calls, not_mapped.collect())
}

/// Granted actions of which the log does not tell whether they were used, by the reason. Data events that were seen are
/// among them: trails show them for some resources and leave out others.
fn unseen(
    granted: &Granted,
    calls: &BTreeMap<ActionId, Call>,
    log: &Log,
    names: &Names,
    catalogue: &Catalogue,
) -> BTreeMap<Unseen, BTreeSet<ActionId>> {
    let mut unseen: BTreeMap<Unseen, BTreeSet<ActionId>> = BTreeMap::new();
    for action in granted.actions.iter().filter_map(|id| catalogue.get(*id)) {
        let reason = if log.is_there() { names.unseen(action, log.has_reads()) } else { Some(Unseen::NoLog) };
        let is_used = calls.contains_key(&action.id());
        match reason {
            Some(reason) if !is_used || reason == Unseen::DataEvent => {
                unseen.entry(reason).or_default().insert(action.id());
            }
            _ => {}
        }
    }
    unseen
}

/// Takes out of what no log shows whole that of which IAM knows: actions of services that were not tried. What AWS asks for
/// while another call runs is none of them, for no attempt of its service need be; nor is what the catalogue says that
/// others need which stay.
fn never_tried(
    unseen: &mut BTreeMap<Unseen, BTreeSet<ActionId>>,
    calls: &BTreeMap<ActionId, Call>,
    log: &Log,
    names: &Names,
    catalogue: &Catalogue,
) -> BTreeSet<ActionId> {
    let Ok(accessed) = &log.accessed else { return BTreeSet::new() };
    let quiet = accessed.quiet(log.since);
    let is_quiet = |id: &ActionId| {
        let action = catalogue.get(*id).filter(|action| quiet.contains(action.service().prefix()));
        action.is_some_and(|action| names.unseen(action, true) != Some(Unseen::NoEvent))
    };
    let hidden: BTreeSet<ActionId> = unseen.values().flatten().copied().collect();
    let (mut taken, left): (BTreeSet<ActionId>, BTreeSet<ActionId>) =
        hidden.into_iter().partition(|id| is_quiet(id) && !calls.contains_key(id));
    let needed = needed(calls.keys().chain(&left), catalogue);
    taken.retain(|id| !needed.contains(id));
    for actions in unseen.values_mut() {
        actions.retain(|id| !taken.contains(id));
    }
    unseen.retain(|_, actions| !actions.is_empty());
    taken
}

/// Where the log and IAM say different things, and the granted actions that stay for it.
fn disagreements(
    log: &Log,
    calls: &BTreeMap<ActionId, Call>,
    never: &BTreeSet<ActionId>,
    unseen: &BTreeMap<Unseen, BTreeSet<ActionId>>,
    catalogue: &Catalogue,
) -> (Vec<Disagreement>, BTreeSet<ActionId>) {
    let Ok(accessed) = &log.accessed else { return (Vec::new(), BTreeSet::new()) };
    if !log.is_there() {
        return (Vec::new(), BTreeSet::new());
    }
    let used = calls.iter().map(|(id, call)| (*id, call.last)).collect();
    let hidden = unseen.values().flatten().filter_map(|id| Some(catalogue.get(*id)?.service().prefix()));
    let silent: Vec<String> = log.silent.iter().map(|region| region.as_str().to_owned()).collect();
    accessed.against(log.since, &used, never, &hidden.collect(), &silent, catalogue)
}

/// What to know of what IAM remembers.
fn remembered(log: &Log, notes: &mut Vec<String>) {
    let accessed = match &log.accessed {
        Ok(accessed) => accessed,
        Err(why) => {
            notes.push(format!("what IAM remembers of it is not known: {why}"));
            return;
        }
    };
    let days = (log.until.as_second() - accessed.made.as_second()) / DAY_SECONDS;
    if days > 0 {
        notes.push(format!("IAM's report is {days} days old: what was used since is not in it"));
    }
    if log.days > accessed.window_days {
        notes.push(format!("IAM remembers {} days, not the {} asked about", accessed.window_days, log.days));
    }
}

/// What the catalogue says that some actions need beside themselves.
fn needed<'a>(actions: impl Iterator<Item = &'a ActionId>, catalogue: &Catalogue) -> BTreeSet<ActionId> {
    let needs = actions.filter_map(|id| catalogue.get(*id)?.needs());
    needs.flatten().map(|action| action.id()).collect()
}

fn proved(
    principal: &str,
    policies: &[Policy],
    proposal: &Proposal,
    keep: &Keep,
    catalogue: &Catalogue,
) -> Result<Proof, PrivilegeError> {
    let proof = prove(principal, policies, &proposal.policy, keep, catalogue);
    if let Answer::Wider(found) = &proof.wider {
        let request = format!("{} on {}", found.request.action, found.request.resource);
        return Err(PrivilegeError::Wider { request });
    }
    if let Some(lost) = proof.lost.first() {
        return Err(PrivilegeError::Lost { request: format!("{} on {}", lost.action, lost.resource) });
    }
    Ok(proof)
}

fn used(calls: &BTreeMap<ActionId, Call>, granted: &Granted, catalogue: &Catalogue) -> Vec<UsedAction> {
    let one = |(id, call): (&ActionId, &Call)| {
        let action = catalogue.get(*id)?;
        Some(UsedAction {
            action: action.name().to_owned(),
            access: action.kind(),
            granted: granted.actions.contains(id),
            last: call.last,
            event: call.event.clone(),
            resources: call.on.resources.iter().cloned().collect(),
            elsewhere: call.on.elsewhere,
        })
    };
    calls.iter().filter_map(one).collect()
}

fn groups<'a>(actions: impl Iterator<Item = &'a ActionId>, catalogue: &'static Catalogue) -> Vec<Group> {
    let groups = Granted::grouped(actions, catalogue).into_iter();
    let group = |((service, access), actions): ((&str, Kind), Vec<String>)| Group {
        service: service.to_owned(),
        access,
        actions,
    };
    groups.map(group).collect()
}

fn told(
    unseen: BTreeMap<Unseen, BTreeSet<ActionId>>,
    granted: &Granted,
    catalogue: &'static Catalogue,
) -> Vec<UnseenGroup> {
    let mut told: Vec<UnseenGroup> = unseen
        .into_iter()
        .map(|(reason, actions)| UnseenGroup {
            reason,
            because: reason.words().to_owned(),
            count: actions.len(),
            groups: groups(actions.iter(), catalogue),
        })
        .collect();
    if !granted.not_known.is_empty() {
        let mut by_service: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for action in &granted.not_known {
            by_service.entry(action.split(':').next().unwrap_or_default()).or_default().push(action.clone());
        }
        told.push(UnseenGroup {
            reason: Unseen::NotKnown,
            because: Unseen::NotKnown.words().to_owned(),
            count: granted.not_known.len(),
            groups: by_service
                .into_iter()
                .map(|(service, actions)| Group { service: service.to_owned(), access: Kind::Write, actions })
                .collect(),
        });
    }
    told
}

fn size(chars: usize, drops: bool, notes: &mut Vec<String>) {
    if chars <= MANAGED_CHARS_MAX {
        return;
    }
    let hint = if drops { "" } else { "; leaving out what no log shows makes it smaller" };
    notes.push(format!(
        "the policy has {chars} characters; AWS takes {MANAGED_CHARS_MAX} in a managed policy and {INLINE_CHARS_MAX} in all \
         inline policies of a role{hint}"
    ));
}
