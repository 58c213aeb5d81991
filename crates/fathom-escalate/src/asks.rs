//! What a step asks for, and how that is decided for one who asks.

use fathom_catalogue::Catalogue;
use fathom_iam::{
    Context, Decision, Index, Verdict,
    layers::Held,
    organisation::{Kind, Suppose, Target},
};

use crate::{
    actor::{self, Actor},
    facts::Facts,
    reach::Level,
    witness,
};

/// What must be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    /// An action on one thing; of `iam:PassRole` the service it is passed to.
    On { action: String, arn: String, account: String, passed_to: Option<String> },
    /// Assuming a role whose trust policy names the asker.
    Trusted { arn: String, account: String },
    /// An action on anything.
    Anywhere { action: String },
    /// All actions on one user, or role, of an account, that is not there yet: only who is of it makes one.
    Together { actions: Vec<String>, account: String },
    /// All actions on one thing of a type, in the asker's account.
    OneOf { actions: Vec<String>, kind: String },
}

/// An action that was asked, and the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proof {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) account: Option<String>,
    pub(crate) verdict: Verdict,
}

/// How sure, and why; none where it is not allowed.
pub(crate) type Answer = Option<(Level, Vec<Proof>)>;

/// What is known of what is asked about.
enum About {
    /// It is there.
    There,
    /// It is not there yet.
    New,
    /// It is there, and keeps this policy.
    Guarded(Held),
}

/// Things of one type that are tried, so that one account with a hundred thousand functions does not take all day.
const TRIED_MAX: usize = 2_000;

/// All that is asked of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) index: &'a Index,
    pub(crate) facts: &'a Facts,
    pub(crate) catalogue: &'static Catalogue,
}

impl<'a> World<'a> {
    /// Somebody who asks, by its number.
    pub(crate) fn actor<'s>(&self, member: u32, suppose: &'s Suppose) -> Option<Actor<'s>>
    where
        'a: 's,
    {
        let (name, kind) = self.index.principal(member)?;
        Some(Actor { member, name, kind, suppose })
    }

    /// The account of somebody, by its number.
    pub(crate) fn account(&self, member: u32) -> &'a str {
        self.index.principal(member).map(|(name, _)| actor::account(name)).unwrap_or_default()
    }

    /// Decides all asks of a step: the least sure counts.
    pub(crate) fn all(&self, actor: Actor<'_>, asks: &[Ask]) -> Result<Answer, String> {
        let (mut level, mut proofs) = (Level::Sure, Vec::new());
        for ask in asks {
            let Some((sure, proof)) = self.one(actor, ask)? else { return Ok(None) };
            level = level.max(sure);
            proofs.extend(proof);
        }
        Ok(Some((level, proofs)))
    }

    pub(crate) fn one(&self, actor: Actor<'_>, ask: &Ask) -> Result<Answer, String> {
        match ask {
            Ask::On { action, arn, account, passed_to } => {
                let target = target(arn, Some(account), true);
                self.single(actor, action, &target, on(arn, passed_to.as_deref()), About::There)
            }
            Ask::Trusted { arn, account } => {
                let trusted = Suppose::trust_in(actor.name)?;
                let target = target(arn, Some(account), true);
                self.single(actor, "sts:AssumeRole", &target, Context::new(), About::Guarded(trusted))
            }
            Ask::Anywhere { action } => self.anywhere(actor, action),
            Ask::Together { account, .. } if account != actor.account() => Ok(None),
            Ask::Together { actions, .. } => {
                let candidates = witness::of_all(self, actor, actions);
                self.first(actor, actions, candidates.into_iter().map(|arn| (arn, actor.account())), true)
            }
            Ask::OneOf { actions, kind } => {
                let there = self.facts.workloads.iter();
                let there = there.filter(|one| one.kind == *kind && one.account == actor.account());
                let there = there.take(TRIED_MAX).map(|one| (one.arn.clone(), one.account.as_str()));
                self.first(actor, actions, there, false)
            }
        }
    }

    /// An action on anything: on one of each kind of resource that a request of it must name.
    fn anywhere(&self, actor: Actor<'_>, action: &str) -> Result<Answer, String> {
        let (mut level, mut proofs) = (Level::Sure, Vec::new());
        for candidates in witness::of_each(self, actor, action) {
            let actions = [action.to_owned()];
            let found =
                self.first(actor, &actions, candidates.into_iter().map(|arn| (arn, actor.account())), true)?;
            let Some((sure, proof)) = found else { return Ok(None) };
            level = level.max(sure);
            proofs.extend(proof);
        }
        Ok(Some((level, proofs)))
    }

    /// The first of these on which all actions are allowed, or the one on which that is surest.
    fn first<'t>(
        &self,
        actor: Actor<'_>,
        actions: &[String],
        among: impl Iterator<Item = (String, &'t str)>,
        is_new: bool,
    ) -> Result<Answer, String> {
        let mut best: Answer = None;
        for (arn, account) in among {
            let target = target(&arn, Some(account), true);
            let (mut level, mut proofs) = (Level::Sure, Vec::new());
            for action in actions {
                let about = if is_new { About::New } else { About::There };
                let Some((sure, proof)) = self.single(actor, action, &target, on(&arn, None), about)? else {
                    proofs.clear();
                    break;
                };
                level = level.max(sure);
                proofs.extend(proof);
            }
            if proofs.is_empty() {
                continue;
            }
            if best.as_ref().is_none_or(|(known, _)| level < *known) {
                best = Some((level, proofs));
            }
            if level == Level::Sure {
                break;
            }
        }
        Ok(best)
    }

    fn single(
        &self,
        actor: Actor<'_>,
        action: &str,
        target: &Target,
        context: Context,
        about: About,
    ) -> Result<Answer, String> {
        let organisation = self.index.organisation();
        let suppose = match about {
            About::There => actor.suppose.clone(),
            About::New => Suppose { is_new: true, ..actor.suppose.clone() },
            About::Guarded(policy) => Suppose { resource: Some(policy), ..actor.suppose.clone() },
        };
        let verdict = organisation.ask_supposing(actor.name, action, target, context, &suppose)?;
        let Some(level) = Level::of(verdict.decision) else { return Ok(None) };
        if level == Level::Unknown && actor.suppose.policies.is_empty() && !self.might(actor.member, action) {
            return Ok(None);
        }
        let proof = Proof {
            action: action.to_owned(),
            resource: target.arn.clone(),
            account: target.account.clone(),
            verdict,
        };
        Ok(Some((level, vec![proof])))
    }

    /// Whether somebody's own policies might allow an action. Where they do not, and only a policy of the resource that
    /// was not read could, that is true of everybody: it is told once, as a gap, and not of each.
    pub(crate) fn might(&self, member: u32, action: &str) -> bool {
        self.index.might(action).contains(member)
    }

    /// Whether somebody may do everything in its account, for all that its identity policies and its boundary say, asked
    /// of actions that no service has: only a statement about all actions allows them.
    pub(crate) fn administers(&self, actor: Actor<'_>) -> Result<Option<Level>, String> {
        if actor.kind == Kind::Root {
            return Ok(Some(Level::Sure));
        }
        let mut level = Level::Sure;
        for action in ["any:Any", "iam:Any"] {
            let target = target("*", None, true);
            let organisation = self.index.organisation();
            let verdict =
                organisation.ask_supposing(actor.name, action, &target, Context::new(), actor.suppose)?;
            match own_layers(&verdict) {
                Some(sure) => level = level.max(sure),
                None => return Ok(None),
            }
        }
        Ok(Some(level))
    }
}

