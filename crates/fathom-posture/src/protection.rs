//! How the data of each system is protected, layer by layer, by what its class demands.
//!
//! A system is what resources say that they are for. What keeps data is asked for what its own class demands, everything else of the
//! system for what the highest class in it does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_access::{AccessError, seen};
use fathom_checks::{Check, Checks, Status};
use fathom_content::{Content, ProtectionRules, demands::Trait};
use fathom_model::{DataClass, Explanation, Part, ResourceType, Severity, SourceKind, Statement};
use fathom_store::{Store, Which};
use futures::TryStreamExt as _;
use serde::Serialize;

use crate::{Counts, Ground, subject};

/// How a layer of a system stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protected {
    /// Something that is demanded does not hold.
    Fail,
    /// Nothing fails, and of something it is not known.
    Unknown,
    /// Something is demanded, and no check is about what there is.
    Untested,
    /// All that is demanded and can be asked holds.
    Pass,
    /// The class of its data demands nothing here.
    NotDemanded,
}

impl Protected {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Untested => "untested",
            Self::Pass => "pass",
            Self::NotDemanded => "not demanded",
        }
    }
}

/// Something that is demanded and does not hold, or of which that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectionGap {
    /// The check.
    pub check: String,
    /// What would hold, in words.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// `fail` or `unknown`.
    pub status: Status,
    /// The resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    pub name: Option<String>,
}

/// A layer of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedLayer {
    /// What it is called by.
    pub layer: String,
    /// How it stands.
    pub status: Protected,
    /// What checks answered: a resource counts once for each check that is demanded of it.
    pub counts: Counts,
    /// How many things that keep data no check is about, of those of which something is demanded.
    pub untested: usize,
    /// What to close, the worst first.
    pub gaps: Vec<ProtectionGap>,
}

/// A system that keeps data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedSystem {
    /// What its resources say that they are for; none where nobody says.
    pub system: Option<String>,
    /// The highest class of its data.
    pub class: DataClass,
    /// How many things in it keep data.
    pub stores: usize,
    /// Of how many of them nobody said the class, so that they count as confidential.
    pub assumed: usize,
    /// In the order of the rules.
    pub layers: Vec<ProtectedLayer>,
}

/// All systems that keep data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Protection {
    /// Those with the highest classes first, then by name.
    pub systems: Vec<ProtectedSystem>,
    /// What was not read, of which checks say nothing.
    pub gaps: Vec<String>,
}

/// A resource that keeps data, or of which something could be demanded.
#[derive(Debug, Clone)]
struct Thing {
    arn: String,
    kind: String,
    name: Option<String>,
    account: String,
    owner: Option<String>,
    /// What it is for; none where nobody says.
    system: Option<String>,
    /// The class that counts, where it keeps data.
    class: Option<DataClass>,
    is_assumed: bool,
    /// What checks answered that any class demands, by their places among all checks.
    answers: Vec<(usize, Status)>,
}

/// Something that keeps data, with whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataStore<'a> {
    /// The account that owns it.
    pub account: &'a str,
    /// Who answers for it.
    pub owner: Option<&'a str>,
    /// The class of its data that counts.
    pub class: DataClass,
}

/// What checks answered of everything that data is protected by, ready to be told to those who see a part.
#[derive(Debug, Clone, Default)]
pub struct Protectable {
    things: Vec<Thing>,
    gaps: Vec<String>,
}

