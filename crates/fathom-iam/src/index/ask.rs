//! One question: what each layer says to everyone.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use super::{
    Index, Plans,
    bits::Bits,
    holdings::{Holdings, Plan, has_personal_resource},
    members::is_personal,
    say::Say,
    truths::Truths,
};
use crate::{
    condition::Test,
    context::Context,
    layers::{Held, Path},
    organisation::{Guarded, Target},
    pattern::{self, Template},
    policy::{Effect, Policy, Statement},
    request::{self, Request},
    steps::Steps,
    truth::Truth,
};

/// From so many holders on, what a statement says is worked out for all members at once.
const MANY_HOLDERS: usize = 64;

/// What policies say when they are asked: what they allow and what they deny.
pub(super) type Said = (Say, Say);

/// One question, asked of everyone.
pub(super) struct Question<'a> {
    pub(super) index: &'a Index,
    /// What was given of the context.
    given: &'a Context,
    target: &'a Target,
    /// The question as one of the members asks it.
    pub(super) request: Request,
    /// Its context, of which only keys count that do not follow from the principal.
    pub(super) context: Context,
    pub(super) guard: &'a Guarded,
    pub(super) steps: Steps,
    plans: Plans,
    /// The context of single members.
    contexts: RefCell<HashMap<u32, Arc<Context>>>,
    /// Policies that several layers share.
    said: RefCell<HashMap<*const Policy, Said>>,
}