/// What a principal's own layers say, whatever the organisation's policies do.
fn own_layers(verdict: &Verdict) -> Option<Level> {
    use fathom_iam::verdict::{LayerName, LayerSays};
    let mut level = Level::Sure;
    for layer in &verdict.layers {
        if !matches!(layer.layer, LayerName::IdentityPolicies | LayerName::PermissionBoundaries) {
            continue;
        }
        level = level.max(match layer.verdict {
            LayerSays::Allowed | LayerSays::NotApplicable => Level::Sure,
            LayerSays::OnlyIf => Level::OnlyIf,
            LayerSays::Unknown => Level::Unknown,
            LayerSays::ImplicitlyDenied | LayerSays::ExplicitlyDenied => return None,
        });
    }
    Some(level)
}

pub(crate) fn target(arn: &str, account: Option<&str>, seen: bool) -> Target {
    Target { arn: arn.to_owned(), account: account.map(str::to_owned), seen }
}

/// What is known of a request about one thing.
pub(crate) fn on(arn: &str, passed_to: Option<&str>) -> Context {
    let mut context = Context::new();
    if let Some(service) = passed_to {
        context.set("iam:PassedToService", vec![service.to_owned()]);
    }
    // IAM is asked in one region of a partition; others where the resource is.
    if let Some(region) = crate::facts::region_of(arn) {
        context.set("aws:RequestedRegion", vec![region.to_owned()]);
    }
    context
}

impl Level {
    /// Of a decision; none where that is a no.
    pub(crate) fn of(decision: Decision) -> Option<Self> {
        match decision {
            Decision::Allowed => Some(Self::Sure),
            Decision::OnlyIf => Some(Self::OnlyIf),
            Decision::Unknown => Some(Self::Unknown),
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => None,
        }
    }
}
