//! What of the policies tells one resource from another, to one principal: so that an answer is worked out once for all
//! resources that are alike to it.
//!
//! **Invariant:** two resources with the same [`Alike`] get the same answer, for one member and one action, where the
//! action asks no policy of the resource. Where that is not known, there is no [`Alike`].

use std::sync::Arc;

use super::{
    Index, Plan,
    bits::Bits,
    holdings::{Entry, Holdings},
    members::is_personal,
};
use crate::{
    context::Context,
    evaluate::tables,
    layers::{Held, Path},
    pattern::{self, Template},
    policy::{Effect, Policy},
    steps::Steps,
    truth::Truth,
};

/// The statements of identities that are, or may be, about one resource and not about all, whatever they say of it.
#[derive(Debug)]
pub struct Marks {
    arn: String,
    /// All before the name, with what of the name counts by itself.
    head: Arc<str>,
    identities: Vec<u32>,
    boundaries: Vec<u32>,
    /// The organisation's patterns that match.
    controls: Vec<u32>,
    /// Those of which only who asks tells whether they do.
    open_controls: Vec<u32>,
}

/// What tells a resource from others to one member, asked of one action.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alike {
    head: Arc<str>,
    marks: Vec<(Of, u32, Truth)>,
}

/// Whose statement or pattern it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Identity,
    Boundary,
    Control,
}

/// One action on one resource.
#[derive(Debug)]
pub struct Near<'a> {
    index: &'a Index,
    marks: &'a Marks,
    identities: Arc<Plan>,
    boundaries: Arc<Plan>,
}

impl Index {
    /// What policies tell a resource from others by.
    pub fn marks(&self, arn: &str) -> Marks {
        let mut segments = arn.splitn(6, ':');
        let head: Vec<&str> = segments.by_ref().take(5).collect();
        let rest = segments.next().unwrap_or_default();
        let kind = tables::kept(rest).unwrap_or_else(|| rest.split(['/', ':']).next().unwrap_or_default());
        let (mut controls, mut open_controls) = (Vec::new(), Vec::new());
        for (number, template) in (0..).zip(self.controls()) {
            match fixed(template, arn) {
                None => open_controls.push(number),
                Some(true) => controls.push(number),
                Some(false) => {}
            }
        }
        Marks {
            arn: arn.to_owned(),
            head: format!("{}:{kind}", head.join(":")).into(),
            identities: about(&self.identities, arn),
            boundaries: about(&self.boundaries, arn),
            controls,
            open_controls,
        }
    }

    /// An action on the resource of these marks.
    pub fn near<'a>(&'a self, action: &str, marks: &'a Marks) -> Near<'a> {
        let plans = self.plans(action);
        Near { index: self, marks, identities: plans.identities, boundaries: plans.boundaries }
    }

    /// Who holds a statement that allows an action on every resource, or on all but some, or is a root user; also those whose
    /// policies could not all be read.
    pub(super) fn anywhere<'p>(&self, plan: &'p Plan) -> &'p Bits {
        plan.anywhere.get_or_init(|| {
            let mut anywhere = plan.allow.possible().or(&self.members.root_users);
            for number in &plan.asked {
                let holders = self.identities.get(*number).filter(|entry| is_allowing(entry));
                holders.into_iter().flat_map(Entry::holders).for_each(|holder| anywhere.insert(*holder));
            }
            anywhere
        })
    }

    /// Patterns of resources in the organisation's policies, each once.
    fn controls(&self) -> &[Template] {
        self.controls.get_or_init(|| {
            let mut policies: Vec<&Arc<Policy>> = Vec::new();
            let rcps = self.organisation.accounts.values().map(|account| &account.rcps);
            for path in self.scps.iter().map(|(path, _)| path).chain(rcps) {
                let Path::Levels(levels) = path else { continue };
                for held in levels.iter().flat_map(|level| &level.policies) {
                    if let Held::Read(policy) = held
                        && !policies.iter().any(|known| Arc::ptr_eq(known, policy))
                    {
                        policies.push(policy);
                    }
                }
            }
            let mut found: Vec<Template> = Vec::new();
            let statements = policies.iter().flat_map(|policy| &policy.statements);
            for template in statements.flat_map(|one| &one.resource).flat_map(|one| &one.patterns) {
                if !template.is_everything() && !found.contains(template) {
                    found.push(template.clone());
                }
            }
            found
        })
    }

    /// Whether a pattern matches an ARN where this member asks; none where that depends on more than who asks.
    fn matches(&self, template: &Template, arn: &str, member: u32) -> Option<Truth> {
        if template.keys().next().is_none() {
            return Some(pattern::resource(template, arn, &Context::new(), &Steps::new()).0);
        }
        if !template.keys().all(is_personal) {
            return None;
        }
        let context = self.members.context(member, &self.organisation)?;
        Some(pattern::resource(template, arn, context, &Steps::new()).0)
    }

    /// The same of all patterns of a statement.
    fn matches_any(&self, entry: &Entry, arn: &str, member: u32) -> Option<Truth> {
        let mut any = Truth::No;
        for template in entry.statement()?.resource.iter().flat_map(|one| &one.patterns) {
            any = any.or(self.matches(template, arn, member)?);
        }
        Some(any)
    }
}