impl<'a> Question<'a> {
    /// The question as it is put; none where nobody is there to ask it.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub(super) fn new(
        index: &'a Index,
        action: &str,
        target: &'a Target,
        guard: &'a Guarded,
        given: &'a Context,
    ) -> Result<Option<Self>, String> {
        let Some(first) = index.members.get(0) else { return Ok(None) };
        let request = index.organisation.request(&first.name, action, target, guard, given.clone())?;
        Ok(Some(Self {
            index,
            given,
            target,
            context: request::context(&request),
            request,
            guard,
            plans: index.plans(action),
            steps: Steps::new(),
            contexts: RefCell::default(),
            said: RefCell::default(),
        }))
    }

    pub(super) fn members(&self) -> usize {
        self.index.members.len()
    }

    /// What identity policies allow and deny; root users may do everything.
    pub(super) fn identity(&self) -> (Truths, Truths) {
        let (mut allow, deny) = self.held(&self.index.identities, &self.plans.identities);
        allow.permit(&self.index.members.root_users);
        (allow, deny)
    }

    /// What permissions boundaries let pass and deny; who has none is not held back.
    pub(super) fn boundary(&self) -> (Truths, Truths) {
        let (mut allow, deny) = self.held(&self.index.boundaries, &self.plans.boundaries);
        allow.permit(&self.index.unbound);
        (allow, deny)
    }

    /// What policies say that members hold.
    fn held(&self, holdings: &Holdings, plan: &Plan) -> (Truths, Truths) {
        let (mut allow, mut deny) = (plan.allow.clone(), plan.deny.clone());
        let arn = &self.request.resource.arn;
        // Statements about the resource, and those of which only their holders say whether they are.
        let (mut about, mut personal) = (Vec::new(), Vec::new());
        for (pattern, numbers) in holdings.about(arn) {
            let mut speaking =
                numbers.iter().copied().filter(|number| plan.speak.contains(*number)).peekable();
            if speaking.peek().is_none() {
                continue;
            }
            let truth = if pattern.keys().any(is_personal) {
                Truth::Unknown
            } else {
                pattern::resource(pattern, arn, &self.context, &self.steps).0
            };
            if truth == Truth::No {
                continue;
            }
            for number in speaking {
                let is_personal = holdings.get(number).is_some_and(|entry| entry.has_personal_resource);
                if is_personal { personal.push(number) } else { about.push((number, truth)) }
            }
        }
        // Of several patterns of a statement the one that says most counts.
        about.sort_unstable_by(|one, other| other.cmp(one));
        about.dedup_by_key(|(number, _)| *number);
        for (number, truth) in about {
            self.hear_holders(holdings, number, Some(truth), &mut allow, &mut deny);
        }
        personal.sort_unstable();
        personal.dedup();
        for number in plan.asked.iter().chain(&personal) {
            self.hear_holders(holdings, *number, None, &mut allow, &mut deny);
        }
        (allow, deny)
    }

    /// Adds what a statement that speaks of the action says to its holders; `about` is whether it is about the resource,
    /// where that is known.
    fn hear_holders(
        &self,
        holdings: &Holdings,
        number: u32,
        about: Option<Truth>,
        allow: &mut Truths,
        deny: &mut Truths,
    ) {
        let Some(entry) = holdings.get(number) else { return };
        let Some(statement) = entry.statement() else { return };
        let side = if statement.effect == Effect::Allow { allow } else { deny };
        let is_personal = entry.has_personal_resource || entry.has_personal_test;
        if is_personal && entry.holders().len() < MANY_HOLDERS {
            for holder in entry.holders() {
                side.raise(*holder, self.to_one(statement, about, *holder));
            }
            return;
        }
        match self.spoken(statement, about) {
            Say::Same(truth) => {
                for holder in entry.holders() {
                    side.raise(*holder, truth);
                }
            }
            each @ Say::Each(_) => {
                each.raise(side, &Bits::of(self.members(), entry.holders().iter().copied()));
            }
        }
    }

    /// What service control policies let pass and deny.
    pub(super) fn scps(&self) -> (Truths, Truths) {
        let mut allow = Truths::same(self.members(), Truth::No);
        let mut deny = allow.clone();
        for (path, mask) in self.index.scps.iter() {
            let (allowed, denied) = self.path(path);
            allowed.raise(&mut allow, mask);
            denied.raise(&mut deny, mask);
        }
        let linked = &self.index.members.linked;
        allow.permit(linked);
        deny.keep(&linked.others());
        (allow, deny)
    }

    /// What all levels let pass, and what one of them denies.
    fn path(&self, path: &Path) -> Said {
        let levels = match path {
            Path::None => return (Say::Same(Truth::Yes), Say::Same(Truth::No)),
            Path::NotRead => return (Say::Same(Truth::Unknown), Say::Same(Truth::Unknown)),
            Path::Levels(levels) => levels,
        };
        let (mut allow, mut deny) = (Say::Same(Truth::Yes), Say::Same(Truth::No));
        for level in levels {
            let (allowed, denied) = self.policies(&level.policies);
            allow.and(allowed);
            deny.or(denied);
        }
        (allow, deny)
    }

    fn policies(&self, policies: &[Held]) -> Said {
        let (mut allow, mut deny) = (Say::Same(Truth::No), Say::Same(Truth::No));
        for held in policies {
            let (allowed, denied) = match held {
                Held::Read(policy) => self.policy(policy),
                Held::Bad(_) => (Say::Same(Truth::Unknown), Say::Same(Truth::Unknown)),
            };
            allow.or(allowed);
            deny.or(denied);
        }
        (allow, deny)
    }

    fn policy(&self, policy: &Arc<Policy>) -> Said {
        let key = Arc::as_ptr(policy);
        if let Some(said) = self.said.borrow().get(&key) {
            return said.clone();
        }
        let (mut allow, mut deny) = (Say::Same(Truth::No), Say::Same(Truth::No));
        for statement in &policy.statements {
            let says = self.to_all(statement);
            if statement.effect == Effect::Allow { allow.or(says) } else { deny.or(says) }
        }
        self.said.borrow_mut().insert(key, (allow.clone(), deny.clone()));
        (allow, deny)
    }

    /// What a statement says to everyone, whomever it names.
    pub(super) fn to_all(&self, statement: &Statement) -> Say {
        if statement.action.speaks_of(&self.request.action, &self.steps) {
            self.spoken(statement, None)
        } else {
            Say::Same(Truth::No)
        }
    }

    /// The same of one that speaks of the action.
    fn spoken(&self, statement: &Statement, about: Option<Truth>) -> Say {
        if about.is_none() && has_personal_resource(statement) {
            return self.one_by_one(|member| self.to_one(statement, None, member));
        }
        let mut says = Say::Same(about.unwrap_or_else(|| self.is_about(statement)));
        for test in &statement.conditions {
            if says.is_no() {
                break;
            }
            says.and(match Concern::of(test) {
                Concern::Request => Say::Same(test.holds(&self.context, &self.steps).0),
                Concern::Principal => Say::Each(self.index.held_by(test)),
                Concern::Both => self.one_by_one(|member| self.test_of(test, member)),
            });
        }
        says
    }

    fn is_about(&self, statement: &Statement) -> Truth {
        is_about(statement, &self.request, &self.context, &self.steps)
    }

    /// What a statement that speaks of the action says to one member, whomever it names.
    fn to_one(&self, statement: &Statement, about: Option<Truth>, member: u32) -> Truth {
        let mut truth = match about {
            Some(truth) => truth,
            None if has_personal_resource(statement) => match self.context_of(member) {
                Some(context) => is_about(statement, &self.request, &context, &self.steps),
                None => Truth::No,
            },
            None => self.is_about(statement),
        };
        for test in &statement.conditions {
            if truth == Truth::No {
                break;
            }
            truth = truth.and(self.test_of(test, member));
        }
        truth
    }

    fn test_of(&self, test: &Test, member: u32) -> Truth {
        let holds = |context: &Context| test.holds(context, &self.steps).0;
        match Concern::of(test) {
            Concern::Request => holds(&self.context),
            Concern::Principal => {
                let context = self.index.members.context(member, &self.index.organisation);
                context.map_or(Truth::No, holds)
            }
            Concern::Both => self.context_of(member).map_or(Truth::No, |context| holds(&context)),
        }
    }

    pub(super) fn one_by_one(&self, truth: impl Fn(u32) -> Truth) -> Say {
        let mut truths = Truths::same(self.members(), Truth::No);
        for member in 0..self.members() as u32 {
            truths.set(member, truth(member));
        }
        Say::Each(truths)
    }

    /// The question's context as it is where this member asks.
    pub(super) fn context_of(&self, member: u32) -> Option<Arc<Context>> {
        if let Some(context) = self.contexts.borrow().get(&member) {
            return Some(Arc::clone(context));
        }
        let request = self.asked_by(member)?;
        let context = Arc::new(request::context(&request));
        self.contexts.borrow_mut().insert(member, Arc::clone(&context));
        Some(context)
    }

    /// The question as this member asks it.
    pub(super) fn asked_by(&self, member: u32) -> Option<Request> {
        let name = &self.index.members.get(member)?.name;
        let action = &self.request.action;
        self.index.organisation.request(name, action, self.target, self.guard, self.given.clone()).ok()
    }
}

/// What decides whether a condition holds.
enum Concern {
    /// The request alone.
    Request,
    /// Who asks alone.
    Principal,
    Both,
}

impl Concern {
    fn of(test: &Test) -> Self {
        let variables = || test.values.iter().flat_map(Template::keys);
        match (is_personal(&test.key), variables().any(is_personal), variables().all(is_personal)) {
            (false, false, _) => Self::Request,
            (true, _, true) => Self::Principal,
            _ => Self::Both,
        }
    }
}

/// Whether it is about the resource.
fn is_about(statement: &Statement, request: &Request, context: &Context, steps: &Steps) -> Truth {
    let Some(element) = &statement.resource else { return Truth::Yes };
    let patterns = element.patterns.iter();
    let matches = patterns.map(|wanted| pattern::resource(wanted, &request.resource.arn, context, steps).0);
    let matches = Truth::any(matches);
    if element.negated { matches.negate() } else { matches }
}
