//! What was asked for a step, asked again to prove it.

use std::sync::Arc;

use fathom_access::KeyStep;
use fathom_escalate::Proved;
use fathom_iam::{
    Decision, Index, Verdict,
    organisation::{Asker, Target},
};
use fathom_net::{Hop, Network, Place, Ports, Traffic};
use fathom_paths::Level;
use serde::Serialize;

use crate::{
    IntrudeError,
    acts::context,
    walk::{Kind, Named, Walk, of_escalation, of_key, of_network},
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Somebody as it is, by its number in the index.
    Member(u32),
    /// Somebody with what it gave itself, by its place in the web.
    Spot(usize),
}

/// A packet, and the ports of which the same is true.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) from: Place,
    pub(crate) to: Place,
    pub(crate) traffic: Traffic,
    pub(crate) ports: Ports,
}

/// Actions any of which does it, each with what it is asked on.
pub(crate) type Any = Arc<[(String, Target)]>;

/// What a step was answered by.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// Nothing is asked; perhaps something is said.
    Said(String),
    /// It runs as the role.
    RunsAs,
    /// A step of `fathom escalate`, by its place.
    Link(usize),
    /// Somebody of the estate does something.
    Act { by: By, action: String, target: Target, any: Any },
    /// Somebody from outside does something.
    Opening { asker: Asker, action: String, target: Target, any: Any },
    /// A packet.
    Packet(Packet),
}

/// A step, told with its proof.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The id of its rule.
    pub rule: String,
    /// What the intruder does.
    pub title: String,
    /// The technique of MITRE ATT&CK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// What the intruder needs for it, all of it.
    pub with: Vec<Named>,
    /// To what it is done, where that is not what is gained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What the intruder has then.
    pub gains: Named,
    /// How sure it is.
    pub decision: Level,
    /// Each action that was asked, with the statements that decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Proved>,
    /// The packet, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<String>,
    /// Each hop of the packet and of its answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
    /// What must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_if: Vec<String>,
    /// What was not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_known: Vec<String>,
}

impl Told {
    fn take(&mut self, answer: Option<Answered>) {
        if let Some(answer) = answer {
            self.asked = answer.asked;
            self.not_known.extend(answer.not_known);
        }
    }
}

impl Walk<'_> {
    /// Tells a step without its proof.
    pub(crate) fn plain(&self, step: u32) -> Result<Told, IntrudeError> {
        let (route, edge) = (&self.routes[step as usize], self.graph.get(step));
        let edge = edge.copied().ok_or_else(|| IntrudeError::Question("there is no such step".to_owned()))?;
        let rules = &self.ground.rules;
        let (title, technique, only_if) = match (rules.step(&route.rule), rules.act(&route.rule)) {
            (Some(one), _) => (one.title.clone(), one.technique.clone(), one.only_if.clone()),
            (None, act) => (
                act.map(|act| act.title.clone()).unwrap_or_default(),
                act.and_then(|act| act.technique.clone()),
                None,
            ),
        };
        let mut told = Told {
            rule: route.rule.clone(),
            title,
            technique,
            with: self.graph.needs(step).iter().map(|node| self.named(*node)).collect(),
            on: None,
            gains: self.named(edge.to),
            decision: edge.level,
            asked: Vec::new(),
            packet: None,
            hops: Vec::new(),
            only_if: self.weakness(step).unwrap_or_else(|| only_if.into_iter().collect()),
            not_known: Vec::new(),
        };
        if let Question::Link(at) = route.question {
            self.name_link(at, &mut told);
        }
        Ok(told)
    }

    /// Tells a step.
    pub(crate) fn told(&self, step: u32) -> Result<Told, IntrudeError> {
        let (mut told, route) = (self.plain(step)?, &self.routes[step as usize]);
        let index = &self.ground.permissions.index;
        match &route.question {
            Question::Said(words) if words.is_empty() => {}
            Question::Said(words) if told.decision == Level::Unknown => told.not_known.push(words.clone()),
            Question::Said(words) => told.packet = Some(words.clone()),
            Question::RunsAs => {}
            Question::Link(at) => {
                if let Some(link) = self.web.links.get(*at).filter(|link| !link.is_being()) {
                    told.asked = self.ways.proof(&self.web, link).map_err(IntrudeError::Question)?;
                }
            }
            Question::Act { by, action, target, .. } => {
                told.take(self.ask_act(index, *by, action, target)?);
            }
            Question::Opening { asker, action, target, .. } => {
                told.take(self.ask_opening(index, asker, action, target)?);
            }
            Question::Packet(packet) => {
                let answer = packet.ask(&self.ground.network);
                let protocol = packet.traffic.protocol;
                told.packet = Some(if protocol.has_ports() {
                    format!("{protocol} {}: {}", packet.ports, answer.packet)
                } else {
                    format!("{protocol}: {}", answer.packet)
                });
                told.hops = answer.hops;
                told.only_if.extend(answer.conditions);
                told.not_known.extend(answer.missing);
            }
        }
        Ok(told)
    }

    /// What a step of `fathom escalate` is called.
    fn name_link(&self, at: usize, told: &mut Told) {
        let Some(link) = self.web.links.get(at).filter(|link| !link.is_being()) else { return };
        let (rule, title, on) = self.ways.told(&self.web, link);
        rule.clone_into(&mut told.rule);
        title.clone_into(&mut told.title);
        told.technique = Some(self.ground.rules.technique(rule).to_owned());
        told.on = Some(on.to_owned()).filter(|on| *on != told.gains.id);
    }

    /// How surely somebody does something, with the key that it takes; none where it may not.
    pub(crate) fn ask_act(
        &self,
        index: &Index,
        by: By,
        action: &str,
        target: &Target,
    ) -> Result<Option<Answered>, IntrudeError> {
        let given = context(&target.arn);
        let organisation = index.organisation();
        let (name, kind, verdict) = match by {
            By::Member(number) => {
                let Some((name, kind)) = index.principal(number) else { return Ok(None) };
                let verdict = organisation.ask(name, action, target, given.clone());
                (name.to_owned(), kind, verdict.map_err(IntrudeError::Question)?)
            }
            By::Spot(at) => {
                let answer = self.ways.may((&self.web, at), (action, target), given.clone(), index);
                let Some((_, verdict)) = answer.map_err(IntrudeError::Question)? else { return Ok(None) };
                let member = self.web.spots.get(at).and_then(|spot| spot.member);
                let Some((name, kind)) = member.and_then(|member| index.principal(member)) else {
                    return Ok(None);
                };
                (name.to_owned(), kind, verdict)
            }
        };
        let asker = Asker { kind, principal: name };
        let key = self.ground.permissions.encryption.step(organisation, (action, target), &asker, &given)?;
        Ok(joined(action, target, verdict, key))
    }

    /// The same of somebody from outside.
    pub(crate) fn ask_opening(
        &self,
        index: &Index,
        asker: &Asker,
        action: &str,
        target: &Target,
    ) -> Result<Option<Answered>, IntrudeError> {
        let given = fathom_iam::Context::new();
        let organisation = index.organisation();
        let verdict =
            organisation.ask_as(asker, action, target, given.clone()).map_err(IntrudeError::Question)?;
        let key = self.ground.permissions.encryption.step(organisation, (action, target), asker, &given)?;
        Ok(joined(action, target, verdict, key))
    }

    /// How sure a step still is in another world; none where it is closed.
    pub(crate) fn still(
        &self,
        step: u32,
        index: Option<&Index>,
        network: Option<&Network>,
    ) -> Result<Option<Level>, IntrudeError> {
        let before = self.graph.get(step).map(|step| step.level);
        let Some(route) = self.routes.get(step as usize) else { return Ok(None) };
        match (&route.question, index, network) {
            (Question::Link(at), Some(index), _) => {
                let Some(link) = self.web.links.get(*at) else { return Ok(None) };
                let level = self.ways.still(&self.web, link, index).map_err(IntrudeError::Question)?;
                Ok(level.map(of_escalation))
            }
            (Question::Act { by, any, .. }, Some(index), _) => {
                let ask = |(action, target): &(String, Target)| self.ask_act(index, *by, action, target);
                surest(any.iter().map(ask))
            }
            (Question::Opening { asker, any, .. }, Some(index), _) => {
                let ask =
                    |(action, target): &(String, Target)| self.ask_opening(index, asker, action, target);
                surest(any.iter().map(ask))
            }
            (Question::Packet(packet), _, Some(network)) => Ok(still_reached(packet, network)),
            _ => Ok(before),
        }
    }
}

