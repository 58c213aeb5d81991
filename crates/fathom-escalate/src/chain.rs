//! The steps to what somebody can become, each with its proof.

use std::collections::{HashMap, hash_map::Entry};

use fathom_iam::{
    Decision,
    organisation::{Kind, Suppose},
    verdict::{Condition, Reason},
};
use serde::Serialize;

use crate::{
    asks::Proof,
    reach::{By, Level, Node, Open, Reach, owned},
    ways::Ways,
};

/// What one principal can become.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Escalation {
    /// Its ARN; of a root user the account.
    pub principal: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it may do everything in its account already, and how surely.
    pub administers: Option<Level>,
    /// What it can become, the account it can take over first, then the nearest and surest: as many as were asked for.
    pub reached: Vec<Reached>,
    /// How much it can become altogether.
    pub total: usize,
    /// Whether the search ended at its limit before all was followed.
    pub cut: bool,
}

/// Something that a principal can become.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reached {
    /// What kind of thing it is.
    pub what: What,
    /// An ARN, or an account that it may do everything in.
    pub name: String,
    /// How sure all steps are together.
    pub decision: Level,
    /// The steps, in the order they are taken.
    pub steps: Vec<Step>,
}

/// Something that a principal can become, before its steps are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What kind of thing it is.
    pub what: What,
    /// An ARN, or an account that it may do everything in.
    pub name: String,
    /// How sure all steps are together.
    pub decision: Level,
    /// How many steps there are.
    pub steps: usize,
    /// Where it stands in the search.
    pub(crate) at: usize,
}

impl Reached {
    /// The steps that somebody takes: who may do everything in an account takes none to be that.
    pub fn taken(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.rule != BEING)
    }
}

/// What can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Everything in an account.
    Account,
    /// A role.
    Role,
    /// A user.
    User,
    /// A user or role, with more than its own policies give it.
    More,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The rule's id; `administers` where the one before may do everything in its account.
    pub rule: String,
    /// What is done.
    pub title: String,
    /// Who does it.
    pub actor: String,
    /// To what.
    pub on: String,
    /// What it becomes: an ARN, or an account.
    pub gains: String,
    /// How sure it is.
    pub decision: Level,
    /// Every action that is asked.
    pub asked: Vec<Proved>,
}

/// An action of a step, and why it is allowed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proved {
    /// The action.
    pub action: String,
    /// On what it was asked; something that is not there yet where the step makes it.
    pub resource: String,
    /// The answer.
    pub decision: Decision,
    /// The statements that decide.
    pub because: Vec<Reason>,
    /// What must hold.
    pub conditions: Vec<Condition>,
}

/// Steps with their proofs, each once: many chains begin alike.
#[derive(Debug, Default)]
pub(crate) struct Steps(HashMap<usize, Option<Step>>);

/// The ways as they were worked out for everybody.
struct Known<'a>(&'a Ways<'a>);

impl Open for Known<'_> {
    fn open_to(&self, member: u32) -> Result<Vec<(usize, Level)>, String> {
        let ways = self.0.worked.open.get(member as usize).map(Vec::as_slice).unwrap_or_default();
        Ok(ways.iter().map(|(way, level)| (*way as usize, *level)).collect())
    }

    fn administers(&self, member: u32) -> Result<Option<Level>, String> {
        Ok(self.0.administers(member))
    }
}

