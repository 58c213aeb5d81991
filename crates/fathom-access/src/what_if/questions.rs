//! What has to be asked to know what a change of a policy does.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use fathom_catalogue::{Catalogue, Kind as Access};
use fathom_iam::{
    Index, Policy, Truth,
    index::Patterns,
    layers::Held,
    organisation::{Change, Target},
    policy::Scope,
};

use super::UNMATCHED_MAX;
use crate::{
    AccessError,
    permissions::{Permissions, Resource, is_bucket, sort_of},
};

/// The most questions that are thought of.
const QUESTIONS_MAX: usize = 1_000_000;

/// One action on one resource, and on those that nobody who is asked tells from it.
pub(super) struct Question {
    pub(super) action: &'static str,
    pub(super) access: Access,
    pub(super) target: Target,
    /// Resources with their types; none of actions without a resource.
    pub(super) resources: Vec<(String, Option<String>)>,
}

/// What is to be asked.
#[derive(Default)]
pub(super) struct Found {
    /// What weighs most first.
    pub(super) questions: Vec<Question>,
    /// How many were too many.
    pub(super) left_out: usize,
    /// Patterns that match nothing that a scan saw.
    pub(super) unmatched: Vec<String>,
}

/// What makes resources alike to some principals, before and after.
type Class = (String, Option<String>, Vec<Vec<Truth>>);

