//! What is understood, what is not, and in which order people should look at it.

use std::collections::{BTreeMap, HashMap};

use fathom_content::{Content, Declarations, Demand, Demands, Trait};
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
    let judge = Judge::new(unread, content, declarations, acceptances, now);
    let nothing = Explanation::default();
    let mut understood = Vec::with_capacity(estate.resources().len());
    let mut listed: Vec<(i64, Unknown)> = Vec::new();
    for (at, resource) in estate.resources().iter().enumerate() {
        let judgement = judge.judge(resource, explained.get(at).unwrap_or(&nothing));
        understood.push(judgement.understood);
        listed.extend(judgement.listed);
    }
    listed.sort_by(|(a, x), (b, y)| (a, &x.uid).cmp(&(b, &y.uid)));
    let unknowns =
        listed.into_iter().zip(1..).map(|((_, unknown), rank)| Unknown { rank, ..unknown }).collect();
    Understanding { unknowns, understood }
}

/// Compares resources one by one, so that the list need not be in memory.
#[derive(Debug)]
pub struct Judge<'a> {
    content: &'a Content,
    demands: &'a Demands,
    unread_of: HashMap<&'a Uid, Vec<&'a Unread>>,
    accepted_of: HashMap<&'a Uid, Vec<&'a Acceptance>>,
    departed: Option<&'a BTreeMap<Uid, Vec<String>>>,
    now: Timestamp,
}

/// The gap of a resource that is not as an approved baseline has it.
pub const BASELINE_PART: &str = "baseline";

/// The verdict on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// No gap that is not accepted.
    pub understood: bool,
    /// Its row on the list with its place: smaller is worse, and of equal ones the first uid. The rank is 0. None where
    /// it has no gap.
    pub listed: Option<(i64, Unknown)>,
}

impl<'a> Judge<'a> {
    /// With everything that is the same for all resources.
    pub fn new(
        unread: &'a [Unread],
        content: &'a Content,
        declarations: &'a Declarations,
        acceptances: &'a [Acceptance],
        now: Timestamp,
    ) -> Self {
        let mut unread_of: HashMap<&Uid, Vec<&Unread>> = HashMap::new();
        for one in unread {
            unread_of.entry(&one.uid).or_default().push(one);
        }
        // Calls end in any order, and a resource that two listings bring is asked twice; a gap counts once.
        #[expect(clippy::iter_over_hash_type, reason = "each is sorted by itself")]
        for gaps in unread_of.values_mut() {
            gaps.sort_by(|a, b| {
                (&a.attribute, a.reason, &a.detail).cmp(&(&b.attribute, b.reason, &b.detail))
            });
            gaps.dedup_by(|a, b| a.attribute == b.attribute);
        }
        let mut accepted_of: HashMap<&Uid, Vec<&Acceptance>> = HashMap::new();
        for acceptance in acceptances.iter().filter(|acceptance| now < acceptance.until) {
            accepted_of.entry(&acceptance.uid).or_default().push(acceptance);
        }
        let demands = declarations.demands.as_ref().unwrap_or(&content.demands);
        Self { content, demands, unread_of, accepted_of, departed: None, now }
    }

    /// With the resources that are not as approved baselines have them, each with the names of those baselines.
    #[must_use]
    pub fn with_departed(self, departed: &'a BTreeMap<Uid, Vec<String>>) -> Self {
        Self { departed: Some(departed), ..self }
    }

    /// Compares what is known about a resource with what is demanded of it.
    pub fn judge(&self, resource: &Resource, explanation: &Explanation) -> Judgement {
        let traits = traits_of(resource, self.content);
        let acceptances = self.accepted_of.get(&resource.uid).map(Vec::as_slice).unwrap_or_default();
        let accepted =
            |part: &str| acceptances.iter().find(|a| a.covers(part, self.now)).map(|a| (*a).clone());
        let mut gaps: Vec<Gap> = self
            .demands
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
        gaps.extend(self.unread_of.get(&resource.uid).into_iter().flatten().map(|one| Gap {
            part: one.attribute.clone(),
            reason: Some(one.reason),
            detail: one.detail.clone(),
            accepted: accepted(&one.attribute),
        }));
        gaps.extend(self.departed.and_then(|departed| departed.get(&resource.uid)).map(|names| Gap {
            part: BASELINE_PART.to_owned(),
            reason: None,
            detail: format!(
                "not as the baseline {} has it; explain it with `fathom baseline accept`",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            accepted: accepted(BASELINE_PART),
        }));
        let open = gaps.iter().filter(|gap| gap.accepted.is_none()).count();
        let listed = (!gaps.is_empty()).then(|| {
            let unknown = Unknown {
                uid: resource.uid.clone(),
                kind: resource.kind.clone(),
                account: resource.account.clone(),
                region: resource.region.clone(),
                name: resource.name.clone(),
                rank: 0,
                because: because(&traits, open),
                gaps,
            };
            (severity(&traits, open, resource), unknown)
        });
        Judgement { understood: open == 0, listed }
    }
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

/// Milliseconds of a severity: until the year 10889.
const MILLIS_BITS: u32 = 48;
/// Open gaps that a severity tells apart.
const GAPS_BITS: u32 = 10;

/// The plain sort that [`Unknown::rank`] describes as one number; smaller is worse. From its highest bit: nothing is
/// open, not reached from outside, stores no data, no identity, costs nothing; then fewer gaps, then older, to the
/// millisecond. What has no date, or one before 1970, is the oldest.
fn severity(traits: &[Trait], open: usize, resource: &Resource) -> i64 {
    let lacks = |one| !traits.contains(&one);
    let words = [
        open == 0,
        lacks(Trait::Exposed),
        lacks(Trait::StoresData),
        lacks(Trait::Identity),
        lacks(Trait::Costs),
    ];
    let words = words.into_iter().fold(0_i64, |bits, word| bits << 1 | i64::from(word));
    let gaps_max = (1_i64 << GAPS_BITS) - 1;
    let fewer = gaps_max - i64::try_from(open).unwrap_or(gaps_max).min(gaps_max);
    let millis_max = (1_i64 << MILLIS_BITS) - 1;
    // One more than the time, so that 1970 itself comes before no date.
    let created = resource.created_at.map_or(0, |at| at.as_millisecond().clamp(-1, millis_max - 1) + 1);
    words << (GAPS_BITS + MILLIS_BITS) | fewer << MILLIS_BITS | (millis_max - created)
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