impl Protectable {
    /// Asks the checks that any class demands. The ground was read for them at least.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        store: &Store,
        content: &Content,
        checks: &Checks,
        ground: &mut Ground<'_>,
    ) -> Result<Self, AccessError> {
        let keeps: Vec<ResourceType> = content
            .resources
            .values()
            .filter(|one| one.traits.contains(&Trait::StoresData))
            .map(|one| one.kind.clone())
            .collect();
        ground.classes(store, &Which { kinds: keeps.clone(), ..Which::all() }).await?;
        // What no check is about keeps data all the same.
        let beside: Vec<ResourceType> =
            keeps.iter().filter(|kind| !ground.by_kind.contains_key(kind.as_str())).cloned().collect();
        let beside = if beside.is_empty() { Vec::new() } else { seen(store, &beside, ground.now).await? };
        let purposes = purposes(store).await?;
        let keeps: BTreeSet<&str> = keeps.iter().map(ResourceType::as_str).collect();
        let demanded = Protection::demanded(&content.protection, checks);
        let mut by_kind: BTreeMap<&str, Vec<(usize, &Check)>> = BTreeMap::new();
        for (at, check) in checks.all.iter().enumerate() {
            if demanded.contains(check.definition.id.as_str()) {
                by_kind.entry(check.definition.kind.as_str()).or_default().push((at, check));
            }
        }
        let ground = &*ground;
        let mut things = Vec::new();
        for one in ground.seen().chain(&beside) {
            let purpose = purposes.get(&one.arn);
            if purpose.is_some_and(|said| said.source == SourceKind::Provider) {
                continue;
            }
            let said = ground.classes.get(&one.arn).and_then(|word| DataClass::parse(word));
            let is_store = keeps.contains(one.kind.as_str());
            let about = subject(one);
            let of_kind = by_kind.get(one.kind.as_str()).into_iter().flatten();
            let answers: Vec<(usize, Status)> =
                of_kind.map(|(at, check)| (*at, check.ask(&about, ground).status)).collect();
            if !is_store && answers.is_empty() {
                continue;
            }
            things.push(Thing {
                arn: one.arn.clone(),
                kind: one.kind.clone(),
                name: one.name.clone(),
                account: one.account.clone(),
                owner: ground.owner(&one.arn).map(str::to_owned),
                system: purpose.map(|said| said.value.clone()),
                class: said.or(is_store.then_some(DataClass::Confidential)).filter(|_| is_store),
                is_assumed: is_store && said.is_none(),
                answers,
            });
        }
        Ok(Self { things, gaps: ground.gaps.clone() })
    }

    /// How the data of each system is protected, by what is in the places that are wanted: an account, and who answers for things there.
    /// The checks are those that were asked.
    pub fn within(
        &self,
        rules: &ProtectionRules,
        checks: &Checks,
        wants: impl Fn(&str, Option<&str>) -> bool,
    ) -> Protection {
        let mut systems: BTreeMap<Option<&str>, Vec<&Thing>> = BTreeMap::new();
        for one in self.things.iter().filter(|one| wants(&one.account, one.owner.as_deref())) {
            systems.entry(one.system.as_deref()).or_default().push(one);
        }
        let mut systems: Vec<ProtectedSystem> = systems
            .into_iter()
            .filter_map(|(system, things)| protected(system, &things, rules, checks))
            .collect();
        systems.sort_by(|one, other| (other.class, &one.system).cmp(&(one.class, &other.system)));
        Protection { systems, gaps: self.gaps.clone() }
    }

    /// All that keeps data.
    pub fn stores(&self) -> impl Iterator<Item = DataStore<'_>> {
        self.things.iter().filter_map(|one| {
            Some(DataStore { account: &one.account, owner: one.owner.as_deref(), class: one.class? })
        })
    }
}

impl Protection {
    /// The checks that any class demands, by their ids.
    pub fn demanded<'c>(rules: &ProtectionRules, checks: &'c Checks) -> BTreeSet<&'c str> {
        rules.layers.iter().flat_map(|layer| layer.checks(DataClass::Restricted, ids(checks))).collect()
    }

    /// Works it out of everything. The ground was read for the checks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        store: &Store,
        content: &Content,
        checks: &Checks,
        ground: &mut Ground<'_>,
    ) -> Result<Self, AccessError> {
        let all = Protectable::of(store, content, checks, ground).await?;
        Ok(all.within(&content.protection, checks, |_, _| true))
    }
}

fn ids(checks: &Checks) -> impl Iterator<Item = &str> {
    checks.all.iter().map(|check| check.definition.id.as_str())
}