/// Whether a packet arrives in another network, on any of the ports that it did.
fn still_reached(packet: &Packet, network: &Network) -> Option<Level> {
    let ports = fathom_net::trace::ports(network, &packet.from, &packet.to, packet.traffic.protocol);
    ports.into_iter().filter_map(|one| of_network(one.answer.verdict)).min()
}

/// The surest of several answers; none where all are refused.
fn surest(
    answers: impl Iterator<Item = Result<Option<Answered>, IntrudeError>>,
) -> Result<Option<Level>, IntrudeError> {
    let mut best: Option<Level> = None;
    for answer in answers {
        if let Some(answer) = answer? {
            best = Some(best.map_or(answer.level, |known| known.min(answer.level)));
        }
    }
    Ok(best)
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) level: Level,
    /// Each action with the statements that decide.
    pub(crate) asked: Vec<Proved>,
    /// What was not read that has a say.
    not_known: Vec<String>,
}

/// An answer and the key's, as one; none of a refusal.
fn joined(action: &str, target: &Target, verdict: Verdict, key: Option<KeyStep>) -> Option<Answered> {
    let mut level = match verdict.decision {
        Decision::Allowed => Level::Yes,
        Decision::OnlyIf => Level::OnlyIf,
        Decision::Unknown => Level::Unknown,
        Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => return None,
    };
    let mut not_known = verdict.unknown.clone();
    let mut asked = vec![proved(action, &target.arn, verdict)];
    if let Some(step) = key {
        let says = of_key(step.says)?;
        level = level.max(says);
        if says == Level::Unknown {
            not_known.extend(step.note);
        }
        let needs = step.needs.first().cloned().unwrap_or_default();
        if let Some(verdict) = step.verdict {
            not_known.extend(verdict.unknown.iter().cloned());
            asked.push(proved(&needs, &step.key, verdict));
        }
    }
    Some(Answered { level, asked, not_known })
}

fn proved(action: &str, resource: &str, verdict: Verdict) -> Proved {
    Proved {
        action: action.to_owned(),
        resource: resource.to_owned(),
        decision: verdict.decision,
        because: verdict.because,
        conditions: verdict.conditions,
    }
}

impl Named {
    /// Whether it is what an intruder begins with.
    pub fn is_entry(&self) -> bool {
        matches!(self.kind, Kind::Internet | Kind::Vendor | Kind::AccessKey)
    }
}
