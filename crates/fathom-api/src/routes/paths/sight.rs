//! What of a way somebody may see.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use fathom_content::Vendors;
use fathom_escalate::Proved;
use fathom_iam::verdict::LayerName;
use fathom_intrude::{Closing, Edit, IntrudeError, Kind, Named, Told, Walk};
use fathom_model::{AccountId, Uid};

use super::views::{EditKind, PathAsked, PathEdit, PathNode, PathStep, StepProof};
use crate::{
    access::Visible,
    extract::shown,
    intruding::Snapshot,
    problem::{Code, Problem},
    routes::network,
    state::ApiState,
};

/// What is called so that may be of any account.
const ANYTHING: &str = "*";
/// The rule and the title of what lies outside of what somebody may see.
const WITHHELD: (&str, &str) = ("withheld", "a part of the way that is outside your scope");

/// One who asks, before the ways over one estate.
pub(super) struct Sight {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) network: network::Sight,
    /// Whose accounts outside are, where somebody has said.
    vendors: Vendors,
    /// Accounts outside that lead to what may be seen.
    leading: OnceLock<HashSet<String>>,
}

impl Sight {
    pub(super) async fn of(
        state: &ApiState,
        snapshot: Arc<Snapshot>,
        visible: Visible,
    ) -> Result<Self, Problem> {
        let network = network::Sight::of(state, Arc::clone(&snapshot.network), visible).await?;
        let (vendors, _) = crate::routes::permissions::vendors(state)?;
        Ok(Self { snapshot, network, vendors, leading: OnceLock::new() })
    }

    pub(super) fn is_all(&self) -> bool {
        self.network.is_all()
    }