/// What everything is for, by ARN.
async fn purposes(store: &Store) -> Result<HashMap<String, Statement>, AccessError> {
    let mut said: HashMap<String, Vec<Statement>> = HashMap::new();
    let mut found = std::pin::pin!(store.stream_statements(&Which::all()));
    while let Some(chunk) = found.try_next().await? {
        for (uid, statement) in chunk.into_iter().filter(|(_, one)| one.part == Part::Purpose) {
            said.entry(uid.as_str().to_owned()).or_default().push(statement);
        }
    }
    let holds = |statements| Explanation { statements }.of(Part::Purpose).cloned();
    Ok(said.into_iter().filter_map(|(uid, statements)| Some((uid, holds(statements)?))).collect())
}

/// How one system stands; none where it keeps no data.
fn protected(
    system: Option<&str>,
    things: &[&Thing],
    rules: &ProtectionRules,
    checks: &Checks,
) -> Option<ProtectedSystem> {
    let class = things.iter().filter_map(|thing| thing.class).max()?;
    let layers = rules.layers.iter().map(|layer| {
        let mut by_class: BTreeMap<DataClass, BTreeSet<&str>> = BTreeMap::new();
        let mut told = ProtectedLayer {
            layer: layer.id.clone(),
            status: Protected::NotDemanded,
            counts: Counts::default(),
            untested: 0,
            gaps: Vec::new(),
        };
        let mut is_demanded = false;
        for thing in things {
            let of = thing.class.unwrap_or(class);
            let wanted = by_class.entry(of).or_insert_with(|| layer.checks(of, ids(checks)));
            is_demanded |= !wanted.is_empty();
            let asked = told.count(thing, wanted, checks);
            told.untested += usize::from(thing.class.is_some() && !wanted.is_empty() && !asked);
        }
        told.status = judge(&told.counts, is_demanded);
        told.gaps.sort_by(|one, other| {
            (one.status, one.severity, &one.check, &one.resource).cmp(&(
                other.status,
                other.severity,
                &other.check,
                &other.resource,
            ))
        });
        told
    });
    Some(ProtectedSystem {
        system: system.map(str::to_owned),
        class,
        stores: things.iter().filter(|thing| thing.class.is_some()).count(),
        assumed: things.iter().filter(|thing| thing.is_assumed).count(),
        layers: layers.collect(),
    })
}

impl ProtectedLayer {
    /// Counts what is wanted of a resource, and says whether anything was about it.
    fn count(&mut self, one: &Thing, wanted: &BTreeSet<&str>, checks: &Checks) -> bool {
        let mut is_asked = false;
        for (at, status) in &one.answers {
            let Some(definition) = checks.all.get(*at).map(|check| &check.definition) else { continue };
            if !wanted.contains(definition.id.as_str()) {
                continue;
            }
            self.counts.add(*status);
            is_asked |= *status != Status::NotApplicable;
            if matches!(status, Status::Fail | Status::Unknown) {
                self.gaps.push(ProtectionGap {
                    check: definition.id.clone(),
                    title: definition.title.clone(),
                    severity: definition.severity,
                    status: *status,
                    resource: one.arn.clone(),
                    resource_type: one.kind.clone(),
                    name: one.name.clone(),
                });
            }
        }
        is_asked
    }
}

fn judge(counts: &Counts, is_demanded: bool) -> Protected {
    if counts.fail > 0 {
        Protected::Fail
    } else if counts.unknown > 0 {
        Protected::Unknown
    } else if counts.pass > 0 {
        Protected::Pass
    } else if is_demanded {
        Protected::Untested
    } else {
        Protected::NotDemanded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_ask_is_not_taken_for_good() {
        let counts = |fail, unknown, pass| Counts { fail, unknown, pass, not_applicable: 3 };
        assert_eq!(judge(&counts(1, 1, 1), true), Protected::Fail);
        assert_eq!(judge(&counts(0, 1, 1), true), Protected::Unknown);
        assert_eq!(judge(&counts(0, 0, 1), true), Protected::Pass);
        assert_eq!(judge(&counts(0, 0, 0), true), Protected::Untested);
        assert_eq!(judge(&counts(0, 0, 0), false), Protected::NotDemanded);
    }
}
