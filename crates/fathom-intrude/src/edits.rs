//! The one edit that closes a way, found by asking again as if it had been made.
//!
//! An edit takes something away, so steps that were closed stay so. Of those that lead to the jewel each is asked again that the edit
//! may close, when an intruder would come by it.

use std::sync::Arc;

use fathom_escalate::{Edit as Statement, Fix};
use fathom_iam::{
    Policy,
    index::{Bits, Index},
    organisation::{Target, guards},
    verdict::LayerName,
};
use fathom_net::{Network, Place, model::Peer, trace::interfaces_of_balancer};
use fathom_paths::{Graph, Level, Tale};
use serde::Serialize;

use crate::{
    IntrudeError,
    proof::{By, Packet, Question},
    walk::Walk,
};

/// Edits that are tried for one story.
const TRIED_MAX: usize = 12;

/// Something that is taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Edit {
    /// A statement of a policy, or an action out of it.
    Statement {
        /// Who or what has the policy; a managed policy may have more holders.
        holder: String,
        /// The layer that the policy is of.
        layer: LayerName,
        /// The policy.
        policy: String,
        /// The statement, from 0.
        statement: usize,
        /// Its id.
        #[serde(skip_serializing_if = "Option::is_none")]
        sid: Option<String>,
        /// The action that is taken out; none where all of the statement is.
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<String>,
    },
    /// A rule of a security group for what comes in.
    GroupRule {
        /// The group's id.
        group: String,
        /// The rule, in words.
        rule: String,
    },
    /// The role that something runs as.
    Role {
        /// What runs.
        server: String,
        /// The role.
        role: String,
    },
    /// An access key, switched off.
    AccessKey {
        /// The key.
        key: String,
    },
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaks {
    /// Nothing leads there any more.
    Every,
    /// This way is closed, and another one is left.
    This {
        /// The steps of the shortest other way.
        other_steps: usize,
    },
}

/// An edit that closes a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closing {
    /// The edit.
    #[serde(flatten)]
    pub edit: Edit,
    /// What comes of it.
    pub breaks: Breaks,
}

/// An edit, and how the world is after it.
pub(crate) struct Candidate {
    pub(crate) edit: Edit,
    pub(crate) change: Change,
}

/// What is another after an edit.
pub(crate) enum Change {
    Policy(Arc<Policy>, Arc<Policy>),
    /// A rule of a group, by its place.
    Group(String, usize),
    /// A step that is no more.
    Gone(u32),
}

