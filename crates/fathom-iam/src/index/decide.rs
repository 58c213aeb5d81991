//! What becomes of a question, for everyone.

use super::{Index, ask::Question, bits::Bits, sides::Side, truths::Truths};
use crate::{
    context::Context,
    evaluate::tables::{self, Ruled},
    organisation::{Asker, Target, WhoCan},
    truth::Truth,
    verdict::Decision,
};

/// What becomes of a question, for every user, role and root user by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// Who is allowed.
    pub allowed: Bits,
    /// Who is allowed only if something holds that was not given.
    pub only_if: Bits,
    /// Of whom it depends on what was not read.
    pub unknown: Bits,
    /// Whom a statement denies.
    pub explicitly_denied: Bits,
    /// Who is not allowed by all that must.
    pub implicitly_denied: Bits,
}

impl Decisions {
    fn none(members: usize) -> Self {
        let none = || Bits::none(members);
        Self {
            allowed: none(),
            only_if: none(),
            unknown: none(),
            explicitly_denied: none(),
            implicitly_denied: none(),
        }
    }

    /// Of one.
    pub fn of(&self, number: u32) -> Decision {
        let sets = [
            (&self.allowed, Decision::Allowed),
            (&self.only_if, Decision::OnlyIf),
            (&self.unknown, Decision::Unknown),
            (&self.explicitly_denied, Decision::ExplicitlyDenied),
        ];
        let found = sets.into_iter().find(|(set, _)| set.contains(number));
        found.map_or(Decision::ImplicitlyDenied, |(_, decision)| decision)
    }

    /// All who can, perhaps under conditions or for all that is known.
    pub fn possible(&self) -> Bits {
        self.allowed.or(&self.only_if).or(&self.unknown)
    }

    fn put(&mut self, number: u32, decision: Decision) {
        match decision {
            Decision::Allowed => self.allowed.insert(number),
            Decision::OnlyIf => self.only_if.insert(number),
            Decision::Unknown => self.unknown.insert(number),
            Decision::ExplicitlyDenied => self.explicitly_denied.insert(number),
            Decision::ImplicitlyDenied => self.implicitly_denied.insert(number),
        }
    }
}

impl Index {
    /// Decides a question for every user, role and root user.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn decide(&self, action: &str, target: &Target, given: &Context) -> Result<Decisions, String> {
        match self.decide_at_once(action, target, given)? {
            Some(decisions) => Ok(decisions),
            None => self.decide_one_by_one(action, target, given),
        }
    }

    /// Decides with sets; none where one after the other has to be asked.
    fn decide_at_once(
        &self,
        action: &str,
        target: &Target,
        given: &Context,
    ) -> Result<Option<Decisions>, String> {
        let guard = self.organisation.guard(target);
        // What is not the same for many is asked of one after the other.
        if Self::is_about_the_asker(given) || guard.bucket.object_owner.is_some() {
            return Ok(None);
        }
        let Some(question) = Question::new(self, action, target, &guard, given)? else {
            return Ok(Some(Decisions::none(0)));
        };
        let decisions = question.decide();
        Ok((!question.steps.are_spent()).then_some(decisions))
    }

    /// The same of some, in their order: where one after the other has to be asked, only these are.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn decide_of(
        &self,
        numbers: &[u32],
        action: &str,
        target: &Target,
        given: &Context,
    ) -> Result<Vec<Decision>, String> {
        if let Some(decisions) = self.decide_at_once(action, target, given)? {
            return Ok(numbers.iter().map(|number| decisions.of(*number)).collect());
        }
        let ask = |number: &u32| {
            let name = self.members.get(*number).map(|member| member.name.as_str()).unwrap_or_default();
            self.organisation.ask(name, action, target, given.clone()).map(|verdict| verdict.decision)
        };
        numbers.iter().map(ask).collect()
    }

    /// Asks of everyone whether they can do something to a resource, also of those whom only the resource names. The
    /// reference evaluator tells why of each who can.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn who_can(&self, action: &str, target: &Target, given: &Context) -> Result<WhoCan, String> {
        let possible = self.decide(action, target, given)?.possible();
        let cannot = |asker: &Asker| {
            let number = self.members.number(&asker.principal, asker.kind);
            number.is_some_and(|number| !possible.contains(number))
        };
        self.organisation.who_can_but(action, target, given, cannot)
    }

    /// The same as [`decide`](Self::decide), by the reference evaluator.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn decide_one_by_one(
        &self,
        action: &str,
        target: &Target,
        given: &Context,
    ) -> Result<Decisions, String> {
        let mut decisions = Decisions::none(self.members.len());
        for (number, member) in (0..).zip(&self.members.all) {
            let verdict = self.organisation.ask(&member.name, action, target, given.clone())?;
            decisions.put(number, verdict.decision);
        }
        Ok(decisions)
    }
}

