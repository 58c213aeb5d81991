//! All permissions, one row after the other, for those who read them as a table.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    sync::Arc,
};

use fathom_catalogue::{Catalogue, Kind as Access};
use fathom_iam::{
    Context, Truth,
    index::Patterns,
    organisation::{Asker, Target},
};

use crate::{
    AccessError,
    permissions::{Answer, Permissions, Resource, sort_of},
    wanted::{EVERYTHING, Wanted},
};

/// Of so many each is asked by itself; of more, everyone is at once.
const ONE_BY_ONE_MAX: usize = 16;
/// Rows that are told at once, about.
const ROWS: usize = 2048;
/// Kinds of resources whose answers are kept for the next one of the kind.
const CLASSES_MAX: usize = 4096;

/// Somebody may do something, or something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Who; none where the row is a gap.
    pub asker: Option<Arc<Asker>>,
    /// To what; none where a gap is about every resource.
    pub resource: Option<Arc<Resource>>,
    /// The kind of access and the action; none where the row is a gap.
    pub action: Option<(Access, &'static str)>,
    /// What becomes of it.
    pub decision: Answer,
    /// What was not read that may decide.
    pub gap: Option<String>,
}

/// Takes rows, some of them or none at a time, and says whether to go on.
pub type Tell<'t> = dyn FnMut(Vec<AccessRow>) -> ControlFlow<()> + 't;

/// An action with what it is asked of: the resource, one of its objects, or both.
struct Ask {
    action: &'static str,
    access: Access,
    targets: Vec<Target>,
}

