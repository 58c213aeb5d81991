//! The one edit without which something can no longer be reached, found by asking again as if it had been made.

use std::sync::Arc;

use fathom_iam::{
    Policy,
    organisation::{Suppose, Target},
    policy::Effect,
    verdict::{LayerName, Reason},
};
use serde::Serialize;

use crate::{
    asks::World,
    chain::{Reached, Steps, order_of, supposed},
    reach::{By, Level, Node, Open, Reach},
    ways::Ways,
    web::Fix,
};

/// Edits that are tried for one thing that was reached.
const TRIED_MAX: usize = 12;

/// An edit of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// Who or what has the policy; a managed policy may have more holders.
    pub holder: String,
    /// The layer that the policy is of.
    pub layer: LayerName,
    /// The policy.
    pub policy: String,
    /// The statement, from 0.
    pub statement: usize,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The action that is taken out of the statement; none where all of the statement is taken out.
    pub action: Option<String>,
    /// What comes of it.
    pub breaks: Breaks,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaks {
    /// It cannot be reached any more.
    Every,
    /// It can be reached no more in this way, but in another one.
    This {
        /// The steps of the shortest other way.
        other_steps: usize,
    },
}

/// Who may take a way, asked again.
struct Again<'a>(&'a Ways<'a>);

impl Open for Again<'_> {
    // An edit takes permissions away: ways that were closed stay so.
    fn open_to(&self, member: u32) -> Result<Vec<(usize, Level)>, String> {
        let nothing = Suppose::default();
        let Some(actor) = self.0.actor(member, &nothing) else { return Ok(Vec::new()) };
        let mut open = Vec::new();
        for (number, _) in self.0.worked.open.get(member as usize).into_iter().flatten() {
            let Some(way) = self.0.worked.ways.get(*number as usize) else { continue };
            if let Some((level, _)) = self.0.world.all(actor, &way.asks)? {
                open.push((*number as usize, level.max(way.at_best)));
            }
        }
        Ok(open)
    }

    fn administers(&self, member: u32) -> Result<Option<Level>, String> {
        let nothing = Suppose::default();
        let actor = self.0.actor(member, &nothing);
        match actor.filter(|_| self.0.worked.administrators.contains_key(&member)) {
            Some(actor) => self.0.world.administers(actor),
            None => Ok(None),
        }
    }
}

impl Ways<'_> {
    /// The edit of one statement after which a principal can no longer reach something; where no single one prevents it,
    /// one that closes this way. None where no statement can be edited: it is allowed by no policy of theirs.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn edits(&self, member: u32, goal: &Reached) -> Result<Option<Edit>, String> {
        let reach = self.followed(member)?;
        let Some(at) = self.place(&reach, goal) else { return Ok(None) };
        let mut best: Option<Edit> = None;
        for candidate in self.candidates_of(&reach, at)? {
            let index = self.world.index.with_policy(&candidate.old, &candidate.new);
            let again = Ways {
                world: World { index: &index, ..self.world },
                rules: self.rules,
                worked: self.worked_out(),
                outs: Arc::default(),
            };
            let left = again.reach(member, &Again(&again))?;
            let Some(still) = again.place(&left, goal) else {
                return Ok(Some(Edit { breaks: Breaks::Every, ..candidate.edit }));
            };
            let Some(other) = again.reached(&left, still, &mut Steps::default())? else { continue };
            if best.is_none() && other.steps != goal.steps {
                best =
                    Some(Edit { breaks: Breaks::This { other_steps: other.steps.len() }, ..candidate.edit });
            }
        }
        Ok(best)
    }

    /// Where what was reached stands.
    fn place(&self, reach: &Reach, goal: &Reached) -> Option<usize> {
        reach.found.iter().position(|found| {
            matches!(
                (&found.node, goal.what),
                (Node::Account(_), crate::What::Account)
                    | (Node::Member(_), crate::What::Role | crate::What::User)
                    | (Node::More(..), crate::What::More)
            ) && self.name(&found.node) == goal.name
        })
    }

    /// The statements that allow the steps to a node.
    fn candidates_of(&self, reach: &Reach, at: usize) -> Result<Vec<Fix>, String> {
        let mut order = Vec::new();
        order_of(reach, at, &mut order);
        let mut found: Vec<Fix> = Vec::new();
        for at in order {
            let Some(By::Way { way, actor, as_member, .. }) = reach.found.get(at).map(|found| found.by)
            else {
                continue;
            };
            let (Some(way), suppose) = (self.worked.ways.get(way), supposed(reach, actor)?) else { continue };
            let Some(who) = self.actor(as_member, &suppose) else { continue };
            let Some((_, proofs)) = self.world.all(who, &way.asks)? else { continue };
            for proof in proofs {
                let target =
                    Target { arn: proof.resource.clone(), account: proof.account.clone(), seen: true };
                for reason in proof.verdict.because.iter().filter(|reason| reason.effect == Effect::Allow) {
                    for candidate in self.fixes_of(who.name, &proof.action, &target, reason) {
                        let is_known = found.iter().any(|known| known.edit == candidate.edit);
                        if !is_known && found.len() < TRIED_MAX {
                            found.push(candidate);
                        }
                    }
                }
            }
        }
        // Those that take out one action first: they break the least else.
        found.sort_by_key(|candidate| candidate.edit.action.is_none());
        Ok(found)
    }

    /// The policies that a reason may mean, without what allows it.
    pub(crate) fn fixes_of(&self, who: &str, action: &str, target: &Target, reason: &Reason) -> Vec<Fix> {
        let organisation = self.world.index.organisation();
        let (Some(at), layer) = (reason.statement, reason.layer) else { return Vec::new() };
        let (holder, policies): (&str, Vec<Arc<Policy>>) = match layer {
            LayerName::IdentityPolicies => {
                (who, organisation.held(who, &reason.policy).map(Arc::clone).collect())
            }
            LayerName::ResourcePolicy => (&target.arn, organisation.kept(target).into_iter().collect()),
            _ => return Vec::new(),
        };
        let mut found = Vec::new();
        for old in policies {
            // A statement that makes administrators is no mistake that opens one way.
            if old.speaks(at, "any:Any") {
                continue;
            }
            let Some((new, taken)) = old.without(at, action) else { continue };
            let edit = Edit {
                holder: holder.to_owned(),
                layer,
                policy: reason.policy.clone(),
                statement: at,
                sid: reason.sid.clone(),
                action: taken.then(|| action.to_owned()),
                breaks: Breaks::Every,
            };
            found.push(Fix { edit, old, new: Arc::new(new) });
        }
        found
    }
}