    /// What was derived, as whoever asks may ask it.
    pub(super) fn walk(&self) -> Result<Walk<'_>, Problem> {
        let walk = self.snapshot.walk().map_err(super::refused)?;
        if self.is_all() {
            return Ok(walk);
        }
        self.leading.get_or_init(|| {
            let leads = |named: &Named| walk.gained_from(named).any(|gained| self.sees(&gained));
            walk.entrances()
                .filter(|named| named.kind == Kind::Vendor && leads(named))
                .map(|one| one.id)
                .collect()
        });
        Ok(walk.seen_by(|named| self.sees(named)))
    }

    /// Whether something may be seen. An account outside is where it leads to something that may.
    pub(super) fn sees(&self, named: &Named) -> bool {
        if self.is_all() {
            return true;
        }
        match named.kind {
            Kind::Internet => true,
            Kind::Vendor => self.leading.get().is_some_and(|leading| leading.contains(&named.id)),
            Kind::Account => self.network.sees_account(&named.id),
            _ => self.sees_id(&named.id),
        }
    }

    /// The same of an ARN, or of an account's number that stands for its root user.
    pub(super) fn sees_id(&self, id: &str) -> bool {
        let is_seen = |account: &str| self.network.sees_resource(&AccountId::from(account), &Uid::new(id));
        self.is_all() || id == ANYTHING || self.account_of(id).is_some_and(is_seen)
    }

    /// Whose something is: as it was read, else as its ARN says.
    fn account_of<'s>(&'s self, id: &'s str) -> Option<&'s str> {
        let things = &self.snapshot.ground.things;
        let own = |id: &str| things.get(id).map(|thing| thing.account.as_str());
        let said = || id.split(':').nth(4).filter(|account| !account.is_empty());
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        // An object is of whoever has the bucket.
        let bucket = || id.split_once('/').and_then(|(bucket, _)| own(bucket));
        own(id).or_else(said).or_else(bucket).or(is_number.then_some(id))
    }

    /// Something as answers name it.
    pub(super) fn node(&self, named: &Named) -> PathNode {
        if !self.sees(named) {
            return PathNode::withheld(named.kind.into());
        }
        let id = named.id.as_str();
        let is_thing = id.starts_with("arn:");
        let known = self.network.known(id);
        let kind_of = || self.snapshot.ground.things.get(id).map(|thing| thing.kind.clone());
        let vendor = || self.vendors.of_account(id).map(|vendor| vendor.name.clone());
        PathNode {
            kind: named.kind.into(),
            id: Some(id.to_owned()),
            uid: is_thing.then(|| id.to_owned()),
            name: if named.kind == Kind::Vendor { vendor() } else { known.and_then(|one| one.name.clone()) },
            resource_type: known.map(|one| one.kind.to_string()).or_else(kind_of),
            account: self.account_of(id).map(str::to_owned),
            withheld: false,
        }
    }

    pub(super) fn nodes<'n>(&self, all: impl IntoIterator<Item = &'n Named>) -> Vec<PathNode> {
        all.into_iter().map(|named| self.node(named)).collect()
    }

    /// A part of a list of things, at most so many: for answers that tell how many there are besides.
    pub(super) fn some(&self, all: &[Named], most: usize) -> Vec<PathNode> {
        self.nodes(all.iter().take(most))
    }

    /// Steps, those that lie outside one after the other as one.
    pub(super) fn steps(&self, all: &[Told], proved: bool) -> Vec<PathStep> {
        let mut steps: Vec<PathStep> = Vec::new();
        for told in all {
            let step = self.step(told, proved);
            match steps.last_mut() {
                // How much lies in between is not told either.
                Some(before) if before.withheld && step.withheld => {
                    before.answer = before.answer.worse(step.answer);
                }
                _ => steps.push(step),
            }
        }
        steps
    }

    /// A step with what may be seen of it.
    pub(super) fn step(&self, told: &Told, proved: bool) -> PathStep {
        let is_seen = self.sees(&told.gains) || told.with.iter().any(|one| !one.is_entry() && self.sees(one));
        if !is_seen {
            let (rule, title) = WITHHELD;
            return PathStep {
                rule: rule.to_owned(),
                title: title.to_owned(),
                technique: None,
                with: self.nodes(&told.with),
                on: None,
                gains: self.node(&told.gains),
                answer: told.decision.into(),
                proof: None,
                withheld: true,
            };
        }
        PathStep {
            rule: told.rule.clone(),
            title: told.title.clone(),
            technique: told.technique.clone(),
            with: self.nodes(&told.with),
            on: told.on.clone().filter(|on| self.sees_id(on)),
            gains: self.node(&told.gains),
            answer: told.decision.into(),
            proof: proved.then(|| self.proof(told)),
            withheld: false,
        }
    }

    fn proof(&self, told: &Told) -> StepProof {
        let sees_actor = told.with.iter().all(|one| self.sees(one));
        let mut cut = false;
        let mut asked = Vec::new();
        for one in &told.asked {
            if self.sees_id(&one.resource) {
                asked.push(self.asked(one, sees_actor, &mut cut));
            } else {
                cut = true;
            }
        }
        let lines = |lines: &[String]| lines.iter().map(|line| self.network.told(line)).collect::<Vec<_>>();
        let hops = self.network.hops(&told.hops);
        StepProof {
            asked,
            packet: told.packet.as_ref().map(|packet| self.network.told(packet)),
            withheld: cut || hops.iter().any(|hop| hop.withheld),
            hops,
            only_if: lines(&told.only_if),
            not_known: lines(&told.not_known),
        }
    }

    /// An action with the statements that belong to what may be seen: those of whoever acts, and of what it is done to.
    fn asked(&self, one: &Proved, sees_actor: bool, cut: &mut bool) -> PathAsked {
        let is_own = |layer: LayerName| match layer {
            _ if self.is_all() => true,
            LayerName::IdentityPolicies | LayerName::PermissionBoundaries | LayerName::SessionPolicy => {
                sees_actor
            }
            LayerName::ResourcePolicy | LayerName::KmsGrants | LayerName::S3 | LayerName::Service => true,
            // What an organisation or a network says is not of one account.
            LayerName::Scps | LayerName::Rcps | LayerName::VpcEndpointPolicies => false,
        };
        let because: Vec<_> = one.because.iter().filter(|one| is_own(one.layer)).cloned().collect();
        let conditions: Vec<_> = one.conditions.iter().filter(|one| is_own(one.layer)).cloned().collect();
        *cut |= because.len() < one.because.len() || conditions.len() < one.conditions.len();
        PathAsked {
            action: one.action.clone(),
            resource: one.resource.clone(),
            decision: one.decision.into(),
            because: because.into_iter().map(Into::into).collect(),
            conditions: conditions.into_iter().map(Into::into).collect(),
        }
    }

    /// An edit, and in how many steps another way leads there after it.
    pub(super) fn edit(&self, edit: &Edit, other_steps: Option<usize>) -> PathEdit {
        let none = PathEdit { other_steps: other_steps.map(|steps| steps as u64), ..PathEdit::default() };
        match edit {
            Edit::Statement { holder, layer, policy, statement, sid, action } if self.sees_id(holder) => {
                PathEdit {
                    kind: EditKind::Statement,
                    of: Some(holder.clone()),
                    uid: holder.starts_with("arn:").then(|| holder.clone()),
                    layer: Some((*layer).into()),
                    policy: Some(policy.clone()),
                    statement: Some(*statement as u64),
                    sid: sid.clone(),
                    action: action.clone(),
                    ..none
                }
            }
            Edit::GroupRule { group, rule } if self.network.sees(group) => PathEdit {
                kind: EditKind::GroupRule,
                of: Some(group.clone()),
                uid: self.network.known(group).map(|one| one.uid.to_string()),
                rule: Some(self.network.told(rule)),
                ..none
            },
            Edit::Role { server, role } if self.sees_id(server) && self.sees_id(role) => PathEdit {
                kind: EditKind::Role,
                of: Some(server.clone()),
                uid: Some(server.clone()),
                role: Some(role.clone()),
                ..none
            },
            Edit::AccessKey { key } if self.sees_id(key) => {
                PathEdit { kind: EditKind::AccessKey, of: Some(key.clone()), uid: Some(key.clone()), ..none }
            }
            _ => none,
        }
    }

    pub(super) fn closing(&self, closing: &Closing) -> PathEdit {
        self.edit(
            &closing.edit,
            match closing.breaks {
                fathom_intrude::Breaks::Every => None,
                fathom_intrude::Breaks::This { other_steps } => Some(other_steps),
            },
        )
    }

    /// What was not read that whoever asks may know of.
    pub(super) fn gaps(&self, all: &[String]) -> Vec<String> {
        self.network.gaps(all)
    }

    /// Why a question was not answered: who sees a part is told the same of what is not there and of what is not seen.
    pub(super) fn refused(&self, error: IntrudeError) -> Problem {
        match error {
            IntrudeError::Nothing { text, forms, .. } if !self.is_all() => {
                let words = format!("nothing that you may see is called `{}`", shown(&text));
                Problem::new(Code::NotFound, words).hint(forms)
            }
            error => super::refused(error),
        }
    }
}