/// What makes resources alike to some principals.
type Class = (String, Option<String>, Vec<Vec<Truth>>);
/// What these may do, by the place of each in its list.
type Known = Arc<Vec<(usize, Access, &'static str, Answer)>>;

/// Those of a question who are known.
enum Askers<'p> {
    /// So few that each is asked by itself.
    Few(Vec<(Arc<Asker>, Patterns<'p>)>),
    /// Many, by number; none where these are all.
    Many(Option<BTreeSet<u32>>),
}

struct Visit<'p, 't, 'r> {
    permissions: &'p Permissions,
    wanted: &'p Wanted,
    given: &'p Context,
    askers: Askers<'p>,
    names: HashMap<u32, Arc<Asker>>,
    classes: HashMap<Class, Known>,
    met: BTreeSet<String>,
    rows: Vec<AccessRow>,
    tell: &'r mut Tell<'t>,
}

impl Permissions {
    /// Tells who may do what, of what is wanted, resource by resource: what [`Permissions::what_can`] and
    /// [`Permissions::what_on`] say of one. What was not read and may decide is told in rows of its own, without action.
    /// `tell` is asked often whether to go on, also without rows.
    ///
    /// # Errors
    /// When something is named that nobody knows, and as [`Permissions::what_on`].
    pub fn visit(&self, wanted: &Wanted, given: &Context, tell: &mut Tell<'_>) -> Result<(), AccessError> {
        self.check(wanted)?;
        let members = self.members(wanted);
        let askers = match members {
            Some(few) if few.len() <= ONE_BY_ONE_MAX => Askers::Few(
                few.into_iter()
                    .filter_map(|number| Some((self.asker(number)?, self.index.patterns(number))))
                    .collect(),
            ),
            many => Askers::Many(many.map(BTreeSet::from_iter)),
        };
        let (names, classes, met) = (HashMap::new(), HashMap::new(), BTreeSet::new());
        let mut visit =
            Visit { permissions: self, wanted, given, askers, names, classes, met, rows: Vec::new(), tell };
        if visit.all()?.is_continue() {
            self.check_met(wanted, &visit.met)?;
        }
        Ok(())
    }

    fn asker(&self, number: u32) -> Option<Arc<Asker>> {
        let (name, kind) = self.index.principal(number)?;
        Some(Arc::new(Asker { kind, principal: name.to_owned() }))
    }
}

impl Visit<'_, '_, '_> {
    fn all(&mut self) -> Result<ControlFlow<()>, AccessError> {
        for gap in self.permissions.index.organisation().unread() {
            self.gap(None, gap.clone());
        }
        for resource in self.permissions.resources_of(self.wanted) {
            if self.resource(resource)?.is_break() || self.say().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if self.wanted.is_everything() && self.everything()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(self.say())
    }

    /// Tells the rows there are.
    fn say(&mut self) -> ControlFlow<()> {
        (self.tell)(std::mem::take(&mut self.rows))
    }

    fn say_if_many(&mut self) -> ControlFlow<()> {
        if self.rows.len() >= ROWS { self.say() } else { (self.tell)(Vec::new()) }
    }

    fn gap(&mut self, resource: Option<&Arc<Resource>>, gap: String) {
        self.rows.push(AccessRow {
            asker: None,
            resource: resource.cloned(),
            action: None,
            decision: Answer::Unknown,
            gap: Some(gap),
        });
    }

    fn add(
        &mut self,
        asker: Arc<Asker>,
        resource: &Arc<Resource>,
        (access, action): (Access, &'static str),
        decision: Answer,
    ) {
        let (resource, action) = (Some(Arc::clone(resource)), Some((access, action)));
        self.rows.push(AccessRow { asker: Some(asker), resource, action, decision, gap: None });
    }

    fn resource(&mut self, resource: &Resource) -> Result<ControlFlow<()>, AccessError> {
        let shared = Arc::new(resource.clone());
        let asked = match self.permissions.asked_on(&resource.target) {
            Ok(asked) => asked,
            Err(AccessError::NoAction { .. }) => {
                self.gap(Some(&shared), "no action of the catalogue fits".to_owned());
                return Ok(ControlFlow::Continue(()));
            }
            Err(error) => return Err(error),
        };
        if let Some(gap) = self.permissions.index.organisation().gap(&resource.target) {
            self.gap(Some(&shared), gap);
        }
        let asks = self.asks(asked)?;
        if self.members(&shared, &asks)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.strangers(&shared, &asks)
    }

    /// What is asked of a resource and wanted, each action once.
    fn asks(&self, asked: Vec<(String, Access, Target)>) -> Result<Vec<Ask>, AccessError> {
        let catalogue = Catalogue::embedded()?;
        let mut asks: Vec<Ask> = Vec::new();
        let mut places: HashMap<&'static str, usize> = HashMap::new();
        for (name, access, target) in asked {
            let Some(action) = catalogue.action(&name).map(|action| action.name()) else { continue };
            if !self.wanted.is_action(action, access) {
                continue;
            }
            if let Some(ask) = places.get(action).and_then(|place| asks.get_mut(*place)) {
                ask.targets.push(target);
            } else {
                places.insert(action, asks.len());
                asks.push(Ask { action, access, targets: vec![target] });
            }
        }
        Ok(asks)
    }

    /// Those who are known.
    fn members(&mut self, resource: &Arc<Resource>, asks: &[Ask]) -> Result<ControlFlow<()>, AccessError> {
        if let Askers::Few(few) = &self.askers {
            let known = self.few(few, resource, asks)?;
            let names: Vec<Arc<Asker>> = few.iter().map(|(asker, _)| Arc::clone(asker)).collect();
            for (place, access, action, answer) in known.1.iter() {
                if let Some(asker) = names.get(*place) {
                    self.add(Arc::clone(asker), resource, (*access, *action), *answer);
                }
            }
            if let Some(class) = known.0 {
                if self.classes.len() >= CLASSES_MAX {
                    self.classes.clear();
                }
                self.classes.insert(class, known.1);
            }
            return Ok(ControlFlow::Continue(()));
        }
        for ask in asks {
            self.everyone(resource, ask)?;
            if self.say_if_many().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What a few may do to a resource; with its class, where that may be kept.
    fn few(
        &self,
        few: &[(Arc<Asker>, Patterns<'_>)],
        resource: &Resource,
        asks: &[Ask],
    ) -> Result<(Option<Class>, Known), AccessError> {
        let organisation = self.permissions.index.organisation();
        let arn = &resource.target.arn;
        let class: Option<Class> =
            (arn != EVERYTHING && !organisation.is_guarded(&resource.target)).then(|| {
                let patterns = few.iter().map(|(_, patterns)| patterns.of(arn));
                (sort_of(resource), resource.target.account.clone(), patterns.collect())
            });
        if let Some(known) = class.as_ref().and_then(|class| self.classes.get(class)) {
            return Ok((None, Arc::clone(known)));
        }
        let mut found: Vec<(usize, Access, &'static str, Answer)> = Vec::new();
        for ask in asks {
            for (place, (asker, _)) in few.iter().enumerate() {
                let before = found.len();
                for target in &ask.targets {
                    let verdict = organisation.ask(&asker.principal, ask.action, target, self.given.clone());
                    let decision = verdict.map_err(AccessError::Question)?.decision;
                    let Some(answer) = Answer::of(decision) else { continue };
                    let row = (place, ask.access, ask.action, answer);
                    if !found.get(before..).unwrap_or_default().contains(&row) {
                        found.push(row);
                    }
                }
            }
        }
        Ok((class, Arc::new(found)))
    }

    /// What many may do, one action at a time.
    fn everyone(&mut self, resource: &Arc<Resource>, ask: &Ask) -> Result<(), AccessError> {
        let Askers::Many(wanted) = &self.askers else { return Ok(()) };
        let mut told: BTreeSet<(u32, Answer)> = BTreeSet::new();
        let mut found: Vec<(u32, Answer)> = Vec::new();
        for target in &ask.targets {
            let decisions = self.permissions.index.decide(ask.action, target, self.given);
            let decisions = decisions.map_err(AccessError::Question)?;
            for number in decisions.possible().iter() {
                let Some(answer) = Answer::of(decisions.of(number)) else { continue };
                if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&number)) {
                    continue;
                }
                if ask.targets.len() == 1 || told.insert((number, answer)) {
                    found.push((number, answer));
                }
            }
        }
        for (number, answer) in found {
            let known = match self.names.get(&number) {
                Some(known) => Some(Arc::clone(known)),
                None => self.permissions.asker(number),
            };
            let Some(asker) = known else { continue };
            self.names.entry(number).or_insert_with(|| Arc::clone(&asker));
            self.add(asker, resource, (ask.access, ask.action), answer);
        }
        Ok(())
    }

    /// Whom the resource itself lets in from outside its account.
    fn strangers(&mut self, resource: &Arc<Resource>, asks: &[Ask]) -> Result<ControlFlow<()>, AccessError> {
        let organisation = self.permissions.index.organisation();
        let names_some =
            organisation.is_guarded(&resource.target) && organisation.names_strangers(&resource.target);
        if !names_some || !self.wanted.names.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        for ask in asks {
            let mut told: BTreeSet<(Asker, Answer)> = BTreeSet::new();
            for target in &ask.targets {
                let rows =
                    organisation.let_in(ask.action, target, self.given).map_err(AccessError::Question)?;
                for row in rows {
                    let Some(answer) = Answer::of(row.verdict.decision) else { continue };
                    if !self.wanted.is_asker(&row.asker) {
                        continue;
                    }
                    if !self.wanted.principals.is_empty() {
                        self.met.insert(row.asker.principal.clone());
                    }
                    if told.insert((row.asker.clone(), answer)) {
                        self.add(Arc::new(row.asker), resource, (ask.access, ask.action), answer);
                    }
                }
            }
            if self.say_if_many().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Actions that have no resource.
    fn everything(&mut self) -> Result<ControlFlow<()>, AccessError> {
        let target = Target { arn: EVERYTHING.to_owned(), account: None, seen: true };
        let resource = Arc::new(Resource { kind: String::new(), target: target.clone() });
        let wanted =
            self.permissions.without_resource().filter(|(name, access)| self.wanted.is_action(name, *access));
        let asks: Vec<Ask> =
            wanted.map(|(action, access)| Ask { action, access, targets: vec![target.clone()] }).collect();
        self.members(&resource, &asks)
    }
}