impl Walk<'_> {
    /// The edit after which nothing leads from the starts to a jewel; where no single one does that, one that closes this way.
    pub(crate) fn closing(
        &self,
        starts: &[u32],
        goal: u32,
        tale: &Tale,
    ) -> Result<Option<Closing>, IntrudeError> {
        let leads = leads_to(&self.graph, &[goal]);
        let mut best = None;
        for candidate in self.candidates(&tale.steps)? {
            let after = self.after(starts, &candidate, &leads, &[goal])?;
            match after.steps(&self.graph, goal) {
                None => return Ok(Some(Closing { edit: candidate.edit, breaks: Breaks::Every })),
                Some(other_steps) if best.is_none() && !after.is_by(&self.graph, tale, goal) => {
                    best = Some(Closing { edit: candidate.edit, breaks: Breaks::This { other_steps } });
                }
                Some(_) => {}
            }
        }
        Ok(best)
    }

    /// Permissions and network as a change leaves them; none of what it does not touch.
    pub(crate) fn without(&self, change: &Change) -> (Option<Index>, Option<Network>) {
        match change {
            Change::Policy(old, new) => (Some(self.ground.permissions.index.with_policy(old, new)), None),
            Change::Group(id, place) => (None, Some(without_rule(&self.ground.network, id, *place))),
            Change::Gone(_) => (None, None),
        }
    }

    /// The first edit that closes a step, whatever else leads where it does.
    pub(crate) fn closing_step(&self, step: u32) -> Result<Option<Edit>, IntrudeError> {
        for candidate in self.candidates_of(step)? {
            let (index, network) = self.without(&candidate.change);
            let is_closed = matches!(candidate.change, Change::Gone(gone) if gone == step)
                || self.still(step, index.as_ref(), network.as_ref())?.is_none();
            if is_closed {
                return Ok(Some(candidate.edit));
            }
        }
        Ok(None)
    }

    /// Whether a step may be another after an edit of a policy: whoever takes it has the policy, or the thing is guarded by it.
    pub(crate) fn is_touched(&self, step: u32, edit: &Edit, touched: &Bits) -> bool {
        let guard = match edit {
            Edit::Statement { holder, layer: LayerName::ResourcePolicy, .. } => Some(holder.as_str()),
            _ => None,
        };
        let guarded = |arn: &str| {
            let key = self.ground.permissions.encryption.under(arn).map(fathom_access::Under::name);
            guard.is_some_and(|guard| key == Some(guard) || guards(arn).any(|one| one == guard))
        };
        match self.routes.get(step as usize).map(|route| &route.question) {
            Some(Question::Link(at)) => self.web.links.get(*at).is_some_and(|link| {
                // The policy of a role says who assumes it; those of other things may stand behind any of what is asked.
                let trusts = guard.is_none_or(|guard| guard.contains(":role/"));
                let (_, _, on) = self.ways.told(&self.web, link);
                touched.contains(link.member()) || guarded(on) || !trusts
            }),
            Some(Question::Act { by, target, .. }) => {
                let member = match by {
                    By::Member(member) => Some(*member),
                    By::Spot(at) => self.web.spots.get(*at).and_then(|spot| spot.member),
                };
                member.is_some_and(|member| touched.contains(member)) || guarded(&target.arn)
            }
            Some(Question::Opening { target, .. }) => guarded(&target.arn),
            Some(Question::Packet(_) | Question::RunsAs | Question::Said(_)) | None => false,
        }
    }

    /// Edits that may close some steps: those that take the least first, one action out of a statement or a key that leaked.
    pub(crate) fn candidates(&self, steps: &[u32]) -> Result<Vec<Candidate>, IntrudeError> {
        let mut found: Vec<Candidate> = Vec::new();
        for step in steps {
            for candidate in self.candidates_of(*step)? {
                if !found.iter().any(|known| known.edit == candidate.edit) {
                    found.push(candidate);
                }
            }
        }
        let takes = |edit: &Edit| match edit {
            Edit::Statement { action: Some(_), .. } | Edit::GroupRule { .. } => 0,
            Edit::AccessKey { .. } => 1,
            Edit::Statement { .. } => 2,
            Edit::Role { .. } => 3,
        };
        found.sort_by_key(|candidate| takes(&candidate.edit));
        found.truncate(TRIED_MAX);
        Ok(found)
    }

    fn is_sure(&self, step: u32) -> bool {
        self.graph.get(step).is_some_and(|step| step.level == Level::Yes)
    }

    pub(crate) fn candidates_of(&self, step: u32) -> Result<Vec<Candidate>, IntrudeError> {
        let Some(route) = self.routes.get(step as usize) else { return Ok(Vec::new()) };
        let index = &self.ground.permissions.index;
        let mut found = Vec::new();
        match &route.question {
            Question::Link(at) => {
                let Some(link) = self.web.links.get(*at) else { return Ok(found) };
                for proof in self.ways.proof(&self.web, link).map_err(IntrudeError::Question)? {
                    let target = Target { arn: proof.resource.clone(), account: None, seen: true };
                    let who = self.ways.taken_as(link);
                    found.extend(
                        self.ways.fixes(who, &proof.action, &target, &proof.because).into_iter().map(of_fix),
                    );
                }
            }
            Question::Act { by, action, target, .. } => {
                let member = match by {
                    By::Member(member) => Some(*member),
                    By::Spot(at) => self.web.spots.get(*at).and_then(|spot| spot.member),
                };
                let who = member
                    .and_then(|member| index.principal(member))
                    .map(|(name, _)| name)
                    .unwrap_or_default();
                if let Some(answer) = self.ask_act(index, *by, action, target)? {
                    for proof in answer.asked {
                        let target = Target { arn: proof.resource.clone(), ..target.clone() };
                        let fixes = self.ways.fixes(who, &proof.action, &target, &proof.because);
                        found.extend(fixes.into_iter().map(of_fix));
                    }
                }
            }
            Question::Opening { asker, action, target, .. } => {
                if let Some(answer) = self.ask_opening(index, asker, action, target)? {
                    for proof in answer.asked {
                        let target = Target { arn: proof.resource.clone(), ..target.clone() };
                        let fixes = self.ways.fixes("", &proof.action, &target, &proof.because);
                        found.extend(fixes.into_iter().map(of_fix));
                    }
                }
            }
            Question::Packet(packet) => found = group_rules(&self.ground.network, packet),
            Question::RunsAs => {
                let server =
                    self.graph.needs(step).first().map(|node| self.named(*node).id).unwrap_or_default();
                let role = self.graph.get(step).map(|step| self.named(step.to).id).unwrap_or_default();
                found.push(Candidate { edit: Edit::Role { server, role }, change: Change::Gone(step) });
            }
            // Of a key of which it is not known whether it is there nobody can say which to switch off.
            Question::Said(_) if route.rule == "finds-key" && self.is_sure(step) => {
                let key = self.graph.needs(step).first().map(|node| self.named(*node).id).unwrap_or_default();
                found.push(Candidate { edit: Edit::AccessKey { key }, change: Change::Gone(step) });
            }
            Question::Said(_) => {}
        }
        Ok(found)
    }
}

