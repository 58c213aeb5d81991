//! What is understood, what is not, and in which order people should look at it.

use std::collections::{BTreeMap, HashMap};

use fathom_content::{Content, Declarations, Demand, Trait};
use fathom_model::{Acceptance, Explanation, Gap, Reason, Resource, Timestamp, Uid, Unknown};

use crate::graph::Estate;

/// Something about a resource that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The resource.
    pub uid: Uid,
    /// The member of its document that stays unknown.
    pub attribute: String,
    /// Why.
    pub reason: Reason,
    /// The missing permission, or the service's own words.
    pub detail: String,
}

/// The verdict on an estate.
#[derive(Debug, Clone, Default)]
pub struct Understanding {
    /// Resources with at least one gap (accepted gaps included), worst first.
    pub unknowns: Vec<Unknown>,
    /// By place in [`Estate::resources`]: no gap that is not accepted.
    pub understood: Vec<bool>,
}

impl Understanding {
    /// How many are understood.
    pub fn count(&self) -> usize {
        self.understood.iter().filter(|yes| **yes).count()
    }
}

/// Compares what is known with what is demanded.
pub fn understand(
    estate: &Estate,
    explained: &[Explanation],
    unread: &[Unread],
    content: &Content,
    declarations: &Declarations,
    acceptances: &[Acceptance],
    now: Timestamp,
) -> Understanding {
    let demands = declarations.demands.as_ref().unwrap_or(&content.demands);
    let mut unread_of: HashMap<&Uid, Vec<&Unread>> = HashMap::new();
    for one in unread {
        unread_of.entry(&one.uid).or_default().push(one);
    }
    // Calls end in any order, and a resource that two listings bring is asked twice; a gap counts once.
    for gaps in unread_of.values_mut() {
        gaps.sort_by(|a, b| (&a.attribute, a.reason, &a.detail).cmp(&(&b.attribute, b.reason, &b.detail)));
        gaps.dedup_by(|a, b| a.attribute == b.attribute);
    }
    let mut accepted_of: BTreeMap<&Uid, Vec<&Acceptance>> = BTreeMap::new();
    for acceptance in acceptances.iter().filter(|acceptance| now < acceptance.until) {
        accepted_of.entry(&acceptance.uid).or_default().push(acceptance);
    }
    let nothing = Explanation::default();
    let mut understood = Vec::with_capacity(estate.resources().len());
    let mut listed: Vec<(Order, Unknown)> = Vec::new();
    for (at, resource) in estate.resources().iter().enumerate() {
        let traits = traits_of(resource, content);
        let explanation = explained.get(at).unwrap_or(&nothing);
        let acceptances = accepted_of.get(&resource.uid).map(Vec::as_slice).unwrap_or_default();
        let accepted = |part: &str| acceptances.iter().find(|a| a.covers(part, now)).map(|a| (*a).clone());
        let mut gaps: Vec<Gap> = demands
            .of(&traits)
            .into_iter()
            .filter(|demand| !demand.met_by(explanation))
            .map(|demand| Gap {
                part: demand.as_str().to_owned(),
                reason: None,
                detail: gap_detail(demand, explanation),
                accepted: accepted(demand.as_str()),
            })
            .collect();
        gaps.extend(unread_of.get(&resource.uid).into_iter().flatten().map(|one| Gap {
            part: one.attribute.clone(),
            reason: Some(one.reason),
            detail: one.detail.clone(),
            accepted: accepted(&one.attribute),
        }));
        let open = gaps.iter().filter(|gap| gap.accepted.is_none()).count();
        understood.push(open == 0);
        if !gaps.is_empty() {
            listed.push((
                Order::of(&traits, open, resource),
                Unknown {
                    uid: resource.uid.clone(),
                    kind: resource.kind.clone(),
                    account: resource.account.clone(),
                    region: resource.region.clone(),
                    name: resource.name.clone(),
                    rank: 0,
                    because: because(&traits, open),
                    gaps,
                },
            ));
        }
    }
    listed.sort_by(|a, b| a.0.cmp(&b.0));
    let unknowns =
        listed.into_iter().zip(1..).map(|((_, unknown), rank)| Unknown { rank, ..unknown }).collect();
    Understanding { unknowns, understood }
}

/// The traits of a resource: those of its type, and whether it is exposed.
pub fn traits_of(resource: &Resource, content: &Content) -> Vec<Trait> {
    let mut traits = content.resources.get(&resource.kind).map(|d| d.traits.clone()).unwrap_or_default();
    traits.retain(|one| *one != Trait::Exposed);
    if resource.exposed {
        traits.push(Trait::Exposed);
    }
    traits.sort_unstable();
    traits.dedup();
    traits
}

fn gap_detail(demand: Demand, explanation: &Explanation) -> String {
    let stated_class = explanation.value(fathom_model::Part::DataClass);
    match (demand, stated_class) {
        (Demand::DataClass, Some(word)) => {
            format!("`{word}` is not one of public, internal, confidential, restricted")
        }
        _ => demand.advice().to_owned(),
    }
}

/// The plain sort that [`Unknown::rank`] describes; smaller is worse.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    nothing_open: bool,
    not_exposed: bool,
    stores_no_data: bool,
    no_identity: bool,
    costs_nothing: bool,
    fewer_gaps: std::cmp::Reverse<usize>,
    older: std::cmp::Reverse<Option<Timestamp>>,
    uid: Uid,
}

impl Order {
    fn of(traits: &[Trait], open: usize, resource: &Resource) -> Self {
        Self {
            nothing_open: open == 0,
            not_exposed: !traits.contains(&Trait::Exposed),
            stores_no_data: !traits.contains(&Trait::StoresData),
            no_identity: !traits.contains(&Trait::Identity),
            costs_nothing: !traits.contains(&Trait::Costs),
            fewer_gaps: std::cmp::Reverse(open),
            older: std::cmp::Reverse(resource.created_at),
            uid: resource.uid.clone(),
        }
    }
}

fn because(traits: &[Trait], open: usize) -> Vec<String> {
    let mut words: Vec<String> = traits
        .iter()
        .map(|one| {
            match one {
                Trait::Exposed => "may be reached from outside",
                Trait::StoresData => "stores data",
                Trait::Identity => "acts as an identity",
                Trait::Costs => "costs money",
            }
            .to_owned()
        })
        .collect();
    words.push(match open {
        0 => "all gaps are accepted".to_owned(),
        1 => "1 gap".to_owned(),
        n => format!("{n} gaps"),
    });
    words
}