impl Ways<'_> {
    pub(crate) fn followed(&self, member: u32) -> Result<Reach, String> {
        self.reach(member, &Known(self))
    }

    /// What a principal can become, with the steps to the first so many that are wanted.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn escalate(
        &self,
        member: u32,
        shown: usize,
        is_wanted: impl Fn(&Goal) -> bool,
    ) -> Result<Escalation, String> {
        let reach = self.followed(member)?;
        let (name, kind) = self.world.index.principal(member).unwrap_or(("", Kind::User));
        let mut goals = self.goals(&reach);
        goals.retain(is_wanted);
        let mut steps = Steps::default();
        let mut reached = Vec::new();
        for goal in goals.iter().take(shown) {
            reached.extend(self.reached(&reach, goal.at, &mut steps)?);
        }
        Ok(Escalation {
            principal: name.to_owned(),
            kind,
            administers: self.worked.administrators.get(&member).copied(),
            reached,
            total: goals.len(),
            cut: reach.cut,
        })
    }

    /// All that was reached, in the order in which it is told.
    pub(crate) fn goals(&self, reach: &Reach) -> Vec<Goal> {
        let mut goals: Vec<Goal> = (1..reach.found.len()).filter_map(|at| self.goal(reach, at)).collect();
        goals.sort_by(|one, other| {
            let key = |goal: &Goal| (goal.what != What::Account, goal.decision, goal.steps, goal.what);
            key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
        });
        goals
    }

    /// One thing that was reached; none where one was it from the start.
    fn goal(&self, reach: &Reach, at: usize) -> Option<Goal> {
        let found = reach.found.get(at)?;
        let mut order = Vec::new();
        order_of(reach, at, &mut order);
        let by = || order.iter().filter_map(|at| reach.found.get(*at)).map(|found| found.by);
        by().any(|by| matches!(by, By::Way { .. })).then(|| Goal {
            what: self.what(&found.node),
            name: self.name(&found.node),
            decision: found.level,
            steps: by().filter(|by| !matches!(by, By::Start)).count(),
            at,
        })
    }

    /// The same with its steps.
    pub(crate) fn reached(
        &self,
        reach: &Reach,
        at: usize,
        known: &mut Steps,
    ) -> Result<Option<Reached>, String> {
        let Some(goal) = self.goal(reach, at) else { return Ok(None) };
        let mut order = Vec::new();
        order_of(reach, at, &mut order);
        let mut steps = Vec::new();
        for at in order {
            if let Entry::Vacant(place) = known.0.entry(at) {
                place.insert(self.step(reach, at)?);
            }
            steps.extend(known.0.get(&at).cloned().flatten());
        }
        Ok(Some(Reached { what: goal.what, name: goal.name, decision: goal.decision, steps }))
    }

    pub(crate) fn what(&self, node: &Node) -> What {
        match node {
            Node::Account(_) => What::Account,
            Node::More(..) => What::More,
            Node::Member(member) => match self.world.index.principal(*member) {
                Some((_, Kind::User)) => What::User,
                _ => What::Role,
            },
        }
    }

    pub(crate) fn name(&self, node: &Node) -> String {
        match node {
            Node::Account(account) => account.clone(),
            Node::Member(member) | Node::More(member, _) => {
                self.world.index.principal(*member).map(|(name, _)| name.to_owned()).unwrap_or_default()
            }
        }
    }

    fn step(&self, reach: &Reach, at: usize) -> Result<Option<Step>, String> {
        let Some(found) = reach.found.get(at) else { return Ok(None) };
        let gains = self.name(&found.node);
        match found.by {
            By::Start => Ok(None),
            By::Being(before) => {
                let actor = reach.found.get(before).map(|found| self.name(&found.node)).unwrap_or_default();
                Ok(Some(Step {
                    rule: BEING.to_owned(),
                    title: "may do everything in its account".to_owned(),
                    actor,
                    on: gains.clone(),
                    gains,
                    decision: found.level,
                    asked: Vec::new(),
                }))
            }
            By::Way { way, actor, as_member, .. } => {
                let Some(way) = self.worked.ways.get(way) else { return Ok(None) };
                let Some(rule) = self.rules.all().get(way.rule) else { return Ok(None) };
                let suppose = supposed(reach, actor)?;
                let proofs = match self.actor(as_member, &suppose) {
                    Some(who) => self.world.all(who, &way.asks)?,
                    None => None,
                };
                let (level, proofs) = proofs.unwrap_or((found.level, Vec::new()));
                Ok(Some(Step {
                    rule: rule.id.clone(),
                    title: rule.title.clone(),
                    actor: self.name(&Node::Member(as_member)),
                    on: way.on.clone(),
                    gains,
                    decision: level.max(way.at_best),
                    asked: proofs.into_iter().map(Proved::from).collect(),
                }))
            }
        }
    }
}

/// What one who takes a step gave itself before.
pub(crate) fn supposed(reach: &Reach, actor: usize) -> Result<Suppose, String> {
    match reach.found.get(actor).map(|found| &found.node) {
        Some(Node::More(_, suppose)) => Ok(suppose.clone()),
        Some(Node::Account(_)) => owned(),
        Some(Node::Member(_)) | None => Ok(Suppose::default()),
    }
}

/// The rule of a step that is none: who is an administrator takes no step to be one.
pub(crate) const BEING: &str = "administers";

/// What comes before a node and the node, each once, in the order it is come by.
pub(crate) fn order_of(reach: &Reach, at: usize, order: &mut Vec<usize>) {
    if order.contains(&at) {
        return;
    }
    match reach.found.get(at).map(|found| found.by) {
        None | Some(By::Start) => {}
        Some(By::Being(before)) => order_of(reach, before, order),
        Some(By::Way { actor, subject, .. }) => {
            order_of(reach, actor, order);
            if let Some(subject) = subject {
                order_of(reach, subject, order);
            }
        }
    }
    order.push(at);
}

impl From<Proof> for Proved {
    fn from(proof: Proof) -> Self {
        Self {
            action: proof.action,
            resource: proof.resource,
            decision: proof.verdict.decision,
            because: proof.verdict.because,
            conditions: proof.verdict.conditions,
        }
    }
}