fn of_fix(fix: Fix) -> Candidate {
    let Statement { holder, layer, policy, statement, sid, action, .. } = fix.edit;
    // What guards an object stands in its bucket.
    let holder = match layer {
        LayerName::ResourcePolicy => guards(&holder).last().map_or(holder.clone(), str::to_owned),
        _ => holder,
    };
    Candidate {
        edit: Edit::Statement { holder, layer, policy, statement, sid, action },
        change: Change::Policy(fix.old, fix.new),
    }
}

/// The rules that let a packet in where it goes.
fn group_rules(network: &Network, packet: &Packet) -> Vec<Candidate> {
    let interfaces = match &packet.to {
        Place::Instance(id) => network.interfaces_of(id),
        Place::Balancer(arn) => interfaces_of_balancer(network, arn),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for id in
        interfaces.iter().filter_map(|number| network.interface(*number)).flat_map(|(_, one)| &one.groups)
    {
        let Some(group) = network.groups.get(id) else { continue };
        for (place, rule) in
            group.inbound.iter().enumerate().filter(|(_, rule)| rule.service.takes(&packet.traffic))
        {
            let whom = match &rule.peer {
                Peer::Range(cidr) => cidr.to_string(),
                Peer::Group(id) | Peer::List(id) | Peer::Unreadable(id) => id.clone(),
            };
            let edit = Edit::GroupRule { group: id.clone(), rule: format!("{} from {whom}", rule.service) };
            found.push(Candidate { edit, change: Change::Group(id.clone(), place) });
        }
    }
    found
}

fn without_rule(network: &Network, group: &str, place: usize) -> Network {
    let mut changed = network.clone();
    let groups = network.groups.iter().map(|(id, one)| {
        let mut one = one.clone();
        if id == group && place < one.inbound.len() {
            one.inbound.remove(place);
        }
        (id.to_owned(), one)
    });
    changed.groups = groups.collect();
    changed
}

/// Whether each node leads to any of some goals.
pub(crate) fn leads_to(graph: &Graph, goals: &[u32]) -> Vec<bool> {
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); graph.nodes() as usize];
    for (number, step) in (0..).zip(graph.steps()) {
        before[step.to as usize].push(number);
    }
    let mut leads = vec![false; graph.nodes() as usize];
    let mut stack = goals.to_vec();
    while let Some(node) = stack.pop() {
        if !std::mem::replace(&mut leads[node as usize], true) {
            stack.extend(before[node as usize].iter().flat_map(|step| graph.needs(*step)));
        }
    }
    leads
}