impl Near<'_> {
    /// Whether the identity policies of a member might allow the action on the resource.
    pub fn might(&self, member: u32) -> bool {
        self.index.anywhere(&self.identities).contains(member)
            || self.allowing().any(|entry| {
                holds(entry, member)
                    && self.index.matches_any(entry, &self.marks.arn, member) != Some(Truth::No)
            })
    }

    /// The statements that allow the action on the resource, and not on all.
    pub(super) fn allowing(&self) -> impl Iterator<Item = &Entry> {
        let holdings = &self.index.identities;
        let speaking = self.marks.identities.iter().filter(|number| self.identities.speak.contains(**number));
        speaking.filter_map(|number| holdings.get(*number)).filter(|entry| is_allowing(entry))
    }

    /// Who might be allowed it by statements about all resources.
    pub(super) fn anywhere(&self) -> &Bits {
        self.index.anywhere(&self.identities)
    }

    /// What tells the resource from others to a member; none where it may be like no other.
    pub fn alike(&self, member: u32) -> Option<Alike> {
        let mut marks = Vec::new();
        let sides = [
            (Of::Identity, &self.index.identities, &self.marks.identities, &self.identities),
            (Of::Boundary, &self.index.boundaries, &self.marks.boundaries, &self.boundaries),
        ];
        for (of, holdings, about, plan) in sides {
            let speaking = about.iter().filter(|number| plan.speak.contains(**number));
            for number in speaking.chain(&plan.leaving_out) {
                let Some(entry) = holdings.get(*number).filter(|entry| holds(entry, member)) else {
                    continue;
                };
                marks.push((of, *number, self.index.matches_any(entry, &self.marks.arn, member)?));
            }
        }
        marks.extend(self.marks.controls.iter().map(|number| (Of::Control, *number, Truth::Yes)));
        for number in &self.marks.open_controls {
            let template = self.index.controls().get(*number as usize)?;
            marks.push((Of::Control, *number, self.index.matches(template, &self.marks.arn, member)?));
        }
        marks.retain(|(_, _, truth)| *truth != Truth::No);
        Some(Alike { head: Arc::clone(&self.marks.head), marks })
    }
}

/// The statements about some resources that may be about this one.
fn about(holdings: &Holdings, arn: &str) -> Vec<u32> {
    let found = holdings.about(arn).filter(|(template, _)| fixed(template, arn) != Some(false));
    let mut numbers: Vec<u32> = found.flat_map(|(_, numbers)| numbers.iter().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Whether a pattern matches, where it has no variable.
fn fixed(template: &Template, arn: &str) -> Option<bool> {
    let is_fixed = template.keys().next().is_none();
    is_fixed.then(|| pattern::resource(template, arn, &Context::new(), &Steps::new()).0 == Truth::Yes)
}

fn holds(entry: &Entry, member: u32) -> bool {
    entry.holders().binary_search(&member).is_ok()
}

fn is_allowing(entry: &Entry) -> bool {
    entry.statement().is_some_and(|statement| statement.effect == Effect::Allow)
}