impl Permissions {
    /// What is to be asked of a change. Where a few are asked, resources that they do not tell apart are asked about once.
    pub(super) fn questions(
        &self,
        change: &Change,
        after: &Index,
        few: Option<&[u32]>,
    ) -> Result<Found, AccessError> {
        let catalogue = Catalogue::embedded()?;
        let policy = |index: &'_ Index| match index.organisation().standing(change) {
            Some(Held::Read(policy)) => Ok(Some(std::sync::Arc::clone(policy))),
            Some(Held::Bad(_)) => Err(()),
            None => Ok(None),
        };
        let (old, new) = (policy(&self.index), policy(after));
        let scope = match (&old, &new) {
            // No boundary lets everything pass.
            (Ok(None), _) | (_, Ok(None)) if matches!(change, Change::Boundary { .. }) => Scope::everything(),
            (Ok(old), Ok(new)) => Scope::between(old.as_deref(), new.as_deref()),
            // Of a policy that was not read nobody knows what it says.
            _ => Scope::everything(),
        };
        let mut found = Found::default();
        let mut gathering = Gathering { catalogue, found: &mut found };
        if let Change::Resource { resource, .. } | Change::Bucket { resource, .. } = change {
            // Whether a policy lets in everyone is a matter of the whole of it.
            let known = self.resources.get(resource);
            let unknown = || Resource {
                kind: String::new(),
                target: Target { arn: resource.clone(), account: None, seen: true },
            };
            let known = known.cloned().unwrap_or_else(unknown);
            for (action, access, target) in self.asked_or_none(&known.target)? {
                gathering.add(action, access, &target, vec![(target.arn.clone(), kind_of(&known))]);
            }
            let all = [old.ok().flatten(), new.ok().flatten()];
            let all: Vec<&Policy> = all.iter().flatten().map(AsRef::as_ref).collect();
            for policy in all {
                let whole = Scope::between(None, Some(policy));
                gathering.objects(&whole, std::iter::once(&known), None);
            }
        } else {
            self.of_scope(&scope, after, few, &mut gathering)?;
            gathering.objects(&scope, self.resources.values(), Some(&scope));
            found.unmatched = self.unmatched(&scope);
        }
        let mut told: BTreeSet<(&str, String)> = BTreeSet::new();
        found.questions.retain(|one| told.insert((one.action, one.target.arn.clone())));
        found.questions.sort_by_key(|one| Reverse(one.access));
        Ok(found)
    }

    fn of_scope(
        &self,
        scope: &Scope<'_>,
        after: &Index,
        few: Option<&[u32]>,
        gathering: &mut Gathering<'_>,
    ) -> Result<(), AccessError> {
        let patterns: Option<Vec<Patterns<'_>>> = few.map(|few| {
            let both = |number: &u32| [self.index.patterns(*number), after.patterns(*number)];
            few.iter().flat_map(both).collect()
        });
        let mut classes: HashMap<Class, (usize, usize)> = HashMap::new();
        for (arn, resource) in self.resources.iter() {
            let objects = format!("{arn}/*");
            let of_itself = scope.about(arn);
            let of_objects = is_bucket(&resource.target.arn).then(|| scope.about(&objects)).flatten();
            if of_itself.is_none() && of_objects.is_none() {
                continue;
            }
            let is_alone = patterns.is_none() || self.index.organisation().is_guarded(&resource.target);
            let class: Option<Class> = (!is_alone).then(|| {
                let matches = patterns.iter().flatten().map(|one| one.of(arn)).collect();
                (sort_of(resource), resource.target.account.clone(), matches)
            });
            if let Some((begin, end)) = class.as_ref().and_then(|class| classes.get(class)) {
                for question in gathering.found.questions.get_mut(*begin..*end).unwrap_or_default() {
                    question.resources.push((arn.clone(), kind_of(resource)));
                }
                continue;
            }
            let begin = gathering.found.questions.len();
            for (action, access, target) in self.asked_or_none(&resource.target)? {
                let about = if target.arn == *arn { &of_itself } else { &of_objects };
                if about.as_ref().is_some_and(|about| about.speaks(action)) {
                    gathering.add(action, access, &target, vec![(target.arn.clone(), kind_of(resource))]);
                }
            }
            if let Some(class) = class {
                classes.insert(class, (begin, gathering.found.questions.len()));
            }
        }
        let everything = Target { arn: "*".to_owned(), account: None, seen: true };
        if let Some(about) = scope.about("*") {
            for (action, access) in self.without_resource().filter(|(action, _)| about.speaks(action)) {
                gathering.add(action, access, &everything, vec![("*".to_owned(), None)]);
            }
        }
        Ok(())
    }

    /// The actions of a resource; none where the catalogue has none for it.
    fn asked_or_none(&self, target: &Target) -> Result<Vec<(&'static str, Access, Target)>, AccessError> {
        let asked = match self.asked_on(target) {
            Ok(asked) => asked,
            Err(AccessError::NoAction { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let catalogue = Catalogue::embedded()?;
        let with_name = |(name, access, target): (String, Access, Target)| {
            Some((catalogue.action(&name)?.name(), access, target))
        };
        Ok(asked.into_iter().filter_map(with_name).collect())
    }

    /// The patterns that name resources none of which a scan saw.
    fn unmatched(&self, scope: &Scope<'_>) -> Vec<String> {
        let patterns: BTreeSet<&str> = scope.patterns().filter(|one| *one != "*").collect();
        let is_bucket_of = |pattern: &str, arn: &str| {
            pattern.split_once('/').is_some_and(|(bucket, _)| wild(bucket, arn)) && arn.contains(":s3:::")
        };
        let is_met = |pattern: &&str| {
            pattern.contains("${")
                || self.resources.keys().any(|arn| wild(pattern, arn) || is_bucket_of(pattern, arn))
        };
        let unmet = patterns.into_iter().filter(|pattern| !is_met(pattern));
        unmet.take(UNMATCHED_MAX).map(str::to_owned).collect()
    }
}

struct Gathering<'f> {
    catalogue: &'static Catalogue,
    found: &'f mut Found,
}

impl Gathering<'_> {
    fn add(
        &mut self,
        action: &'static str,
        access: Access,
        target: &Target,
        resources: Vec<(String, Option<String>)>,
    ) {
        if self.found.questions.len() >= QUESTIONS_MAX {
            self.found.left_out += 1;
            return;
        }
        self.found.questions.push(Question { action, access, target: target.clone(), resources });
    }

    /// Objects of buckets that a pattern names more closely than as all of them: one for each pattern.
    fn objects<'r>(
        &mut self,
        scope: &Scope<'_>,
        resources: impl Iterator<Item = &'r Resource>,
        only: Option<&Scope<'_>>,
    ) {
        let named: BTreeSet<(&str, &str)> = scope
            .patterns()
            .filter(|pattern| pattern.contains(":s3:::") && !pattern.contains("${"))
            .filter_map(|pattern| pattern.split_once('/'))
            .filter(|(_, rest)| *rest != "*")
            .collect();
        if named.is_empty() {
            return;
        }
        for resource in resources.filter(|resource| is_bucket(&resource.target.arn)) {
            let bucket = &resource.target.arn;
            for (_, rest) in named.iter().filter(|(pattern, _)| wild(pattern, bucket)) {
                let target = Target { arn: format!("{bucket}/{rest}"), ..resource.target.clone() };
                let about = only.map(|scope| scope.about(&target.arn));
                let actions = self.catalogue.actions_on(&target.arn).unwrap_or_default();
                for action in actions.into_iter().filter_map(|id| self.catalogue.get(id)) {
                    let speaks = |about: &Scope<'_>| about.speaks(action.name());
                    if about.as_ref().is_none_or(|about| about.as_ref().is_some_and(speaks)) {
                        let resources = vec![(target.arn.clone(), kind_of(resource))];
                        self.add(action.name(), action.kind(), &target, resources);
                    }
                }
            }
        }
    }
}

fn kind_of(resource: &Resource) -> Option<String> {
    (!resource.kind.is_empty()).then(|| resource.kind.clone())
}

/// Whether a pattern with `*` and `?` matches a text.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the last star stood, and what it was tried on.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || Some(wanted) == text.get(from) => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, tried)) => {
                    star = Some((place, tried + 1));
                    at = place + 1;
                    from = tried + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}