/// What the caller's own layers say.
struct Own {
    identity: Truths,
    boundary: Truths,
}

impl Own {
    fn all(&self) -> Truths {
        let mut all = self.identity.clone();
        all.and(&self.boundary);
        all
    }
}

impl Question<'_> {
    fn decide(&self) -> Decisions {
        let (identity, mut deny) = self.identity();
        let (boundary, denied) = self.boundary();
        deny.or(&denied);
        let (limits, denied) = self.scps();
        deny.or(&denied);
        deny.or(&self.rcps());
        let side = self.resource_side();
        deny.or(&side.deny);
        let granted = self.granted(&Own { identity, boundary }, &side);
        let (always, never) = self.ruled();
        let denies = deny.yes.clone();
        let mut permitted = granted;
        permitted.and(&limits);
        permitted.and(&deny.negate());
        let mut open = always.or(&denies).others();
        let explicitly_denied = denies.without(&always);
        open.drop(&never);
        let mut allowed = permitted.yes.and(&open);
        allowed.add(&always);
        let only_if = permitted.only_if.and(&open);
        let unknown = permitted.unknown.and(&open);
        let decided = allowed.or(&only_if).or(&unknown).or(&explicitly_denied);
        Decisions { implicitly_denied: decided.others(), allowed, only_if, unknown, explicitly_denied }
    }

    /// Whether those who must agree by the tables do.
    fn granted(&self, own: &Own, side: &Side) -> Truths {
        let members = self.members();
        let request = &self.request;
        if tables::is_unnamed(request) {
            return Truths::same(members, Truth::Unknown);
        }
        let same = || self.same_account(own, side);
        let cross = || {
            if tables::is_within_account(request) {
                return Truths::same(members, Truth::No);
            }
            let mut cross = side.any(members);
            cross.and(&own.all());
            cross
        };
        if tables::is_of_aws(request) {
            return same();
        }
        match self.request_account() {
            Some(account) => {
                let home = self.index.members.of_account(&account);
                let (mut same, mut cross) = (same(), cross());
                same.keep(&home);
                cross.keep(&home.others());
                same.or(&cross);
                same
            }
            None if request.resource.arn == "*" => same(),
            None => {
                let (mut same, cross) = (same(), cross());
                let agreed = same.agree(&cross);
                same.keep(&agreed);
                same.raise_all(&agreed.others(), Truth::Unknown);
                same
            }
        }
    }

    /// Where one account owns caller and resource, by the way in which the caller is named.
    fn same_account(&self, own: &Own, side: &Side) -> Truths {
        let members = self.members();
        let mut same = if tables::must_resource_allow(&self.request) {
            Truths::same(members, Truth::No)
        } else {
            own.all()
        };
        for (mask, first) in self.kinds() {
            let Some(principal) = self.index.members.principal(first) else { continue };
            for (named, needs_identity, needs_boundary) in tables::same_account(&principal) {
                let Some(granted) = side.named_as(named) else { continue };
                let mut granted = granted.clone();
                granted.keep(&mask);
                if needs_identity {
                    granted.and(&own.identity);
                }
                if needs_boundary {
                    granted.and(&own.boundary);
                }
                same.or(&granted);
            }
        }
        same
    }

    /// Users, roles and root users, each with one of them.
    fn kinds(&self) -> Vec<(Bits, u32)> {
        let members = &self.index.members;
        let roles = members.users.or(&members.root_users).others();
        let kinds = [members.users.clone(), roles, members.root_users.clone()];
        let first = |mask: Bits| {
            let first = mask.iter().next()?;
            Some((mask, first))
        };
        kinds.into_iter().filter_map(first).collect()
    }

    /// For whom the service decides by itself: who may in any case, and who never may.
    fn ruled(&self) -> (Bits, Bits) {
        let (mut always, mut never) = (Bits::none(self.members()), Bits::none(self.members()));
        let home = self.request_account().map(|account| self.index.members.of_account(&account));
        for (mask, _) in self.kinds() {
            let parts = match &home {
                Some(home) => vec![mask.and(home), mask.without(home)],
                None => vec![mask],
            };
            for part in parts {
                let Some(first) = part.iter().next() else { continue };
                match self.asked_by(first).and_then(|request| tables::ruled(&request)) {
                    Some(Ruled::Always) => always.add(&part),
                    Some(Ruled::Never) => never.add(&part),
                    None => {}
                }
            }
        }
        (always, never)
    }
}
