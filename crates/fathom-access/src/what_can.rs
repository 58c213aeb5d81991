//! What one principal may do, over everything the estate has.

use std::collections::{BTreeMap, HashMap};

use fathom_iam::{
    Context, Truth,
    organisation::{Asker, Target},
};
use serde::Serialize;

use crate::{
    AccessError,
    decrypt::WithKey,
    permissions::{Gathered, Permissions, Permitted, Resource, sort_of},
    wanted::Wanted,
};

/// What one principal may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatCan {
    /// Its ARN; of a root user the account.
    pub principal: String,
    /// What it may do, the same to all of some resources in one row.
    pub rows: Vec<CanRow>,
    /// How many resources were asked about.
    pub resources: usize,
    /// How many of them it may do anything to.
    pub open: usize,
    /// How many actions without a resource were asked about.
    pub actions: usize,
    /// Resources of which the catalogue knows no action, by type.
    pub without_actions: BTreeMap<String, usize>,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// What it may do to some resources, the same to all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CanRow {
    /// The type of the resources; none of actions without a resource.
    pub resource_type: Option<String>,
    /// Their ARNs; `*` of actions without a resource.
    pub resources: Vec<String>,
    /// What it may do.
    pub permitted: Vec<Permitted>,
    /// What the key under which the resources are kept says of it; nothing where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with_key: Vec<WithKey>,
}

/// What makes resources alike to a principal.
type Class = (String, Option<String>, Vec<Truth>);

impl Permissions {
    /// What a principal may do to every resource of the estate. Resources that no pattern of a policy tells apart are
    /// asked about once.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn what_can(&self, number: u32, given: &Context) -> Result<WhatCan, AccessError> {
        self.what_can_of(number, &Wanted::default(), "", given)
    }

    /// The same of the resources that are wanted and have a text in their ARN, whatever its case. Actions without a
    /// resource are asked about where all resources are.
    ///
    /// # Errors
    /// As [`Permissions::what_can`].
    pub fn what_can_of(
        &self,
        number: u32,
        wanted: &Wanted,
        on: &str,
        given: &Context,
    ) -> Result<WhatCan, AccessError> {
        let Some((name, kind)) = self.index.principal(number) else {
            return Err(AccessError::Nobody { name: number.to_string() });
        };
        let asker = Asker { kind, principal: name.to_owned() };
        let patterns = self.index.patterns(number);
        let mut known: HashMap<Class, Option<Gathered>> = HashMap::new();
        let mut rows: BTreeMap<(String, Vec<Permitted>, Vec<WithKey>), Vec<String>> = BTreeMap::new();
        let mut without_actions: BTreeMap<String, usize> = BTreeMap::new();
        let (mut open, mut asked_about) = (0, 0);
        let on = on.to_lowercase();
        for resource in self.resources_of(wanted).filter(|one| one.is_called(&on)) {
            asked_about += 1;
            let arn = &resource.target.arn;
            let ask = || self.on_one(name, resource, given);
            let gathered = if self.index.organisation().is_guarded(&resource.target) {
                ask()?
            } else {
                let class = (sort_of(resource), resource.target.account.clone(), patterns.of(arn));
                match known.get(&class) {
                    Some(gathered) => gathered.clone(),
                    None => known.entry(class).or_insert(ask()?).clone(),
                }
            };
            match gathered {
                None => *without_actions.entry(resource.kind.clone()).or_default() += 1,
                Some(gathered) if gathered.is_empty() => {}
                Some(gathered) => {
                    open += 1;
                    let permitted = gathered.end();
                    let with_key = self.with_key(&resource.target, &asker, &permitted, given)?;
                    rows.entry((resource.kind.clone(), permitted, with_key)).or_default().push(arn.clone());
                }
            }
        }
        let mut all: Vec<CanRow> = Vec::new();
        let is_all = wanted.is_everything() && on.is_empty();
        let (everywhere, actions) =
            if is_all { self.on_nothing(name, given)? } else { (Gathered::default(), 0) };
        if !everywhere.is_empty() {
            all.push(CanRow {
                resource_type: None,
                resources: vec!["*".to_owned()],
                permitted: everywhere.end(),
                with_key: Vec::new(),
            });
        }
        all.extend(rows.into_iter().map(|((kind, permitted, with_key), resources)| CanRow {
            resource_type: Some(kind),
            resources,
            permitted,
            with_key,
        }));
        Ok(WhatCan {
            principal: name.to_owned(),
            rows: all,
            resources: asked_about,
            open,
            actions,
            without_actions,
            gaps: self.index.organisation().unread().to_vec(),
        })
    }

    /// What it may do to one resource; none where the catalogue knows no action on it.
    fn on_one(
        &self,
        name: &str,
        resource: &Resource,
        given: &Context,
    ) -> Result<Option<Gathered>, AccessError> {
        let asked = match self.asked_on(&resource.target) {
            Ok(asked) => asked,
            Err(AccessError::NoAction { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut gathered = Gathered::default();
        for (action, access, target) in asked {
            let organisation = self.index.organisation();
            let verdict =
                organisation.ask(name, &action, &target, given.clone()).map_err(AccessError::Question)?;
            gathered.add(access, verdict.decision, &action);
        }
        Ok(Some(gathered))
    }

    /// What it may do that is about no resource, and how much was asked.
    fn on_nothing(&self, name: &str, given: &Context) -> Result<(Gathered, usize), AccessError> {
        let (mut gathered, mut asked) = (Gathered::default(), 0);
        for (action, access) in self.without_resource() {
            asked += 1;
            let organisation = self.index.organisation();
            let verdict = organisation
                .ask(name, action, &everything(), given.clone())
                .map_err(AccessError::Question)?;
            gathered.add(access, verdict.decision, action);
        }
        Ok((gathered, asked))
    }
}

fn everything() -> Target {
    Target { arn: "*".to_owned(), account: None, seen: true }
}
